"""Queueing, admission, starters, allocators, names, and what all policies share."""

import inspect
import math
import pickle

import pytest

from faaslab import policies
from faaslab.errors import InputError
from faaslab.functions import PHASES
from faaslab.model.policies import StemCell
from faaslab.policies import names


def order(policy, calls):
    return [c.id for c in sorted(calls, key=policy.key)]


def test_queueing_orders(fake):
    urgent, relaxed, none = fake.function("u", deadline_s=1.0), fake.function("r", deadline_s=9.0), fake.function("n")
    calls = [
        fake.Call(none, 1, arrival_s=0.0),
        fake.Call(relaxed, 2, arrival_s=1.0),
        fake.Call(urgent, 3, arrival_s=2.0),
    ]
    assert order(policies.FCFS(), calls) == [1, 2, 3]
    assert order(policies.EarliestDeadline(), calls) == [3, 2, 1]
    late = fake.Call(urgent, 4, arrival_s=9.5)  # due at 10.5, after 2's 10
    assert order(policies.EarliestDeadline(), [late, *calls]) == [3, 2, 4, 1]


def test_shortest_first(fake):
    a, b, c = fake.function("a"), fake.function("b"), fake.function("c")
    calls = [fake.Call(a, 1, service_s=5.0), fake.Call(b, 2, service_s=1.0), fake.Call(c, 3, service_s=3.0)]
    assert order(policies.ShortestFirst("oracle"), calls) == [2, 3, 1]
    policy = policies.ShortestFirst("estimate")
    for function, service_s in ((a, 1.0), (a, 3.0), (b, 9.0)):
        policy.on_end(fake.Call(function), service_s)
    assert policy.estimate_s("a") == 2.0
    assert order(policy, calls) == [3, 1, 2]  # c is unknown
    policy.reset(0)
    assert order(policy, calls) == [1, 2, 3]
    with pytest.raises(InputError, match="oracle"):
        policies.ShortestFirst("orcale")


def test_concurrency_limit(fake):
    f, g, h = fake.function("f"), fake.function("g", reserved_concurrency=3), fake.function("h", reserved_concurrency=0)
    platform = fake.Platform((f, g, h))
    policy = policies.ConcurrencyLimit(10)
    call = fake.Call
    assert policy.admit(call(f), platform) and policy.admit(call(g), platform) and not policy.admit(call(h), platform)
    platform.calls = {"f": 6}
    assert policy.admit(call(f), platform)
    platform.calls = {"f": 7}
    assert not policy.admit(call(f), platform)  # 3 of the 10 are g's, used or not
    assert policy.admit(call(g), platform)
    platform.calls = {"f": 6, "g": 3}
    assert policy.admit(call(f), platform) and not policy.admit(call(g), platform)


def test_concurrency_limit_of_the_account_alone(fake):
    f = fake.function("f")
    policy = policies.ConcurrencyLimit()
    assert policy.admit(fake.Call(f), fake.Platform((f,), {"f": 999}))
    assert not policy.admit(fake.Call(f), fake.Platform((f,), {"f": 1000}))
    assert policies.ConcurrencyLimit(None).admit(fake.Call(f), fake.Platform((f,), {"f": 10**6}))
    assert not policies.ConcurrencyLimit(0).admit(fake.Call(f), fake.Platform((f,)))
    with pytest.raises(InputError, match="reserved concurrency"):
        g = fake.function("g", reserved_concurrency=11)
        policies.ConcurrencyLimit(10).admit(fake.Call(f), fake.Platform((f, g)))
    with pytest.raises(InputError, match="concurrency limit"):
        policies.ConcurrencyLimit(-1)


def test_starters(fake):
    scratch = policies.FromScratch()
    assert scratch.stock() == () and scratch.phases(fake.function(), False) == PHASES
    cells = policies.StemCells()
    assert cells.stock() == (StemCell("nodejs", 256.0, 2),)
    assert cells.phases(fake.function(), True) == ("dependencies", "code")
    assert cells.phases(fake.function(), False) == PHASES
    for bad in (
        [StemCell("python", 0, 1)],
        [StemCell("python", 128, -1)],
        [StemCell("python", 128, 1)] * 2,
        ["python"],
    ):
        with pytest.raises(InputError, match="stem cells"):
            policies.StemCells(bad)


