"""Single rules of the semantics on cases small enough to be checked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invariants import Watched
from policy_worlds import PrewarmAfter

from faaslab.durations import Constant, Exponential
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Cause, Gone, Outcome, Start
from faaslab.platform import Platform
from faaslab.policies import (
    LRU,
    ConcurrencyLimit,
    EarliestDeadline,
    FixedFleet,
    FixedWindow,
    HybridHistogram,
    NoKeepAlive,
    ShortestFirst,
)
from faaslab.workload.workload import Workload

NS = 1_000_000_000


def run(platform, functions, arrivals, duration_s=100.0, seed=1, **options):
    """Every run is watched: the invariants hold at each of its events."""
    return Watched(platform, Workload(tuple(functions), arrivals), seed=seed, duration_s=duration_s, **options).run()


def f(name="f", service_s=1.0, start_s=0.0, **options):
    return Function(name, Constant(service_s), cold_start=ColdStart(code_s=start_s), **options)


def column(result, name, kind=None):
    values = result.calls[name].tolist()
    return [kind(v).name.lower() for v in values] if kind else [v if v < 0 else v / NS for v in values]


def starts(result):
    return column(result, "start", Start)


def outcomes(result):
    return column(result, "outcome", Outcome)


def gone(result):
    return [Gone(v).name.lower() for v in result.containers["gone"].tolist()]


# --- time and order --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after_ns", "start"), [(0, "warm"), (1, "cold")])
def test_idle_for_exactly_its_window_is_warm_and_a_nanosecond_more_is_cold(after_ns, start):
    result = run(Platform(FixedWindow(3.0)), [f(service_s=2.0)], {"f": [0.0, 5.0 + after_ns / NS]})
    assert starts(result) == ["cold", start]
    assert result.containers["gone_ns"][0] == (5 * NS if after_ns else (7 + 3) * NS)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("service_ns", "outcome"), [(2 * NS, "completed"), (2 * NS + 1, "timed_out")])
def test_a_call_that_ends_exactly_at_its_time_out_completes(shared, service_ns, outcome):
    cpu = {"cpu": "shared", "invoker_cpu": 1.0} if shared else {}
    result = run(Platform(LRU(), **cpu), [f(service_s=service_ns / NS, timeout_s=2.0)], {"f": [1.0]})
    assert outcomes(result) == [outcome] and column(result, "end_ns") == [3.0]
    assert gone(result) == (["killed"] if outcome == "timed_out" else ["alive"])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("start_ns", "outcome"), [(2 * NS, "completed"), (2 * NS + 1, "timed_out")])
def test_a_start_that_ends_exactly_at_its_time_out_is_in_time(shared, start_ns, outcome):
    cpu = {"cpu": "shared", "invoker_cpu": 1.0} if shared else {}
    result = run(Platform(LRU(), **cpu), [f(start_s=start_ns / NS, start_timeout_s=2.0)], {"f": [1.0]})
    assert outcomes(result) == [outcome]
    assert gone(result) == (["start_timed_out"] if outcome == "timed_out" else ["alive"])


@pytest.mark.parametrize(("patience_ns", "outcome"), [(2 * NS, "completed"), (2 * NS - 1, "abandoned")])
def test_a_caller_whose_patience_ends_as_the_service_begins_is_served(patience_ns, outcome):
    result = run(Platform(LRU()), [f(start_s=2.0, patience_s=patience_ns / NS)], {"f": [1.0]})
    assert outcomes(result) == [outcome]


def test_an_end_comes_before_an_arrival_at_the_same_instant():
    result = run(Platform(LRU(), invoker_memory_mb=128.0, queue_limit=0), [f()], {"f": [0.0, 1.0, 2.0]})
    assert outcomes(result) == ["completed"] * 3


def test_a_start_that_is_ready_comes_before_an_arrival_at_the_same_instant():
    result = run(Platform(FixedWindow(9)), [f(start_s=2.0, patience_s=1.0)], {"f": [0.0, 2.0]})
    assert outcomes(result) == ["abandoned", "completed"] and starts(result) == ["none", "prewarmed"]


def test_what_ends_at_the_horizon_has_ended_and_what_would_arrive_there_has_not():
    result = run(Platform(LRU()), [f()], {"f": [1.0, 1.5, 2.0]}, duration_s=2.0)
    assert outcomes(result) == ["completed", "in_system"]


def test_draining_goes_on_until_every_call_is_over():
    platform, functions, arrivals = Platform(LRU()), [f(service_s=5.0)], {"f": [1.0]}
    cut = run(platform, functions, arrivals, duration_s=2.0)
    drained = run(platform, functions, arrivals, duration_s=2.0, drain=True)
    assert outcomes(cut) == ["in_system"] and outcomes(drained) == ["completed"]
    assert drained.horizon_ns == 6 * NS


@pytest.mark.parametrize("n", range(2, 30))
def test_equal_work_that_shares_a_core_ends_at_the_same_instant(n):
    platform = Platform(LRU(), cpu="shared", invoker_cpu=1.0)
    assert column(run(platform, [f()], {"f": [0.0] * n}), "end_ns") == [n] * n
    disturbed = column(run(platform, [f(), f("g", 0.4)], {"f": [0.0] * n, "g": [0.7]}), "end_ns")
    assert sorted(disturbed)[1:] == [n + 0.4] * n


# --- kinds of start --------------------------------------------------------------------------------------------------


def test_one_start_for_two_calls_with_room_is_cold_and_joined():
    result = run(Platform(LRU()), [f(service_s=5.0, start_s=2.0, concurrency=2)], {"f": [0.0, 1.0, 1.5]})
    assert starts(result) == ["cold", "joined", "cold"]
    assert column(result, "begin_ns") == [2.0, 2.0, 3.5]


def test_a_call_whose_start_comes_too_late_is_warm_with_a_wait_and_its_container_is_first_used_prewarmed():
    result = run(Platform(LRU()), [f(service_s=1.0, start_s=3.0)], {"f": [0.0, 3.5, 6.6, 6.6]})
    # The second triggers a start (3.5 to 6.5), and at 4 takes the container that the first leaves.
    assert starts(result) == ["cold", "warm", "prewarmed", "warm"]
    assert column(result, "begin_ns")[:2] == [3.0, 4.0]


def test_a_start_whose_caller_has_left_completes_and_goes_idle():
    result = run(Platform(FixedWindow(5.0)), [f(start_s=3.0, patience_s=1.0)], {"f": [0.0, 2.5]})
    assert outcomes(result) == ["abandoned", "completed"] and starts(result) == ["none", "joined"]
    alone = run(Platform(FixedWindow(5.0)), [f(start_s=3.0, patience_s=1.0)], {"f": [0.0]})
    assert gone(alone) == ["expired"] and alone.containers["gone_ns"][0] == 8 * NS


def test_the_cold_service_time_is_for_cold_calls_alone():
    function = Function("f", Constant(1.0), cold_service=Constant(3.0))
    result = run(Platform(LRU()), [function], {"f": [0.0, 4.0]})
    assert column(result, "end_ns") == [3.0, 5.0]


@pytest.mark.parametrize(
    ("second_s", "start", "begin_s"),
    [
        (4.0, "cold", 6.0),
        (6.0, "cold", 8.0),
        (7.0, "joined", 8.0),
        (8.0, "prewarmed", 8.0),
        (12.0, "prewarmed", 12.0),
        (12.5, "cold", 14.5),
    ],
)
def test_a_container_started_ahead(second_s, start, begin_s):
    """Idle at 3 (a start of 2, a call of 1); the pre-warm starts at 8 and is ready at 10. The times given are 2 s
    earlier.
    """
    result = run(Platform(PrewarmAfter(0.0, 5.0, 4.0)), [f(start_s=2.0)], {"f": [0.0, second_s + 2.0]})
    assert starts(result) == ["cold", start] and column(result, "begin_ns")[1] == begin_s + 2.0


def test_an_arrival_cancels_the_pending_pre_warm():
    result = run(Platform(PrewarmAfter(0.0, 5.0, 4.0)), [f(start_s=2.0)], {"f": [0.0, 7.0]}, duration_s=14.9)
    assert [Cause(c) for c in result.containers["cause"]] == [Cause.CALL, Cause.CALL]  # at 8 none was started ahead


def test_a_pre_warm_evicts_nobody():
    functions = [f("a", start_s=2.0), f("b")]
    platform = Platform(PrewarmAfter(0.0, 5.0, 4.0), invoker_memory_mb=128.0)
    result = run(platform, functions, {"a": [0.0], "b": [7.5]}, duration_s=9.0)
    assert result.notes["prewarms without room"] == 1 and "evicted" not in gone(result)


# --- which container serves ------------------------------------------------------------------------------------------


def test_the_most_recently_used_container_serves():
    result = run(Platform(LRU()), [f(service_s=1.0)], {"f": [0.0, 0.5, 9.0, 20.0]})
    assert result.calls["container"].tolist() == [0, 1, 1, 1]


def test_with_container_concurrency_the_fullest_with_room_serves():
    # Two containers with three places: 0 holds one call, 1 holds two; the next goes to 1.
    function = Function("f", Constant(10.0), concurrency=3)
    result = run(Platform(LRU()), [function], {"f": [0.0, 0.1, 0.2, 8.0, 8.1, 11.0]})
    assert result.calls["container"].tolist() == [0, 0, 0, 1, 1, 1]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_queued_calls_do_not_count_against_the_concurrency_limit():
    platform = Platform(LRU(), invoker_memory_mb=128.0, admission=ConcurrencyLimit(2))
    result = run(platform, [f("a", service_s=5.0), f("b", memory_mb=64.0)], {"a": [0.0, 1.0, 2.0], "b": [3.0]})
    # Only one fits; two wait without a start, and all three get in under a limit of two.
    assert outcomes(result)[:3] == ["completed"] * 3


def test_the_account_limit_throttles():
    result = run(Platform(LRU(), admission=ConcurrencyLimit(2)), [f()], {"f": [0.0, 0.5, 0.7, 1.0]})
    assert outcomes(result) == ["completed", "completed", "throttled", "completed"]


def test_reserved_concurrency_is_taken_out_of_the_account():
    functions = [f("a", reserved_concurrency=1), f("b")]
    result = run(Platform(LRU(), admission=ConcurrencyLimit(2)), functions, {"a": [0.0, 0.1], "b": [0.2, 0.3]})
    assert outcomes(result) == ["completed", "throttled", "completed", "throttled"]


def test_a_queue_of_length_one():
    result = run(Platform(LRU(), invoker_memory_mb=128.0, queue_limit=1), [f(service_s=2.0)], {"f": [0.0, 0.5, 1.0]})
    assert outcomes(result) == ["completed", "completed", "rejected"]
    assert column(result, "begin_ns") == [0.0, 2.0, -1]


def test_a_blocked_function_does_not_block_another():
    functions = [f("large", service_s=4.0, memory_mb=256.0), f("small", memory_mb=128.0)]
    result = run(Platform(NoKeepAlive(), invoker_memory_mb=384.0), functions, {"large": [0.0, 1.0], "small": [2.0]})
    assert column(result, "begin_ns") == [0.0, 4.0, 2.0]


def test_a_group_s_concurrency_is_integrated_over_waiting_and_running_calls():
    seen = {}

    class Look(FixedFleet):
        def desired(self, group, now_s):
            seen[now_s] = group.concurrency_area_s
            return self.n

    run(Platform(FixedWindow(1.0), autoscaler=Look(1, check_s=1.0)), [f()], {"f": [0.5] * 4}, duration_s=6.0)
    # Four calls, one at a time: 4 in the system for a second, then 3, 2, 1.
    assert seen == {1.0: 2.0, 2.0: 5.5, 3.0: 8.0, 4.0: 9.5, 5.0: 10.0}


def test_an_idle_container_reserves_no_cpu():
    result = run(Platform(LRU(), invoker_cpu=1.0), [f("a"), f("b")], {"a": [0.0, 1.0], "b": [1.0, 1.5]})
    assert column(result, "begin_ns") == [0.0, 1.0, 2.0, 3.0]


def test_earliest_deadline_and_shortest_first_order_the_queue():
    fleet = {"autoscaler": FixedFleet(1), "one_group": True}
    functions = [f("a", service_s=3.0, deadline_s=9.0), f("b", service_s=2.0, deadline_s=5.0), f("c", service_s=1.0)]
    arrivals = {"a": [0.0, 1.0], "b": [1.0], "c": [1.0]}
    order = {
        None: [0.0, 3.0, 6.0, 8.0],
        EarliestDeadline(): [0.0, 5.0, 3.0, 8.0],
        ShortestFirst("oracle"): [0.0, 6.0, 4.0, 3.0],
    }
    for queueing, begins in order.items():
        result = run(Platform(LRU(), queueing=queueing, **fleet), functions, arrivals)
        assert column(result, "begin_ns") == begins, queueing


def test_a_time_out_kills_the_container_and_what_else_runs_in_it():
    result = run(Platform(LRU()), [Function("f", Constant(3.0), timeout_s=2.0, concurrency=2)], {"f": [0.0, 1.0, 2.0]})
    assert outcomes(result) == ["timed_out", "failed", "timed_out"] and gone(result) == ["killed", "killed"]
    assert column(result, "end_ns") == [2.0, 2.0, 4.0]


def test_a_failure_leaves_the_container_alive():
    result = run(Platform(LRU()), [f(failure=1.0)], {"f": [0.0, 2.0]})
    assert outcomes(result) == ["failed", "failed"] and starts(result) == ["cold", "warm"]


# --- chance ----------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([NoKeepAlive(), FixedWindow(2.0), HybridHistogram(bin_s=1.0)]))
def test_two_policies_meet_the_same_world(seed, policy):
    """Service, failure and start of call n do not depend on the policy, nor on what else the platform draws."""
    function = Function("f", Exponential(1.0), cold_start=ColdStart(code_s=Exponential(1.0)), failure=0.3)
    times = np.cumsum(np.random.default_rng(seed).exponential(1.0, 40))
    a, b = (
        run(Platform(p), [function], {"f": times}, duration_s=200.0, seed=seed) for p in (policy, FixedWindow(math.inf))
    )
    service = [r.calls["end_ns"] - r.calls["begin_ns"] for r in (a, b)]
    assert np.array_equal(*service) and np.array_equal(a.calls["outcome"], b.calls["outcome"])
    alike = (a.calls["start"] == Start.COLD) & (b.calls["start"] == Start.COLD)
    starts_ns = [r.containers["code_ns"][r.calls["container"][alike]] for r in (a, b)]
    assert np.array_equal(*starts_ns)


def test_seeds_differ():
    function = Function("f", Exponential(1.0))
    ends = [
        run(Platform(LRU()), [function], {"f": [0.0] * 5}, seed=seed).calls["end_ns"].tolist() for seed in (1, 2, 1)
    ]
    assert ends[0] == ends[2] != ends[1]
