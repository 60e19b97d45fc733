"""The engine against the oracle, call by call, on small workloads in whole seconds, full of equal instants."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Kind, Oracle

from faaslab.functions import ColdStart, Function
from faaslab.model.result import Gone, Outcome, Start
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU, FixedWindow
from faaslab.units import NS_PER_S
from faaslab.workload.workload import Workload

UNIT_MB = 128.0


class Listed:
    """The durations of a list, one a call."""

    mean_s = 1.0

    def __init__(self, values_s):
        self.values_s = values_s

    def sample(self, rng, n):
        return np.zeros(n)

    def at(self, first, size):
        return [*self.values_s[first : first + size], *[0.0] * max(0, first + size - len(self.values_s))]


def maybe(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def worlds(draw):
    """(kinds, arrivals as (second, index), options of the oracle, horizon)."""
    pressure = draw(st.booleans())  # many functions, little memory, long lives: evictions
    count = 4 if pressure else draw(st.integers(1, 3))
    shares_app = draw(st.booleans()) and count > 1
    concurrency = [draw(st.sampled_from([1, 1, 2, 3])) for _ in range(count)]
    if shares_app:
        concurrency[1] = concurrency[0]
    moments = st.tuples(st.integers(0, 40 if pressure else 14), st.integers(0, count - 1))
    arrivals = sorted(draw(st.lists(moments, min_size=12 if pressure else 1, max_size=24)))
    kinds = []
    for i in range(count):
        calls = sum(index == i for _, index in arrivals)
        kinds.append(
            Kind(
                name="abcd"[i],
                services=draw(st.lists(st.integers(0, 2 if pressure else 5), min_size=calls, max_size=calls)),
                memory=draw(st.integers(1, 3)),
                cores=draw(st.integers(1, 2)),
                start=draw(st.integers(0, 4)),
                timeout=None if pressure else draw(maybe(st.integers(1, 4))),
                start_timeout=None if pressure else draw(maybe(st.integers(1, 3))),
                patience=None if pressure else draw(maybe(st.integers(1, 4))),
                concurrency=concurrency[i],
                app="app" if shares_app and i < 2 else None,
            )
        )
    options = {
        "machines": draw(st.integers(1, 2 if pressure else 3)),
        "memory": draw(st.integers(3, 5)) if pressure else draw(maybe(st.integers(3, 6))),
        "cores": None if pressure else draw(maybe(st.integers(2, 4))),
        "window": draw(maybe(st.just(20) if pressure else st.sampled_from([0, 1, 2, 5]))),
        "queue_limit": draw(maybe(st.integers(0, 3))),
    }
    return kinds, arrivals, options, 60 if pressure else draw(st.sampled_from([9, 16, 40]))


def engine(kinds, arrivals, options, horizon):
    functions = tuple(
        Function(
            k.name,
            Listed([float(s) for s in k.services]),
            memory_mb=k.memory * UNIT_MB,
            cpu=k.cores,
            cold_start=ColdStart(allocate_s=k.start // 2, code_s=k.start - k.start // 2),
            timeout_s=k.timeout,
            start_timeout_s=k.start_timeout,
            patience_s=k.patience,
            concurrency=k.concurrency,
            app=k.app,
        )
        for k in kinds
    )
    platform = Platform(
        LRU() if options["window"] is None else FixedWindow(options["window"]),
        invokers=options["machines"],
        invoker_memory_mb=math.inf if options["memory"] is None else options["memory"] * UNIT_MB,
        invoker_cpu=math.inf if options["cores"] is None else options["cores"],
        queue_limit=options["queue_limit"],
    )
    times = {k.name: [float(t) for t, index in arrivals if index == i] for i, k in enumerate(kinds)}
    return simulate(platform, Workload(functions, times), seed=1, duration_s=horizon)


def ns_or_never(time):
    return time if time < 0 else time * NS_PER_S


@settings(max_examples=600)
@given(worlds())
def test_engine_and_oracle_agree_call_by_call(world):
    kinds, arrivals, options, horizon = world
    oracle = Oracle(kinds, **options)
    oracle.run(arrivals, horizon)
    result = engine(*world)
    expected = [
        (
            kinds.index(c.kind),
            c.arrival * NS_PER_S,
            ns_or_never(c.begin),
            ns_or_never(c.end),
            c.outcome,
            c.start,
            -1 if c.box is None else c.box.id,
        )
        for c in oracle.calls
    ]
    calls = result.calls
    got = [
        (
            *(int(calls[name][i]) for name in ("function", "arrival_ns", "begin_ns", "end_ns")),
            Outcome(calls["outcome"][i]).name.lower(),
            Start(calls["start"][i]).name.lower(),
            int(calls["container"][i]),
        )
        for i in range(len(result))
    ]
    assert got == expected
    boxes = [
        (b.group, b.machine, b.created * NS_PER_S, ns_or_never(b.ready), ns_or_never(b.gone), b.why, b.uses)
        for b in oracle.boxes
    ]
    table = result.containers
    lives = [
        (
            result.groups[table["group"][i]],
            *(int(table[name][i]) for name in ("invoker", "created_ns", "ready_ns", "gone_ns")),
            Gone(table["gone"][i]).name.lower(),
            int(table["uses"][i]),
        )
        for i in range(len(table["group"]))
    ]
    assert lives == boxes


def test_the_oracle_itself_on_a_case_done_by_hand():
    """Room for one container, window 5, start 2: cold at 0, warm at the last instant of the window, then cold."""
    oracle = Oracle([Kind("f", [1, 1, 1], start=2)], memory=1, window=5)
    oracle.run([(0, 0), (8, 0), (15, 0)], 100)
    assert [(c.begin, c.end, c.start) for c in oracle.calls] == [(2, 3, "cold"), (8, 9, "warm"), (17, 18, "cold")]
    assert [(b.created, b.ready, b.gone, b.why) for b in oracle.boxes] == [
        (0, 2, 14, "expired"),
        (15, 17, 23, "expired"),
    ]
