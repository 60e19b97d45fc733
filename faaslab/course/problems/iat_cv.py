"""The coefficient of variation of the gaps between a few events. Chapter "Events"."""

import numpy as np

from faaslab.course.problems.drawing import one
from faaslab.workload import iat_cv

SPREADS = ((10, 10, 10, 30), (5, 5, 20, 30), (10, 20, 30, 60), (5, 10, 15, 90), (2, 4, 6, 48), (20, 20, 50, 110))


def draw(rng) -> dict:
    """The coefficient of variation of the gaps between five events, from their times."""
    gaps_s = one(rng, 1, 2, 3) * rng.permutation(one(rng, *SPREADS)).astype(float)
    first_s = float(one(rng, 10, 30, 60))
    times_s = first_s + np.concatenate([[0.0], np.cumsum(gaps_s)])
    key, mean, std = iat_cv(times_s), float(gaps_s.mean()), float(gaps_s.std())
    given = {"times_s": tuple(float(t) for t in times_s)}
    slips = {
        "squared": key**2,
        "deviation": std,
        "variance": std**2,
        "variance-over-mean": std**2 / mean,
        "upside-down": 1 / key,
        "sample": float(gaps_s.std(ddof=1)) / mean,
        "of-the-times": float(times_s.std() / times_s.mean()),
    }
    steps = {"times": ", ".join(f"{t:g}" for t in times_s), "gaps": ", ".join(f"{g:g}" for g in gaps_s), "mean_s": mean,
             "variance": std**2, "deviation_s": std}  # fmt: skip
    return {"given": given, "key": key, "slips": slips, "steps": steps}
