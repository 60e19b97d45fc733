"""What the generators of several topics draw with."""

import math


def one(rng, *values):
    """One of `values`, each equally likely."""
    return values[int(rng.integers(len(values)))]


def silence_slips(mean_calls) -> dict[str, float]:
    """Wrong values for exp(-mean_calls), the probability that a Poisson stream brings no call in some time."""
    return {
        "exponent": mean_calls,
        "straight-line": 1 - mean_calls,
        "mean-gap": 0.0 if mean_calls >= 1 else 1.0,
        "sign": math.exp(mean_calls),
        "ratio": math.exp(-1 / mean_calls),
    }
