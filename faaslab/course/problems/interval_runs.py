"""The 95 % interval for the mean of a few runs. Chapter "Chance and measurement".

Source: Student's t interval, as in faaslab.model.summary. Left out: values that are far from normal.
"""

import math

import numpy as np
from scipy.stats import t

from faaslab.course.problems.drawing import one
from faaslab.model.summary import t_interval


def draw(rng) -> dict:
    """The half-width of the 95 % t interval of the p99s of a few runs, in ms."""
    runs = one(rng, 4, 5, 6)
    values = rng.normal(one(rng, 850, 900, 950, 1000), one(rng, 15, 25, 40), runs)
    p99_ms = tuple(int(round(v, 0)) for v in values)
    interval, factor = t_interval(p99_ms), round(float(t.ppf(0.975, runs - 1)), 3)
    s, root = float(np.std(p99_ms, ddof=1)), math.sqrt(runs)
    slips = {
        "deviation": s,
        "no-factor": s / root,
        "no-root": factor * s,
        "not-root": factor * s / runs,
        "normal": 1.96 * s / root,
        "divided-by-n": factor * float(np.std(p99_ms)) / root,
        "whole-width": 2 * interval["half_width"],
        "range": (max(p99_ms) - min(p99_ms)) / 2,
        "mean": interval["mean"],
    }
    steps = {
        "runs": runs, "values": ", ".join(map(str, p99_ms)), "mean": interval["mean"], "s": s,
        "low": interval["mean"] - interval["half_width"], "high": interval["mean"] + interval["half_width"],
    }  # fmt: skip
    return {
        "given": {"p99_ms": p99_ms, "t_factor": factor},
        "key": interval["half_width"],
        "unit": "ms",
        "slips": slips,
        "steps": steps,
    }
