"""Experiment two: its world, what fails in it, what is extrapolated, and the study."""

import json

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.harvest import applications
from faaslab.harvest.features import COUNT
from faaslab.harvest.manager import ResourceManager
from faaslab.harvest.managers import Fixed, Greedy, Largest, Oracle
from faaslab.harvest.measures import measure
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies import experiment_two as study
from faaslab.harvest.worlds.experiment_two import SETTLE_S, experiment_two, is_extrapolated
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.model.result import Outcome
from faaslab.platform.draws import Draws
from faaslab.units import NS_PER_S

TRACE_S, PAUSE_S = 60.0, 600.0 + SETTLE_S


@pytest.fixture(scope="module")
def sample():
    return generated_sample(functions=500, minutes=60, seed=2)


def arrivals(world, of=None):
    times = world.workload.arrivals_s.items()
    return np.sort(np.concatenate([t for name, t in times if of is None or name.endswith(of)]))


# --- the world -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_traces_with_268_calls(sample, seed):
    world = experiment_two(seed, sample=sample)
    assert world.workload.calls == 268
    assert len(world.workload.functions) == 100
    for k in range(10):
        times = arrivals(world, f"trace {k + 1}") - k * (TRACE_S + PAUSE_S)
        assert 20 <= len(times) <= 40
        assert 0 <= times[0] <= times[-1] < TRACE_S


def test_functions_are_configured_as_on_record(sample):
    world = experiment_two(1, sample=sample, restart=False)
    for function, user in zip(world.workload.functions, applications.catalogue().values(), strict=True):
        assert (function.name, function.cpu, function.memory_mb) == (user.name, user.cpu, 64 * user.memory)


def test_larger_units_of_memory_are_rounded_up(sample):
    world = experiment_two(1, sample=sample, options=Options(unit_mb=128.0), restart=False)
    memory_mb = {f.name: f.memory_mb for f in world.workload.functions}
    assert (memory_mb["email_generation"], memory_mb["video_processing"]) == (128.0, 384.0)


def test_calls_come_as_in_minutes_that_follow_one_another(sample):
    """Every function of a trace has the calls of some row in five columns of the held-out part."""
    counts = sample.split("held out").counts
    world = experiment_two(3, sample=sample, traces=1)
    found = [np.bincount((t // 12).astype(int), minlength=5) for t in world.workload.arrivals_s.values()]
    starts = [{i for i in range(11) if (counts[:, i : i + 5] == row).all(axis=1).any()} for row in found]
    assert set.intersection(*starts)


def test_a_seed_is_a_world(sample):
    def times(seed, **changes):
        return arrivals(experiment_two(seed, sample=sample, **changes))

    assert np.array_equal(times(1), times(1))
    assert not np.array_equal(times(1), times(2))
    assert np.array_equal(times(1), times(1, inputs="varying"))


def test_nothing_is_left_when_a_trace_begins(sample):
    world = experiment_two(1, sample=sample, inputs="varying")
    manager = Oracle()
    result = world.run(manager, 1)
    begins_s = np.arange(10) * (TRACE_S + PAUSE_S)
    for name, end in (("calls", "end_ns"), ("containers", "gone_ns")):
        table = getattr(result, name)
        began = table["arrival_ns" if name == "calls" else "created_ns"] / NS_PER_S
        trace = np.searchsorted(begins_s, began, side="right") - 1
        ended = np.where(table[end] < 0, result.horizon_ns, table[end]) / NS_PER_S
        assert (ended[trace < 9] < begins_s[trace[trace < 9] + 1]).all()


def test_no_trace_can_outlast_its_pause(sample):
    world = experiment_two(1, sample=sample)
    longest = max(
        f.speed.demand.duration_s(1, 8, 2.0) * max(f.service.of.values_s) + f.cold_start.mean_s
        for f in world.workload.functions
    )
    assert 40 * longest < SETTLE_S


def test_without_restarts_functions_stay(sample):
    world = experiment_two(1, sample=sample, restart=False)
    assert len(world.workload.functions) == 10
    assert world.duration_s == 600.0
    shifts = np.arange(10) * PAUSE_S
    apart = arrivals(experiment_two(1, sample=sample))
    trace = np.floor(apart / (TRACE_S + PAUSE_S)).astype(int)
    assert np.allclose(arrivals(world), apart - shifts[trace])


@pytest.mark.parametrize("inputs", ["steady", "varying"])
def test_the_load_is_what_was_asked_for(sample, inputs):
    world = experiment_two(1, sample=sample, restart=False, load=0.8, servers=2, inputs=inputs)
    assert world.load().cpu == pytest.approx(0.8, rel=1e-9 if inputs == "steady" else 0.1)


def test_durations_scatter_as_measured(sample):
    for function in experiment_two(1, sample=sample, restart=False).workload.functions:
        scatter = np.array(function.service.of.values_s)
        ratios = np.concatenate([np.array(c.durations_s) / c.duration_s for c in function.speed.demand.cells])
        assert scatter.mean() == pytest.approx(1)
        assert scatter.max() / scatter.min() == pytest.approx(ratios.max() / ratios.min())


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"traces": 0}, "traces: expected a whole number >= 1"),
        ({"inputs": "large"}, "inputs: expected one of steady, varying"),
        ({"load": 0}, "load: expected a number > 0|load: expected a finite number > 0"),
        ({"folder": "x"}, "either folder or sample, got both"),
        ({"split": "none"}, "split: expected one of"),
    ],
)
def test_bad_input(sample, changes, message):
    with pytest.raises(InputError, match=message):
        experiment_two(1, sample=sample, **changes)


