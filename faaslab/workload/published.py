"""The published distributions of Azure's functions in 2019, as quantile functions: probability in, value out.

Source: Shahrad et al., "Serverless in the Wild", ATC 2020; the numbers, each with its kind (paper, figure, fitted,
chosen), stand in data/azure2019_published.toml. Published: mean execution time (lognormal), memory of an app (Burr
XII), functions per app, triggers, and single points of the rates and of the gaps' variability. Fitted here: the
curves through those single points.

Left out: every dependence between these quantities (do busy functions run shorter?), which the paper does not
publish. The Burr's tail is heavier than the data's: its P99 is 640 MB, the data's about 400 MB. The lognormal's mean
is dominated by its
tail: without a time-out it is 11 s, at a median of 0.7 s.
"""

import math
import tomllib
from functools import cache
from importlib.resources import files
from statistics import NormalDist

import numpy as np

from faaslab.errors import number

DAY_S = 86_400.0


@cache
def constants() -> dict:
    """The data file as a dict of tables."""
    return tomllib.loads(
        files("faaslab.workload").joinpath("data/azure2019_published.toml").read_text(encoding="utf-8")
    )


def execution_time_s(u, timeout_s: float | None = None) -> np.ndarray:
    """Quantiles of a function's mean execution time in seconds at the probabilities `u` in (0, 1); shape of `u`.

    timeout_s: the distribution is truncated there (no function runs longer on average).
    """
    mu, sigma = constants()["execution_time"]["mu"], constants()["execution_time"]["sigma"]
    share = 1.0
    if timeout_s is not None:
        share = NormalDist(mu, sigma).cdf(math.log(number(timeout_s, "timeout_s", above=0)))
    inverse = NormalDist().inv_cdf
    return np.exp(mu + sigma * np.vectorize(inverse, otypes=[float])(np.asarray(u, dtype=float) * share))


def memory_mb(u, maximum_mb: float | None = None) -> np.ndarray:
    """Quantiles of an app's memory in MB at the probabilities `u` in (0, 1); shape of `u`. Truncated at
    `maximum_mb`."""
    c, k, scale = (constants()["memory"][name] for name in ("c", "k", "scale_mb"))
    share = 1.0
    if maximum_mb is not None:
        share = 1 - (1 + (number(maximum_mb, "maximum_mb", above=0) / scale) ** c) ** -k
    return scale * ((1 - np.asarray(u, dtype=float) * share) ** (-1 / k) - 1) ** (1 / c)


def app_rate_per_s(u) -> np.ndarray:
    """Quantiles of an app's mean rate in calls a second at the probabilities `u` in [0, 1]; shape of `u`."""
    table = constants()["app_rates"]
    return np.exp(np.interp(u, table["probabilities"], np.log(table["calls_per_day"]))) / DAY_S


def iat_cv(u) -> np.ndarray:
    """Quantiles of the gaps' coefficient of variation, functions without timers, at `u` in [0, 1]; shape of `u`."""
    table = constants()["iat_cv"]
    return np.interp(u, table["probabilities"], table["cv"])


def functions_per_app(u) -> np.ndarray:
    """Quantiles of the number of an app's functions at the probabilities `u` in [0, 1): int64, shape of `u`."""
    table = constants()["functions_per_app"]
    sizes = [n for low, high in table["bands"] for n in range(low, high + 1)]
    bands = zip(table["bands"], table["shares"], strict=True)
    shares = [share / (high - low + 1) for (low, high), share in bands for _ in range(low, high + 1)]
    return np.array(sizes)[_place(u, shares)]


def trigger(u) -> np.ndarray:
    """Triggers by their shares of functions at the probabilities `u` in [0, 1): text, shape of `u`."""
    table = constants()["triggers"]
    return np.array(table["names"])[_place(u, table["functions"])]


def _place(u, shares) -> np.ndarray:
    cumulative = np.cumsum(shares) / np.sum(shares)
    cumulative[-1] = 1.0
    return np.searchsorted(cumulative, u, side="right")
