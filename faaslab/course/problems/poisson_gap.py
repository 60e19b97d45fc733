"""How likely a Poisson stream is silent for some time. Chapter "Chance and measurement".

The key is exp(-rate * time), the share of gaps longer than the time. Left out: rates that change meanwhile.
"""

import math

from faaslab.course.problems.drawing import one, silence_slips


def draw(rng) -> dict:
    """The probability that no call of a Poisson stream comes within a time: exp(-rate * time)."""
    rate_per_min, time_s = one(rng, 2, 3, 4, 5, 6, 8, 9, 10), one(rng, 6, 8, 10, 12, 15, 18, 20, 24)
    mean_calls = rate_per_min * time_s / 60
    key = math.exp(-mean_calls)
    given = {"rate_per_min": rate_per_min, "time_s": time_s}
    slips = {
        "some-call": 1 - key,
        "minutes-times-seconds": math.exp(-rate_per_min * time_s),
        **silence_slips(mean_calls),
    }
    steps = {"time_min": time_s / 60, "mean_calls": mean_calls, "mean_gap_s": 60 / rate_per_min}
    return {"given": given, "key": key, "unit": "fraction", "slips": slips, "steps": steps}
