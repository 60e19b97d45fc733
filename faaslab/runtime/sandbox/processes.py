"""Processes of the operating system: families of them, how they end, and how they are ended to the last one.

A handler may fork, start a session of its own, or fork twice so that its grandchild has no parent any more. All of them
are found again: the controller is a subreaper, so orphans become its children; whatever we start carries the identity
of its runtime and of its container in its environment, which the kernel shows in /proc.

Chapter "A cloud on your laptop". Source: Linux manual pages prctl(2) (PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG),
pidfd_open(2), proc(5). Left out: control groups and PID namespaces, which need rights that a plain user often lacks.
Where there is no /proc, a container's family is its process group, and orphans that left it are not found.
"""

import asyncio
import ctypes
import os
import signal
import sys

from faaslab.runtime.sandbox import limits

PROC = "/proc"
RUNTIME_VARIABLE, CONTAINER_VARIABLE = "FAASLAB_RUNTIME_ID", "FAASLAB_CONTAINER"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ROUNDS = 50  # looks at a family until it no longer grows; what is stopped cannot fork, so a few are enough
SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def own_pid() -> int:
    return os.getpid()


def has_proc() -> bool:
    """Whether /proc shows processes, their children and their environments."""
    return os.path.exists(f"{PROC}/self/environ")


def _prctl(option, value) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0


def become_subreaper() -> bool:
    """From now on orphans among our descendants become our children; False where the system cannot do that."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int | None = None) -> bool:
    """This process gets SIGKILL when the thread that started it ends; exits at once where `parent` is gone already."""
    done = _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)
    return done


# --- families ---------------------------------------------------------------------------------------------------------


def children(pid: int) -> list[int]:
    """The children of a process, of all its threads; none where it is gone."""
    found = []
    try:
        threads = os.listdir(f"{PROC}/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        try:
            with open(f"{PROC}/{pid}/task/{thread}/children", "rb", buffering=0) as file:
                found += map(int, file.read().split())
        except OSError:
            continue
    return found


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, nearest first."""
    found, seen, front = [], {pid}, [pid]
    while front:
        front = [child for parent in front for child in children(parent) if child not in seen]
        seen.update(front)
        found += front
    return found


def environment_of(pid: int) -> dict[bytes, bytes]:
    """The environment that a process was started with; empty where it is gone or not ours to see."""
    try:
        with open(f"{PROC}/{pid}/environ", "rb", buffering=0) as file:
            entries = file.read().split(b"\0")
    except OSError:
        return {}
    return dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)


def strays(runtime_id: str) -> list[int]:
    """Every live process, anywhere on the machine, that belongs to a runtime, by its environment or its mark."""
    wanted = f"{RUNTIME_VARIABLE}={runtime_id}\0".encode()
    mark = str(limits.mark(runtime_id)).encode()
    found = []
    for name in os.listdir(PROC) if has_proc() else ():
        if not name.isdigit():
            continue
        try:
            with open(f"{PROC}/{name}/environ", "rb", buffering=0) as environ:
                if wanted in environ.read() + b"\0":
                    found.append(int(name))
                    continue
            with open(f"{PROC}/{name}/limits", "rb", buffering=0) as limits_file:
                if mark in limits_file.read() and state_of(int(name)) != "Z":
                    found.append(int(name))
        except OSError:
            continue
    return found


def orphans_by_container(known=()) -> dict[str, list[int]]:
    """Our children that containers left behind, by the identity that they carry; those in `known` are none."""
    variable = CONTAINER_VARIABLE.encode()
    found = {}
    for pid in children(os.getpid()):
        if pid not in known:
            owner = environment_of(pid).get(variable, b"").decode()
            found.setdefault(owner, []).append(pid)
    return found


def orphans(container_id, known=()) -> list[int]:
    """Our children that one container left behind."""
    return orphans_by_container(known).get(str(container_id), [])


def state_of(pid: int) -> str:
    """The letter of proc(5): R, S, D, T, Z and so on; "" where the process is gone."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb", buffering=0) as file:
            return chr(file.read().rpartition(b") ")[2][0])
    except OSError:
        return ""


# --- ending -----------------------------------------------------------------------------------------------------------


def send(pid: int, number: int) -> bool:
    """Send a signal; False where the process is gone."""
    try:
        os.kill(pid, number)
    except OSError:  # Windows has its own for what is gone
        return False
    return True


def kill_tree(pid: int, container_id=None, known=()) -> list[int]:
    """End a process with all its descendants and its container's orphans, at once; returns whom it found.

    Everyone is stopped first: a stopped process can neither fork nor start another, so the family cannot outrun the
    walk. Then all get SIGKILL. `known`: children of ours that cannot be orphans.
    """
    if not has_proc():
        if pid:  # a group of that number would be our own
            _kill_group(pid)
        return [pid] if pid else []
    seen = []
    for _ in range(ROUNDS):
        family = [pid, *descendants(pid)] if pid else []
        if container_id is not None:
            for orphan in orphans(container_id, known):
                family += [orphan, *descendants(orphan)]
        new = [member for member in dict.fromkeys(family) if member not in seen]
        if not new:
            break
        for member in new:
            send(member, signal.SIGSTOP)
        seen += new
    for member in seen:
        send(member, SIGKILL)
    return seen


def _kill_group(pid):
    if hasattr(os, "killpg"):
        try:
            os.killpg(pid, SIGKILL)
            return
        except (ProcessLookupError, PermissionError):
            pass
    send(pid, SIGKILL)


def status_text(wait_status: int) -> str:
    """What Lambda writes of a process that ended: "exit status 1" or "signal: killed"."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code >= 0:
        return f"exit status {code}"
    names = {"SIGKILL": "killed", "SIGTERM": "terminated", "SIGSEGV": "segmentation fault", "SIGABRT": "aborted",
             "SIGINT": "interrupt", "SIGFPE": "floating point exception", "SIGILL": "illegal instruction",
             "SIGBUS": "bus error", "SIGPIPE": "broken pipe", "SIGXFSZ": "file size limit exceeded"}  # fmt: skip
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"signal: {names.get(name, name)}"


held = {}  # process id -> subprocess.Popen, where processes are started, and can be waited for, through one alone


def reap(pid: int) -> int | None:
    """The wait status of a child that has ended, and the end of its entry; None where it lives or is not our child."""
    if pid in held:
        code = held[pid].poll()
        if code is not None:
            del held[pid]
            code = -code if code < 0 else code << 8
        return code
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return status if ended else None


def watch_exit(loop: asyncio.AbstractEventLoop, pid: int, callback):
    """callback() runs in the loop when a process ends; returns a function that ends the watch.

    Through a pidfd, which needs no signal and no thread, and is no race over a number used again. Where the system has
    none, the process is looked at 100 times a second.
    """
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return loop.call_soon(callback).cancel
        except OSError:  # a kernel without it
            pass
        else:
            return _watch_descriptor(loop, descriptor, callback)
    return _poll_exit(loop, pid, callback)


def _watch_descriptor(loop, descriptor, callback):
    open_ = True

    def end():
        nonlocal open_
        if open_:
            open_ = False
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def ended():
        end()
        callback()

    loop.add_reader(descriptor, ended)
    return end


def _poll_exit(loop, pid, callback):
    handle = None

    def look():
        nonlocal handle
        # Windows takes signal 0 for something else, so it is sent to no process that is held.
        lives = held[pid].poll() is None if pid in held else send(pid, 0) and state_of(pid) != "Z"
        if lives:
            handle = loop.call_later(0.01, look)
        else:
            callback()

    look()
    return lambda: handle and handle.cancel()
