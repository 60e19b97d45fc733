"""Che's approximation: under least recently used eviction, the memory sets the keep-alive window.

A function that is called at random moments loses its container when enough other functions have been called meanwhile
to fill the memory. That time, the characteristic time T, is nearly the same for all functions, so that LRU acts like
one fixed window T: a call is cold with probability exp(-rate * T), and T is the window at which the containers just
fill the memory, sum of memory_mb * (1 - exp(-rate * T)) = room_mb.

Chapter "Inside a platform". Source: H. Che, Y. Tung and Z. Wang, "Hierarchical Web Caching Systems: Modeling, Design
and Experimental Results", IEEE JSAC 20(7), 2002, section III, there for files of one size. Left out: calls that overlap
(one container a function), the time that calls and starts take, memory that lies free because no container fits in.
"""

import math

import numpy as np

from faaslab.errors import InputError, number


def characteristic_time_s(rates_per_s, memory_mb, room_mb: float) -> float:
    """T in seconds for functions with Poisson calls at these rates and containers of these sizes, arrays of shape (n,).

    Infinity where all containers fit. InputError for arrays of different shapes or values that are not above 0.
    """
    rates, sizes = (np.asarray(values, dtype=float) for values in (rates_per_s, memory_mb))
    number(room_mb, "characteristic time, room_mb", above=0)
    if rates.ndim != 1 or rates.shape != sizes.shape or not len(rates):
        raise InputError(
            f"characteristic time: expected rates and memory of one shape (n,), got {rates.shape} and {sizes.shape}"
        )
    for name, values in (("rates_per_s", rates), ("memory_mb", sizes)):
        bad = np.flatnonzero(~((values > 0) & np.isfinite(values)))
        if len(bad):
            number(float(values[bad[0]]), f"characteristic time, {name}[{bad[0]}]", above=0)
    if sizes.sum() <= room_mb:
        return math.inf
    from scipy.optimize import brentq

    missing = lambda t: float(-(sizes * np.expm1(-rates * t)).sum()) - room_mb  # noqa: E731
    longest = 1 / rates.min()
    while missing(longest) < 0:
        longest *= 2
    return float(brentq(missing, 0.0, longest))


def lru_cold_fraction(rates_per_s, memory_mb, room_mb: float) -> float:
    """The share of all calls that are cold under LRU on one machine of room_mb, by Che's approximation.

    Arrays and errors as for characteristic_time_s.
    """
    rates = np.asarray(rates_per_s, dtype=float)
    window_s = characteristic_time_s(rates, memory_mb, room_mb)
    return float((rates * np.exp(-rates * window_s)).sum() / rates.sum())
