"""The summary's figures: by hand, against a brute-force integration, and Little's law as an identity."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.occupancy import busy_areas, clip_areas, exact_sum, memory_area
from faaslab.model.result import SCHEMA, Gone, Outcome, Result, Start
from faaslab.model.summary import littles_law, summary, summary_over_seeds, t_interval

S = 10**9


def table(schema, rows):
    """Columns from a list of dictionaries; what a row leaves out is 0, or -1 for times."""
    return {
        name: np.array([row.get(name, -1 if name.endswith("_ns") else 0) for row in rows], dtype=dtype)
        for name, dtype in schema.items()
    }


def result(calls=(), containers=(), resizes=(), horizon_ns=100 * S, warmup_ns=0, concurrency=1, seed=0):
    return Result(
        seed=seed,
        horizon_ns=horizon_ns,
        warmup_ns=warmup_ns,
        functions=(Function("f", Constant(1.0), concurrency=concurrency),),
        groups=("f",),
        sources=("f",),
        invokers_memory_mb=(math.inf,),
        invokers_cpu=(math.inf,),
        calls=table(SCHEMA["calls"], calls),
        containers=table(SCHEMA["containers"], containers),
        resizes=table(SCHEMA["resizes"], resizes),
        events=table(SCHEMA["events"], ()),
        messages=table(SCHEMA["messages"], ()),
    )


def call(arrival, begin=-1, end=-1, outcome=Outcome.COMPLETED, start=Start.NONE, container=-1, **more):
    seconds = {"arrival_ns": arrival, "begin_ns": begin, "end_ns": end}
    times = {name: -1 if t == -1 else round(t * S) for name, t in seconds.items()}
    return {**times, "outcome": outcome, "start": start, "container": container, **more}


def container(created, ready=-1, gone=-1, memory_mb=100.0, why=Gone.ALIVE):
    times = {
        name: -1 if t == -1 else round(t * S)
        for name, t in zip(("created_ns", "ready_ns", "gone_ns"), (created, ready, gone), strict=True)
    }
    return {**times, "memory_mb": memory_mb, "gone": why}


def small_run(**kwargs):
    calls = [
        call(0, 2, 5, start=Start.COLD, container=0),
        call(6, 6, 8, start=Start.WARM, container=0),
        call(7, 9, 19, start=Start.JOINED, container=1),
        call(7.5, -1, 7.5, Outcome.THROTTLED),
        call(8, -1, 8, Outcome.REJECTED),
        call(90, 91, -1, Outcome.IN_SYSTEM, Start.PREWARMED, 2),
    ]
    containers = [
        container(0, 2, 18, why=Gone.EXPIRED),
        container(7, 9, 39, why=Gone.EVICTED, memory_mb=200),
        container(80, 85),
    ]
    return result(calls, containers, **kwargs)


def test_by_hand():
    s = summary(small_run())
    assert s["invocations"] == 6
    assert [s[f"{kind}_fraction"] for kind in ("cold", "warm", "joined", "prewarmed")] == [0.25] * 4
    assert s["rejected_fraction"] == s["throttled_fraction"] == 1 / 6
    assert s["outcomes"]["completed"] == 3 and s["outcomes"]["in_system"] == 1
    assert s["wait_s"]["mean"] == pytest.approx((2 + 0 + 2 + 1) / 4)
    assert s["response_s"]["mean"] == pytest.approx((5 + 2 + 12) / 3) and s["response_s"]["p50"] == 5
    assert s["container_seconds"] == 18 + 32 + 20 and s["containers_mean"] == 0.7
    assert s["busy_mean"] == (3 + 2 + 10 + 9) / 100
    assert s["calls_in_system_mean"] == (5 + 2 + 12 + 10) / 100
    assert s["memory_mb_seconds"] == pytest.approx(1800 + 6400 + 2000)
    # ready without a call: 16 - 5, 30 - 10, 15 - 9 seconds
    assert s["idle_memory_fraction"] == pytest.approx((1100 + 4000 + 600) / 10200)
    assert (s["containers_started"], s["evictions"], s["expirations"]) == (3, 1, 1)
    assert s["utilisation"] == pytest.approx(24 / (16 + 30 + 15))


def test_warm_up_leaves_out_calls_and_cuts_areas():
    s = summary(small_run(warmup_ns=7 * S))
    assert s["invocations"] == 4 and s["cold_fraction"] == 0 and s["prewarmed_fraction"] == 0.5
    assert s["container_seconds"] == 11 + 32 + 20
    assert s["containers_mean"] == pytest.approx(63 / 93)
    assert s["busy_mean"] == pytest.approx((1 + 10 + 9) / 93)  # the call of 6 s is still in its container until 8 s
    assert s["containers_started"] == 2


def test_a_drained_run_is_cut_at_the_horizon():
    r = result([call(0, 0, 30, start=Start.WARM)], [container(0, 0, 40)], horizon_ns=10 * S)
    s = summary(r)
    assert s["busy_mean"] == s["containers_mean"] == s["calls_in_system_mean"] == 1
    assert s["response_s"]["mean"] == 30
    assert littles_law(r) == (10 * S, 10 * S)


def test_nothing_happened():
    s = summary(result())
    assert s["invocations"] == 0 and s["containers_mean"] == 0 and s["container_seconds"] == 0
    for key in ("cold_fraction", "rejected_fraction", "idle_memory_fraction", "utilisation"):
        assert math.isnan(s[key])
    assert all(math.isnan(v) for v in (*s["wait_s"].values(), *s["response_s"].values()))
    assert littles_law(result()) == (0, 0)


def test_shared_container_is_busy_once():
    calls = [call(0, 0, 10, container=0), call(5, 5, 15, container=0), call(30, 30, 31, container=0)]
    r = result(calls, [container(0, 0, 50)], concurrency=4)
    assert busy_areas(r, 0) == (16 * S, 1600 * S)
    assert summary(r)["idle_memory_fraction"] == pytest.approx(34 / 50)


def test_resizes_are_integrated():
    resizes = [{"container": 0, "time_ns": t * S, "memory_mb": m} for t, m in ((10, 300), (20, 50))]
    r = result([call(5, 5, 15, container=0)], [container(0, 2, 30)], resizes)
    s = summary(r)
    assert s["memory_mb_seconds"] == pytest.approx(10 * 100 + 10 * 300 + 10 * 50)
    assert s["idle_memory_fraction"] == pytest.approx((3 * 100 + 5 * 300 + 10 * 50) / 4500)
    assert (
        summary(result([], [container(0, 2, 30)], resizes, warmup_ns=12 * S))["memory_mb_seconds"] == 8 * 300 + 10 * 50
    )


# --- against counting second by second -------------------------------------------------------------------------------

HORIZON = 15


@st.composite
def runs(draw):
    """A few containers with their calls and resizes at whole seconds, with room for `concurrency` calls at once."""
    concurrency = draw(st.sampled_from([1, 1, 3]))
    calls, containers, resizes = [], [], []
    for index in range(draw(st.integers(1, 4))):
        created = draw(st.integers(0, HORIZON - 1))
        ready = draw(st.integers(created, HORIZON))
        gone = draw(st.integers(ready, HORIZON + 5) | st.just(-1))
        last = HORIZON + 5 if gone == -1 else gone
        containers.append(container(created, ready, gone, draw(st.integers(1, 9))))
        for _ in range(concurrency):
            now = ready
            while now < last and draw(st.booleans()):
                begin = draw(st.integers(now, last))
                end = draw(st.integers(begin, last))
                arrival = draw(st.integers(0, begin))
                if end > HORIZON or (gone == -1 and end == last):
                    calls.append(call(arrival, begin, -1, Outcome.IN_SYSTEM, Start.WARM, index))
                    break
                calls.append(call(arrival, begin, end, Outcome.COMPLETED, Start.WARM, index))
                now = end
        for time in sorted(draw(st.lists(st.integers(created, last), max_size=3))):
            resizes.append({"container": index, "time_ns": time * S, "memory_mb": draw(st.integers(1, 9))})
    calls += [call(draw(st.integers(0, HORIZON)), outcome=Outcome.REJECTED) for _ in range(draw(st.integers(0, 2)))]
    calls = [c for c in calls if c["begin_ns"] < HORIZON * S and c["arrival_ns"] < HORIZON * S]
    calls.sort(key=lambda c: c["arrival_ns"])
    return result(calls, containers, resizes, HORIZON * S, draw(st.integers(0, HORIZON)) * S, concurrency)


def count_by_the_second(r):
    """(alive, busy, memory, idle memory) over the window, by looking at each second."""
    totals = np.zeros(4)
    for second in range(r.warmup_ns // S, HORIZON):
        t = second * S
        for i in range(len(r.containers["created_ns"])):
            created, ready, gone = (r.containers[name][i] for name in ("created_ns", "ready_ns", "gone_ns"))
            if not created <= t or (0 <= gone <= t):
                continue
            memory = r.containers["memory_mb"][i]
            for j in np.flatnonzero((r.resizes["container"] == i) & (r.resizes["time_ns"] <= t)):
                memory = r.resizes["memory_mb"][j]
            mine = (r.calls["container"] == i) & (r.calls["begin_ns"] >= 0) & (r.calls["begin_ns"] <= t)
            busy = bool((mine & ((r.calls["end_ns"] < 0) | (r.calls["end_ns"] > t))).any())
            totals += [1, busy, memory, memory * (ready <= t and not busy)]
    return totals


@settings(max_examples=60, deadline=None)
@given(runs())
def test_areas_equal_those_counted_by_the_second(r):
    s = summary(r)
    alive, busy, memory, idle_memory = count_by_the_second(r)
    window = HORIZON - r.warmup_ns // S
    assert s["container_seconds"] == alive
    assert s["memory_mb_seconds"] == pytest.approx(memory)
    if window:
        assert s["busy_mean"] == pytest.approx(busy / window)
        assert s["containers_mean"] == pytest.approx(alive / window)
    if memory:
        assert s["idle_memory_fraction"] == pytest.approx(idle_memory / memory, abs=1e-12)


@settings(deadline=None)
@given(runs())
def test_littles_law_is_an_identity(r):
    swept, summed = littles_law(r)
    assert swept == summed
    c = r.calls
    stays = [
        (HORIZON * S if outcome == Outcome.IN_SYSTEM else max(end, arrival)) - arrival
        for arrival, end, outcome in zip(
            c["arrival_ns"].tolist(), c["end_ns"].tolist(), c["outcome"].tolist(), strict=True
        )
    ]
    assert summed == sum(stays)


def test_areas_beyond_64_bits_are_exact():
    horizon = 9 * 10**18
    r = result([call(0, outcome=Outcome.IN_SYSTEM)] * 7, horizon_ns=horizon)
    assert littles_law(r) == (7 * horizon, 7 * horizon)
    assert summary(r)["calls_in_system_mean"] == 7
    assert exact_sum(np.array([2**62] * 5 + [-3])) == 5 * 2**62 - 3


def test_clip_areas():
    begin, end = np.array([-1, 2, 5, 50]), np.array([-1, -1, 8, 60])
    assert clip_areas(begin, end, 6, 40).tolist() == [0, 34, 2, 0]
    r = result([], [container(0, -1, -1)], horizon_ns=5 * S)
    assert memory_area(r, r.containers["ready_ns"], 0) == 0


# --- over seeds ------------------------------------------------------------------------------------------------------


def test_t_interval_by_the_table():
    # t for 4 degrees of freedom and 95 %: 2.776
    interval = t_interval([1, 2, 3, 4, 5])
    assert interval["mean"] == 3
    assert interval["half_width"] == pytest.approx(2.776 * math.sqrt(2.5 / 5), rel=1e-3)
    assert math.isnan(t_interval([1, math.nan])["mean"])


def test_over_seeds():
    runs = [result([call(0, w, w + 1, start=Start.COLD)], [container(0, w)], seed=w) for w in (1, 2, 3)]
    s = summary_over_seeds(runs)
    assert s["wait_s"]["mean"]["mean"] == 2 and s["cold_fraction"] == {"mean": 1.0, "half_width": 0.0}
    assert s["wait_s"]["mean"]["half_width"] == pytest.approx(4.303 / math.sqrt(3), rel=1e-3)
    assert s["outcomes"]["completed"]["mean"] == 1
    assert (
        math.isnan(s["idle_memory_fraction"]["mean"]) is False and math.isnan(s["rejected_fraction"]["mean"]) is False
    )


@pytest.mark.parametrize(
    "runs, message",
    [
        ([result()], "at least 2"),
        ([result(seed=1), result(seed=1)], "different seeds"),
        ([result(seed=1), result(seed=2, horizon_ns=S)], "one horizon"),
    ],
)
def test_over_seeds_refuses(runs, message):
    with pytest.raises(InputError, match=message):
        summary_over_seeds(runs)
