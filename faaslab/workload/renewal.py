"""Renewal arrivals: independent gaps with a chosen rate and coefficient of variation.

CV 0 is a clock; below 1 the gaps are gamma distributed (more even than chance); 1 is the Poisson process; above 1
they are hyperexponential with balanced means (short gaps in runs, then a long silence; the same as an on-off source).
The process is observed from an arbitrary moment (equilibrium), so that also in a short run the expected number of
calls is rate * duration. Source: Cox, Renewal Theory (1962), chapters 2 and 5; balanced means: Whitt, Operations
Research 30 (1982), 125-147.
Left out: correlation between gaps.
"""

import numpy as np

from faaslab.errors import number
from faaslab.streams import generator
from faaslab.workload.iat import accumulate, check_calls
from faaslab.workload.poisson import poisson


def renewal(rate_per_s: float, cv: float, duration_s: float, seed) -> np.ndarray:
    """Times of the calls in [0, duration_s): seconds, ascending; gaps of mean 1 / rate_per_s and the given CV.

    `seed`: a whole number >= 0 or a numpy Generator. A CV below 1e-6 counts as 0. InputError for a negative or
    infinite rate, or a CV outside [0, 1e4].
    """
    rate = number(rate_per_s, "rate_per_s", minimum=0)
    cv = number(cv, "cv of the gaps", minimum=0, maximum=1e4)
    duration = number(duration_s, "duration_s", above=0)
    check_calls(rate * duration, "renewal arrivals")
    rng = generator(seed, "renewal")
    if rate < 1e-300:  # a gap would be longer than a float can say
        return np.empty(0)
    if cv < 1e-6:
        return _clock(1 / rate, duration, rng)
    if cv == 1:
        return poisson(rate, duration, rng)
    return _gamma(rate, cv, duration, rng) if cv < 1 else _hyperexponential(rate, cv, duration, rng)


def _clock(period, duration, rng):
    times = rng.random() * period + period * np.arange(int(duration / period) + 1)
    return times[times < duration]


def _gamma(rate, cv, duration, rng):
    shape = cv**-2
    # Seen from an arbitrary moment the current gap is a length-biased one, and any part of it may be left.
    first = rng.random() * rng.gamma(shape + 1, 1 / (rate * shape))
    later = accumulate(lambda n: rng.gamma(shape, 1 / (rate * shape), n), 1 / rate, duration - first)
    return np.concatenate([[first], first + later]) if first < duration else np.empty(0)


def _hyperexponential(rate, cv, duration, rng):
    short = (1 + ((cv**2 - 1) / (cv**2 + 1)) ** 0.5) / 2
    means = np.array([1 / (2 * short * rate), 1 / (2 * (1 - short) * rate)])

    def gaps(n):
        u = rng.random((n, 2))
        return -np.log1p(-u[:, 1]) * means[(u[:, 0] >= short).astype(int)]

    # Balanced means: half of all time lies in short gaps, half in long ones.
    first = rng.exponential(means[int(rng.random() >= 0.5)])
    later = accumulate(gaps, 1 / rate, duration - first)
    return np.concatenate([[first], first + later]) if first < duration else np.empty(0)
