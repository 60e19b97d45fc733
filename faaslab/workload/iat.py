"""Inter-arrival times: the gaps between calls, how variable they are, and arrivals made of gaps.

The coefficient of variation (CV) of the gaps is 0 for a clock, 1 for a Poisson process and above 1 for bursts. The
index of
dispersion compares the variance of counts with their mean: 1 for a Poisson process in every window.
Source: Cox and Lewis, The Statistical Analysis of Series of Events (1966), chapter 4; Shahrad et al., ATC 2020,
figure 6.
Left out: correlation between successive gaps, which the CV does not see and the index of dispersion does.
"""

from collections.abc import Callable

import numpy as np

from faaslab.errors import InputError, number

MAX_CALLS = 500_000_000  # 4 GB of arrival times: beyond it a wrong unit is likelier than a wish


def interarrival_s(times_s) -> np.ndarray:
    """Gaps between successive `times_s` (ascending, shape (n,)): seconds, shape (n - 1,), empty for n < 2."""
    return np.diff(np.asarray(times_s, dtype=float))


def iat_cv(times_s) -> float:
    """Standard deviation of the gaps over their mean; NaN with fewer than two gaps or gaps that are all 0."""
    gaps = interarrival_s(times_s)
    if len(gaps) < 2 or gaps.mean() == 0:
        return float("nan")
    return float(gaps.std() / gaps.mean())


def index_of_dispersion(times_s, window_s: float, duration_s: float) -> float:
    """Variance over mean of the counts in the whole windows of `window_s` within [0, duration_s).

    NaN with fewer than two windows or without calls. A last window that does not fit is left out of the count.
    """
    window_s = number(window_s, "window_s", above=0)
    windows = int(number(duration_s, "duration_s", above=0) / window_s)
    if windows < 2:
        return float("nan")
    place = (np.asarray(times_s, dtype=float) / window_s).astype(np.int64)
    counts = np.bincount(place[place < windows], minlength=windows)
    return float(counts.var(ddof=1) / counts.mean()) if counts.any() else float("nan")


def check_calls(expected: float, where: str) -> float:
    """`expected` number of calls; InputError where their times would not fit in memory."""
    if expected > MAX_CALLS:
        raise InputError(
            f"{where}: expected at most {MAX_CALLS:.0e} calls, got about {expected:.3g}; lower the rate or the duration"
        )
    return expected


def accumulate(draw: Callable[[int], np.ndarray], mean_gap: float, duration: float) -> np.ndarray:
    """Running sums of the gaps that `draw(n)` returns, as far as they lie below `duration`.

    The gaps are consumed in sequence, so a longer run begins with the same calls as a shorter one.
    """
    if duration <= 0:
        return np.empty(0)
    gaps, total = [], 0.0
    while total < duration:
        expected = (duration - total) / mean_gap
        gaps.append(draw(int(expected + 4 * expected**0.5) + 16))
        total += gaps[-1].sum()
    times = np.cumsum(np.concatenate(gaps))
    return times[: np.searchsorted(times, duration)]
