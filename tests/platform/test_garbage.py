"""Searches for cyclic garbage: rarer while a run goes on, as before afterwards; and little for them to find."""

import gc
import weakref

import pytest

from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.platform import Platform, simulate
from faaslab.platform.garbage import ALLOCATIONS, rare_searches
from faaslab.policies import FixedWindow
from faaslab.workload.workload import Workload


@pytest.fixture
def usual():
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_searches_are_rarer_within_and_as_usual_after_it(usual):
    gc.set_threshold(700, 10, 10)
    with pytest.raises(ValueError), rare_searches():
        assert gc.get_threshold() == (ALLOCATIONS, 10, 10)
        raise ValueError
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("first", [0, 10 * ALLOCATIONS])
def test_who_has_them_off_or_rarer_keeps_that(usual, first):
    gc.set_threshold(first, 10, 10)
    with rare_searches():
        assert gc.get_threshold() == (first, 10, 10)
    assert gc.get_threshold() == (first, 10, 10)


@pytest.mark.parametrize("start_s", [0.0, 0.5])
def test_what_is_over_goes_without_a_search(usual, start_s):
    gone, kept = [], []

    def watch(now_ns, kind, subject):
        if kind == "gone":
            kept.append(sum(reference() is not None for reference in gone))
            gone.append(weakref.ref(subject))

    function = Function("f", Constant(1.0), memory_mb=128, cold_start=ColdStart(code_s=start_s))
    arrivals = {"f": [10.0 * i for i in range(100)]}
    gc.disable()
    try:
        simulate(
            Platform(keep_alive=FixedWindow(2.0)),
            Workload((function,), arrivals),
            seed=1,
            duration_s=1000.0,
            observers=[watch],
        )
    finally:
        gc.enable()
    assert len(gone) > 90
    assert max(kept) <= 3