def test_a_sample_that_is_too_small():
    with pytest.raises(InputError, match="expected 10 functions of the sample with"):
        experiment_two(1, sample=generated_sample(functions=12, minutes=10, seed=1))


# --- what fails, what is extrapolated ---------------------------------------------------------------------------------


class OneUnit(ResourceManager):
    """Always four cores and as few units of memory as are said."""

    def __init__(self, units):
        self.units = units
        super().__init__()

    def decide(self, known, call, platform):
        return self.options.index(4, self.units)


def sizes_of(result):
    sizes = np.empty(len(result))
    for i, function in enumerate(result.functions):
        rows = np.flatnonzero(result.calls["function"] == i)
        draws = iter(Draws(result.seed, function, result.sources[0]))
        sizes[rows] = [next(draws)[-1] for _ in rows]
    return sizes


@pytest.mark.parametrize("units", [1, 2, 8])
def test_calls_with_less_than_they_need_fail_and_no_others(sample, units):
    world = experiment_two(1, sample=sample, inputs="varying", restart=False)
    result = world.run(OneUnit(units), 1)
    calls = zip(result.calls["function"], result.calls["cpu"], result.calls["memory_mb"], sizes_of(result), strict=True)
    fits = [result.functions[f].speed.demand.memory_mb(cpu, size) <= mb for f, cpu, mb, size in calls]
    assert np.array_equal(result.outcome(Outcome.COMPLETED), fits)
    assert all(fits) == (units == 8)


@pytest.mark.parametrize("inputs", ["steady", "varying"])
def test_nothing_fails_under_users_and_under_foresight(sample, inputs):
    world = experiment_two(1, sample=sample, inputs=inputs)
    fixed, oracle = measure(world, Fixed(), 1), measure(world, Oracle(), 1)
    assert fixed["failed"] == fixed["unfinished"] == oracle["failed"] == oracle["unfinished"] == 0
    # Up to a nanosecond in calls of a twentieth of a second.
    assert (fixed["mean_rfet"], fixed["worst_rfet"]) == (pytest.approx(1, abs=1e-7), pytest.approx(1, abs=1e-7))
    assert oracle["worst_rfet"] <= 1 + 1e-7 and oracle["mean_rfet"] < 0.9


def test_after_a_failure_a_function_gets_its_users_configuration(sample):
    world = experiment_two(1, sample=sample, restart=False)
    manager = Largest()
    result = world.run(manager, 1)
    failed = np.flatnonzero(~result.outcome(Outcome.COMPLETED))
    assert len(failed)
    calls = result.calls
    for call in failed:
        later = (calls["function"] == calls["function"][call]) & (calls["arrival_ns"] >= calls["end_ns"][call])
        ended = np.sort(calls["end_ns"][calls["function"] == calls["function"][call]])
        following = ended[ended > calls["end_ns"][call]]
        until = following[0] if len(following) else np.inf
        for at in np.flatnonzero(later & (calls["arrival_ns"] < until)):
            user = result.functions[calls["function"][at]]
            assert (calls["cpu"][at], calls["memory_mb"][at]) == (user.cpu, user.memory_mb)


