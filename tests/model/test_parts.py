"""A run part by part: the parts add up to the summary, and a run worked out by hand comes out as it must."""

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.model.parts import by_part
from faaslab.model.summary import summary
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow, NoKeepAlive
from faaslab.workload import Workload, thumbnails


@pytest.mark.parametrize("keep_alive", [NoKeepAlive(), FixedWindow(30), FixedWindow(1200)])
@pytest.mark.parametrize("part_s", [7200.0, 600.0])
def test_the_parts_add_up_to_the_summary(keep_alive, part_s):
    result = simulate(Platform(keep_alive), thumbnails(3, 7200.0), seed=3, duration_s=7200)
    parts, whole = by_part(result, part_s), summary(result)
    assert all(len(values) == 7200 / part_s for values in parts.values())
    begun = result.calls["begin_ns"] >= 0
    assert parts["calls"].sum() == whole["invocations"]
    assert parts["wait_s"].sum() == pytest.approx(whole["wait_s"]["mean"] * begun.sum())
    idle = whole["idle_memory_fraction"] * whole["memory_mb_seconds"]
    assert parts["idle_mb_s"].sum() == pytest.approx(idle, abs=1e-6)


def test_two_calls_by_hand():
    """Calls at 1 s and 11 s, starts of 2 s, services of 4 s, a window of 6 s: idle at 7 to 11 s and 15 to 20 s."""
    function = Function("f", Constant(4.0), memory_mb=100, cold_start=ColdStart(allocate_s=2.0))
    result = simulate(Platform(FixedWindow(6)), Workload((function,), {"f": [1.0, 11.0]}), seed=1, duration_s=20)
    parts = by_part(result, 10)
    assert parts["calls"].tolist() == [1, 1]
    assert parts["wait_s"] == pytest.approx([2.0, 0.0])
    assert parts["idle_mb_s"] == pytest.approx([300.0, 600.0])


def test_containers_that_serve_several_calls_are_busy_once():
    function = Function("f", Constant(4.0), memory_mb=100, concurrency=2)
    result = simulate(Platform(FixedWindow(6)), Workload((function,), {"f": [1.0, 3.0]}), seed=1, duration_s=20)
    assert by_part(result, 5)["idle_mb_s"] == pytest.approx(np.array([0.0, 300.0, 300.0, 0.0]))


@pytest.mark.parametrize("part_s", [0, -1, 7, 1e-12, float("nan"), "an hour"])
def test_parts_that_do_not_fill_the_run_are_refused(part_s):
    result = simulate(Platform(FixedWindow(6)), thumbnails(1, 60.0), seed=1, duration_s=60)
    with pytest.raises(InputError, match="part of a run, seconds: expected"):
        by_part(result, part_s)
