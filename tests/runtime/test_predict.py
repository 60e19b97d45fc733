"""Predictions: the platform's settings as the simulator's arguments, and errors with their intervals."""

import math

import numpy as np
import pytest

from faaslab import simulate
from faaslab.durations import Exponential
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.platform import Platform
from faaslab.policies import ConcurrencyLimit, FixedWindow
from faaslab.runtime.measuring.predict import platform_arguments, prediction_error
from faaslab.runtime.settings import Settings
from faaslab.workload import Workload, poisson


def runs(scale, seeds=(1, 2, 3, 4, 5)):
    """Simulated runs of one workload a seed, service times longer by `scale`."""
    results = []
    for seed in seeds:
        function = Function("f", service=Exponential(0.01 * scale), cold_start=ColdStart(runtime_s=0.03))
        workload = Workload((function,), {"f": poisson(20.0, 50.0, seed=seed)}, duration_s=50.0)
        results.append(simulate(Platform(FixedWindow(600)), workload, seed=seed, duration_s=50.0))
    return results


def test_settings_become_a_platform():
    keep_alive, admission = FixedWindow(5), ConcurrencyLimit(7)
    settings = Settings(keep_alive=keep_alive, admission=admission, memory_mb=512, queue_limit=3)
    platform = Platform(**platform_arguments(settings, cores=2, rate_per_s=100, overhead_s=0.002))
    assert platform.keep_alive is keep_alive and platform.admission is admission
    assert (platform.invoker_memory_mb, platform.queue_limit, platform.cpu) == (512, 3, "shared")
    assert platform.invoker_cpu == pytest.approx(1.8)
    quieter = platform_arguments(settings, cores=2, rate_per_s=100, overhead_s=0.002, others=0.5)
    assert quieter["invoker_cpu"] == pytest.approx(1.3)


def test_overhead_beyond_the_machine_is_an_error():
    with pytest.raises(InputError, match="less than the machine's 2"):
        platform_arguments(Settings(), cores=2, rate_per_s=1000, overhead_s=0.002)


def test_equal_runs_have_no_error():
    table = prediction_error(zip(runs(1.0), runs(1.0), strict=True)).table()
    assert (table["error"] == 0).all() and (table["half_width"] == 0).all()
    assert 0.005 < table.loc["mean", "measured"] < 0.02


def test_the_error_of_a_wrong_model_is_found_with_its_interval():
    """Half the true service: the mean is too short by half of it, and the interval covers that."""
    prediction = prediction_error(zip(runs(1.0), runs(0.5), strict=True))
    row = prediction.table().loc["mean"]
    assert abs(row["error"] + 0.005) < 2 * row["half_width"] + 5e-4
    assert row["error"] + row["half_width"] < 0 and row["relative"] == pytest.approx(-0.5, abs=0.05)
    assert np.array_equal(prediction.error["p99"], prediction.simulated["p99"] - prediction.measured["p99"])


def test_the_interval_is_that_of_student():
    prediction = prediction_error(zip(runs(1.0, (1, 2)), runs(0.5, (1, 2)), strict=True))
    first, second = prediction.error["mean"]
    expected = 12.7062 * abs(first - second) / math.sqrt(2) / math.sqrt(2)  # t quantile of one degree of freedom
    assert prediction.table().loc["mean", "half_width"] == pytest.approx(expected, rel=1e-4)


def test_bad_pairs():
    with pytest.raises(InputError, match="at least 2 pairs"):
        prediction_error(zip(runs(1.0, (1,)), runs(1.0, (1,)), strict=True))
    with pytest.raises(InputError, match="the same arrivals"):
        prediction_error(zip(runs(1.0, (1, 2)), runs(1.0, (3, 4)), strict=True))
