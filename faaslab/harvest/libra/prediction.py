"""What Libra predicts of a call before it begins, from a model of its input or from what was seen before.

Source: Libra (H. Yu et al., HPDC 2023), profiler. A class of peaks is the whole number above the peak, so that a call
that uses its whole prediction cannot be told from one that wants more (the authors' code: int(peak) + 1).
"""

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Prediction:
    """cpu: cores, memory: units that will do; duration_s: how long the call will run with them."""

    cpu: int
    memory: int
    duration_s: float


def above(peak: float, most: int) -> int:
    """The class of a peak: the next whole number above it, at most `most`."""
    return min(int(peak) + 1, most)


@dataclass(frozen=True)
class Steps:
    """A function of one number that is constant between `edges` (ascending): values[i] up to and with edges[i]."""

    edges: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, x: float) -> float:
        return self.values[bisect_left(self.edges, x)]


@dataclass(frozen=True)
class InputModel:
    """Predictions from the size of the input."""

    cpu: Steps
    memory: Steps
    duration_s: Steps

    def predict(self, size: float) -> Prediction:
        """Of a call with this input."""
        size = float(np.float32(size))  # what the forests compare
        return Prediction(int(self.cpu(size)), int(self.memory(size)), float(self.duration_s(size)))


class Histograms:
    """Predictions from finished calls alone: P99 of the peaks' classes, P5 of the durations.

    The high percentile of the peaks keeps a call from being harvested too far, the low one of the durations keeps its
    loans from being promised too long.
    """

    def __init__(self, most_cpu: int, most_memory: int):
        self._most = most_cpu, most_memory
        self._cpu = [0] * (most_cpu + 1)
        self._memory = [0] * (most_memory + 1)
        self._durations_s = []

    def __len__(self) -> int:
        return len(self._durations_s)

    def add(self, cpu_peak: float, memory_peak: float, duration_s: float) -> None:
        """A call has been seen to its end."""
        self._cpu[above(cpu_peak, self._most[0])] += 1
        self._memory[above(memory_peak, self._most[1])] += 1
        insort(self._durations_s, duration_s)

    def predict(self, size: float = 1.0) -> Prediction:
        """Of any call; there must be at least one to learn from."""
        duration_s = self._durations_s[int(0.05 * (len(self) - 1))]
        return Prediction(_percentile(self._cpu, 0.99), _percentile(self._memory, 0.99), duration_s)


def _percentile(counts, share):
    """The smallest value at or below which lies that share of what was counted."""
    cumulated = np.cumsum(counts)
    return int(np.searchsorted(cumulated, share * cumulated[-1]))
