"""A run part by part: what callers waited and what memory lay idle in each hour, or in each other part, of its time.

Chapter "From bandit to policy gradient". The sums over all parts are those of faaslab.model.summary without a warm-up.
Source: our definition. Left out: a wait that reaches into the next part counts where its call arrived.
"""

import numpy as np

from faaslab.errors import InputError, number
from faaslab.model.occupancy import busy_areas, memory_area
from faaslab.model.result import Result
from faaslab.units import NS_PER_S, ns


def by_part(result: Result, part_s: float) -> dict[str, np.ndarray]:
    """{"calls", "wait_s", "idle_mb_s"}: arrays with one number for each `part_s` seconds of [0, horizon].

    calls: arrivals. wait_s: seconds from arrival to begin, added up over the calls that arrived in the part and began.
    idle_mb_s: MB-seconds of ready containers without a call in them. InputError where the parts do not fill the
    horizon.
    """
    part_ns, horizon_ns = ns(number(part_s, "part of a run, seconds", above=0)), result.horizon_ns
    if not part_ns or horizon_ns % part_ns:
        seconds = horizon_ns / NS_PER_S
        raise InputError(
            f"part of a run, seconds: expected a length that divides the horizon of {seconds:g} s, got {part_s!r}"
        )
    parts = horizon_ns // part_ns
    arrival, begin = result.calls["arrival_ns"], result.calls["begin_ns"]
    part = arrival // part_ns
    begun = begin >= 0
    waited = np.bincount(part[begun], (begin - arrival)[begun] / NS_PER_S, minlength=parts)
    idle = np.array([_idle_from(result, i * part_ns) for i in range(parts + 1)])
    return {
        "calls": np.bincount(part, minlength=parts),
        "wait_s": waited,
        "idle_mb_s": np.maximum(0.0, -np.diff(idle)) / NS_PER_S,
    }


def _idle_from(result, start_ns):
    """MB-nanoseconds of ready containers without a call from start_ns to the horizon."""
    return memory_area(result, result.containers["ready_ns"], start_ns) - busy_areas(result, start_ns)[1]
