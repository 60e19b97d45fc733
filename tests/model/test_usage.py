"""A run's columns as the usage that bills are made of."""

import numpy as np

from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Start
from faaslab.model.usage import active_columns, container_columns, usage_columns
from faaslab.platform import Platform, simulate
from faaslab.policies import ConcurrencyLimit, FixedWindow
from faaslab.pricing import Containers, Usage, active_periods, bill
from faaslab.workload import Workload

START = ColdStart(runtime_s=1.0, code_s=0.5)


def run(times, **function):
    f = Function("f", Constant(2.0), memory_mb=512, cold_start=START, **function)
    platform = Platform(FixedWindow(10), admission=ConcurrencyLimit(3))
    return simulate(platform, Workload((f,), {"f": times}), seed=1, duration_s=100.0)


def test_only_what_ran_is_billed():
    usage = usage_columns(run([0.0, 0.0, 0.0, 0.0, 50.0, 99.5]))
    assert usage["service_s"].tolist() == [2.0] * 4  # the fourth call is throttled, the last not over
    assert usage["init_s"].tolist() == [1.5] * 4
    assert usage_columns(run([0.0, 5.0]))["init_s"].tolist() == [1.5, 0.0]
    assert len(usage_columns(run([]))["memory_mb"]) == 0


def test_a_start_is_billed_with_the_first_call_that_its_container_serves():
    # The second call causes a start at 3 s, but the first container is free at 3.5 s and serves it, and the third call,
    # too. The container started at 3 s serves the fourth, which finds it idle and is not cold.
    result = run([0.0, 3.0, 10.0, 10.5])
    assert result.calls["start"].tolist() == [Start.COLD, Start.WARM, Start.WARM, Start.PREWARMED]
    assert usage_columns(result)["init_s"].tolist() == [1.5, 0.0, 0.0, 1.5]


def test_starts_ahead_of_calls_are_not_billed_with_a_call():
    f = Function("f", Constant(2.0), memory_mb=512, cold_start=START)
    platform = Platform(FixedWindow(10), provisioned={"f": 1})
    result = simulate(platform, Workload((f,), {"f": [5.0, 5.1]}), seed=1, duration_s=50.0)
    assert usage_columns(result)["init_s"].tolist() == [0.0, 1.5]


def test_the_life_of_a_container():
    columns = container_columns(run([0.0, 5.0, 95.0]))
    assert columns["start_s"].tolist() == [0.0, 95.0]
    assert columns["end_s"].tolist() == [17.0, 100.0]
    assert columns["busy_s"].tolist() == [4.0, 2.0]
    assert columns["init_s"].tolist() == [1.5, 1.5]


def test_a_moment_with_two_calls_in_a_container_is_busy_once():
    columns = container_columns(run([0.0, 2.5, 3.0], concurrency=2))
    # From 1.5 to 3.5, from 2.5 to 4.5, and, when there is room again, from 3.5 to 5.5.
    assert columns["busy_s"].tolist() == [4.0, 0.0]


def test_an_active_instance_is_billed_once_for_overlapping_calls():
    result = run([0.0, 2.5, 3.0], concurrency=2)
    usage = Usage(**usage_columns(result), active=active_periods(**active_columns(result)))
    shared = bill("azure-flex", usage, free_tier=False)
    alone = bill("azure-flex", Usage(**usage_columns(result)), free_tier=False)
    assert shared.compute_usd < alone.compute_usd


def test_whole_lives_can_be_billed():
    result = run([0.0, 5.0, 95.0])
    usage = Usage(**usage_columns(result), containers=Containers(**container_columns(result)))
    total = bill("google-cloud-run-instances", usage, free_tier=False).total_usd
    assert np.isfinite(total) and total > 0
