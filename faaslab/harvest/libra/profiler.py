"""Libra's profiler: it runs a function on scaled copies of its first input and asks whether demand follows the input.

After a function's first call a workload duplicator scales that call's input by factors drawn uniformly up to a hundred
and runs the copies with the largest allocation there is. On 70 % of these runs three forests are trained with the
input's size as their only feature: a classifier of the cpu peak, one of the memory peak, a regressor of the duration.
Where the other 30 % show that the forests are good (ACCURACY, R2), they predict the function's calls; otherwise
histograms do, which begin with what these runs have shown.
Source: Libra (H. Yu et al., HPDC 2023), profiler. Ours: the thresholds, the number of runs and of trees. A forest of
one feature is constant between the thresholds of its trees, so that it is kept as a table of steps. The runs are made
aside and load no server here; what they would cost is counted in core-seconds.
Left out: inputs whose size does not tell what they are, and profiling anew.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from faaslab.errors import number, whole
from faaslab.functions import Function
from faaslab.harvest.libra.prediction import Histograms, InputModel, Steps, above
from faaslab.harvest.options import Options
from faaslab.streams import stream

ACCURACY = 0.8  # of both classifiers, on runs that they were not trained on
R2 = 0.5  # of the regressor
TRAINED = 0.7  # share of the runs on which the forests are trained


@dataclass(frozen=True)
class Profile:
    """What profiling found: how good the forests are, what the runs cost, and what predicts the function's calls.

    accuracy_cpu, accuracy_memory: share of held-out runs whose class was right. r2: of the duration, 0 where it does
    not vary. cost_core_s: cores held by the runs, times their seconds. model: InputModel or Histograms.
    """

    accuracy_cpu: float
    accuracy_memory: float
    r2: float
    cost_core_s: float
    model: InputModel | Histograms

    @property
    def depends_on_input(self) -> bool:
        """Whether the size of the input predicts the function's calls."""
        return isinstance(self.model, InputModel)


class Profiler:
    """runs: copies of the first input. most: the largest factor. trees: of each forest. One profiler can serve several
    managers and runs: it remembers its profiles."""

    def __init__(self, options: Options, runs: int = 100, most: float = 100.0, trees: int = 20):
        self.options = options
        self.runs = whole(runs, "profiler, runs", minimum=10)
        self.most = number(most, "profiler, most", above=0)
        self.trees = whole(trees, "profiler, trees", minimum=1)
        self._profiles = {}

    def profile(self, function: Function, size: float, seed: int) -> Profile:
        """Profile a function whose first call had an input of this size; the same seed gives the same profile.

        A model that learns on is the caller's own copy.
        """
        key = function.name, function.speed, size, seed
        if key not in self._profiles:
            self._profiles[key] = self._profile(function, size, seed)
        profile = self._profiles[key]
        return profile if profile.depends_on_input else replace(profile, model=deepcopy(profile.model))

    def _profile(self, function, size, seed):
        sizes, peaks, durations_s = self.duplicate(function, size, seed)
        cores, units = self.options.cores, self.options.units
        cpu = np.array([above(peak, cores) for peak, _ in peaks])
        memory = np.array([above(peak, units) for _, peak in peaks])
        cut = int(TRAINED * self.runs)
        chance = int(stream(seed, "profiler's forests", function.name).integers(2**31))
        cpu_steps, accuracy_cpu = self._forest(sizes, cpu, cut, chance, classes=True)
        memory_steps, accuracy_memory = self._forest(sizes, memory, cut, chance, classes=True)
        duration_steps, r2 = self._forest(sizes, durations_s, cut, chance, classes=False)
        if min(accuracy_cpu, accuracy_memory) >= ACCURACY and r2 >= R2:
            model = InputModel(cpu_steps, memory_steps, duration_steps)
        else:
            model = Histograms(cores, units)
            for (cpu_peak, memory_peak), duration_s in zip(peaks, durations_s.tolist(), strict=True):
                model.add(cpu_peak, memory_peak, duration_s)
        return Profile(accuracy_cpu, accuracy_memory, r2, cores * float(durations_s.sum()), model)

    def duplicate(self, function: Function, size: float, seed: int):
        """Run the copies: their sizes, shape (runs,), their peaks (cores, units) and durations in seconds, (runs,)."""
        rng = stream(seed, "workload duplicator", function.name)
        cores, units, speed = self.options.cores, self.options.units, function.speed
        scattered = function.service.sample(rng, self.runs) / speed.own_s
        sizes = size * self.most * (1 - rng.random(self.runs))
        peaks = [speed.demand.peak(cores, units, x) for x in sizes.tolist()]
        durations_s = np.array([speed.demand.duration_s(cores, units, x) for x in sizes.tolist()])
        return sizes, peaks, durations_s * scattered

    def _forest(self, sizes, values, cut, chance, classes):
        """A forest trained on the first `cut` runs, as steps, and its accuracy (or R2) on the others."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if classes else RandomForestRegressor
        forest = kind(n_estimators=self.trees, random_state=chance).fit(sizes[:cut, None], values[:cut])
        if not classes and np.ptp(values[cut:]) <= 1e-9 * abs(values[cut:]).max():
            return steps_of(forest), 0.0
        return steps_of(forest), float(forest.score(sizes[cut:, None], values[cut:]))


def steps_of(forest) -> Steps:
    """What a forest of one feature predicts, exactly, as steps between the thresholds of its trees."""
    thresholds = [tree.tree_.threshold[tree.tree_.children_left >= 0] for tree in forest.estimators_]
    # Inputs are compared as single-precision numbers: only where one ends matters.
    edges = np.unique(_down(np.concatenate(thresholds)))
    inside = np.append(edges, np.nextafter(edges[-1], np.float32(np.inf)) if len(edges) else np.float32(0))
    return Steps(tuple(edges.tolist()), tuple(forest.predict(inside[:, None]).tolist()))


def _down(thresholds):
    """The largest single-precision number at or below each threshold."""
    single = thresholds.astype(np.float32)
    return np.where(single > thresholds, np.nextafter(single, np.float32(-np.inf)), single).astype(np.float32)
