"""The interval of a difference between two managers that met the same traces. Chapter "Does it work?".

Source: Student's t interval of the differences, as in faaslab.harvest.comparison. Left out: values far from normal.
"""

import math

import numpy as np
from scipy.stats import t

from faaslab.course.problems.drawing import one
from faaslab.model.summary import t_interval


def draw(rng) -> dict:
    """The half-width of the 95 % interval of the mean difference of response times, in s, over a few seeds."""
    seeds = one(rng, 4, 5, 6)
    fixed = np.round(rng.uniform(4, 20, seeds), 1)
    mine = np.round(fixed - one(rng, 0.5, 0.8, 1.2) + rng.normal(0, 0.4, seeds), 1)
    differences = np.round(mine - fixed, 1)
    interval, factor = t_interval(differences), round(float(t.ppf(0.975, seeds - 1)), 3)
    s = float(np.std(differences, ddof=1))
    apart = math.sqrt(np.var(mine, ddof=1) / seeds + np.var(fixed, ddof=1) / seeds)
    slips = {
        "not-paired": factor * apart,
        "one-manager": t_interval(mine)["half_width"],
        "no-factor": s / math.sqrt(seeds),
        "no-root": factor * s,
        "normal": 1.96 * s / math.sqrt(seeds),
        "divided-by-n": factor * float(np.std(differences)) / math.sqrt(seeds),
        "mean": abs(interval["mean"]),
    }
    listed = ["; ".join(f"{value:.1f}" for value in values) for values in (fixed, mine, differences)]
    steps = {
        "seeds": seeds, "fixed": listed[0], "mine": listed[1], "differences": listed[2],
        "mean": interval["mean"], "s": s,
        "low": interval["mean"] - interval["half_width"], "high": interval["mean"] + interval["half_width"],
    }  # fmt: skip
    given = {"fixed_s": tuple(fixed.tolist()), "mine_s": tuple(mine.tolist()), "t_factor": factor}
    return {"given": given, "key": interval["half_width"], "unit": "s", "slips": slips, "steps": steps}
