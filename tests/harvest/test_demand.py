"""What a function could use, and how long its calls take."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.durations import Constant, Exponential, LogNormal
from faaslab.errors import InputError
from faaslab.functions import ColdStart
from faaslab.harvest.demand import MOST_CACHED, InputDependent, Saturating, Speed, harvested
from faaslab.harvest.options import Options

UNIT = st.integers(1, 8)
SATURATING = st.builds(
    lambda shortest, more, cpu, memory, k: Saturating(shortest, shortest + more, cpu, memory, k),
    st.floats(0.01, 50),
    st.floats(0, 500),
    UNIT,
    UNIT,
    st.floats(0, 10),
)
SIZED = st.builds(InputDependent, SATURATING, st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
SIZES = st.floats(0.01, 100)


def test_the_published_formula_by_hand():
    demand = Saturating(10.0, 100.0, 4, 3)
    # cpu explains two thirds of 90 s, memory one third; (4 - 2) / 3 and (3 - 2) / 2 are missing.
    assert demand.duration_s(2, 2) == pytest.approx(10 + 60 * 2 / 3 + 30 / 2)
    assert demand.duration_s(1, 1) == pytest.approx(100.0)
    assert demand.duration_s(4, 1) == pytest.approx(40.0)
    assert demand.duration_s(1, 3) == pytest.approx(70.0)
    assert demand.duration_s(4, 3) == demand.duration_s(8, 8) == 10.0
    assert demand.peak(2, 8) == (2, 3)


def test_a_saturation_point_of_one_leaves_its_part_out():
    demand = Saturating(10.0, 100.0, 1, 3)
    assert demand.duration_s(1, 1) == pytest.approx(10 + 30)
    assert Saturating(10.0, 100.0, 1, 1).duration_s(1, 1) == 10.0


@given(st.one_of(SATURATING, SIZED), UNIT, UNIT, SIZES)
def test_more_is_never_slower_and_beyond_saturation_never_faster(demand, cpu, memory, size):
    took = demand.duration_s(cpu, memory, size)
    assert demand.duration_s(cpu + 1, memory, size) <= took
    assert demand.duration_s(cpu, memory + 1, size) <= took
    ideal_cpu, ideal_memory = demand.saturation(size)
    best = demand.duration_s(ideal_cpu, ideal_memory, size)
    assert best == demand.duration_s(ideal_cpu + 5, ideal_memory + 5, size) <= took * (1 + 1e-12)
    cpu_peak, memory_peak = demand.peak(cpu, memory, size)
    assert (cpu_peak, memory_peak) == (min(cpu, ideal_cpu), min(memory, ideal_memory))


@given(SATURATING, SIZES)
def test_an_input_of_size_one_is_the_base(base, size):
    demand = InputDependent(base)
    assert demand.at(1.0) == base
    best = demand.duration_s(*demand.saturation(size), size)
    assert best == pytest.approx(base.shortest_s * size)
    assert best <= demand.duration_s(1, 1, size) <= base.longest_s * size * (1 + 1e-12)


def test_a_larger_input_by_hand():
    demand = InputDependent(Saturating(1.0, 5.0, 2, 3), work_power=2.0, cpu_power=0.5, memory_power=1.0)
    assert demand.at(4.0) == Saturating(16.0, 80.0, 4, 8)
    assert demand.at(1.5) == Saturating(2.25, 11.25, 3, 5)  # 2 * 1.22 and 3 * 1.5, rounded up
    assert demand.at(0.01).saturation() == (1, 1)
    assert InputDependent(Saturating(1.0, 5.0, 2, 3), most_memory=4).saturation(4.0) == (4, 4)


def test_few_sizes_are_remembered():
    demand = InputDependent(Saturating(1.0, 5.0, 2, 3))
    for i in range(MOST_CACHED + 100):
        demand.at(1.0 + i)
    assert len(demand._cache) <= MOST_CACHED
    assert demand.duration_s(1, 1, 2.0) == 10.0


@given(st.one_of(SATURATING, SIZED), UNIT, UNIT, UNIT, UNIT, SIZES)
def test_speed_turns_the_users_duration_into_the_actual_one(demand, user_cpu, user_memory, cpu, memory, size):
    options = Options()
    speed = Speed(demand, options, user_cpu, user_memory)
    assert speed(user_cpu, user_memory * 64.0) == 1.0
    assert speed.own_s / speed(cpu, memory * 64.0, size) == pytest.approx(demand.duration_s(cpu, memory, size))
    assert speed(cpu, memory * 64.0) == speed(cpu, memory * 64.0) == speed(cpu, memory * 64.0, 1.0)
    assert speed.own_duration_s(size) == demand.duration_s(user_cpu, user_memory, size)


def test_a_harvested_function():
    options = Options()
    function = harvested("f", Saturating(1.0, 4.0, 4, 1), 2, 3, options, cold_start=ColdStart(code_s=2.0))
    assert (function.cpu, function.memory_mb) == (2.0, 192.0)
    assert function.service == Constant(1.0 + 3.0 * 2 / 3 * 2 / 3)
    assert function.speed(8.0, 512.0) == pytest.approx(function.service.mean_s)
    assert options.user(function) == options.index(2, 3)


def test_scatter_multiplies_the_service_and_keeps_its_mean():
    function = harvested(
        "f", Saturating(3.0, 3.0, 1, 1), 1, 1, Options(), cold_start=ColdStart(), scatter=Exponential(1.0)
    )
    drawn = function.service.sample(np.random.default_rng(1), 100_000)
    assert function.service.mean_s == 3.0
    assert drawn.mean() == pytest.approx(3.0, rel=0.02) and drawn.std() == pytest.approx(3.0, rel=0.02)


BASE = Saturating(1.0, 2.0, 2, 2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Saturating(0.0, 1.0, 1, 1), ["shortest_s", "> 0"]),
        (lambda: Saturating(2.0, 1.0, 1, 1), ["longest_s", ">= 2", "1.0"]),
        (lambda: Saturating(1.0, float("inf"), 1, 1), ["longest_s", "inf"]),
        (lambda: Saturating(1.0, 2.0, 0, 1), ["cpu", ">= 1", "0"]),
        (lambda: Saturating(1.0, 2.0, 1, 1.5), ["memory", "whole", "1.5"]),
        (lambda: Saturating(1.0, 2.0, 1, 1, -1.0), ["cpu_weight", "-1"]),
        (lambda: InputDependent(None), ["base", "Saturating", "None"]),
        (lambda: InputDependent(BASE, work_power=-1.0), ["work_power", "-1"]),
        (lambda: InputDependent(BASE, cpu_power=float("nan")), ["cpu_power", "nan"]),
        (lambda: InputDependent(BASE, most_cpu=1), ["most_cpu", ">= 2", "1"]),
        (lambda: InputDependent(BASE).duration_s(1, 1, 0.0), ["input size", "> 0"]),
        (lambda: InputDependent(BASE).saturation(float("nan")), ["input size", "nan"]),
        (lambda: harvested("f", BASE, 9, 1, Options(), cold_start=ColdStart()), ["cores", "<= 8", "9"]),
        (lambda: harvested("f", BASE, 1, 0, Options(), cold_start=ColdStart()), ["units", ">= 1", "0"]),
        (
            lambda: harvested("f", BASE, 1, 1, Options(), cold_start=ColdStart(), scatter=Constant(2.0)),
            ["scatter", "mean 1", "2"],
        ),
        (
            lambda: harvested("f", BASE, 1, 1, Options(), cold_start=ColdStart(), input_size=2.0),
            ["'f'", "input_size", "2.0"],
        ),
    ],
)
def test_one_line_that_says_what_is_wrong(make, words):
    with pytest.raises(InputError) as caught:
        make()
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_the_service_is_that_of_an_input_of_size_one():
    sizes = LogNormal(0.0, 1.0)
    sized = harvested("f", InputDependent(BASE), 1, 1, Options(), cold_start=ColdStart(), input_size=sizes)
    assert sized.input_size is sizes and sized.service == Constant(2.0)
    assert sized.speed(1.0, 64.0, 3.0) == pytest.approx(1 / 3)
