"""A run that stops at its decision points and is told there what the policy would have said is the run itself."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from platform_worlds import workloads

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.decisions import Choice
from faaslab.model.policies import Allocation
from faaslab.model.result import Outcome
from faaslab.platform import Platform, Simulation, simulate
from faaslab.policies import KPA, LRU, ConcurrencyLimit, FixedFleet, FixedWindow, TargetTracking
from faaslab.workload.workload import Workload

AUTOSCALERS = [
    FixedFleet(2, check_s=1.0),
    KPA(initial=0, max_scale=4, stable_window_s=6, panic_window_s=2, tick_s=1),
    TargetTracking(0.5, max_containers=3, tick_s=2, scale_in_cooldown_s=2),
]


def decided(platform, workload, points, answer, **options):
    simulation = Simulation(platform, workload, pause_at=points, **options)
    asked = 0
    while (decision := simulation.advance()) is not None:
        simulation.choose(answer(decision))
        asked += 1
    return simulation.result(), asked


def same(a, b):
    for table in ("calls", "containers"):
        for name, values in getattr(a, table).items():
            assert np.array_equal(values, getattr(b, table)[name]), (table, name)


@settings(max_examples=60)
@given(workloads(concurrency_one=True), st.sampled_from([None, 256.0, 512.0]), st.sampled_from([None, 2, 4]))
def test_letting_everyone_in_as_the_platform_would(workload, memory_mb, limit):
    platform = Platform(
        FixedWindow(2.0),
        invokers=2,
        invoker_memory_mb=memory_mb or float("inf"),
        admission=None if limit is None else ConcurrencyLimit(limit),
        queue_limit=3,
    )
    options = {"seed": 3, "duration_s": 40.0}
    try:
        plain = simulate(platform, workload, **options)
    except InputError as error:
        assume(False)  # a function too large for the machine, or too much reserved
        raise error
    result, asked = decided(platform, workload, ("arrival",), lambda decision: Choice(), **options)
    assert asked == len(plain)
    same(plain, result)


@settings(max_examples=60)
@given(workloads(), st.sampled_from(AUTOSCALERS))
def test_as_many_containers_as_the_autoscaler_would_have(workload, autoscaler):
    platform = Platform(LRU(), autoscaler=autoscaler, invoker_memory_mb=1024.0)
    options = {"seed": 3, "duration_s": 30.5}
    plain = simulate(platform, workload, **options)

    def answer(decision):
        assert decision.kind == "tick" and decision.call is None
        return autoscaler.desired(decision.group, decision.platform.now_s)

    result, asked = decided(platform, workload, ("tick",), answer, **options)
    assert asked == int(30.5 / autoscaler.tick_s) * len(plain.groups)
    same(plain, result)


def test_choices_have_their_effect():
    function = Function("f", Constant(2.0), speed=lambda cpu, memory_mb: cpu)
    workload = Workload((function,), {"f": [0.0, 10.0, 20.0]})
    choices = iter([Choice(), Choice(admit=False), Choice(allocation=Allocation(4.0, 256.0))])
    result, asked = decided(Platform(LRU()), workload, ("arrival",), lambda d: next(choices), seed=1, duration_s=30.0)
    assert asked == 3
    assert [Outcome(o) for o in result.calls["outcome"]] == [Outcome.COMPLETED, Outcome.THROTTLED, Outcome.COMPLETED]
    assert result.calls["end_ns"].tolist() == [2 * 10**9, 10 * 10**9, 20 * 10**9 + 5 * 10**8]
    assert result.calls["memory_mb"][2] == 256.0 and result.calls["cpu"][2] == 4.0


@pytest.mark.parametrize("wrong", [-1, 1.5, float("nan"), "two"])
def test_a_number_of_containers_that_is_none(wrong):
    workload = Workload((Function("f", Constant(1.0)),), {"f": [0.0]})
    platform = Platform(LRU(), autoscaler=FixedFleet(1, check_s=1.0))
    simulation = Simulation(platform, workload, seed=1, duration_s=9.0, pause_at=("tick",))
    simulation.advance()
    with pytest.raises(InputError, match="number of containers"):
        simulation.choose(wrong)


def test_the_result_can_be_asked_for_twice():
    simulation = Simulation(
        Platform(FixedWindow(60.0)), Workload((Function("f", Constant(1.0)),), {"f": [0.0]}), seed=1, duration_s=10.0
    )
    result = simulation.run()
    assert len(result) == 1
    assert simulation.result() is result
