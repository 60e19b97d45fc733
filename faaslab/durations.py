"""Distributions of durations: what a call's service, a start or a caller's think time is drawn from.

Every distribution knows its mean, so that theory can be computed beside a simulation. Sampling is in bulk and consumes
the generator in sequence: drawing n and then m values gives the same numbers as drawing n + m.
"""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from faaslab.errors import InputError, number
from faaslab.units import LONGEST_S


class Duration(Protocol):
    """A distribution of non-negative durations in seconds."""

    @property
    def mean_s(self) -> float: ...

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """float array of shape (n,), seconds."""
        ...


@dataclass(frozen=True)
class Constant:
    """Always the same number of seconds."""

    value_s: float

    def __post_init__(self):
        object.__setattr__(self, "value_s", number(self.value_s, "constant duration", minimum=0, maximum=LONGEST_S))

    @property
    def mean_s(self):
        return self.value_s

    def sample(self, rng, n):
        return np.full(n, self.value_s)


@dataclass(frozen=True)
class Exponential:
    """Exponential with the given mean in seconds."""

    mean_s: float

    def __post_init__(self):
        object.__setattr__(
            self, "mean_s", number(self.mean_s, "mean of an exponential duration", above=0, maximum=LONGEST_S)
        )

    def sample(self, rng, n):
        return rng.exponential(self.mean_s, n)


@dataclass(frozen=True)
class LogNormal:
    """exp(N(mu, sigma**2)) seconds: `mu` and `sigma` belong to the natural logarithm of the seconds."""

    mu: float
    sigma: float

    def __post_init__(self):
        object.__setattr__(self, "mu", number(self.mu, "mu of a lognormal duration"))
        object.__setattr__(self, "sigma", number(self.sigma, "sigma of a lognormal duration", minimum=0))
        if self.mu + self.sigma**2 / 2 > math.log(LONGEST_S):
            raise InputError(
                f"lognormal duration: expected a mean exp(mu + sigma**2 / 2) of at most {LONGEST_S:g} s, "
                f"got mu {self.mu:g} and sigma {self.sigma:g}"
            )

    @property
    def mean_s(self):
        return math.exp(self.mu + self.sigma**2 / 2)

    def sample(self, rng, n):
        return rng.lognormal(self.mu, self.sigma, n)


@dataclass(frozen=True)
class HyperExponential:
    """Exponential with mean `means_s[i]` with probability `weights[i]`: more variable than one exponential."""

    means_s: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self):
        means = tuple(number(m, "mean of a branch", above=0, maximum=LONGEST_S) for m in self.means_s)
        weights = tuple(number(w, "weight of a branch", minimum=0) for w in self.weights)
        if len(means) != len(weights) or not means or abs(sum(weights) - 1) > 1e-9:
            raise InputError(
                f"hyperexponential: expected one weight a mean, summing to 1; got {self.means_s}, {self.weights}"
            )
        object.__setattr__(self, "means_s", means)
        object.__setattr__(self, "weights", weights)

    @property
    def mean_s(self):
        return sum(m * w for m, w in zip(self.means_s, self.weights, strict=True))

    def sample(self, rng, n):
        # Two uniforms a draw, taken together, keep bulk draws independent of how they are cut into pieces.
        u = rng.random((n, 2))
        branch = np.searchsorted(np.cumsum(self.weights), u[:, 0], side="right").clip(max=len(self.means_s) - 1)
        return -np.log1p(-u[:, 1]) * np.asarray(self.means_s)[branch]


@dataclass(frozen=True)
class Quantiles:
    """Piecewise linear between given percentiles, as traces publish them.

    `probabilities` rise from 0 to 1, `values_s` never fall; both are tuples of the same length >= 2.
    """

    probabilities: tuple[float, ...]
    values_s: tuple[float, ...]

    def __post_init__(self):
        p = tuple(number(x, "probability of a quantile", minimum=0, maximum=1) for x in self.probabilities)
        v = tuple(number(x, "value of a quantile", minimum=0, maximum=LONGEST_S) for x in self.values_s)
        rising = all(a < b for a, b in itertools.pairwise(p)) and all(a <= b for a, b in itertools.pairwise(v))
        if len(p) != len(v) or len(p) < 2 or p[0] != 0 or p[-1] != 1 or not rising:
            raise InputError(
                f"quantiles: expected probabilities rising from 0 to 1 with values that never fall; got {p} and {v}"
            )
        object.__setattr__(self, "probabilities", p)
        object.__setattr__(self, "values_s", v)

    @property
    def mean_s(self):
        p, v = np.asarray(self.probabilities), np.asarray(self.values_s)
        return float(np.sum(np.diff(p) * (v[1:] + v[:-1]) / 2))

    def sample(self, rng, n):
        return np.interp(rng.random(n), self.probabilities, self.values_s)


@dataclass(frozen=True)
class Empirical:
    """One of the measured values, each as likely as any other: what a sample says, with no shape assumed.

    `values_s`: a tuple (or any flat sequence) of at least one value.
    """

    values_s: tuple[float, ...]

    def __post_init__(self):
        values = tuple(
            number(value, "value of an empirical duration", minimum=0, maximum=LONGEST_S)
            for value in np.asarray(self.values_s, dtype=float).ravel()
        )
        if not values:
            raise InputError("empirical duration: expected at least one value, got none")
        object.__setattr__(self, "values_s", values)

    @cached_property
    def _values(self):
        return np.asarray(self.values_s)

    @property
    def mean_s(self):
        return float(self._values.mean())

    def sample(self, rng, n):
        return self._values[(rng.random(n) * len(self.values_s)).astype(np.int64)]


_FORMS = "a number of seconds, const:SECONDS, exp:MEAN or lognormal:MU,SIGMA"


def parse_duration(text, where: str) -> Duration:
    """The distribution that `text` names: a bare number or const:SECONDS, exp:MEAN (seconds), lognormal:MU,SIGMA."""
    kind, colon, rest = str(text).partition(":")
    if not colon:
        kind, rest = "const", kind
    kinds = {"const": (Constant, 1), "exp": (Exponential, 1), "lognormal": (LogNormal, 2)}
    parts = rest.split(",")
    try:
        make, count = kinds[kind.strip()]
        values = [float(p) for p in parts]
    except (KeyError, ValueError):
        raise InputError(f"{where}: expected {_FORMS}; got {text!r}") from None
    if len(values) != count:
        raise InputError(f"{where}: expected {_FORMS}; got {text!r}")
    try:
        return make(*values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