def test_what_is_extrapolated(sample):
    world = experiment_two(1, sample=sample, inputs="varying")
    result = world.run(Oracle(), 1)
    demands = [result.functions[f].speed.demand for f in result.calls["function"]]
    parts = np.array([d.at(size).parts for d, size in zip(demands, sizes_of(result), strict=True)])
    assert np.array_equal(is_extrapolated(result), np.minimum(parts, result.calls["cpu"]) > 2)
    assert is_extrapolated(result).any() and not is_extrapolated(world.run(Fixed(), 1)).any()


def test_with_two_cores_nothing_is_extrapolated(sample):
    world = experiment_two(1, sample=sample, options=Options(cores=2))
    for manager in (Greedy(world.options), Largest(world.options), Oracle(world.options)):
        assert not is_extrapolated(world.run(manager, 1)).any()


# --- the study --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """An untrained network, in a folder of policies."""
    rng = np.random.default_rng(1)
    shapes = [(COUNT, 8), (8, 1)]
    layers = tuple((rng.normal(size=s).astype(np.float32), np.zeros(s[1], np.float32)) for s in shapes)
    file = tmp_path_factory.mktemp("policies") / "faasrm.npz"
    NumpyScores(layers).save(file)
    return file


@pytest.fixture(scope="module")
def result(policy):
    seen = []
    found = study.run(policy, (1, 2), worlds=("paper",), progress=lambda share, what: seen.append((share, what)))
    assert seen == [(0.5, "paper, seed 1"), (1.0, "paper, seed 2")]
    return found


def test_the_study_has_every_manager_and_is_json(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    managers = set(result["table"]["paper"])
    assert {"fixed", "greedy", "ensure", "random", "largest", "smallest", "oracle", "heuristic", "faasrm"} == managers
    assert set(result["published"]) <= managers
    assert len(result["rows"]) == 2 * len(managers)
    assert {row["calls"] for row in result["rows"]} == {268}


def test_the_table_is_of_the_rows(result):
    rows = [row for row in result["rows"] if row["manager"] == "greedy"]
    given = result["table"]["paper"]["greedy"]["mean_rfet"]
    a, b = (row["mean_rfet"] for row in rows)
    assert given["mean"] == pytest.approx((a + b) / 2)
    assert given["half_width"] == pytest.approx(12.706 * abs(a - b) / 2, rel=1e-4)


def test_a_failed_call_is_done_again(result):
    """mean_rfet_repeated, call by call."""
    world = experiment_two(1)
    manager = Greedy()
    run = world.run(manager, 1)
    figures = []
    for i, function in enumerate(run.functions):
        draws = iter(Draws(run.seed, function, run.sources[0]))
        for row in np.flatnonzero(run.calls["function"] == i):
            took = (run.calls["end_ns"][row] - run.calls["begin_ns"][row]) / next(draws)[0]
            figures.append(took + (run.calls["outcome"][row] != Outcome.COMPLETED))
    row = next(r for r in result["rows"] if (r["manager"], r["seed"]) == ("greedy", 1))
    assert row["mean_rfet_repeated"] == pytest.approx(np.mean(figures), rel=1e-5)
    assert row["failed"] > 0 and row["mean_rfet_repeated"] > row["mean_rfet"]


def test_policies_take_turns(policy):
    NumpyScores.load(policy).save(policy.with_name("faasrm-2.npz"))
    NumpyScores.load(policy).save(policy.with_name("faasrm-unguarded.npz"))
    found = study.run(None, (1,), policies=policy.parent, worlds=("scarce",))
    assert found["settings"]["policies"] == {
        "faasrm": ["faasrm", "faasrm-2"],
        "faasrm-unguarded": ["faasrm-unguarded"],
    }
    assert {"faasrm", "faasrm-unguarded"} <= set(found["table"]["scarce"])
    assert found["table"]["scarce"]["faasrm"]["mean_rfet"]["half_width"] is None


def test_what_the_study_refuses(policy):
    with pytest.raises(InputError, match="either policy or policies, got both"):
        study.run(policy, policies=policy.parent)
    with pytest.raises(InputError, match="experiment two, world: expected one of paper"):
        study.run(worlds=("larger",))
