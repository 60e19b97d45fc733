"""The running application: the load that the chapters describe, the same in every run."""

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.workload import thumbnails
from faaslab.workload.thumbnails import CALLS_A_DAY


def test_a_day_has_ten_thousand_calls_and_a_peak_in_the_evening():
    days = [thumbnails(seed).arrivals_s["thumbnails"] for seed in range(1, 21)]
    counts = np.array([len(day) for day in days])
    # counts of 20 Poisson days: the mean lies within four standard errors
    assert abs(counts.mean() - CALLS_A_DAY) < 4 * np.sqrt(CALLS_A_DAY / 20)
    hours = np.bincount(np.concatenate(days).astype(int) // 3600, minlength=24)
    assert hours.argmax() in (19, 20) and hours.argmin() in (7, 8)
    assert hours.max() / hours.mean() == pytest.approx(1.9, rel=0.05)


def test_the_function_is_the_one_that_the_chapters_bill():
    (function,) = thumbnails(1).functions
    assert (function.memory_mb, function.service.mean_s) == (256, 0.2)
    assert sum(phase.mean_s for phase in function.cold_start.phases) == pytest.approx(0.5)
    (other,) = thumbnails(1, service=Constant(0.3)).functions
    assert other.service.mean_s == 0.3


def test_a_seed_repeats_and_a_longer_run_has_more_days():
    assert np.array_equal(thumbnails(7).arrivals_s["thumbnails"], thumbnails(7).arrivals_s["thumbnails"])
    assert thumbnails(7, duration_s=3 * 86_400).calls > 25_000
