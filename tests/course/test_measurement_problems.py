"""The generated problems of "From measurement to prediction" by another way than their generators'."""

import numpy as np
import pytest

from faaslab.course.problems import problem
from faaslab.functions import Function
from faaslab.platform import Platform, simulate
from faaslab.platform.triggers import ClosedLoop
from faaslab.policies import LRU, FixedFleet
from faaslab.workload import Workload

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_p99_behind_a_stall_by_hand(seed):
    given = problem("omitted-calls", seed).given
    assert problem("omitted-calls", seed).key == pytest.approx(given["stall_s"] - given["duration_s"] / 100, rel=1e-9)
    calls = round(1000 * given["duration_s"] / given["period_ms"])
    assert given["logged"] == calls - round(1000 * given["stall_s"] / given["period_ms"]) + 1


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_closed_loop_in_the_simulator_logs_so_many_calls_and_so_small_a_p99(seed):
    given = problem("omitted-calls", seed).given
    functions = Function("f", given["service_ms"] / 1000), Function("stall", float(given["stall_s"]))
    platform = Platform(LRU(), autoscaler=FixedFleet(1), one_group=True)
    think_s = (given["period_ms"] - given["service_ms"]) / 1000
    run = dict(seed=1, duration_s=given["duration_s"], triggers=[ClosedLoop("f", 1, think_s)])
    calls = simulate(platform, Workload(functions, {"stall": [given["duration_s"] / 2]}), **run).calls
    response_s = (calls["end_ns"] - calls["arrival_ns"])[(calls["function"] == 0) & (calls["end_ns"] >= 0)] / 1e9
    assert abs(len(response_s) - given["logged"]) <= 2
    assert np.percentile(response_s, 99) == pytest.approx(given["service_ms"] / 1000)


@pytest.mark.parametrize("seed", SEEDS)
def test_sharing_cores_by_hand(seed):
    given = problem("shared-cores", seed).given
    stretched_ms = given["cpu_ms"] * max(1, given["calls"] / given["cores"])
    by_hand = stretched_ms + given["alone_ms"] - given["cpu_ms"]
    assert problem("shared-cores", seed).key == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rate_keeps_the_cores_as_busy_as_said(seed):
    posed = problem("measured-cores", seed)
    each_ms = sum(posed.given[name] for name in ("cpu_ms", "controller_ms", "generator_ms"))
    assert posed.key * each_ms / 1000 / posed.given["cores"] == pytest.approx(posed.given["percent"] / 100)
