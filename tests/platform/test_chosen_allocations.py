"""Allocations chosen when a call arrives, on cases checked by hand."""

import math

import numpy as np
import pytest
from invariants import Watched

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.decisions import Choice
from faaslab.model.policies import Allocation
from faaslab.model.result import Gone, Outcome, Start
from faaslab.platform import Platform, Simulation, simulate
from faaslab.policies import LRU, Hashed, OnePerRequest
from faaslab.workload.workload import Workload

NS = 1_000_000_000


class Chooses:
    """Gives each function's calls the listed allocations, (cores, MB) or None, in the order of their arrival."""

    period_s = None
    resizes = False

    def __init__(self, **choices):
        self.choices = choices

    def reset(self, seed):
        self._left = {name: iter(choices) for name, choices in self.choices.items()}

    def choose(self, call, platform):
        choice = next(self._left[call.function.name])
        return None if choice is None else Allocation(*choice)


class Resizes(Chooses):
    resizes = True


def f(name, service_s, memory_mb=128, cpu=1.0, start_s=0.0, **options):
    cold_start = ColdStart(code_s=start_s)
    return Function(name, Constant(service_s), memory_mb=memory_mb, cpu=cpu, cold_start=cold_start, **options)


def run(platform, functions, arrivals, duration_s=100.0):
    return Watched(platform, Workload(tuple(functions), arrivals), seed=1, duration_s=duration_s).run()


def columns(result, *names):
    return [tuple(v / NS if v >= 0 else -1 for v in row) for row in zip(*(result.calls[n] for n in names), strict=True)]


def resizes(result):
    r = result.resizes
    return [(c, t / NS, mb) for c, t, mb in zip(r["container"], r["time_ns"], r["memory_mb"], strict=True)]


def one_server(cpu=4.0, memory_mb=512.0, **options):
    return Platform(LRU(), invoker_cpu=cpu, invoker_memory_mb=memory_mb, **options)


both = pytest.mark.parametrize("allocator", [Chooses, Resizes])


# --- placing and waiting ---------------------------------------------------------------------------------------------


@both
def test_a_call_is_placed_where_its_choice_fits(allocator):
    chooser = allocator(a=[(3.0, 128.0)], b=[(2.0, 128.0)], c=[(1.0, 384.0)], d=[(1.0, 384.0)])
    platform = one_server(invokers=2, allocator=chooser)
    functions = [f(name, 10.0) for name in "abcd"]
    result = run(platform, functions, {name: [float(i)] for i, name in enumerate("abcd")})
    # a leaves one core on the first server: b goes to the second. There 384 MB are free, for c there are on the first.
    assert result.containers["invoker"].tolist() == [0, 1, 0, 1]
    assert result.containers["memory_mb"].tolist() == [128.0, 128.0, 384.0, 384.0]
    assert result.calls["cpu"].tolist() == [3.0, 2.0, 1.0, 1.0]
    assert result.calls["memory_mb"].tolist() == [128.0, 128.0, 384.0, 384.0]
    assert columns(result, "begin_ns") == [(0,), (1,), (2,), (3,)]


@both
def test_a_call_waits_until_there_is_room_and_blocks_no_other_function(allocator):
    platform = one_server(allocator=allocator(a=[(3.0, 128.0)], b=[(2.0, 128.0)], c=[(1.0, 128.0)]))
    result = run(platform, [f(n, 10.0) for n in "abc"], {"a": [0.0], "b": [1.0], "c": [2.0]})
    # b would fit with its own one core; it waits for two, which c's end at 12 does not bring before a's at 10 does.
    assert columns(result, "begin_ns", "end_ns") == [(0, 10), (10, 20), (2, 12)]


@both
def test_memory_of_the_choice_counts_and_not_the_functions_own(allocator):
    platform = one_server(allocator=allocator(a=[(1.0, 448.0)], b=[(1.0, 64.0)], c=[(1.0, 128.0)]))
    result = run(platform, [f("a", 10.0), f("b", 10.0, 384), f("c", 1.0, 64)], {"a": [0.0], "b": [1.0], "c": [2.0]})
    assert columns(result, "begin_ns") == [(0,), (1,), (10,)]


