"""One step of REINFORCE with a softmax policy. Chapter "From bandit to policy gradient".

Source: R. J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning",
Machine Learning 8 (1992). Left out: features; each window has one preference of its own.
"""

import numpy as np

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The new preference of the first of three windows, which was drawn: old + step (reward - baseline) (1 - pi)."""
    preferences = (one(rng, 0.5, 1.0, -0.5), 0.0, one(rng, 1.5, -1.0))
    reward, baseline = one(rng, -16, -15, -14), one(rng, -20, -18, -12, -11)
    step = one(rng, 0.1, 0.2, 0.25)
    powers = np.exp(preferences)
    pi, old, advantage = float(powers[0] / powers.sum()), preferences[0], reward - baseline
    slips = {
        "no-baseline": old + step * reward * (1 - pi),
        "no-probability": old + step * advantage,
        "not-drawn": old - step * advantage * pi,
        "probability": old + step * advantage * pi,
        "downhill": old - step * advantage * (1 - pi),
        "change": step * advantage * (1 - pi),
        "even-chances": old + step * advantage * 2 / 3,
    }
    steps = {
        "shown": ", ".join(f"{p:g}" for p in preferences),
        "pi": pi,
        "rest": 1 - pi,
        "advantage": advantage,
        "old": old,
    }
    given = {"preferences": preferences, "reward": reward, "baseline": baseline, "step": step}
    return {"given": given, "key": old + step * advantage * (1 - pi), "slips": slips, "steps": steps}