def test_fixed_allocation(fake):
    policy = policies.FixedAllocation()
    assert policy.period_s is None and policy.allocate(fake.Call(fake.function()), fake.Invoker(0), 0.0) is None


def test_step_up_raises_once_and_only_as_far_as_there_is_cpu(fake):
    policy = policies.StepUp(after_s=1.0, factor=3.0, period_s=0.5)
    invoker = fake.Invoker(0, cpu_free=1.5)
    call = fake.Call(fake.function(cpu=1.0, memory_mb=256), 7)
    assert policy.allocate(call, invoker, 10.0) is None
    assert policy.reallocate(call, invoker, 10.5) is None
    given = policy.reallocate(call, invoker, 11.0)
    assert (given.cpu, given.memory_mb) == (2.5, 256)
    invoker.cpu_free = 0.0
    assert policy.reallocate(call, invoker, 11.5) is None
    invoker.cpu_free = 9.0
    assert policy.reallocate(call, invoker, 12.0).cpu == 3.0
    assert policy.reallocate(call, invoker, 12.5) is None
    for bad in ({"after_s": -1}, {"factor": 1}, {"period_s": 0}):
        with pytest.raises(InputError, match="step up"):
            policies.StepUp(**bad)


def test_step_up_forgets_calls_that_have_ended(fake):
    policy, invoker, function = policies.StepUp(), fake.Invoker(0), fake.function()
    for i in range(1000):
        policy.allocate(fake.Call(function, i), invoker, i * 0.1)
        if i % 5 == 0:
            policy.reallocate(fake.Call(function, i), invoker, i * 0.1 + 0.01)
    assert len(policy._begun) + len(policy._before) < 20


@pytest.mark.parametrize(
    "text, kind, window",
    [
        ("none", policies.NoKeepAlive, None),
        ("fixed:600", policies.FixedWindow, 600),
        ("600", policies.FixedWindow, 600),
        (600, policies.FixedWindow, 600),
        ("fixed:inf", policies.FixedWindow, math.inf),
        (" lru ", policies.LRU, None),
        ("greedy-dual", policies.GreedyDual, None),
        ("histogram", policies.HybridHistogram, None),
    ],
)
def test_keep_alive_names(text, kind, window):
    policy = names.parse_keep_alive(text)
    assert type(policy) is kind and getattr(policy, "window_s", None) == window


@pytest.mark.parametrize(
    "text", ["", "fixed", "fixed:", "fixed:x", "fixed:-1", "-1", "nan", "lru:3", "600:3", "none:1"]
)
def test_bad_keep_alive_names(text):
    with pytest.raises(InputError, match="keep-alive") as error:
        names.parse_keep_alive(text)
    assert "\n" not in str(error.value)


def test_the_nearest_spelling_is_named():
    with pytest.raises(InputError, match="did you mean 'greedy-dual'"):
        names.parse_keep_alive("greedydual")
    with pytest.raises(InputError, match="did you mean 'round-robin'"):
        names.parse_placement("roundrobin")
    with pytest.raises(InputError, match="did you mean 'fcfs'"):
        names.parse_queueing("fcf")


def test_other_names():
    assert names.parse_keep_alive("greedy-dual", cost_s={"f": 1}).cost_s == {"f": 1.0}
    for name, kind in names.PLACEMENTS.items():
        assert type(names.parse_placement(name)) is kind
        assert type(names.parse_placement(f"warm-first:{name}").fallback) is kind
    assert {name: names.parse_queueing(name).by for name in ("shortest-oracle", "shortest-estimate")} == {
        "shortest-oracle": "oracle", "shortest-estimate": "estimate",
    }  # fmt: skip


ARGUMENTS = {"FixedWindow": (60,), "FixedFleet": (3,), "WarmFirst": (policies.Hashed(),)}


@pytest.mark.parametrize("name", [n for n in policies.__all__ if inspect.isclass(getattr(policies, n))])
def test_every_policy_resets_pickles_and_is_documented(name):
    kind = getattr(policies, name)
    policy = kind(*ARGUMENTS.get(name, ()))
    policy.reset(3)
    assert type(pickle.loads(pickle.dumps(policy))) is kind
    module = inspect.getmodule(kind)
    assert len(module.__doc__) > 80 and kind.__doc__
