"""Hybrid histogram on an application called every 30 minutes, on the simulated platform, against fixed windows."""

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Start
from faaslab.model.summary import summary
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow, HybridHistogram
from faaslab.workload.workload import Workload

PERIOD_S, DAYS = 1800.0, 3
START = ColdStart(allocate_s=0.5, runtime_s=0.5, dependencies_s=1.0)


@pytest.fixture(scope="module")
def runs():
    function = Function("report", Constant(2.0), memory_mb=256, cold_start=START)
    workload = Workload((function,), {"report": np.arange(0, DAYS * 86400, PERIOD_S)})
    policies = {"histogram": HybridHistogram(), "40 min": FixedWindow(2400), "10 min": FixedWindow(600)}
    return {
        name: simulate(Platform(policy), workload, seed=1, duration_s=DAYS * 86400, warmup_s=86400)
        for name, policy in policies.items()
    }


def test_no_cold_start_after_it_has_learnt(runs):
    starts = runs["histogram"].calls["start"]
    assert starts[0] == Start.COLD and (starts[1:] != Start.COLD).all()
    assert (starts[12:] == Start.PREWARMED).all()
    after = summary(runs["histogram"])
    assert after["cold_fraction"] == 0 and after["wait_s"]["p99"] == 0


def test_less_memory_than_a_window_without_cold_starts(runs):
    learnt, long, short = (summary(runs[name]) for name in ("histogram", "40 min", "10 min"))
    assert long["cold_fraction"] == 0 and short["cold_fraction"] == 1
    # pre-warmed at 0.9 * 29 min after the last end, called at 30 min: alive less than 4 of every 30 minutes
    assert learnt["memory_mb_seconds"] == pytest.approx(long["memory_mb_seconds"] * (1800 - 26.1 * 60) / 1800, rel=1e-3)
    assert learnt["memory_mb_seconds"] < short["memory_mb_seconds"]
