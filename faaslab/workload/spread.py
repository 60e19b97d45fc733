"""Spreading: where within its minute does a call lie, when a trace only counts calls a minute?

Rules: "uniform" draws each call's second at random (given the counts, a Poisson process within the minute); "even"
puts the k calls of a minute at its (i + 1/2)/k; "start" puts all of them at its first instant, which
asks for the most containers at once.
Left out: bursts shorter than a minute, which such a trace (Azure Functions Trace 2019) cannot show; the rules are
conventions, and a result that changes with the rule is a result about the rule.
"""

import numpy as np

from faaslab.errors import member

RULES = ("uniform", "even", "start")
MINUTE_S = 60.0


def spread(counts, rule: str, rng: np.random.Generator) -> np.ndarray:
    """Times in seconds, ascending, of the calls that `counts` (shape (minutes,), whole numbers >= 0) puts into each
    minute.

    `rng` is used by "uniform" alone.
    """
    member(rule, "spread", RULES)
    counts = np.asarray(counts, dtype=np.int64)
    minute = np.repeat(np.arange(len(counts)), counts)
    if rule == "uniform":
        within = rng.random(len(minute))
    elif rule == "even":
        first = np.cumsum(counts) - counts
        within = (np.arange(len(minute)) - first[minute] + 0.5) / counts[minute]
    else:
        within = np.zeros(len(minute))
    return np.sort(minute * MINUTE_S + within * MINUTE_S)
