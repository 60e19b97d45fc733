"""Markov-modulated Poisson process (MMPP): calls in bursts.

The source wanders between states, stays in each for an exponential time, and calls at the state's own Poisson rate.
With one loud and one silent state it is the on-off process (interrupted Poisson process).
Source: Fischer and Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", Performance Evaluation 18
(1993), 149-171. Left out: correlation over all time scales at once (self-similar traffic) and daily rhythm.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faaslab.errors import InputError, number
from faaslab.streams import generator
from faaslab.workload.iat import check_calls
from faaslab.workload.poisson import piecewise_poisson


@dataclass(frozen=True)
class MMPP:
    """A Markov-modulated Poisson process.

    rates_per_s: calls a second in each state. sojourns_s: mean stay in each state, seconds. transitions: for each
    state the probabilities of the next one (rows that sum to 1, zeros on the diagonal); by default each other state
    alike.
    """

    rates_per_s: tuple[float, ...]
    sojourns_s: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self):
        rates = tuple(number(r, "rate of a state", minimum=0) for r in self.rates_per_s)
        stays = tuple(number(s, "mean sojourn in a state, seconds", above=0) for s in self.sojourns_s)
        n = len(rates)
        if n < 2 or len(stays) != n:
            raise InputError(
                f"MMPP: expected two or more states with a rate and a sojourn each; got {n} and {len(stays)}"
            )
        if self.transitions is None:
            rows = tuple(tuple(0.0 if i == j else 1 / (n - 1) for j in range(n)) for i in range(n))
        else:
            rows = tuple(tuple(number(p, "transition of an MMPP", minimum=0) for p in row) for row in self.transitions)
        shape = len(rows) == n and all(len(row) == n for row in rows)
        if not shape or any(abs(sum(row) - 1) > 1e-9 or row[i] for i, row in enumerate(rows)):
            raise InputError(f"MMPP: expected {n} rows of {n} transitions that sum to 1, 0 on the diagonal; got {rows}")
        object.__setattr__(self, "rates_per_s", rates)
        object.__setattr__(self, "sojourns_s", stays)
        object.__setattr__(self, "transitions", rows)
        if np.linalg.matrix_rank(self.generator_matrix) != n - 1:
            raise InputError(
                "MMPP: expected every state to be reachable in the long run; the transitions fall into separate parts"
            )

    @property
    def generator_matrix(self) -> np.ndarray:
        """Rates of change between states, 1/s, shape (states, states); rows sum to 0."""
        return (np.array(self.transitions) - np.eye(len(self.rates_per_s))) / np.array(self.sojourns_s)[:, None]

    @cached_property
    def stationary(self) -> np.ndarray:
        """Share of time in each state in the long run, shape (states,)."""
        n = len(self.rates_per_s)
        balance = np.vstack([self.generator_matrix.T, np.ones(n)])
        return np.linalg.lstsq(balance, np.concatenate([np.zeros(n), [1.0]]), rcond=None)[0]

    @property
    def mean_rate_per_s(self) -> float:
        """Calls a second in the long run."""
        return float(self.stationary @ np.array(self.rates_per_s))

    @property
    def dispersion(self) -> float:
        """Index of dispersion of counts in very long windows (1 for a Poisson process)."""
        pi, rates, n = self.stationary, np.array(self.rates_per_s), len(self.rates_per_s)
        if self.mean_rate_per_s == 0:
            return float("nan")
        # The integral of the rate's autocovariance: the deviation matrix between the rates.
        deviation = np.linalg.inv(np.outer(np.ones(n), pi) - self.generator_matrix) - np.outer(np.ones(n), pi)
        return float(1 + 2 * (pi * rates) @ deviation @ rates / self.mean_rate_per_s)


def on_off(rate_per_s: float, on_s: float, off_s: float) -> MMPP:
    """Calls at `rate_per_s` during on-times of mean `on_s` seconds, none during off-times of mean `off_s` seconds."""
    return MMPP((rate_per_s, 0.0), (on_s, off_s))


def mmpp(model: MMPP, duration_s: float, seed) -> np.ndarray:
    """Times of the calls in [0, duration_s): seconds, ascending. The first state is drawn from the stationary shares.

    `seed`: a whole number >= 0 or a numpy Generator.
    """
    duration = number(duration_s, "duration_s", above=0)
    check_calls(max(model.rates_per_s) * duration, "MMPP arrivals")
    check_calls(duration / min(model.sojourns_s), "MMPP changes of state")
    rng = generator(seed, "mmpp")
    edges, states = _path(model, duration, rng)
    return piecewise_poisson(edges, np.array(model.rates_per_s)[states], rng)


def _path(model: MMPP, duration: float, rng) -> tuple[np.ndarray, list[int]]:
    """The states passed through in [0, duration) and the times between which each lasted (one more than states)."""
    cumulative = np.cumsum(model.transitions, axis=1)
    cumulative[:, -1] = 1.0
    stays = model.sojourns_s
    state = min(int(np.searchsorted(np.cumsum(model.stationary), rng.random(), side="right")), len(stays) - 1)
    now, edges, states = 0.0, [0.0], []
    while now < duration:
        for stay, u in zip(rng.standard_exponential(1024), rng.random(1024), strict=True):
            states.append(state)
            now += stay * stays[state]
            edges.append(min(now, duration))
            if now >= duration:
                break
            state = int(np.searchsorted(cumulative[state], u, side="right"))
    return np.array(edges), states
