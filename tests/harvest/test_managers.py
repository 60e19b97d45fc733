"""The rule-based managers: each on cases by hand, and all of them on random worlds."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manager_worlds import OPTIONS, InTurn, function, play, worlds

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.harvest.demand import InputDependent, Saturating
from faaslab.harvest.manager import ResourceManager, SafeguardedManager
from faaslab.harvest.managers import (
    MANAGERS,
    Ensure,
    Fixed,
    Greedy,
    Heuristic,
    Largest,
    Libra,
    Oracle,
    RandomChoice,
    Smallest,
    freyr_settings,
)
from faaslab.harvest.options import Options
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.workload.workload import Workload

EVERY_100_S = [100.0 * i for i in range(6)]
SAFEGUARDED = [m for m in MANAGERS.values() if issubclass(m, SafeguardedManager)]
VARIANTS = [
    *(m for m in MANAGERS.values() if m is not Libra),  # which changes allocations while calls run: see its own tests
    *(functools.partial(m, threshold=None) for m in SAFEGUARDED),
    *(functools.partial(m, coupled=True) for m in SAFEGUARDED),
    *(functools.partial(m, threshold=0.8) for m in SAFEGUARDED),
]


def options_of(manager, demand, cpu, memory, arrivals=EVERY_100_S, **more):
    """(cores, units) of each call of one function that nobody disturbs."""
    return play(manager, [function("a", demand, cpu, memory, **more)], {"a": arrivals}).options


# --- each by hand ----------------------------------------------------------------------------------------------------


def test_fixed_never_moves():
    assert options_of(Fixed(), Saturating(1.0, 4.0, 4, 1), 2, 2) == [(2, 2)] * 6


def test_greedy_goes_down_to_what_is_used_and_up_from_what_is_used_up():
    greedy = options_of(Greedy(), Saturating(1.0, 4.0, 2, 2), 4, 2)
    assert greedy == [(4, 2), (3, 3), (2, 2), (3, 3), (2, 2), (3, 3)]
    assert options_of(Greedy(), Saturating(1.0, 4.0, 1, 8), 1, 8) == [(1, 8), (2, 8)] * 3
    assert options_of(Greedy(step=3), Saturating(1.0, 4.0, 2, 2), 4, 2)[:3] == [(4, 2), (1, 5), (4, 2)]


def test_greedy_hurts_where_steps_are_larger_than_one():
    played = play(Greedy(step=3), [function("a", Saturating(1.0, 4.0, 2, 2), 4, 2)], {"a": EVERY_100_S})
    assert max(played.relative) > 1.9


def test_ensure_gives_two_cores_after_three_calls_of_which_one_was_slow():
    demand = Saturating(1.0, 1.0, 1, 1)
    # 11, 1 and 1 s: 4.33 times the best; then the window forgets the start.
    assert options_of(Ensure(), demand, 2, 3, start_s=10.0) == [(2, 3)] * 3 + [(4, 3)] * 3
    assert options_of(Ensure(), demand, 7, 3, start_s=10.0) == [(7, 3)] * 3 + [(8, 3)] * 3
    assert options_of(Ensure(latency="service"), demand, 2, 3, start_s=10.0) == [(2, 3)] * 6
    assert options_of(Ensure(), demand, 2, 3) == [(2, 3)] * 6


def test_ensure_takes_two_cores_where_there_is_no_capacity():
    a = function("a", Saturating(1.0, 1.0, 1, 1), 3, 1, start_s=10.0)
    played = play(Ensure(), [a], {"a": EVERY_100_S}, invoker_cpu=4.0)
    assert played.options == [(3, 1)] * 3 + [(1, 1)] * 3


def test_ensure_moves_long_calls_by_one_core_after_five():
    # The container is gone before the fourth call: 20, 10, 10, 20, 10 s.
    a = function("a", Saturating(10.0, 10.0, 1, 1), 2, 1, start_s=10.0)
    arrivals = [0.0, 100.0, 200.0, 900.0, 1000.0, 1100.0, 1200.0]
    played = play(Ensure(), [a], {"a": arrivals}, keep_alive=FixedWindow(200.0))
    assert played.options == [(2, 1)] * 5 + [(3, 1)] * 2


def test_ensure_reacts_to_a_demand_that_varies():
    demand = InputDependent(Saturating(1.0, 1.0, 1, 1))
    options = options_of(Ensure(latency="service"), demand, 2, 1, input_size=InTurn((1.0, 1.0, 2.0)))
    assert options == [(2, 1)] * 3 + [(4, 1)] * 3


def test_the_largest_and_the_smallest_of_what_is_allowed():
    demand = Saturating(1.0, 4.0, 4, 1)  # cpu from the peak of 2, 3, 4 on and one more; memory at the user's 2 units
    assert options_of(Largest(), demand, 2, 2) == [(2, 2)] + [(8, 2)] * 5
    assert options_of(Smallest(), demand, 2, 2) == [(2, 2), (3, 2), (4, 2), (5, 2), (5, 2), (5, 2)]
    over = Saturating(1.0, 4.0, 2, 2)
    assert options_of(Largest(), over, 5, 6) == [(5, 6)] * 6
    assert options_of(Smallest(), over, 5, 6) == [(5, 6)] + [(3, 3)] * 5


def test_without_the_safeguard_everything_is_allowed_after_the_first_call():
    demand = Saturating(1.0, 4.0, 4, 1)
    assert options_of(Largest(threshold=None), demand, 2, 2) == [(2, 2)] + [(8, 8)] * 5
    assert options_of(Smallest(threshold=None), demand, 2, 2) == [(2, 2)] + [(1, 1)] * 5
    options = options_of(RandomChoice(threshold=None), demand, 2, 2, arrivals=[10.0 * i for i in range(1500)])
    assert options[0] == (2, 2) and len(set(options[1:])) == 64


def test_coupled_choices():
    demand = Saturating(1.0, 4.0, 4, 2)
    assert options_of(Largest(coupled=True), demand, 2, 2) == [(2, 2)] + [(8, 8)] * 5
    assert options_of(Smallest(coupled=True), demand, 2, 2) == [(2, 2), (3, 3), (4, 4), (5, 5), (5, 5), (5, 5)]
    assert options_of(Heuristic(coupled=True), demand, 2, 2) == [(2, 2), (4, 4), (8, 8), (5, 5), (5, 5), (5, 5)]


def test_random_takes_every_allowed_option_about_equally_often():
    demand = Saturating(1.0, 4.0, 2, 2)
    options = options_of(RandomChoice(), demand, 5, 4, arrivals=[10.0 * i for i in range(1201)])[1:]
    counts = {option: options.count(option) for option in set(options)}
    assert set(counts) == {(c, m) for c in (3, 4, 5) for m in (3, 4)}
    assert min(counts.values()) > 150


def test_the_oracle_gives_every_call_what_it_can_use():
    demand = InputDependent(Saturating(1.0, 4.0, 2, 1), cpu_power=1.0, most_cpu=12)
    played = play(Oracle(), [function("a", demand, 3, 3, input_size=InTurn((1.0, 2.0, 3.0, 6.0)))], {"a": EVERY_100_S})
    assert played.options == [(2, 1), (4, 2), (6, 3), (8, 6), (2, 1), (4, 2)]
    own_s = demand.duration_s(3, 3)
    assert [d.baseline_s for d in played.decisions.values()] == [own_s] * 6
    for i in (0, 1, 2, 4, 5):  # the fourth can use 12 cores, and the grid ends at 8
        size = (1.0, 2.0, 3.0, 6.0)[i % 4]
        assert played.decisions[i].usage.duration_s == pytest.approx(size * 1.0)


def test_the_heuristic_doubles_until_it_knows_and_then_gives_one_more():
    assert options_of(Heuristic(), Saturating(1.0, 4.0, 5, 1), 2, 2) == [(2, 2), (4, 2), (8, 2), (6, 2), (6, 2), (6, 2)]
    assert options_of(Heuristic(), Saturating(1.0, 4.0, 8, 8), 3, 1)[:5] == [(3, 1), (6, 2), (8, 4), (8, 8), (8, 8)]
    assert options_of(Heuristic(), Saturating(1.0, 4.0, 2, 2), 5, 6) == [(5, 6)] + [(3, 3)] * 5
    free = options_of(Heuristic(threshold=None), Saturating(1.0, 4.0, 5, 1), 2, 2)
    assert free == [(2, 2), (4, 2), (8, 2), (6, 2), (6, 2), (6, 2)]


def test_the_heuristic_does_not_probe_while_others_wait():
    a = function("a", Saturating(1.0, 4.0, 5, 1), 2, 2)
    b = function("b", Saturating(100.0, 100.0, 8, 1), 8, 1)
    played = play(Heuristic(), [a, b], {"a": [0.0, 12.0], "b": [10.0, 11.0]}, invoker_cpu=8.0, invoker_memory_mb=512.0)
    assert played.options == [(2, 2), (8, 1), (8, 1), (3, 2)]
    alone = play(Heuristic(), [a, b], {"a": [0.0, 12.0], "b": [10.0]}, invoker_cpu=8.0, invoker_memory_mb=512.0)
    assert alone.options == [(2, 2), (8, 1), (4, 2)]


def test_the_safeguard_fires_where_demand_grows_and_gives_the_users_configuration():
    demand = InputDependent(Saturating(1.0, 4.0, 2, 1), cpu_power=1.0, memory_power=0.0)
    sizes = InTurn((1.0, 1.0, 2.0, 2.0, 1.0, 1.0))
    played = play(Smallest(), [function("a", demand, 6, 2, input_size=sizes)], {"a": EVERY_100_S})
    # 2 cores are used, then all 3 of a call that could use 4: the user's 6, peaks anew (4), and 5 from then on.
    assert [cpu for cpu, _ in played.options] == [6, 3, 3, 6, 5, 5]
    assert [d.ranges.fires for d in played.decisions.values()] == [False, False, False, True, False, False]
    # Only cpu was calibrated, memory not: the baseline stays the first call's.
    assert played.decisions[5].baseline_s == played.decisions[0].usage.duration_s


def test_calls_shorter_than_a_window_look_smaller_than_they_are():
    short = Saturating(0.02, 0.08, 4, 1)
    played = play(Smallest(), [function("a", short, 4, 1)], {"a": EVERY_100_S})
    assert played.options[1] == (1, 2)  # 0.02 s of 4 cores are 0.8 cores in a window of 0.1 s
    assert played.relative[1] == pytest.approx(3.0)  # 0.06 s instead of 0.02


@pytest.mark.parametrize("first_s", [0.0, 0.3, 1.1, 6.577408, 3599.9])
def test_a_call_as_long_as_a_window_shows_its_whole_peak_whenever_it_comes(first_s):
    """In floats 1.2 - 1.1 is less than 0.1: the peak would look a hair below 4 cores, and 4 would seem enough."""
    demand = Saturating(0.1, 0.4, 4, 1)
    played = play(Smallest(), [function("a", demand, 8, 1)], {"a": np.array([first_s, first_s + 10])})
    assert played.decisions[0].usage.cpu_peak == 4 and played.options[1] == (5, 2)


def test_freyrs_settings():
    settings_ = freyr_settings()
    manager = Smallest(**settings_)
    options = manager.options
    assert (options.allocation(options.n - 1).cpu, options.allocation(options.n - 1).memory_mb) == (8.0, 1024.0)
    assert options.n == 64 and manager.safeguard.threshold == 0.8
    a = function("a", Saturating(1.0, 4.0, 2, 2), 4, 4, options)
    assert play(manager, [a], {"a": EVERY_100_S}).options == [(4, 4)] + [(3, 3)] * 5


def test_names_tell_the_variants_apart():
    names = [variant().name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert Largest(threshold=None).name == "largest within the mask, no safeguard"
    assert Smallest(threshold=0.8, coupled=True).name == "smallest within the mask, threshold 0.8, coupled"


# --- on random worlds ------------------------------------------------------------------------------------------------


def columns(played):
    return {**played.result.calls, **played.result.containers}


@settings(max_examples=8)
@given(worlds(), st.integers(0, 5))
@pytest.mark.parametrize("make", VARIANTS, ids=lambda make: make().name)
def test_decisions_are_on_the_grid_and_a_run_forgets_the_one_before(make, world, seed):
    functions, arrivals, platform = world
    manager = make()
    first = play(manager, functions, arrivals, seed, **platform)
    calls = sum(map(len, arrivals.values()))
    assert len(first.decisions) == calls == len(first.result)
    for i, decided in first.decisions.items():
        assert 0 <= decided.option < OPTIONS.n and isinstance(decided.option, int)
        got = OPTIONS.allocation(decided.option)
        assert (first.result.calls["cpu"][i], first.result.calls["memory_mb"][i]) == (got.cpu, got.memory_mb)
        if isinstance(manager, SafeguardedManager):
            assert manager.mask(decided.ranges)[decided.option]
        assert decided.usage is not None and decided.baseline_s > 0
    assert sum(known.history.finished for known in manager.known.values()) == calls
    other = play(manager, functions, {name: times[:1] for name, times in arrivals.items()}, 9, **platform)
    assert len(other.decisions) <= 4
    for again in (
        play(manager, functions, arrivals, seed, **platform),
        play(make(), functions, arrivals, seed, **platform),
    ):
        assert again.decisions == first.decisions
        for name, values in columns(first).items():
            assert np.array_equal(values, columns(again)[name]), name


@settings(max_examples=30)
@given(worlds())
def test_with_fixed_every_call_takes_its_duration_at_the_users_configuration(world):
    functions, arrivals, platform = world
    played = play(Fixed(), functions, arrivals, **platform)
    assert played.relative == pytest.approx([1.0] * len(played.relative), rel=1e-6)


@settings(max_examples=40)
@given(worlds(constant=True, least_s=0.1, unlimited=True))
@pytest.mark.parametrize("threshold", [0.9, 0.8])
def test_no_choice_within_the_mask_is_faster_than_the_largest(threshold, world):
    functions, arrivals, _ = world
    largest = play(Largest(threshold=threshold), functions, arrivals).relative
    for make in (Smallest, RandomChoice, Heuristic):
        other = play(make(threshold=threshold), functions, arrivals).relative
        assert all(a <= b * (1 + 1e-9) for a, b in zip(largest, other, strict=True))


@settings(max_examples=30)
@given(worlds(constant=True, least_s=0.1))
@pytest.mark.parametrize("make", SAFEGUARDED)
def test_with_the_safeguard_nobody_whose_demand_is_constant_is_ever_slower_than_at_the_users(make, world):
    functions, arrivals, platform = world
    played = play(make(), functions, arrivals, **platform)
    assert max(played.relative, default=1.0) <= 1 + 1e-6


@settings(max_examples=30)
@given(worlds(unlimited=True))
def test_nobody_is_faster_than_with_the_oracle(world):
    functions, arrivals, _ = world
    best = play(Oracle(), functions, arrivals).relative
    for make in (Largest, Greedy, Fixed, functools.partial(Largest, threshold=None)):
        other = play(make(), functions, arrivals).relative
        assert all(a <= b * (1 + 1e-6) for a, b in zip(best, other, strict=True))


# --- bad input -------------------------------------------------------------------------------------------------------


def run_one(manager, a, **platform):
    simulate(
        Platform(FixedWindow(9.0), allocator=manager, **platform), Workload((a,), {"a": [0.0, 50.0]}), seed=1,
        duration_s=99.0,
    )  # fmt: skip


GOOD = function("a", Saturating(1.0, 4.0, 4, 4), 4, 4)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: run_one(Fixed(), Function("a", Constant(1.0))), ["'a'", "harvested", "monitored"]),
        (
            lambda: run_one(Fixed(), Function("a", Constant(1.0), speed=lambda cpu, memory_mb: cpu)),
            ["'a'", "harvested"],
        ),
        (lambda: run_one(Fixed(), dataclasses.replace(GOOD, memory_mb=100)), ["'a'", "8 units of 64 MB", "100 MB"]),
        (lambda: run_one(Fixed(), dataclasses.replace(GOOD, cpu=1.5)), ["'a'", "whole cores", "1.5"]),
        (lambda: run_one(Fixed(Options(cores=2)), GOOD), ["'a'", "2 whole cores", "4 cores"]),
        (lambda: run_one(Fixed(), GOOD, invoker_cpu=2.0), ["'a'", "cpu", "2 cores", "4"]),
        (lambda: run_one(Fixed(), GOOD, invoker_memory_mb=128.0), ["'a'", "memory_mb", "128", "256"]),
        (lambda: run_one(Largest(), GOOD, invoker_cpu=6.0), ["allocation of 'a'", "cpu", "<= 6", "8"]),
        (
            lambda: run_one(Largest(), GOOD, invoker_memory_mb=300.0),
            ["allocation of 'a'", "memory_mb", "<= 300", "512"],
        ),
        (lambda: Greedy(threshold=0.0), ["Greedy, threshold", "> 0"]),
        (lambda: Greedy(step=0), ["Greedy, step", ">= 1"]),
        (lambda: Ensure(latency="wait"), ["ENSURE, latency", "response", "'wait'"]),
        (lambda: Heuristic(used_up=2.0), ["heuristic, used_up", "<= 1"]),
        (lambda: Largest(threshold=90), ["safeguard, threshold", "<= 1", "90"]),
        (lambda: Fixed("8x8"), ["options", "Options", "8x8"]),
        (lambda: run_one(ResourceManager(), GOOD), ["ResourceManager", "decide"]),
        (lambda: run_one(SafeguardedManager(), GOOD), ["SafeguardedManager", "pick"]),
    ],
)
def test_one_line_that_says_what_is_wrong(act, words):
    with pytest.raises(InputError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
