"""What this machine has: memory and processors, within the limits of the control groups that we run in.

Source: Linux kernel documentation, "Control Group v2" (memory.max, cpu.max) and "Memory Resource Controller" (v1,
memory.limit_in_bytes). Left out: limits of job objects on Windows.
"""

import math
import os
from pathlib import Path

from faaslab.units import BYTES_PER_MB

UNKNOWN_MEMORY_MB = 4096  # where the system does not tell
_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def machine_memory_mb() -> int:
    """Whole MB of memory, the least of what the machine has and what its control groups allow."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN_MEMORY_MB
    limits = [_whole(folder / name) for folder in _groups() for name in ("memory.max", "memory.limit_in_bytes")]
    return min([total, *(limit for limit in limits if limit)]) // BYTES_PER_MB


def machine_cores() -> int:
    """Processors that this process may use, at least 1: by affinity, and by the quota of its control groups."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    for folder in _groups():
        words = _text(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
            cores = min(cores, math.ceil(int(words[0]) / int(words[1])))
    return max(1, cores)


def _groups() -> list[Path]:
    """The folders of our control groups, from our own up to the root; none where there are no such things."""
    folders = {}
    for line in _text(_OWN).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = _ROOT / "memory" if controllers else _ROOT
        own = root / path.lstrip("/")
        folders |= dict.fromkeys([own, *(p for p in own.parents if p.is_relative_to(root))])
    return list(folders)


def _whole(path):
    text = _text(path).strip()
    return int(text) if text.isdigit() else 0


def _text(path):
    try:
        return path.read_text()
    except OSError:
        return ""
