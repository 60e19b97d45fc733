"""A workload: functions, and who calls them when.

Arrivals that do not depend on what the platform does are arrays of times, drawn in bulk here. Callers that wait for
answers, queues and other sources that depend on outcomes are triggers and live in the platform.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.units import ns_array


@dataclass(frozen=True)
class Workload:
    """Functions with their open arrivals.

    functions: a tuple of Function, names unique. arrivals_s: for each function's name the times of its calls in seconds
    from the run's start, ascending, float array of shape (calls,); a function without an entry is called by triggers
    only.
    notes: what a reader or generator filled in or dropped, name -> count, so that nothing happens silently.
    duration_s: the time that the arrivals cover, where a reader or a generator knows it.
    """

    functions: tuple[Function, ...]
    arrivals_s: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    duration_s: float | None = None

    def __post_init__(self):
        functions = tuple(self.functions)
        names = [f.name for f in functions]
        if len(set(names)) != len(names):
            seen: set[str] = set()
            twice = next(n for n in names if n in seen or seen.add(n))
            raise InputError(f"workload: expected each function once, got {twice!r} twice")
        arrivals = {name: check_times(times, name) for name, times in self.arrivals_s.items()}
        unknown = [name for name in arrivals if name not in set(names)]
        if unknown:
            raise InputError(f"workload: arrivals for {unknown[0]!r}, which is not among its functions")
        object.__setattr__(self, "functions", functions)
        object.__setattr__(self, "arrivals_s", arrivals)

    @property
    def calls(self) -> int:
        """Number of open arrivals."""
        return sum(len(times) for times in self.arrivals_s.values())

    def merged_ns(self) -> tuple[np.ndarray, np.ndarray]:
        """All arrivals in order: times in ns (int64) and index of the function (int32); ties in the functions'
        order."""
        parts = [(i, self.arrivals_s[f.name]) for i, f in enumerate(self.functions) if f.name in self.arrivals_s]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        times = ns_array(np.concatenate([t for _, t in parts]))
        index = np.concatenate([np.full(len(t), i, np.int32) for i, t in parts])
        order = np.argsort(times, kind="stable")
        return times[order], index[order]


def check_times(times, name: str) -> np.ndarray:
    """`times` as a float array of shape (n,), ascending and >= 0; InputError names the first that is not."""
    try:
        array = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"arrivals of {name!r}: expected a flat sequence of seconds, got {times!r}") from None
    if array.ndim != 1:
        raise InputError(f"arrivals of {name!r}: expected a flat sequence of seconds, got shape {array.shape}")
    bad = ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        at = int(bad.argmax())
        raise InputError(f"arrivals of {name!r}: expected finite seconds >= 0, got {array[at]} at position {at}")
    falls = np.diff(array) < 0
    if falls.any():
        at = int(falls.argmax()) + 1
        raise InputError(f"arrivals of {name!r}: expected ascending times, got {array[at]} after {array[at - 1]}")
    return array


def merge(workloads: Iterable[Workload]) -> Workload:
    """One workload of several whose functions' names differ."""
    parts = list(workloads)
    notes: dict[str, int] = {}
    for part in parts:
        for note, count in part.notes.items():
            notes[note] = notes.get(note, 0) + count
    functions = tuple(f for part in parts for f in part.functions)
    durations = {part.duration_s for part in parts}
    arrivals = {name: times for part in parts for name, times in part.arrivals_s.items()}
    return Workload(functions, arrivals, notes, durations.pop() if len(durations) == 1 else None)