@both
def test_the_start_has_the_choices_memory_from_its_beginning(allocator):
    platform = one_server(allocator=allocator(a=[(1.0, 448.0)], b=[(1.0, 128.0)]))
    result = run(platform, [f("a", 1.0, start_s=5.0), f("b", 1.0)], {"a": [0.0], "b": [1.0]})
    assert columns(result, "begin_ns") == [(5,), (6,)]  # b waits for the memory of a start


@both
def test_without_a_choice_a_call_has_its_functions_own(allocator):
    platform = one_server(allocator=allocator(a=[None, (2.0, 256.0)]))
    result = run(platform, [f("a", 1.0)], {"a": [0.0, 5.0]})
    assert list(zip(result.calls["cpu"], result.calls["memory_mb"], strict=True)) == [(1.0, 128.0), (2.0, 256.0)]
    assert resizes(result) == [(0, 5.0, 256.0), (0, 6.0, 128.0)]


# --- containers that grow and shrink ---------------------------------------------------------------------------------


@both
def test_a_warm_container_grows_and_idle_ones_are_evicted_for_it(allocator):
    platform = one_server(allocator=allocator(a=[None, (1.0, 384.0)], b=[None]))
    result = run(platform, [f("a", 1.0), f("b", 1.0, 256)], {"a": [0.0, 5.0], "b": [2.0]})
    assert result.calls["start"].tolist() == [Start.COLD, Start.COLD, Start.WARM]
    assert columns(result, "begin_ns") == [(0,), (2,), (5,)]
    assert [(Gone(g), t) for g, t in zip(result.containers["gone"], result.containers["gone_ns"], strict=True)] == [
        (Gone.ALIVE, -1),
        (Gone.EVICTED, 5 * NS),
    ]


@both
def test_a_warm_container_that_cannot_grow_serves_nobody(allocator):
    platform = one_server(allocator=allocator(a=[None, (1.0, 384.0)], b=[None]))
    result = run(platform, [f("a", 1.0), f("b", 10.0, 256)], {"a": [0.0, 5.0], "b": [2.0]})
    assert columns(result, "begin_ns") == [(0,), (2,), (12,)]


@both
def test_memory_that_a_container_gives_up_serves_another_and_the_container_is_evicted(allocator):
    platform = one_server(allocator=allocator(a=[None, (1.0, 128.0)], b=[None]))
    result = run(platform, [f("a", 10.0, 384), f("b", 30.0, 384)], {"a": [0.0, 15.0], "b": [16.0]})
    assert columns(result, "begin_ns", "end_ns") == [(0, 10), (15, 25), (16, 46)]
    assert result.containers["gone_ns"].tolist() == [25 * NS, -1]
    assert Gone(result.containers["gone"][0]) == Gone.EVICTED


@both
def test_a_container_gets_its_size_back_where_nobody_took_it(allocator):
    platform = one_server(allocator=allocator(a=[(1.0, 128.0), None]))
    result = run(platform, [f("a", 10.0, 384)], {"a": [0.0, 15.0]})
    assert resizes(result) == [(0, 10.0, 384.0)]
    assert result.calls["start"].tolist() == [Start.COLD, Start.WARM]


@both
def test_a_started_container_whose_caller_has_left_gets_its_size_or_ends(allocator):
    platform = one_server(allocator=allocator(a=[(1.0, 128.0)], b=[None]))
    functions = [f("a", 1.0, 384, start_s=5.0, patience_s=2.0), f("b", 20.0, 256)]
    alone = run(platform, functions, {"a": [0.0], "b": []})
    assert resizes(alone) == [(0, 5.0, 384.0)]
    assert Outcome(alone.calls["outcome"][0]) == Outcome.ABANDONED
    beside = run(platform, functions, {"a": [0.0], "b": [1.0]})
    assert resizes(beside) == []
    assert (Gone(beside.containers["gone"][0]), beside.containers["gone_ns"][0]) == (Gone.EVICTED, 5 * NS)


# --- speed -----------------------------------------------------------------------------------------------------------


