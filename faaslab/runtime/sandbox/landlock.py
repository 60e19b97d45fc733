"""Confinement to parts of the file system through Landlock, a Linux security module that needs no privilege.

The controller prepares a ruleset for each container, a file descriptor, and the container's process applies it to
itself and to all that it will start: it may read what Python needs to run, its code and the folders it was given, and
write its own temporary folder. Newer kernels also keep it from sending signals to, and from speaking through abstract
sockets with, processes outside. What was opened before stays open.

Chapter "A cloud on your laptop". Source: Linux documentation, "Landlock: unprivileged access control"; landlock(7).
Left out: the network, and all that is no file: one user's processes still share ports, time and the machine's memory.
"""

import ctypes
import os
import site
import struct
import sys
from pathlib import Path

CREATE_RULESET, ADD_RULE = 444, 445  # the same numbers on every architecture
VERSION_FLAG, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
RIGHTS_BY_VERSION = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # what can be granted on a file that is no folder
READING = EXECUTE | READ_FILE | READ_DIR
SCOPES = 0b11  # abstract sockets and signals, since version 6
SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/nix", "/sys"),
    *("/run/systemd/resolve", "/run/resolvconf"),
    # Not /proc: it shows the environments of all of the user's processes. Each adds its own folder there itself.
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/version", "/proc/sys"),
    *("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"),
)
SHARED = ("/dev/null", "/dev/shm", "/dev/tty")  # written as well


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG))


def needed_to_run() -> list[str]:
    """Folders that Python and installed packages are read from, this package's own included."""
    package = Path(__file__).resolve().parents[2]
    interpreter = Path(sys.executable).resolve().parent
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, interpreter, package, *site.getsitepackages()]
    return list(dict.fromkeys(os.path.realpath(place) for place in places))


class Landlock:
    """Makes rulesets. `available`: whether the kernel does this; where it does not, a ruleset is -1."""

    def __init__(self):
        self.version = version()
        self.available = self.version > 0
        self._libc = ctypes.CDLL(None) if self.available else None
        self._handled = RIGHTS_BY_VERSION[min(self.version, len(RIGHTS_BY_VERSION) - 1)]
        self._common = []  # (descriptor, rights) of what every container needs, opened once
        if self.available:
            for rights, paths in ((READING, [*SYSTEM, *needed_to_run()]), (self._handled, SHARED)):
                self._common += [(place, rights) for place in map(_opened, paths) if place is not None]

    def ruleset(self, readable, writable) -> int:
        """A file descriptor that the caller closes. Folders that are not there are passed over."""
        if not self.available:
            return -1
        attributes = struct.pack("QQQ", self._handled, 0, SCOPES)
        size = 24 if self.version >= 6 else 8
        ruleset = self._libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        if ruleset < 0:
            return -1
        own = [(_opened(path), READING) for path in readable] + [(_opened(path), self._handled) for path in writable]
        try:
            for place, rights in self._common + own:
                if place is not None:
                    self._allow(ruleset, place, rights)
        finally:
            for place, _ in own:
                if place is not None:
                    os.close(place)
        return ruleset

    def _allow(self, ruleset, place, rights):
        rights &= self._handled
        rule = struct.pack("=Qi", rights, place)
        if self._libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0) != 0:
            rule = struct.pack("=Qi", rights & OF_FILES, place)  # it is a file
            self._libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0)

    def close(self):
        for place, _ in self._common:
            os.close(place)
        self._common = []
        self.available = False


def _opened(path):
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
