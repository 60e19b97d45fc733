"""Libra's profiler, what it predicts with, and its safeguard's moment."""

import subprocess
import sys

import numpy as np
import pytest

from faaslab.durations import LogNormal
from faaslab.errors import InputError
from faaslab.functions import ColdStart
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.libra.prediction import Histograms, Prediction, Steps, above
from faaslab.harvest.libra.profiler import Profiler, steps_of
from faaslab.harvest.libra.safeguard import restored_from_s
from faaslab.harvest.options import Options

OPTIONS = Options(unit_mb=128.0)
DEPENDENT = InputDependent(Saturating(0.5, 2.0, 2, 1))
SCATTER = LogNormal(-0.02, 0.2)


def function(demand, **more):
    return harvested("f", demand, 4, 4, OPTIONS, cold_start=ColdStart(0.5), **more)


def profile(demand, size=1.0, seed=1, **more):
    return Profiler(OPTIONS, trees=10).profile(function(demand, **more), size, seed)


@pytest.mark.parametrize("seed", range(3))
def test_it_recognises_what_depends_on_the_input_and_what_does_not(seed):
    for scatter in (None, SCATTER):
        found = profile(DEPENDENT, seed=seed, scatter=scatter)
        assert found.depends_on_input and min(found.accuracy_cpu, found.accuracy_memory) >= 0.8 and found.r2 > 0.5
        found = profile(Saturating(0.5, 2.0, 3, 2), seed=seed, scatter=scatter)
        assert not found.depends_on_input and found.r2 < 0.3


def test_without_scatter_it_predicts_what_a_call_needs():
    model = profile(DEPENDENT, size=0.1).model
    for size in (1.0, 2.5, 6.0):
        predicted = model.predict(size)
        cpu, memory = DEPENDENT.saturation(size)
        assert abs(predicted.cpu - above(cpu, 8)) <= 1 and abs(predicted.memory - above(memory, 8)) <= 1
        assert predicted.duration_s == pytest.approx(0.5 * size, rel=0.3)


def test_what_profiling_costs():
    demand = Saturating(0.5, 2.0, 3, 2)
    assert profile(demand).cost_core_s == pytest.approx(100 * 8 * 0.5)  # 100 runs on 8 cores at the shortest duration


def test_independent_functions_get_histograms_of_the_runs():
    found = profile(Saturating(0.5, 2.0, 3, 2))
    assert len(found.model) == 100
    assert found.model.predict(50.0) == Prediction(4, 3, 0.5)


def test_the_same_seed_gives_the_same_profile_and_another_another():
    once, again, other = (profile(DEPENDENT, seed=seed, scatter=SCATTER) for seed in (1, 1, 2))
    assert once.model == again.model and once.r2 == again.r2
    assert once.r2 != other.r2


def test_one_profiler_serves_several_managers_without_mixing_what_they_learn():
    shared, one = Profiler(OPTIONS, trees=5), function(Saturating(0.5, 2.0, 3, 2))
    first, second = (shared.profile(one, 1.0, 1).model for _ in range(2))
    for _ in range(100):
        first.add(8.0, 8.0, 9.0)
    assert first.predict().cpu == 8 and second.predict().cpu == 4


@pytest.mark.parametrize("classes", [True, False])
def test_steps_are_exactly_what_the_forest_predicts(classes):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    rng = np.random.default_rng(5)
    x = rng.random(60) * 10
    y = np.ceil(x) if classes else x**2 + rng.random(60)
    kind = RandomForestClassifier if classes else RandomForestRegressor
    forest = kind(n_estimators=7, random_state=1).fit(x[:, None], y)
    steps = steps_of(forest)
    edges = np.array(steps.edges, np.float32)
    asked = np.concatenate([rng.random(500) * 12, edges, np.nextafter(edges, np.float32(99)), x]).astype(np.float32)
    assert [steps(float(value)) for value in asked] == pytest.approx(forest.predict(asked[:, None]).tolist(), abs=1e-12)


def test_a_forest_without_thresholds_is_one_step():
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=3).fit(np.arange(5.0)[:, None], np.full(5, 3))
    assert steps_of(forest) == Steps((), (3,))


def test_histograms_take_a_high_percentile_of_peaks_and_a_low_one_of_durations():
    seen = Histograms(8, 8)
    for i in range(100):
        seen.add(2.0 if i < 98 else 5.0, 1.5, float(i + 1))
    assert seen.predict() == Prediction(6, 2, 5.0)
    for _ in range(200):
        seen.add(2.0, 1.5, 1000.0)
    assert seen.predict().cpu == 3


def test_the_class_of_a_peak_is_the_whole_number_above_it():
    assert [above(peak, 8) for peak in (0.0, 0.4, 1.0, 2.7, 7.0, 8.0)] == [1, 1, 2, 3, 8, 8]


@pytest.mark.parametrize(
    ("used", "given", "when_s"),
    [
        ((3, 1), (4, 2), None),  # 0.75 and 0.5
        ((4, 1), (5, 2), 10.1),  # 0.8 of the cores
        ((2, 4), (4, 4), 10.1),  # all of the memory
        ((8, 1), (8, 2), None),  # the cores were not harvested
    ],
)
def test_when_the_safeguard_knows(used, given, when_s):
    moment = restored_from_s(10.0, used, given, (8, 8))
    assert moment is None if when_s is None else moment == pytest.approx(when_s)


def test_bad_input():
    with pytest.raises(InputError, match="runs"):
        Profiler(OPTIONS, runs=3)
    with pytest.raises(InputError, match="most"):
        Profiler(OPTIONS, most=0)
    with pytest.raises(InputError, match="trees"):
        Profiler(OPTIONS, trees=0)


def test_scikit_learn_is_not_imported_before_a_profile_is_made():
    code = "import sys, faaslab.harvest.managers.libra; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
