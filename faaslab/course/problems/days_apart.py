"""How many days tell two settings apart that are tried on days of their own. Chapter "From bandit to policy gradient".

Source: the normal approximation of the chapter, with its 5 % point 1.645. Left out: pairs of the same day, which the
worked example adds; few days, for which a difference is only roughly normal.
"""

import math

from faaslab.course.problems.drawing import one

FIVE_PERCENT = 1.645


def draw(rng) -> dict:
    """The fewest days of each setting after which the wrong one is ahead with a probability of at most 5 %."""
    difference, scatter = one(rng, 0.2, 0.25, 0.3, 0.4), one(rng, 0.3, 0.4, 0.5, 0.6, 0.7)
    own = math.sqrt(2) * scatter
    exact = (FIVE_PERCENT * own / difference) ** 2
    slips = {
        "one-setting": math.ceil((FIVE_PERCENT * scatter / difference) ** 2),
        "added": math.ceil((FIVE_PERCENT * 2 * scatter / difference) ** 2),
        "no-square": math.ceil(FIVE_PERCENT * own / difference),
        "no-factor": math.ceil((own / difference) ** 2),
        "two-sided": math.ceil((1.96 * own / difference) ** 2),
        "rounded-down": math.floor(exact),
        "both": 2 * math.ceil(exact),
    }
    return {
        "given": {"difference_cents": difference, "scatter_cents": scatter},
        "key": math.ceil(exact),
        "unit": "count",
        "slips": slips,
        "steps": {"own": own, "exact": exact},
    }
