"""Poisson arrivals: many independent callers, none of whom knows of the others.

Chapter "Chance and measurement". The gaps between calls are exponential and independent; the count in a window is
Poisson distributed, with variance equal to its mean. With a rate that changes in time, a unit-rate process is stretched
by the inverse of the accumulated rate (inversion).
Source: Lewis and Shedler, Naval Research Logistics Quarterly 26 (1979), 403-413. Left out: bursts, days and
correlation.
"""

import numpy as np

from faaslab.errors import InputError, number
from faaslab.streams import generator
from faaslab.workload.iat import accumulate, check_calls


def poisson(rate_per_s: float, duration_s: float, seed) -> np.ndarray:
    """Times of the calls in [0, duration_s): seconds, ascending, shape (calls,); about rate_per_s * duration_s of them.

    `seed`: a whole number >= 0 or a numpy Generator. With the same seed a longer run begins with the same calls.
    InputError for a rate < 0 or not finite, or a duration that is not > 0.
    """
    rate = number(rate_per_s, "rate_per_s", minimum=0)
    duration = number(duration_s, "duration_s", above=0)
    if rate == 0:
        return np.empty(0)
    check_calls(rate * duration, "Poisson arrivals")
    rng = generator(seed, "poisson")
    return accumulate(lambda n: rng.exponential(1 / rate, n), 1 / rate, duration)


def piecewise_poisson(edges_s, rates_per_s, seed) -> np.ndarray:
    """Poisson arrivals whose rate is `rates_per_s[i]` between `edges_s[i]` and `edges_s[i + 1]`.

    edges_s: ascending, shape (n + 1,); rates_per_s: >= 0, shape (n,). Times in [edges_s[0], edges_s[-1]), ascending.
    """
    edges, rates = np.asarray(edges_s, dtype=float), np.asarray(rates_per_s, dtype=float)
    if edges.ndim != 1 or rates.ndim != 1 or len(edges) != len(rates) + 1 or len(rates) == 0:
        raise InputError(
            f"piecewise rates: expected one more edge than rates; got shapes {edges.shape} and {rates.shape}"
        )
    if not (np.isfinite(edges).all() and (np.diff(edges) >= 0).all()):
        raise InputError("piecewise rates: expected finite, ascending edges")
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise InputError(
            f"piecewise rates: expected finite rates >= 0, got {rates[~(np.isfinite(rates) & (rates >= 0))][0]}"
        )
    accumulated = np.concatenate([[0.0], np.cumsum(rates * np.diff(edges))])
    rng = generator(seed, "poisson")
    check_calls(accumulated[-1], "Poisson arrivals")
    unit = accumulate(rng.standard_exponential, 1.0, accumulated[-1])
    # Rounding may carry the very last call onto the end, which is outside.
    return np.minimum(np.interp(unit, accumulated, edges), np.nextafter(edges[-1], -np.inf))
