"""History: what the platform has seen of one function, and nothing else.

Chapter "FaaSRM". Source: the function's part of the state in H. Yu et al., arXiv 2108.12717, table 1: mean peaks, mean
interval, mean execution time, baseline. Left out: forgetting; a mean is over all calls so far.
"""

from typing import NamedTuple


class Usage(NamedTuple):
    """One finished call as the monitor saw it: what it was given, the peaks of what it used (cores; units of memory),
    how long it ran, and which resources the safeguard had calibrated with it. at_baseline: both, so that it ran with
    the user's configuration; only then the baseline is measured anew (the paper measures it at every calibration)."""

    cpu: int
    memory: int
    cpu_peak: float
    memory_peak: float
    duration_s: float
    failed: bool = False
    calibrates_cpu: bool = False
    calibrates_memory: bool = False
    at_baseline: bool = False


class History:
    """Running means and peaks of one function. `last` is None until a call has finished."""

    __slots__ = (
        "_cpu_peaks",
        "_durations_s",
        "_memory_peaks",
        "arrivals",
        "baseline_s",
        "best_s",
        "finished",
        "first_arrival_s",
        "last",
        "last_arrival_s",
        "recent_cpu_peak",
        "recent_memory_peak",
    )

    def __init__(self):
        self.arrivals = self.finished = 0
        self.first_arrival_s = self.last_arrival_s = 0.0
        self._cpu_peaks = self._memory_peaks = self._durations_s = 0.0
        self.baseline_s = None  # duration at the user's configuration, measured anew at each calibration
        self.best_s = None  # the shortest so far
        self.last = None
        self.recent_cpu_peak = self.recent_memory_peak = 0.0  # since the last calibration, inclusive

    def arrive(self, now_s: float) -> None:
        """A call has arrived."""
        if not self.arrivals:
            self.first_arrival_s = now_s
        self.arrivals += 1
        self.last_arrival_s = now_s

    def finish(self, usage: Usage) -> None:
        """A call has ended."""
        self.finished += 1
        self.last = usage
        self._cpu_peaks += usage.cpu_peak
        self._memory_peaks += usage.memory_peak
        self._durations_s += usage.duration_s
        cpu, memory = usage.cpu_peak, usage.memory_peak
        self.recent_cpu_peak = cpu if usage.calibrates_cpu else max(cpu, self.recent_cpu_peak)
        self.recent_memory_peak = memory if usage.calibrates_memory else max(memory, self.recent_memory_peak)
        if usage.failed:
            return
        if self.baseline_s is None or usage.at_baseline:
            self.baseline_s = usage.duration_s
        if self.best_s is None or usage.duration_s < self.best_s:
            self.best_s = usage.duration_s

    @property
    def mean_interval_s(self) -> float:
        """Mean time between arrivals, seconds; 0 before the second."""
        return (self.last_arrival_s - self.first_arrival_s) / (self.arrivals - 1) if self.arrivals > 1 else 0.0

    @property
    def mean_cpu_peak(self) -> float:
        """Cores."""
        return self._cpu_peaks / self.finished if self.finished else 0.0

    @property
    def mean_memory_peak(self) -> float:
        """Units."""
        return self._memory_peaks / self.finished if self.finished else 0.0

    @property
    def mean_duration_s(self) -> float:
        """Seconds, of the handler."""
        return self._durations_s / self.finished if self.finished else 0.0
