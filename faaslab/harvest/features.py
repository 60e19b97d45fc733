"""The state of a decision: eleven features for each option.

Chapter "FaaSRM". Source: H. Yu et al., arXiv 2108.12717, table 1, and the order of the vector in the authors' code. The
first nine describe the platform and the function and are the same for all options, the last two are the option.

The source feeds raw numbers; here each is scaled to about 0 to 1, so that one network serves clusters and functions of
every size: counts and times by a slowly growing logarithm, resources as shares. The call that arrives counts among the
calls in the system, not in its function's history. Left out: which server has what free.
"""

import math

import numpy as np

from faaslab.harvest.manager import Known
from faaslab.harvest.options import Options
from faaslab.model.views import PlatformView

NAMES = (
    "calls in the system",
    "available cpu",
    "available memory",
    "mean interval",
    "calls a minute",
    "mean cpu peak",
    "mean memory peak",
    "mean duration",
    "baseline",
    "cores of the option",
    "memory of the option",
)
COUNT = len(NAMES)
# Logarithms reach 1 at about these values: a thousand calls, an hour.
_LOG_CALLS, _LOG_SECONDS = math.log1p(1_000), math.log1p(3_600)


class Features:
    """`of(known, platform)` is a float32 array of shape (options.n, 11), a new one each time."""

    def __init__(self, options: Options):
        self.options = options
        self._template = np.zeros((options.n, COUNT), dtype=np.float32)
        self._template[:, 9] = options.cpus / options.cores
        self._template[:, 10] = options.memories / options.units

    def of(self, known: Known, platform: PlatformView) -> np.ndarray:
        """The features of a decision about a call of this function, now."""
        features = self._template.copy()
        features[:, :9] = self.shared(known, platform)
        return features

    def shared(self, known: Known, platform: PlatformView) -> tuple[float, ...]:
        """The nine features that do not depend on the option."""
        history, options = known.history, self.options
        cpu_share, memory_share = available(platform)
        elapsed_s = platform.now_s - history.first_arrival_s
        a_minute = 60 * history.arrivals / max(elapsed_s, 60.0)
        return (
            math.log1p(platform.in_system) / _LOG_CALLS,
            cpu_share,
            memory_share,
            math.log1p(history.mean_interval_s) / _LOG_SECONDS,
            math.log1p(a_minute) / _LOG_CALLS,
            history.mean_cpu_peak / options.cores,
            history.mean_memory_peak / options.units,
            math.log1p(history.mean_duration_s) / _LOG_SECONDS,
            math.log1p(history.baseline_s or 0.0) / _LOG_SECONDS,
        )


def available(platform: PlatformView) -> tuple[float, float]:
    """The shares of all cores and of all memory that are free; memory of idle containers counts as free. Without
    limits both are 1."""
    cores = free_cores = memory = free_memory = 0.0
    for invoker in platform.invokers:
        cores += invoker.cpu
        free_cores += invoker.cpu_free
        memory += invoker.memory_mb
        free_memory += invoker.free_mb + invoker.reclaimable_mb
    return (1.0 if math.isinf(cores) else free_cores / cores), (1.0 if math.isinf(memory) else free_memory / memory)
