"""A percentile of a few response times, by its rank. Chapter "Chance and measurement".

The value at rank p * n, rounded up, of the sorted values (the "nearest rank"; NumPy's method "inverted_cdf"). Left out:
interpolation between ranks, which NumPy does by default.
"""

import math

import numpy as np

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """A percentile of response times with a tail. Drawn until neighbouring ranks differ by more than a tenth."""
    while True:
        percent, n = one(rng, 80, 90, 95), one(rng, 20, 25)
        times = np.rint(60 + rng.exponential(90, n))
        times[rng.choice(n, 2, replace=False)] += 500
        response_ms = tuple(int(v) for v in times)
        ranked, rank = sorted(response_ms), math.ceil(percent * n / 100)
        key = int(np.percentile(times, percent, method="inverted_cdf"))
        apart = ranked[rank - 2] < 0.9 * key and ranked[rank] > 1.1 * key and len(set(ranked)) == n
        if apart and response_ms[rank - 1] not in ranked[rank - 2 : rank + 1]:
            break
    slips = {
        "unsorted": response_ms[rank - 1],
        "from-zero": ranked[rank],
        "one-less": ranked[rank - 2],
        "interpolated": float(np.percentile(times, percent)),
        "mean": float(times.mean()),
        "of-the-slowest": percent / 100 * ranked[-1],
        "from-the-top": ranked[n - rank],
    }
    steps = {"n": n, "rank": rank, "times": ", ".join(map(str, ranked)), "exact": percent * n / 100}
    given = {"response_ms": response_ms, "percent": percent}
    return {"given": given, "key": key, "unit": "ms", "slips": slips, "steps": steps}