@both
def test_the_choice_decides_how_fast_a_call_is(allocator):
    functions = [f("a", 8.0, speed=lambda cpu, memory_mb: cpu * memory_mb / 128)]
    result = run(one_server(allocator=allocator(a=[(2.0, 128.0), (4.0, 256.0), None])), functions, {"a": [0.0, 10, 20]})
    assert columns(result, "begin_ns", "end_ns") == [(0, 4), (10, 11), (20, 28)]


@both
def test_a_time_out_cuts_what_is_too_slow(allocator):
    functions = [f("a", 4.0, timeout_s=3.0, speed=lambda cpu, memory_mb: cpu)]
    result = run(one_server(allocator=allocator(a=[(1.0, 128.0), (2.0, 128.0)])), functions, {"a": [0.0, 10.0]})
    assert columns(result, "end_ns") == [(3,), (12,)]
    assert result.calls["outcome"].tolist() == [Outcome.TIMED_OUT, Outcome.COMPLETED]


class Whole:
    """1, 2, 3, 1, 2, 3, ... as sizes of inputs."""

    mean_s = 2.0

    def sample(self, rng, n):
        return np.arange(n) % 3 + 1.0


SIZED = {"speed": lambda cpu, memory_mb, size: cpu / size, "input_size": Whole()}


@pytest.mark.parametrize("body", ["one step", "two steps"])
@pytest.mark.parametrize(
    "allocator", [None, Chooses(a=[None] * 4), Resizes(a=[None] * 4), Resizes(a=[(2.0, 128.0)] * 4)]
)
def test_the_size_of_the_input_reaches_the_speed(allocator, body):
    cold_start = ColdStart()
    if body == "one step":
        function = Function("a", Constant(2.0), cold_start=cold_start, **SIZED)
    else:
        function = Function("a", body=(Step(Constant(1.0)), Step(Constant(1.0))), cold_start=cold_start, **SIZED)
    result = run(one_server(allocator=allocator), [function], {"a": [0.0, 10.0, 20.0, 30.0]})
    faster = 2.0 if allocator is not None and allocator.choices["a"][0] else 1.0
    took = [end - begin for begin, end in columns(result, "begin_ns", "end_ns")]
    assert took == [2 / faster, 4 / faster, 6 / faster, 2 / faster]


def test_the_allocator_sees_the_size_of_the_input():
    class BySize(Chooses):
        def choose(self, call, platform):
            return Allocation(call.input_size, 128.0)

    result = run(one_server(allocator=BySize()), [f("a", 2.0, **SIZED)], {"a": [0.0, 10.0, 20.0]})
    assert result.calls["cpu"].tolist() == [1.0, 2.0, 3.0]
    assert columns(result, "end_ns") == [(2,), (12,), (22,)]


@pytest.mark.parametrize("resizes", [False, True])
def test_a_constant_function_has_one_speed_with_and_without_an_allocator(resizes):
    function = f("a", 4.0, cpu=2.0, speed=lambda cpu, memory_mb: cpu)
    chooser = (Resizes if resizes else Chooses)(a=[None])
    assert columns(run(one_server(allocator=chooser), [function], {"a": [0.0]}), "end_ns") == [(2,)]
    assert columns(run(one_server(), [function], {"a": [0.0]}), "end_ns") == [(2,)]


# --- at the end of a call --------------------------------------------------------------------------------------------


class GivesOn(Resizes):
    """What a call held goes to the call that is longest under way."""

    def reset(self, seed):
        super().reset(seed)
        self.running = []

    def choose(self, call, platform):
        self.running.append(call)
        return super().choose(call, platform)

    def on_end(self, call, now_s):
        self.running.remove(call)
        if not self.running:
            return ()
        other = self.running[0]
        return [(other, Allocation(other.cpu_now + call.cpu_now, other.memory_now))]


def test_what_an_ended_call_held_speeds_up_another():
    functions = [f(n, s, speed=lambda cpu, memory_mb: cpu) for n, s in (("a", 10.0), ("b", 4.0))]
    platform = one_server(cpu=2.0, allocator=GivesOn(a=[(1.0, 128.0)], b=[(1.0, 128.0)]))
    result = run(platform, functions, {"a": [0.0], "b": [0.0]})
    assert columns(result, "end_ns") == [(7,), (4,)]  # 6 s are left at 4, at twice the speed


