"""Calls that hold less memory than they need, on cases checked by hand."""

import pytest
from invariants import Watched

from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.policies import Allocation
from faaslab.model.result import Gone, Outcome, Start
from faaslab.platform import Platform
from faaslab.policies import LRU
from faaslab.workload.workload import Workload

NS = 1_000_000_000


class Needs:
    """A speed of 1 whatever a call gets; 100 MB for each core and each unit of its input's size."""

    def __call__(self, cpu, memory_mb, size=1.0):
        return 1.0

    def fits(self, cpu, memory_mb, size):
        return memory_mb >= 100 * cpu * size


class Chooses:
    """Calls get the listed allocations, (cores, MB) or None, in the order of their arrival."""

    period_s = None
    resizes = False

    def __init__(self, *choices):
        self.choices = choices

    def reset(self, seed):
        self._left = iter(self.choices)
        self.ended = []

    def choose(self, call, platform):
        choice = next(self._left)
        return None if choice is None else Allocation(*choice)

    def on_end(self, call, now_s):
        self.ended.append((call.id, now_s, Outcome(call.outcome)))
        return ()


class Resizes(Chooses):
    resizes = True


class GivesWhenOneEnds(Resizes):
    """When call 0 ends, call 1 gets this allocation."""

    def __init__(self, *choices, then):
        super().__init__(*choices)
        self.then = Allocation(*then)

    def choose(self, call, platform):
        if call.id == 1:
            self._other = call
        return super().choose(call, platform)

    def on_end(self, call, now_s):
        super().on_end(call, now_s)
        return [(self._other, self.then)] if call.id == 0 else ()


both = pytest.mark.parametrize("allocator", [Chooses, Resizes])


def f(name="f", service_s=2.0, **options):
    given = {"memory_mb": 128, "cold_start": ColdStart(code_s=1.0), "speed": Needs()} | options
    return Function(name, Constant(service_s), **given)


def run(functions, arrivals, **platform):
    given = {"invoker_cpu": 8.0, "invoker_memory_mb": 1024.0} | platform
    return Watched(Platform(LRU(), **given), Workload(tuple(functions), arrivals), seed=1, duration_s=100.0).run()


def outcomes(result):
    return [Outcome(outcome) for outcome in result.calls["outcome"]]


def ends(result):
    return (result.calls["end_ns"] / NS).tolist()


@both
def test_a_call_with_too_little_fails_at_its_end_and_its_container_is_killed(allocator):
    chooser = allocator((1.0, 64.0), (1.0, 100.0), (1.0, 100.0))
    result = run([f()], {"f": [0.0, 10.0, 20.0]}, allocator=chooser)
    assert outcomes(result) == [Outcome.FAILED, Outcome.COMPLETED, Outcome.COMPLETED]
    assert ends(result) == [3.0, 13.0, 22.0]
    assert [Start(s) for s in result.calls["start"]] == [Start.COLD, Start.COLD, Start.WARM]
    assert Gone(result.containers["gone"][0]) == Gone.KILLED
    assert result.containers["gone_ns"][0] == 3 * NS
    assert [outcome for *_, outcome in chooser.ended] == outcomes(result)


@both
def test_more_cores_need_more_memory(allocator):
    result = run([f()], {"f": [0.0, 10.0]}, allocator=allocator((2.0, 192.0), (2.0, 200.0)))
    assert outcomes(result) == [Outcome.FAILED, Outcome.COMPLETED]


@both
def test_the_input_counts(allocator):
    function = f(input_size=Constant(1.5))
    result = run([function], {"f": [0.0, 10.0]}, allocator=allocator((1.0, 149.0), (1.0, 150.0)))
    assert outcomes(result) == [Outcome.FAILED, Outcome.COMPLETED]


@pytest.mark.parametrize("then, outcome", [((1.0, 128.0), Outcome.COMPLETED), ((1.0, 96.0), Outcome.FAILED)])
def test_what_it_holds_at_its_end_counts(then, outcome):
    allocator = GivesWhenOneEnds((1.0, 128.0), (1.0, 64.0), then=then)
    result = run([f(), f("g", 4.0)], {"f": [0.0], "g": [0.5]}, allocator=allocator)
    assert outcomes(result) == [Outcome.COMPLETED, outcome]
    assert ends(result) == [3.0, 5.5]


def test_without_an_allocator_the_functions_own_size_counts():
    result = run([f(memory_mb=99), f("g", memory_mb=100)], {"f": [0.0], "g": [0.0]})
    assert outcomes(result) == [Outcome.FAILED, Outcome.COMPLETED]


@pytest.mark.parametrize("cpu", ["dedicated", "shared"])
def test_what_else_runs_in_the_container_fails_too(cpu):
    result = run([f(memory_mb=64, concurrency=2)], {"f": [0.0, 2.0]}, cpu=cpu)
    # The second call would run until 4.
    assert outcomes(result) == [Outcome.FAILED, Outcome.FAILED]
    assert ends(result) == [3.0, 3.0]


@both
def test_a_call_that_times_out_has_timed_out(allocator):
    result = run([f(timeout_s=1.5)], {"f": [0.0]}, allocator=allocator((1.0, 64.0)))
    assert outcomes(result) == [Outcome.TIMED_OUT]
    assert ends(result) == [2.5]


@both
def test_a_call_that_fails_by_chance_as_well_is_killed(allocator):
    result = run([f(failure=1.0)], {"f": [0.0, 10.0]}, allocator=allocator((1.0, 64.0), (1.0, 128.0)))
    assert outcomes(result) == [Outcome.FAILED, Outcome.FAILED]
    assert Gone(result.containers["gone"][0]) == Gone.KILLED
    assert Gone(result.containers["gone"][1]) != Gone.KILLED


def test_a_waiting_call_gets_the_memory_of_a_killed_container():
    platform = {"allocator": Chooses((1.0, 64.0), None), "invoker_memory_mb": 128.0}
    result = run([f(), f("g")], {"f": [0.0], "g": [0.5]}, **platform)
    assert outcomes(result) == [Outcome.FAILED, Outcome.COMPLETED]
    assert ends(result) == [3.0, 6.0]


def test_a_speed_without_a_need_changes_nothing():
    result = run([f(speed=lambda cpu, memory_mb: 1.0)], {"f": [0.0]}, allocator=Chooses((1.0, 1.0)))
    assert outcomes(result) == [Outcome.COMPLETED]
