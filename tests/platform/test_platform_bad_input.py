"""Bad input to a platform or a run: an error of one line that names the value, what was expected and where; or a
meaning.
"""

import math
from dataclasses import replace

import pytest

from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.decisions import Choice
from faaslab.model.policies import Allocation, Keep
from faaslab.model.result import Gone, Outcome
from faaslab.platform import Platform, Simulation, simulate
from faaslab.policies import FCFS, LRU, FixedAllocation, FixedFleet, FixedWindow, Hashed, OnePerRequest
from faaslab.workload.workload import Workload

NAN = float("nan")


def f(name="f", **options):
    return Function(name, Constant(1.0), **options)


def run(platform, *functions, **options):
    return simulate(
        platform, Workload(functions, {functions[0].name: [0.0]}), **({"seed": 1, "duration_s": 10.0} | options)
    )


CASES = {
    "container larger than every invoker": (
        lambda: run(Platform(LRU(), invokers=3, invoker_memory_mb=128), f(memory_mb=256)),
        ["'f'", "memory_mb", "128", "256"],
    ),
    "more cores than every invoker": (lambda: run(Platform(LRU(), invoker_cpu=2), f(cpu=4)), ["'f'", "cpu", "2", "4"]),
    "queue of negative length": (lambda: Platform(LRU(), queue_limit=-1), ["queue_limit", ">= 0", "-1"]),
    "half a queue": (lambda: Platform(LRU(), queue_limit=0.5), ["queue_limit", "whole", "0.5"]),
    "no invoker": (lambda: Platform(LRU(), invokers=0), ["invokers", ">= 1", "0"]),
    "zero memory": (lambda: Platform(LRU(), invoker_memory_mb=0), ["invoker_memory_mb", "> 0", "0"]),
    "memory of NaN": (lambda: Platform(LRU(), invoker_memory_mb=NAN), ["invoker_memory_mb", "> 0", "nan"]),
    "cpu of NaN": (lambda: Platform(LRU(), invoker_cpu=NAN), ["invoker_cpu", "nan"]),
    "cpu of an unknown kind": (lambda: Platform(LRU(), cpu="share"), ["cpu", "'share'", "shared"]),
    "binding of an unknown kind": (lambda: Platform(LRU(), binding="soon"), ["binding", "late, early", "'soon'"]),
    "keep-alive that is a number": (lambda: Platform(600), ["keep_alive", "600"]),
    "no keep-alive": (lambda: Platform(None), ["keep_alive", "None"]),
    "placement by name": (lambda: Platform(LRU(), placement="hash"), ["placement", "'hash'"]),
    "autoscaler that is a number": (lambda: Platform(LRU(), autoscaler=5), ["autoscaler", "5"]),
    "queueing by name": (lambda: Platform(LRU(), queueing="fcfs"), ["queueing", "'fcfs'"]),
    "window of NaN": (lambda: FixedWindow(NAN), ["window", ">= 0", "nan"]),
    "negative window": (lambda: FixedWindow(-1), ["window", ">= 0", "-1"]),
    "negative provisioned": (lambda: Platform(LRU(), provisioned={"f": -1}), ["provisioned", "'f'", "-1"]),
    "unknown provisioned function": (lambda: run(Platform(LRU(), provisioned={"g": 1}), f()), ["provisioned", "'g'"]),
    "more provisioned than fit": (
        lambda: run(Platform(LRU(), invoker_memory_mb=256, provisioned={"f": 3}), f()),
        ["provisioned", "3", "'f'"],
    ),
    "duplicate function": (lambda: run(Platform(LRU()), f(), f()), ["'f'", "twice"]),
    "no function": (
        lambda: simulate(Platform(LRU()), Workload(()), seed=1, duration_s=1.0),
        ["workload", "at least one"],
    ),
    "two concurrencies in one app": (
        lambda: run(Platform(LRU()), f("a", app="x", concurrency=2), f("b", app="x")),
        ["'x'", "concurrency", "2", "1", "'b'"],
    ),
    "two concurrencies in one fleet": (
        lambda: run(Platform(LRU(), one_group=True), f("a"), f("b", concurrency=3)),
        ["concurrency", "3"],
    ),
    "negative service": (lambda: Constant(-1.0), ["duration", ">= 0", "-1"]),
    "service of NaN": (lambda: Exponential(NAN), ["mean", "nan"]),
    "negative start": (lambda: ColdStart(code_s=-1), ["code_s", "-1"]),
    "step of an unknown kind": (lambda: Step(Constant(1.0), "sleep"), ["'compute'", "'sleep'"]),
    "negative time-out": (lambda: f(timeout_s=-1), ["'f'", "timeout_s", "> 0", "-1"]),
    "failure above 1": (lambda: f(failure=1.5), ["'f'", "failure", "<= 1", "1.5"]),
    "zero duration": (lambda: run(Platform(LRU()), f(), duration_s=0), ["duration_s", ">= 1e-09", "0"]),
    "negative duration": (lambda: run(Platform(LRU()), f(), duration_s=-5), ["duration_s", ">= 1e-09", "-5"]),
    "duration of NaN": (lambda: run(Platform(LRU()), f(), duration_s=NAN), ["duration_s", "nan"]),
    "infinite duration": (lambda: run(Platform(LRU()), f(), duration_s=math.inf), ["duration_s", "finite", "inf"]),
    "negative seed": (lambda: run(Platform(LRU()), f(), seed=-1), ["seed", "-1"]),
    "warm-up as long as the run": (lambda: run(Platform(LRU()), f(), warmup_s=10.0), ["warmup_s", "10"]),
    "unknown decision point": (lambda: run(Platform(LRU()), f(), pause_at=("tock",)), ["pause_at", "'tock'", "tick"]),
    "a pause at ticks that never come": (
        lambda: run(Platform(LRU()), f(), pause_at=("tick",)),
        ["pause_at", "autoscaler"],
    ),
    "early binding without placement": (lambda: Platform(LRU(), binding="early"), ["early", "placement"]),
    "early binding with a queueing order": (
        lambda: Platform(LRU(), binding="early", placement=Hashed(), queueing=FCFS()),
        ["queueing", "early"],
    ),
    "early binding with an autoscaler": (
        lambda: Platform(LRU(), binding="early", placement=Hashed(), autoscaler=OnePerRequest()),
        ["autoscaler", "early"],
    ),
    "sharing an unlimited cpu": (lambda: Platform(LRU(), cpu="shared"), ["shared", "invoker_cpu", "inf"]),
    "provisioned containers of a fleet": (
        lambda: Platform(LRU(), autoscaler=FixedFleet(2), provisioned={"f": 1}),
        ["provisioned", "autoscaler"],
    ),
    "allocations for calls that share a container": (
        lambda: run(Platform(LRU(), allocator=FixedAllocation()), f(concurrency=2)),
        ["'f'", "concurrency", "2"],
    ),
    "speed of zero": (
        lambda: run(Platform(LRU(), allocator=FixedAllocation()), f(speed=lambda cpu, memory_mb: 0.0)),
        ["speed", "> 0", "0"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_that_says_what_is_wrong(case):
    act, words = CASES[case]
    with pytest.raises(InputError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 200
    for word in words:
        assert word in message, message


class Greedy:
    """Wants more than there is."""

    period_s = None

    def reset(self, seed):
        pass

    def __init__(self, allocation):
        self.allocation = allocation

    def allocate(self, call, invoker, now_s):
        return self.allocation


@pytest.mark.parametrize(
    ("allocation", "words"),
    [
        (Allocation(1.0, 4096.0), ["'f'", "1024 MB", "got 4096", "invoker 0"]),
        (Allocation(9.0, 128.0), ["'f'", "9", "invoker 0"]),
        (Allocation(0.0, 128.0), ["'f'", "> 0"]),
        (Allocation(1.0, -1.0), ["'f'", "> 0"]),
    ],
)
def test_an_allocation_that_the_invoker_does_not_have(allocation, words):
    with pytest.raises(InputError) as caught:
        run(Platform(LRU(), invoker_memory_mb=1024, invoker_cpu=2, allocator=Greedy(allocation)), f())
    assert all(word in str(caught.value) for word in words) and "\n" not in str(caught.value)


def test_an_infinite_window_with_a_memory_limit_means_until_evicted():
    functions = (f("a"), f("b"))
    workload = Workload(functions, {"a": [0.0], "b": [50.0]})
    result = simulate(Platform(FixedWindow(math.inf), invoker_memory_mb=128), workload, seed=1, duration_s=100.0)
    assert [Gone(g) for g in result.containers["gone"]] == [Gone.EVICTED, Gone.ALIVE]
    assert result.containers["gone_ns"][0] == 50 * 10**9
    assert [Outcome(o) for o in result.calls["outcome"]] == [Outcome.COMPLETED] * 2


def test_decisions_out_of_turn():
    workload = Workload((f(),), {"f": [1.0]})
    simulation = Simulation(Platform(LRU()), workload, seed=1, duration_s=9.0, pause_at=("arrival",))
    with pytest.raises(InputError, match="no decision is pending"):
        simulation.choose(Choice())
    with pytest.raises(InputError, match="advance"):
        simulation.run()
    with pytest.raises(InputError, match="before its horizon"):
        simulation.result()
    simulation.advance()
    with pytest.raises(InputError, match="expected a Choice"):
        simulation.choose(3)


@pytest.mark.parametrize("keep", [-5, float("nan")])
def test_a_keep_needs_seconds(keep):
    with pytest.raises(InputError, match="keep_s"):
        Keep(keep)


class NoAnswer:
    """A keep-alive policy that says 600 where it should say Keep(600)."""

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return 600

    def eviction_key(self, container, group):
        return 0.0


def test_a_policy_that_answers_with_a_number_is_told():
    with pytest.raises(InputError, match=r"NoAnswer, on_idle: expected a Keep, got 600"):
        run(Platform(NoAnswer()), f())


@pytest.mark.parametrize("policy", [LRU, 600, object()])
def test_a_policy_is_an_object_with_the_methods_of_its_protocol(policy):
    with pytest.raises(InputError, match="keep_alive: expected a policy object with"):
        Platform(policy)


def test_a_service_may_be_a_number_of_seconds():
    assert Function("g", 0.5) == Function("g", Constant(0.5))
    with pytest.raises(InputError, match="'g', service"):
        Function("g", "soon")


def test_a_function_can_be_changed_in_one_respect():
    step = Step(Constant(1.0))
    function = replace(Function("f", 2.0, cold_service=3.0), memory_mb=256, service=Constant(1.0))
    assert function == Function("f", Constant(1.0), memory_mb=256, cold_service=3.0) and function.steps == (step,)
    steps = replace(Function("f", body=(step, step)), timeout_s=9)
    assert steps.steps == (step, step) and steps.mean_service_s == 2.0
    with pytest.raises(InputError, match="either service or body"):
        replace(steps, service=1.0)


def test_observers_come_as_a_sequence():
    with pytest.raises(InputError, match="observers"):
        Simulation(Platform(LRU()), Workload((f(),)), seed=1, duration_s=1.0, observers=print)
