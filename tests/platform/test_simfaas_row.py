"""The row that the SimFaaS paper prints (N. Mahmoudi and H. Khazaei, "SimFaaS: A Performance Simulator for Serverless
Computing Platforms", CLOSER 2021): 0.9 calls a second, service exponential with mean 1.991 s (cold 2.244 s), window 600
s, 1,000,000 s: cold 0.14 %, 7.6795 instances, 1.7902 of them busy.
"""

import numpy as np
import pytest

from faaslab.durations import Exponential
from faaslab.functions import Function
from faaslab.model.result import Start
from faaslab.model.summary import t_interval
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.streams import stream
from faaslab.workload.workload import Workload

SEEDS = range(1, 11)
DURATION_S = 1e6


def figures(seed):
    """Cold share in percent, mean containers, mean busy ones."""
    gaps = stream(seed, "simfaas", "arrivals").exponential(1 / 0.9, 910_000)
    times = np.cumsum(gaps)
    assert times[-1] > DURATION_S
    function = Function("f", Exponential(1.991), cold_service=Exponential(2.244))
    workload = Workload((function,), {"f": times[times < DURATION_S]})
    result = simulate(Platform(FixedWindow(600)), workload, seed=seed, duration_s=DURATION_S)
    calls, containers, horizon = result.calls, result.containers, result.horizon_ns
    alive = np.where(containers["gone_ns"] < 0, horizon, containers["gone_ns"]) - containers["created_ns"]
    busy = np.where(calls["end_ns"] < 0, horizon, calls["end_ns"]) - calls["begin_ns"]
    return 100 * (calls["start"] == Start.COLD).mean(), alive.sum() / horizon, busy.sum() / horizon


@pytest.mark.slow
def test_the_row_of_the_simfaas_paper():
    cold, containers, busy = zip(*(figures(seed) for seed in SEEDS), strict=True)
    # A single run of SimFaaS (as the paper's row is one) scatters as ours do: it must lie within the 99.9 % prediction
    # interval of one more run, which for ten runs is 4.78 * sqrt(1 + 1/10) standard deviations wide on each side.
    for ours, paper in ((containers, 7.6795), (busy, 1.7902)):
        spread = 4.78 * np.std(ours, ddof=1) * np.sqrt(1 + 1 / len(ours))
        assert abs(np.mean(ours) - paper) <= spread, (np.mean(ours), spread, paper)
    assert round(np.mean(cold), 2) in (0.13, 0.14), cold
    # Ten runs of SimFaaS itself, 1e6 s each: mean and standard deviation over the runs. Two means of ten runs differ by
    # at most 3.92 standard errors in 99.9 % of the cases (t, 18 degrees of freedom).
    for ours, mean, deviation in ((cold, 0.133, 0.002), (containers, 7.703, 0.017), (busy, 1.7925, 0.003)):
        error = np.sqrt((np.var(ours, ddof=1) + deviation**2) / len(ours))
        assert abs(np.mean(ours) - mean) <= 3.92 * error + 0.0005, (np.mean(ours), error, mean)
    for name, values in (("cold, percent", cold), ("containers", containers), ("busy", busy)):
        interval = t_interval(values)
        print(f"{name}: {interval['mean']:.4f} +- {interval['half_width']:.4f} (95 %, {len(values)} seeds)")
