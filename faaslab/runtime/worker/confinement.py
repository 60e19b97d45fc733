"""A process gives up rights before it runs a function's code: limits, its parent's death, the file system.

Each step is a system call on the process itself, so that the controller needs no code between fork and exec. Source:
prctl(2), setrlimit(2), landlock_restrict_self(2).
"""

import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
ADD_RULE, RESTRICT_SELF = 445, 446  # the same numbers on every architecture
PATH_BENEATH, READ_FILE, READ_DIR = 1, 1 << 2, 1 << 3


def library():
    """The C library, or None where there is nothing to call there."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    return ctypes.CDLL(None)


def die_with_parent(parent):
    """SIGKILL when the process `parent` ends; where it has ended already, end now."""
    libc = library()
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent and hasattr(os, "getppid") and sys.platform != "win32" and os.getppid() != parent:
        os._exit(1)


def set_limits(limits):
    """`limits`: names of the resource module without RLIMIT_ and values; never above a limit that stands already."""
    if not limits:
        return
    import resource

    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def restrict_files(ruleset):
    """Confine this process to a Landlock ruleset that the controller has made: a file descriptor, or -1 for none."""
    if ruleset < 0:
        return
    import struct

    libc = library()
    own = os.open("/proc/self", os.O_PATH)  # stays open: the rule holds as long as this entry of /proc is in use
    libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", READ_FILE | READ_DIR, own), 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError("the Landlock ruleset was refused")
    os.close(ruleset)
