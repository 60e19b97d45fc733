"""The dispatcher, driven by a virtual clock, against the simulator: call by call and container by container.

Constant, listed and drawn times; whole seconds in half of the worlds, so that equal instants are common. Left out, as
in the dispatcher itself: several calls in a container, groups of several functions, placement, early binding,
allocators, stem cells, reserved processors, starts of no length for a call. Provisioned containers only without
time-outs: the real platform starts one again that has died.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import AUTOSCALERS, KEEP_ALIVES, maybe
from virtual_host import VirtualHost

from faaslab.durations import Constant, Exponential
from faaslab.functions import PHASES, ColdStart, Function
from faaslab.model.diff import diff
from faaslab.model.result import Outcome
from faaslab.model.summary import littles_law, summary
from faaslab.platform import Platform, simulate
from faaslab.policies import (
    FCFS,
    LRU,
    ConcurrencyLimit,
    EarliestDeadline,
    FixedWindow,
    GreedyDual,
    HybridHistogram,
    OnePerRequest,
    ShortestFirst,
)
from faaslab.runtime.settings import Settings
from faaslab.workload.workload import Workload

UNIT_MB = 128.0


@dataclass(frozen=True)
class Whole:
    """A random whole number of seconds from `least` to `most`."""

    least: int
    most: int

    @property
    def mean_s(self):
        return (self.least + self.most) / 2

    def sample(self, rng, n):
        return self.least + np.floor(rng.random(n) * (self.most + 1 - self.least))


QUEUEINGS = st.one_of(st.builds(FCFS), st.builds(EarliestDeadline), st.builds(ShortestFirst))
STARTS = st.one_of(st.integers(1, 4).map(Constant), st.builds(Whole, st.just(1), st.integers(2, 4)))
SERVICES = st.one_of(st.integers(0, 4).map(Constant), st.builds(Whole, st.just(0), st.integers(1, 5)))


@st.composite
def functions(draw, name, whole):
    services = SERVICES if whole else st.just(Exponential(1.5))
    allocate = draw(STARTS) if whole else Exponential(0.7)
    return Function(
        name,
        service=draw(services),
        cold_service=draw(maybe(services)),
        memory_mb=UNIT_MB * draw(st.integers(1, 3)),
        cold_start=ColdStart(allocate, draw(st.integers(0, 1)), draw(st.integers(0, 1)), draw(services)),
        timeout_s=draw(st.sampled_from([None, None, 1, 2, 4])),
        start_timeout_s=draw(st.sampled_from([None, None, 1, 3])),
        patience_s=draw(st.sampled_from([None, None, 1, 3, 5])),
        deadline_s=draw(maybe(st.integers(1, 5))),
        reserved_concurrency=draw(st.sampled_from([None, None, None, 0, 1, 2])),
        failure=draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
    )


@st.composite
def worlds(draw, scaled):
    """(platform, workload)"""
    whole = draw(st.booleans())
    provisioned = {} if scaled else draw(st.sampled_from([{}, {}, {"a": 1}, {"a": 2, "b": 1}]))
    account = draw(st.sampled_from([None, None, 1, 2, 6]))
    fs = tuple(draw(functions(name, whole)) for name in "abc"[: max(len(provisioned), draw(st.integers(1, 3)))])
    if provisioned:
        fs = tuple(replace(f, timeout_s=None) for f in fs)
    if account is not None and account < 6:
        fs = tuple(replace(f, reserved_concurrency=None) for f in fs)
    latest = draw(st.sampled_from([6, 15, 40]))
    moments = st.integers(0, latest).map(float) if whole else st.floats(0, latest)
    times = st.lists(moments, min_size=draw(st.sampled_from([0, 8])), max_size=16).map(sorted)
    memory = draw(st.sampled_from([math.inf, 3, 4, 5, 7]))
    if sum(provisioned.get(f.name, 0) * f.memory_mb for f in fs) > memory * UNIT_MB:
        memory = math.inf
    platform = Platform(
        draw(KEEP_ALIVES),
        invoker_memory_mb=memory * UNIT_MB,
        autoscaler=draw(AUTOSCALERS) if scaled else None,
        queueing=draw(maybe(QUEUEINGS)),
        admission=draw(st.sampled_from([None, ConcurrencyLimit(account)])),
        queue_limit=draw(maybe(st.integers(0, 3))),
        provisioned=provisioned,
    )
    return platform, Workload(fs, {f.name: draw(times) for f in fs})


def dispatched(platform, workload, seed, duration_s, after_event=lambda host: None):
    host = VirtualHost(
        Settings(
            platform.keep_alive,
            platform.autoscaler,
            platform.queueing,
            platform.admission,
            platform.invoker_memory_mb,
            platform.queue_limit,
        ),
        seed,
    )
    host.deploy(workload.functions, platform.provisioned)
    host.play(workload)
    return host, host.run(duration_s, lambda: after_event(host))


def check_host(host):
    """What must hold after every event."""
    dispatcher = host.dispatcher
    alive = list(dispatcher.lifecycle.alive)
    machine = dispatcher.machine
    assert machine.used == sum(c.memory for c in alive) <= machine.memory
    assert machine.reclaimable == sum(c.memory for c in machine.idle)
    assert len(dispatcher.running) == machine.running == sum(c.calls for c in alive)
    for group in dispatcher.groups.values():
        own = [c for c in alive if c.group is group]
        assert group.starting == sum(c.state_name == "starting" for c in own)
        assert group.idle == sum(c.state_name == "idle" for c in own)
        assert group.waiting == len(group.waiting_calls()) == len(set(group.waiting_calls()))
        assert group.running == sum(c.calls for c in own)
    started = [c for c in alive if c.state_name == "starting"]
    assert {c for c in started if c.asked} == set(started)


def check_same(a, b):
    for table in ("calls", "containers", "resizes", "events", "messages"):
        for name, values in getattr(a, table).items():
            other = getattr(b, table)[name]
            if name.removesuffix("_ns") in PHASES:  # the simulator knows the phases of starts that are not over
                values, other = (np.where(t.containers["ready_ns"] < 0, 0, v) for t, v in ((a, values), (b, other)))
            assert np.array_equal(values, other), (table, name, values, other)


def check_world(world, seed, duration_s):
    platform, workload = world
    expected = simulate(platform, workload, seed=seed, duration_s=duration_s)
    host, got = dispatched(platform, workload, seed, duration_s, check_host)
    check_same(expected, got)
    assert (got.horizon_ns, got.functions, got.groups) == (expected.horizon_ns, expected.functions, expected.groups)
    assert got.notes == expected.notes
    finished = [(call.row, int(outcome)) for call, outcome in host.finished]
    assert sorted(finished) == [(i, o) for i, o in enumerate(got.calls["outcome"].tolist()) if o != Outcome.IN_SYSTEM]
    swept, summed = littles_law(got)
    assert swept == summed


@settings(max_examples=200)
@given(worlds(scaled=False), st.integers(0, 5), st.sampled_from([7, 20, 45]))
def test_dispatcher_and_simulator_agree_call_by_call(world, seed, duration_s):
    check_world(world, seed, duration_s)


@settings(max_examples=200)
@given(worlds(scaled=True), st.integers(0, 5), st.sampled_from([7, 20, 45]))
def test_dispatcher_and_simulator_agree_call_by_call_under_autoscalers(world, seed, duration_s):
    check_world(world, seed, duration_s)


def function(name, service, start, **options):
    return Function(name, service, cold_start=ColdStart(code_s=start), **options)


def test_a_queued_call_is_asked_again_whether_the_limit_admits_it():
    """The caller of c leaves, its start holds the memory that a needs; when it is over, b holds the limit's place."""
    fs = (function("a", 1.0, 1.0, memory_mb=384), function("b", 20.0, 1.0))
    fs += (function("c", 1.0, 10.0, memory_mb=384, patience_s=1.0),)
    platform = Platform(LRU(), invoker_memory_mb=512, admission=ConcurrencyLimit(1))
    world = platform, Workload(fs, {"a": [2.0], "b": [3.0], "c": [0.0]})
    check_world(world, 1, 60)
    _, result = dispatched(*world, 1, 60)
    assert result.calls["begin_ns"].tolist() == [-1, 25_000_000_000, 4_000_000_000]


