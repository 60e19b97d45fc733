"""The cold fraction of a Poisson stream under a fixed window. Chapter "Cold and warm starts"."""

import math

from faaslab.course.problems.drawing import one, silence_slips


def draw(rng) -> dict:
    """The cold fraction of a Poisson stream of short calls under a fixed window: exp(-rate * window)."""
    rate_per_hour, window_min = one(rng, 2, 3, 4, 5, 6, 8, 9, 10), one(rng, 4, 5, 6, 8, 10, 12, 15, 20)
    mean_calls = rate_per_hour * window_min / 60
    key = math.exp(-mean_calls)
    given = {"rate_per_hour": rate_per_hour, "window_min": window_min}
    slips = {
        "warm-fraction": 1 - key,
        "hours-times-minutes": math.exp(-rate_per_hour * window_min),
        "hours-times-seconds": math.exp(-rate_per_hour * window_min * 60),
        **silence_slips(mean_calls),
    }
    steps = {"window_h": window_min / 60, "mean_calls": mean_calls}
    return {"given": given, "key": key, "unit": "fraction", "slips": slips, "steps": steps}
