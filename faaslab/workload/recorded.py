"""Recorded durations: the k-th call takes as long as the k-th call of a trace took.

A distribution forgets which call took how long; a trace of single calls does not. The engine asks such a duration by
the call's ordinal, `at`, instead of drawing. Left out: what the same call would have taken on another machine.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError


@dataclass(frozen=True, eq=False)
class Recorded:
    """Durations of a function's calls in the order of their arrivals.

    values_s: seconds >= 0, shape (calls,), at least one.
    """

    values_s: np.ndarray

    def __post_init__(self):
        values = np.array(self.values_s, dtype=float)
        if values.ndim != 1 or len(values) == 0:
            raise InputError(f"recorded durations: expected a flat sequence of at least one, got shape {values.shape}")
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            raise InputError(
                f"recorded durations: expected seconds >= 0, got {values[bad][0]} at position {int(bad.argmax())}"
            )
        values.flags.writeable = False
        object.__setattr__(self, "values_s", values)

    @property
    def mean_s(self) -> float:
        return float(self.values_s.mean())

    def at(self, first: int, n: int) -> np.ndarray:
        """Durations of the calls with ordinals first .. first + n - 1, seconds; fewer where the record ends.

        InputError where `first` itself is no recorded call, so that a run fails at the first call without a
        record, also when it asks in pieces.
        """
        if not 0 <= first < len(self.values_s) or n < 0:
            raise InputError(f"recorded durations: expected a call from 0 to {len(self.values_s) - 1}, got {first}")
        return self.values_s[first : first + n]

    def sample(self, rng, n) -> np.ndarray:
        """n of the recorded durations drawn at random, with replacement: for uses that have no recorded order."""
        return self.values_s[(rng.random(n) * len(self.values_s)).astype(np.int64)]
