"""What a family of processes uses: memory, where shared pages count once, and processor time.

The proportional set size (PSS) divides every page by the number of processes that share it, so that containers forked
from one zygote are not all charged with its modules. The kernel computes it by walking page tables (0.1 to 5 ms), so
the resident set size, which costs some microseconds, is looked at first: PSS is taken again only where that has moved.
The kernel also keeps the highest resident set; what that lies above the present one is added to the present PSS for the
peak, so that none between two looks is missed.

Chapter "A cloud on your laptop". Source: Linux proc(5), smaps_rollup and statm. Left out: memory in the kernel
(sockets, pipes) and files in shared memory that no process maps.
"""

import os
import time
from contextlib import suppress

from faaslab.runtime.sandbox.processes import PROC, descendants

PAGE = os.sysconf("SC_PAGESIZE") if hasattr(os, "sysconf") else 4096
MB = 2**20
SLACK_MB = 1.0  # a move of the resident set by less than this leaves the last PSS standing


def rss_mb(pid: int) -> float:
    """Resident set, shared pages included; 0 where the process is gone."""
    try:
        with open(f"{PROC}/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * PAGE / MB
    except (OSError, IndexError):
        return 0.0


def pss_mb(pid: int) -> float:
    """Proportional set size; the resident set where the kernel does not say; 0 where the process is gone."""
    try:
        with open(f"{PROC}/{pid}/smaps_rollup", "rb", buffering=0) as file:
            for line in file.read().splitlines():
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) / 1024
        return 0.0
    except ProcessLookupError:
        return 0.0
    except OSError:
        return rss_mb(pid)


def cpu_clock_s(pid: int) -> float:
    """Processor time of a live process, all its threads, to the nanosecond; 0 where it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the clock id of a process: clock_getcpuclockid(3)
    except (OSError, AttributeError, OverflowError):
        return 0.0


def _status_mb(text, name):
    """One size from /proc/PID/status; ValueError where the process is gone."""
    begin = text.index(name) + len(name)
    return int(text[begin : text.index(b"kB", begin)]) / 1024


class Usage:
    """The memory and the processor time of a container's family: `pid`, its descendants, and what `orphans()` lists.

    A look at one process of which nothing has changed costs some ten microseconds.
    """

    def __init__(self, pid: int, orphans=lambda: ()):
        self.pid = pid
        self._orphans = orphans
        self.peak_mb = 0.0
        self._rss_mb = -2 * SLACK_MB  # the resident set when PSS was last taken, and that PSS
        self._pss_mb = 0.0
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
        self._others_s = 0.0  # processor time of all others at the last look
        self._files = []
        for name in ("status", f"task/{pid}/children", "stat"):
            try:
                self._files.append(os.open(f"{PROC}/{pid}/{name}", os.O_RDONLY))
            except OSError:
                break

    def memory_mb(self) -> float:
        """PSS of the whole family in MB, orphans included."""
        orphans = self._orphans()
        with suppress(OSError, ValueError, IndexError):
            text = os.pread(self._files[0], 4096, 0)
            if not orphans and b"\nThreads:\t1\n" in text and not os.pread(self._files[1], 16, 0):
                return self._noted(_status_mb(text, b"\nVmRSS:"))
        family = [self.pid, *descendants(self.pid)]
        for orphan in orphans:
            family += [orphan, *descendants(orphan)]
        if len(family) == 1:
            return self._noted(rss_mb(self.pid))
        used = sum(map(pss_mb, family))
        self.peak_mb = max(self.peak_mb, used)
        return used

    def note_memory(self) -> float:
        """The most that was seen, the main process as it is now included; for the end of every call."""
        if len(self._files) == 3:
            with suppress(OSError, ValueError):
                text = os.pread(self._files[0], 4096, 0)
                rss, highest = _status_mb(text, b"\nVmRSS:"), _status_mb(text, b"\nVmHWM:")
                self.peak_mb = max(self.peak_mb, self._noted(rss) + highest - rss)
        return self.peak_mb

    def _noted(self, rss):
        if abs(rss - self._rss_mb) > SLACK_MB:
            used = pss_mb(self.pid)
            if used > 0:
                self._rss_mb, self._pss_mb = rss, used
                self.peak_mb = max(self.peak_mb, used)
        return self._pss_mb

    def cpu_s(self) -> float:
        """Processor time so far, of the process, its live descendants and those that it has waited for."""
        used = own = cpu_clock_s(self.pid)
        if len(self._files) < 3:
            return used
        with suppress(OSError, IndexError):
            fields = os.pread(self._files[2], 1024, 0).rpartition(b") ")[2].split()
            used += (int(fields[13]) + int(fields[14])) * self._tick_s
            if fields[17] != b"1" or os.pread(self._files[1], 16, 0):  # threads may have children of their own
                used += sum(map(cpu_clock_s, descendants(self.pid)))
        self._others_s = used - own
        return used

    def cpu_at_begin_s(self) -> float:
        """The same where only the process itself can have run since the last look: between two calls. A microsecond."""
        return cpu_clock_s(self.pid) + self._others_s

    def close(self):
        while self._files:
            os.close(self._files.pop())
