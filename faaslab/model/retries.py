"""Retries and batches: how many messages are given up, how many attempts it takes, how many calls, how often twice.

Chapter "Events". Attempts fail independently with one probability, as coins do; a message that is done is not tried
again. Sources: a geometric distribution cut off at `receives`; memorylessness of exponential times and gaps (any
textbook on probability). Left out: failures that last, so that attempts close together fail together.
"""

import math

from faaslab.errors import number, whole


def dead_letter_probability(failure: float, receives: int) -> float:
    """Probability that all of `receives` attempts fail: failure ** receives."""
    return _failure(failure) ** whole(receives, "receives", minimum=1)


def mean_attempts(failure: float, receives: int) -> float:
    """Mean number of attempts at a message of which at most `receives` are made: 1 + p + ... + p ** (receives - 1)."""
    failure = _failure(failure)
    return math.fsum(failure**k for k in range(whole(receives, "receives", minimum=1)))


def mean_batch(rate_per_s: float, window_s: float) -> float:
    """Mean size of a batch that is collected for `window_s` from its first message on, where messages come at random
    and nothing else limits the batch: 1 + rate * window."""
    return 1 + number(rate_per_s, "rate_per_s", minimum=0) * number(window_s, "window_s", minimum=0)


def delivered_twice(visibility_s: float, mean_s: float) -> float:
    """Share of the messages that become visible again while their first call runs, where times are exponential."""
    return math.exp(-number(visibility_s, "visibility_s", minimum=0) / number(mean_s, "mean_s", above=0))


def _failure(failure):
    return number(failure, "failure", minimum=0, maximum=1)
