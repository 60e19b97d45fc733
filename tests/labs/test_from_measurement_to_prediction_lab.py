"""The lab "From measurement to prediction": keys follow from the measurement kept, misconceptions fail."""

from types import SimpleNamespace

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import from_measurement_to_prediction as lab
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU
from faaslab.workload import Workload

NAME = "from-measurement-to-prediction"
TIMES = [0.0, 0.01, 0.5, 0.51, 0.52, 0.9]


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


@pytest.fixture
def trial():
    """A measurement without a machine: simulated with shared cpu, and "predicted" with one core for each call."""
    runs = []
    for service_s, cpu in ((0.03, {"cpu": "shared", "invoker_cpu": 1}), (0.032, {})):
        work = Workload((Function("orders", service_s),), {"orders": TIMES})
        runs.append(simulate(Platform(LRU(), **cpu), work, seed=1, duration_s=1, drain=True))
    samples = {"call": np.array([0.020, 0.024, 0.022]), "cpu": np.array([0.012, 0.011, 0.013])}
    yield lab.keep(SimpleNamespace(samples=samples), *runs)
    lab._kept.clear()


def answers_of(trial):
    change = trial.change.frame()["response_change_s"]
    return 10.0, int((change < 0).sum()), 1000 * change.mean()


def test_without_a_measurement_nothing_is_judged(opened):
    lab._kept.clear()
    verdict = opened.verdict("measure", 1.0, 2, 3.0)
    assert verdict.state == "open" and "Nothing has been measured" in repr(verdict)
    assert grade(NAME, "measure", 1.0, 2, 3.0) == 0.0


def test_keys_are_those_of_the_kept_measurement(opened, trial):
    wait_ms, too_short, error_ms = answers_of(trial)
    assert 0 < too_short < len(TIMES) and error_ms < 0
    assert opened.verdict("measure", wait_ms, too_short, error_ms).state == "right"
    assert grade(NAME, "measure", wait_ms, too_short, error_ms, seed=4) == 3.0
    slips, change = opened.words["task"]["measure"]["slips"], trial.change.response_change_s
    shown = repr(opened.verdict("measure", 22.0, len(TIMES) - too_short, 1000 * np.abs(change).mean()))
    assert all(slips[name] in shown for name in ("call", "too-long", "size"))
    shown = repr(opened.verdict("measure", wait_ms / 1000, too_short, -error_ms))
    assert "sign" in shown and opened.verdict("measure", wait_ms / 1000, too_short, -error_ms).score < 0.5
    assert opened.verdict("measure", None, None, None).state == "open"


def test_what_cannot_be_compared_is_not_kept(trial):
    other = simulate(
        Platform(LRU()), Workload((Function("orders", 0.03),), {"orders": TIMES[:-1]}), seed=1, duration_s=1, drain=True
    )
    with pytest.raises(InputError, match="same arrivals"):
        lab.keep(trial.calibration, trial.measured, other)
    assert lab._kept == [trial]


def test_the_open_loop_that_is_asked_for_and_the_loop_that_is_given(opened):
    assert opened.verdict("open-loop", lab.open_loop).state == "right"
    assert grade(NAME, "open-loop", lab.open_loop) == 4.0 == grade(NAME, "open-loop", lab.open_loop, seed=7)
    assert opened.verdict("open-loop", lab.closed_loop).state == "open"
    assert grade(NAME, "open-loop", lab.closed_loop) == 0.0
    as_array = lambda schedule, send: np.array(lab.open_loop(schedule, send))  # noqa: E731
    assert opened.verdict("open-loop", as_array).state == "right"


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", ["schedule", "busy", "side"])
def test_each_mistake_fails_the_case_that_is_about_it(case, seed):
    opened = open_lab(NAME, seed)
    verdict = opened.verdict("open-loop", lab.MISTAKES[case])
    assert 0 < verdict.score < 1 and f"✕ {opened.words['task']['open-loop']['cases'][case]}: call " in repr(verdict)


@pytest.mark.parametrize("code", [lambda schedule, send: None, lambda schedule, send: schedule, lambda: 1])
def test_other_code_does_not_pass(opened, code):
    assert opened.verdict("open-loop", code).score < 0.5


def test_an_open_loop_sees_the_stall_that_a_closed_one_leaves_out():
    schedule = list(range(0, 600, 30))
    seen, logged = (code(schedule, lab.Service(8, stall=(100, 400)).send) for code in (lab.open_loop, lab.closed_loop))
    assert sum(ms > 40 for ms in seen) >= 9 and sum(ms > 40 for ms in logged) == 1
    assert sorted(set(seen)) == sorted(set(seen) - {0}) and min(seen) == lab.SERVICE_MS


@pytest.mark.parametrize("seed", [0, 1])
def test_the_containers_are_what_their_runs_say(seed):
    best = {}
    for name in lab.functions():
        means = {n: np.mean(lab.mean_ms(name, n, seed)) for n in lab.FLEETS}
        ranked = sorted(means.values())
        assert ranked[1] > 1.08 * ranked[0]
        best[name] = min(means, key=means.get)
    assert list(best.values()) == [2, 16, 16]
    opened = open_lab(NAME, seed)
    assert opened.verdict("containers", *best.values()).state == "right"
    shown = repr(opened.verdict("containers", 16, 2, 4))
    assert shown.count("another number has a shorter one") == 3
    assert "Expected one of" in repr(opened.verdict("containers", 3, 16, 16))


def test_mean_service_and_load_of_equal_and_unequal_are_the_same():
    known = lab.functions()
    assert known["equal"].mean_service_s == pytest.approx(known["unequal"].mean_service_s)
    assert lab.rate_per_s("equal", 1) == lab.rate_per_s("unequal", 1)
