"""Limits that a container's processes set on themselves before any code of the function runs.

A limit on address space (RLIMIT_AS) is of no use: numpy alone maps more than it touches, and dies at 128 MB.
RLIMIT_DATA counts private writable memory, so it stops one huge allocation before the machine feels it, with a
MemoryError in the handler. It counts what is asked for, not what is touched, and each process on its own: the true
limit is the controller's look at the memory of the whole family (PSS); RLIMIT_DATA stands above it by a headroom.

Limits are inherited whatever a process does to its environment, session and folder, and /proc shows them. So one that
limits nothing here, RLIMIT_RTTIME far beyond a lifetime, carries a mark of the runtime, by which what a killed platform
has left behind is found.

Chapter "A cloud on your laptop". Source: setrlimit(2); AWS Lambda's quotas (1,024 file descriptors, 512 MB in /tmp).
Left out: the number of processes (RLIMIT_NPROC counts a user's processes, not a container's).
"""

import hashlib

from faaslab.errors import InputError

HEADROOM_MB = 256  # private memory that is asked for and never touched: arenas, stacks of threads, BLAS buffers
OPEN_FILES = 1024
FILE_MB = 512  # the largest file
MB = 2**20


def mark(runtime_id: str) -> int:
    """A runtime's RLIMIT_RTTIME in microseconds, 73,000 years and more, which no other number in /proc is."""
    return 2**61 + int.from_bytes(hashlib.blake2b(runtime_id.encode(), digest_size=7).digest())


def limits_for(memory_mb: float, runtime_id: str | None = None) -> dict[str, int]:
    """Names of the resource module without RLIMIT_, and their values in bytes or counts; empty where there is none."""
    try:
        import resource  # noqa: F401 - not on every system
    except ImportError:
        return {}
    marked = {} if runtime_id is None else {"RTTIME": mark(runtime_id)}
    return marked | {
        "DATA": int(memory_mb + HEADROOM_MB) * MB,
        "CORE": 0,
        "NOFILE": OPEN_FILES,
        "FSIZE": FILE_MB * MB,
    }


def require(names: dict[str, bool], what: str):
    """InputError that names what `what` needs and this system lacks."""
    missing = [name for name, there in names.items() if not there]
    if missing:
        lacks = ", ".join(missing)
        raise InputError(f"{what}: expected a system with {lacks}, which this one lacks; use start='spawn'")
