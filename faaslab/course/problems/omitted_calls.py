"""The p99 of users who do not wait for one another, where a measurer in a closed loop has met a stall.

Chapter "From measurement to prediction". The key is the value at rank 0.99 n of the users' response times, which are
written out call by call. Left out: the time in which the service works off what has piled up.
"""

import numpy as np

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The users' p99 in seconds: the stall less a hundredth of the test. Ticks are whole, so both are exact."""
    period_ms, service_ms = one(rng, 5, 10), one(rng, 1, 2, 3)
    duration_s, stall_s = one(rng, 100, 150, 200), one(rng, 4, 5, 6, 8, 10)
    response_s = responses_s(period_ms, service_ms, duration_s, stall_s)
    key = float(np.percentile(response_s, 99, method="inverted_cdf"))
    calls, late = len(response_s), round(1000 * stall_s / period_ms)
    given = {"period_ms": period_ms, "service_ms": service_ms, "duration_s": duration_s, "stall_s": stall_s,
             "logged": calls - late + 1}  # fmt: skip
    slips = {
        "as-logged": service_ms / 1000,
        "whole-stall": float(stall_s),
        "mean-late": stall_s / 2,
        "of-the-late": 0.99 * stall_s,
        "the-hundredth": duration_s / 100,
        "share-late": stall_s / duration_s,
    }
    steps = {"calls": calls, "late": late, "omitted": late - 1, "hundredth": calls // 100,
             "hundredth_s": duration_s / 100}  # fmt: skip
    return {"given": given, "key": key, "unit": "s", "slips": slips, "steps": steps}


def responses_s(period_ms, service_ms, duration_s, stall_s) -> np.ndarray:
    """Response times in seconds of calls every `period_ms`, with a stall that begins in the middle of the test."""
    arrival_ms = np.arange(0, 1000 * duration_s, period_ms)
    begin_ms = arrival_ms[len(arrival_ms) // 2]
    ends_ms = begin_ms + 1000 * stall_s
    late = (arrival_ms >= begin_ms) & (arrival_ms < ends_ms)
    return np.where(late, ends_ms - arrival_ms, service_ms) / 1000