def test_a_scaling_rate_that_lets_wait_is_asked_again():
    world = (
        Platform(LRU(), autoscaler=OnePerRequest(1, 0.5, waits=True)),
        Workload((function("a", 30.0, 1.0),), {"a": [0.0, 0.5, 0.6]}),
    )
    check_world(world, 1, 20)
    _, result = dispatched(*world, 1, 20)
    assert result.containers["created_ns"].tolist() == [0, 2_500_000_000, 4_500_000_000]


class Falling:
    """Four containers wanted at first, and one less every two seconds."""

    owns_count, tick_s, initial = True, 1.0, 0

    def reset(self, seed):
        pass

    def desired(self, group, now_s):
        return max(0, 4 - int(now_s) // 2)


def test_of_containers_that_start_the_youngest_are_drained_first():
    world = Platform(LRU(), autoscaler=Falling()), Workload((function("a", 1.0, 60.0),), {})
    check_world(world, 1, 40)
    _, result = dispatched(*world, 1, 40)
    assert (result.containers["gone_ns"] // 10**9).tolist() == [8, 6, 4, 2]


def test_a_larger_world_gives_the_same_figures():
    """Three functions, some thousands of calls, evictions, a hybrid histogram: same tables, summary and no change."""
    rng = np.random.default_rng(7)
    fs = tuple(
        Function(name, Exponential(service), memory_mb=memory, cold_start=ColdStart(0.1, code_s=Exponential(start)))
        for name, service, memory, start in (("a", 0.3, 128, 0.4), ("b", 1.0, 256, 1.0), ("c", 0.05, 512, 2.0))
    )
    workload = Workload(
        fs, {f.name: np.cumsum(rng.exponential(gap, 1000)) for f, gap in zip(fs, (0.3, 1, 2), strict=True)}
    )
    for keep_alive in (FixedWindow(5.0), GreedyDual(), HybridHistogram(bins=60, bin_s=0.5, cv_limit=1.0)):
        platform = Platform(keep_alive, invoker_memory_mb=2048, admission=ConcurrencyLimit(8))
        expected = simulate(platform, workload, seed=3, duration_s=900.0)
        _, got = dispatched(platform, workload, 3, 900.0)
        check_same(expected, got)
        assert str(summary(got)) == str(summary(expected))
        change = diff(expected, got).figures
        assert change["calls"] == len(expected) and change["helped"] == change["hurt"] == 0
