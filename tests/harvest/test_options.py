"""The grid of allocations."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.harvest.options import Options
from faaslab.model.policies import Allocation

GRIDS = st.builds(Options, st.integers(1, 9), st.integers(1, 9), st.sampled_from([64.0, 100.5, 128.0]))


def test_the_sources_grid():
    options = Options()
    assert options.n == 64
    assert [options.index(cpu, memory) for cpu, memory in ((1, 1), (1, 8), (2, 1), (8, 8))] == [0, 7, 8, 63]
    assert options.allocation(0) == Allocation(1.0, 64.0)
    assert options.allocation(63) == Allocation(8.0, 512.0)
    assert (options.cpu_of(42), options.memory_of(42)) == (42 // 8 + 1, 42 % 8 + 1)


@given(GRIDS)
def test_every_option_is_one_pair_and_back(options):
    pairs = [(options.cpu_of(a), options.memory_of(a)) for a in range(options.n)]
    assert sorted(pairs) == [(c, m) for c in range(1, options.cores + 1) for m in range(1, options.units + 1)]
    assert [options.index(*pair) for pair in pairs] == [options.at(*pair) for pair in pairs] == list(range(options.n))
    assert options.cpus.tolist() == [c for c, _ in pairs] and options.memories.tolist() == [m for _, m in pairs]
    for a, (cpu, memory) in enumerate(pairs):
        assert options.allocation(a) == Allocation(float(cpu), memory * options.unit_mb)
        function = Function("f", Constant(1.0), memory_mb=memory * options.unit_mb, cpu=float(cpu))
        assert options.user(function) == a


@given(GRIDS, st.data())
def test_a_mask_allows_what_lies_in_both_ranges(options, data):
    cpu = sorted(data.draw(st.tuples(*[st.integers(1, options.cores)] * 2)))
    memory = sorted(data.draw(st.tuples(*[st.integers(1, options.units)] * 2)))
    mask = options.mask(tuple(cpu), tuple(memory))
    assert mask.shape == (options.n,) and mask.dtype == bool
    for a in range(options.n):
        inside = cpu[0] <= options.cpu_of(a) <= cpu[1] and memory[0] <= options.memory_of(a) <= memory[1]
        assert mask[a] == inside
    assert options.mask(tuple(cpu), tuple(memory)) is mask
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = True


@given(GRIDS, st.data())
def test_a_coupled_mask_has_one_memory_for_each_number_of_cores(options, data):
    cpu = sorted(data.draw(st.tuples(*[st.integers(1, options.cores)] * 2)))
    memory = sorted(data.draw(st.tuples(*[st.integers(1, options.units)] * 2)))
    allowed = options.mask(tuple(cpu), tuple(memory), True).nonzero()[0]
    assert len(allowed)
    for a in allowed:
        assert options.memory_of(a) == np.ceil(options.cpu_of(a) * options.units / options.cores)
        assert options.cpu_of(a) >= cpu[0] and options.memory_of(a) >= memory[0]


def test_coupled_by_hand():
    options = Options()
    allowed = options.mask((2, 5), (1, 4), True).nonzero()[0]
    assert [(options.cpu_of(a), options.memory_of(a)) for a in allowed] == [(2, 2), (3, 3), (4, 4), (5, 5)]
    allowed = options.mask((2, 2), (7, 8), True).nonzero()[0]
    assert [(options.cpu_of(a), options.memory_of(a)) for a in allowed] == [(7, 7), (8, 8)]
    assert options.mask((2, 2), (7, 7), True).nonzero()[0].tolist() == [options.index(7, 7)]
    few = Options(cores=2, units=8)
    assert few.mask((1, 1), (2, 3), True).nonzero()[0].tolist() == [few.index(1, 4)]


def test_two_grids_that_are_equal_are_one():
    assert Options() == Options(8, 8, 64) and hash(Options()) == hash(Options(8, 8, 64.0))
    options = Options()
    options.mask((1, 2), (1, 2))
    assert pickle.loads(pickle.dumps(options)) == options


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Options(cores=0), ["cores", ">= 1", "0"]),
        (lambda: Options(units=1.5), ["units", "whole", "1.5"]),
        (lambda: Options(unit_mb=0), ["unit_mb", "> 0"]),
        (lambda: Options(unit_mb=float("nan")), ["unit_mb", "nan"]),
        (lambda: Options().index(9, 1), ["cores", "<= 8", "9"]),
        (lambda: Options().index(1, 0), ["units", ">= 1", "0"]),
        (lambda: Options().user(_function(0.5, 64)), ["'f'", "0.5 cores", "64 MB"]),
        (lambda: Options().user(_function(9.0, 64)), ["'f'", "8 whole cores", "9 cores"]),
        (lambda: Options().user(_function(1.0, 100)), ["'f'", "8 units of 64 MB", "100 MB"]),
        (lambda: Options().user(_function(1.0, 576)), ["'f'", "576 MB"]),
        (lambda: Options().user(_function(1.0, 32)), ["'f'", "32 MB"]),
    ],
)
def test_what_is_not_on_the_grid(make, words):
    with pytest.raises(InputError) as caught:
        make()
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def _function(cpu, memory_mb):
    return Function("f", Constant(1.0), memory_mb=memory_mb, cpu=cpu)
