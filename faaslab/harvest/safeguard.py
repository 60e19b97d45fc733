"""The safeguard: which options may be chosen for a call, so that a function is not hurt by what is harvested from it.

Chapter "FaaSRM". Source: H. Yu et al., arXiv 2108.12717, Algorithm 1; the same rule for cpu and for memory. A function
that used less than `threshold` of its user's configuration is over-provisioned: it may get anything between its recent
peak and that configuration, unless its last call came near what it was given; then it gets the user's configuration
once, and peaks are counted anew (a calibration). Any other function is under-provisioned: it may get anything between
its recent peak and the most there is. After a failed call both resources are calibrated (from the authors' code).
"""

from typing import NamedTuple

from faaslab.errors import number
from faaslab.harvest.history import History
from faaslab.harvest.options import Options


class Ranges(NamedTuple):
    """The smallest and largest cores and units of memory that are allowed, both included; which resources are
    calibrated by this call; whether that is because a harvested function came near its allocation."""

    cpu: tuple[int, int]
    memory: tuple[int, int]
    calibrates_cpu: bool
    calibrates_memory: bool
    fires: bool


class Safeguard:
    """threshold: share of an allocation, above 0 and at most 1, from which use counts as near it (FaaSRM 0.9, Freyr
    0.8)."""

    def __init__(self, threshold: float = 0.9):
        self.threshold = number(threshold, "safeguard, threshold", above=0, maximum=1)

    def ranges(self, history: History, user_cpu: int, user_memory: int, options: Options) -> Ranges:
        """What is allowed for the function's next call."""
        last = history.last
        if last is None or last.failed:
            return Ranges((user_cpu, user_cpu), (user_memory, user_memory), True, True, last is not None)
        cpu, calibrates_cpu = self._range(user_cpu, last.cpu_peak, last.cpu, history.recent_cpu_peak, options.cores)
        memory, calibrates_memory = self._range(
            user_memory, last.memory_peak, last.memory, history.recent_memory_peak, options.units
        )
        return Ranges(cpu, memory, calibrates_cpu, calibrates_memory, calibrates_cpu or calibrates_memory)

    def _range(self, user, last_peak, last_given, recent_peak, most):
        threshold = self.threshold
        if last_peak >= threshold * user:
            return (min(int(recent_peak) + 1, most), most), False
        if last_peak >= threshold * last_given:
            return (user, user), True
        return (min(int(recent_peak) + 1, user), user), False