def test_cores_that_an_end_gives_back_elsewhere_serve_who_waits():
    class TakesBack(GivesOn):
        def on_end(self, call, now_s):
            self.running.remove(call)
            return [(other, Allocation(1.0, 128.0)) for other in self.running if other.function.name == "a"]

    functions = [f("a", 20.0), f("b", 4.0), f("c", 1.0), f("d", 50.0)]
    chooser = TakesBack(a=[(4.0, 128.0)], b=[(2.0, 128.0)], c=[(3.0, 128.0)], d=[(2.0, 128.0)])
    platform = one_server(invokers=2, allocator=chooser)
    result = run(platform, functions, {"a": [0.0], "b": [0.0], "c": [2.0], "d": [0.0]})
    # b's end leaves two cores on the second server; a, on the first, gives up three of its four then.
    assert dict(zip("abdc", columns(result, "begin_ns"), strict=True)) == {"a": (0,), "b": (0,), "d": (0,), "c": (4,)}


def test_an_end_that_is_fixed_cannot_be_moved():
    class Promises(GivesOn):
        resizes = False

    chooser = Promises(a=[(1.0, 128.0)], b=[(1.0, 128.0)])
    with pytest.raises(InputError, match="resize: call 0 runs without an allocator that resizes"):
        run(one_server(allocator=chooser), [f("a", 10.0), f("b", 4.0)], {"a": [0.0], "b": [0.0]})


# --- limits and bad input --------------------------------------------------------------------------------------------


def test_the_scaling_rate_is_asked_where_the_choice_has_room_though_the_functions_own_size_has_none():
    limit = OnePerRequest(burst=2, per_s=0.0)
    platform = one_server(allocator=Chooses(a=[None], b=[(1.0, 128.0)] * 3), autoscaler=limit)
    result = run(platform, [f("a", 50.0, 128), f("b", 50.0, 384)], {"a": [0.0], "b": [1.0, 2.0, 3.0]})
    assert result.calls["outcome"].tolist()[:3] == [Outcome.COMPLETED, Outcome.COMPLETED, Outcome.COMPLETED]
    assert Outcome(result.calls["outcome"][3]) == Outcome.THROTTLED  # b's two tokens are gone, 128 MB are free


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Allocation(5.0, 128.0), ["'a'", "cpu", "<= 4", "5.0"]),
        (Allocation(1.0, 513.0), ["'a'", "memory_mb", "<= 512", "513"]),
        (Allocation(0.0, 128.0), ["'a'", "cpu", "> 0", "0.0"]),
        (Allocation(1.0, -1.0), ["'a'", "memory_mb", "> 0", "-1"]),
        (Allocation(math.nan, 128.0), ["'a'", "cpu", "nan"]),
        (Allocation(1.0, math.inf), ["'a'", "memory_mb", "inf"]),
        ([1.0, 128.0], ["'a'", "Allocation", "[1.0, 128.0]"]),
    ],
)
def test_a_choice_that_no_server_could_give(choice, words):
    class Wants(Chooses):
        def choose(self, call, platform):
            return choice

    with pytest.raises(InputError) as caught:
        simulate(one_server(allocator=Wants()), Workload((f("a", 1.0),), {"a": [0.0]}), seed=1, duration_s=9.0)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_a_choice_needs_late_binding():
    with pytest.raises(InputError, match=r"binding 'early'.*bind late"):
        Platform(LRU(), binding="early", placement=Hashed(), allocator=Chooses())


def test_an_answer_with_an_allocation_needs_late_binding():
    platform = Platform(LRU(), binding="early", placement=Hashed())
    simulation = Simulation(
        platform, Workload((f("a", 1.0),), {"a": [0.0]}), seed=1, duration_s=9.0, pause_at=("arrival",)
    )
    simulation.advance()
    with pytest.raises(InputError, match="binding 'early'"):
        simulation.choose(Choice(allocation=Allocation(1.0, 128.0)))


def test_an_allocator_that_decides_nothing():
    class Idle:
        period_s = None

        def reset(self, seed):
            pass

    with pytest.raises(InputError, match="choose or allocate"):
        Platform(LRU(), allocator=Idle())
