"""The simulator against formulas: means over independent seeds, and the stated number of standard errors.

Each test runs K seeds and requires the formula's value within 4 standard errors of the mean over seeds, which for K = 8
a correct simulator fails with probability 0.5 % (t distribution, 7 degrees of freedom) before the seeds are fixed.
"""

import math

import numpy as np
import pytest

from faaslab.durations import Constant, Exponential, HyperExponential, LogNormal
from faaslab.functions import Function
from faaslab.model.queueing import erlang_b, erlang_c
from faaslab.model.result import Outcome, Start
from faaslab.model.summary import littles_law
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU, FixedFleet, FixedWindow
from faaslab.streams import stream
from faaslab.workload.workload import Workload

SEEDS = range(8)
STANDARD_ERRORS = 4


def poisson(rate, duration_s, seed):
    rng = stream(seed, "theory", "arrivals")
    times = np.cumsum(rng.exponential(1 / rate, int(rate * duration_s + 6 * math.sqrt(rate * duration_s) + 10)))
    return times[times < duration_s]


def run(platform, function, rate, duration_s, seed):
    workload = Workload((function,), {function.name: poisson(rate, duration_s, seed)})
    result = simulate(platform, workload, seed=seed, duration_s=duration_s)
    swept, summed = littles_law(result)
    assert swept == summed
    return result


def agrees(values, theory):
    """Whether the mean over seeds lies within the stated number of standard errors of the theory."""
    values = np.asarray(values)
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert error > 0 and error < 0.1 * abs(theory), "too noisy to say anything"
    assert abs(values.mean() - theory) <= STANDARD_ERRORS * error, (values.mean(), error, theory)


def mean_wait_s(result, begin_s):
    """Over calls that arrived after begin_s and began."""
    calls = result.calls
    counted = (calls["arrival_ns"] >= begin_s * 1e9) & (calls["begin_ns"] >= 0)
    return (calls["begin_ns"] - calls["arrival_ns"])[counted].mean() / 1e9


def mean_response_s(result, begin_s):
    calls = result.calls
    counted = (calls["arrival_ns"] >= begin_s * 1e9) & (calls["end_ns"] >= 0)
    return (calls["end_ns"] - calls["arrival_ns"])[counted].mean() / 1e9


def fleet(n, queue_limit=None):
    return Platform(LRU(), autoscaler=FixedFleet(n), queue_limit=queue_limit)


def test_mm1_wait():
    function = Function("f", Exponential(1.0))
    waits = [mean_wait_s(run(fleet(1), function, 0.6, 20_000, seed), 500) for seed in SEEDS]
    agrees(waits, 0.6 / (1 - 0.6))


@pytest.mark.parametrize("service", [Exponential(2.0), Constant(2.0), LogNormal(math.log(2) - 0.5, 1.0)])
def test_erlang_b_of_a_fleet_without_a_queue(service):
    """Blocking depends on the mean service time alone."""
    rejected = []
    for seed in SEEDS:
        result = run(fleet(4, queue_limit=0), Function("f", service), 1.5, 6_000, seed)
        rejected.append((result.calls["outcome"] == Outcome.REJECTED).mean())
    agrees(rejected, erlang_b(4, 3.0))


def test_erlang_c_wait_and_share_of_waiting():
    function = Function("f", Exponential(1.0))
    waits, waiting = [], []
    for seed in SEEDS:
        result = run(fleet(4), function, 3.0, 8_000, seed)
        waits.append(mean_wait_s(result, 200))
        begun = result.calls["begin_ns"] >= 0
        waiting.append((result.calls["begin_ns"] > result.calls["arrival_ns"])[begun].mean())
    agrees(waiting, erlang_c(4, 3.0))
    agrees(waits, erlang_c(4, 3.0) / (4 - 3.0))


@pytest.mark.parametrize(
    "service",
    [Constant(1.5), Exponential(1.5), LogNormal(math.log(1.5) - 0.5, 1.0), HyperExponential((0.5, 5.5), (0.8, 0.2))],
)
def test_mean_busy_containers_is_rate_times_mean_service(service):
    assert service.mean_s == pytest.approx(1.5)
    busy = []
    for seed in SEEDS:
        result = run(Platform(FixedWindow(60)), Function("f", service), 2.0, 5_000, seed)
        end = np.where(result.calls["end_ns"] < 0, result.horizon_ns, result.calls["end_ns"])
        busy.append((end - result.calls["begin_ns"]).sum() / result.horizon_ns)
    agrees(busy, 2.0 * 1.5)


@pytest.mark.parametrize("window_s", [0.5, 1.0, 3.0])
def test_cold_fraction_of_short_calls_is_exp_of_minus_rate_times_window(window_s):
    """Calls so short that they never overlap: a call is cold if the gap before it is longer than the window."""
    cold = []
    for seed in SEEDS:
        result = run(Platform(FixedWindow(window_s)), Function("f", Constant(0.0)), 1.0, 8_000, seed)
        cold.append((result.calls["start"] == Start.COLD).mean())
    agrees(cold, math.exp(-window_s))


@pytest.mark.parametrize(
    "service",
    [Constant(1.0), Exponential(1.0), HyperExponential((0.5, 3.0), (0.8, 0.2))],
    ids=["constant", "exp", "hyper"],
)
def test_processor_sharing_does_not_see_the_distribution(service):
    """M/G/1 processor sharing on one core: mean response E[S] / (1 - load), whatever the distribution."""
    platform = Platform(LRU(), cpu="shared", invoker_cpu=1.0)
    responses = [mean_response_s(run(platform, Function("f", service), 0.5, 6_000, seed), 200) for seed in SEEDS]
    agrees(responses, 1.0 / (1 - 0.5))


def test_processor_sharing_on_two_cores_is_the_mmn_queue_in_number():
    """Exponential work, each call at most one core, two cores: the number in the system is that of M/M/2."""
    platform = Platform(LRU(), cpu="shared", invoker_cpu=2.0)
    load = 1.2
    responses = [
        mean_response_s(run(platform, Function("f", Exponential(1.0)), load, 6_000, seed), 200) for seed in SEEDS
    ]
    agrees(responses, 1.0 + erlang_c(2, load) / (2 - load))
