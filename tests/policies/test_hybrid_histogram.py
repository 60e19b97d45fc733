"""Hybrid histogram: percentiles, representativeness, the windows and the periodic application."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.policies import HybridHistogram
from faaslab.policies.hybrid_histogram import Histogram

MINUTE = 60.0


def learn(policy, fake, idle_times, service_s=0.0, name="f"):
    """Let one container serve calls with these idle times before them; returns the last decision and the time of it."""
    group, container, now = fake.group(name), fake.Container(1, uses=1, start_s=1.0), 0.0
    keep = None
    for idle_s in [0.0, *idle_times]:
        now += idle_s
        policy.on_arrival(fake.Call(group.functions[0]), group, now)
        now += service_s
        keep = policy.on_idle(container, group, now)
    return keep, now


@given(st.lists(st.floats(0, 239.999), min_size=1, max_size=60), st.floats(0, 100))
def test_percentile_is_the_smallest_bin_that_reaches_the_share(minutes, percent):
    histogram = Histogram(240, MINUTE)
    for m in minutes:
        histogram.add(m * MINUTE)
    k = histogram.percentile_bin(percent)
    below = sum(1 for m in minutes if int(m * MINUTE // MINUTE) <= k)
    before = sum(1 for m in minutes if int(m * MINUTE // MINUTE) < k)
    assert below * 100 >= percent * len(minutes) * (1 - 1e-12)
    assert before * 100 < percent * len(minutes) or before == 0


@given(st.lists(st.integers(0, 300), min_size=1, max_size=200))
def test_cv_is_that_of_the_bin_counts(minutes):
    histogram = Histogram(240, MINUTE)
    for m in minutes:
        histogram.add(m * MINUTE)
    counts = np.bincount([m for m in minutes if m < 240], minlength=240)
    assert histogram.outside == sum(m >= 240 for m in minutes)
    assert (histogram.counts == counts).all()
    if counts.any():
        assert histogram.cv == pytest.approx(counts.std() / counts.mean())
    else:
        assert math.isnan(histogram.cv)


def test_periodic_application_is_unloaded_and_started_ahead_in_time(fake):
    period, service = 30 * MINUTE, 2.0
    policy = HybridHistogram()
    keep, _ = learn(policy, fake, [period - service] * 10, service)
    idle_s = period - service
    assert policy.window("f") == pytest.approx((0.9 * 29 * MINUTE, 1.1 * 30 * MINUTE))
    assert keep.keep_s == 0 and keep.whole_group
    assert keep.prewarm_after_s == pytest.approx(26.1 * MINUTE)
    ready_s = keep.prewarm_after_s + 1.0
    assert ready_s < idle_s < ready_s + keep.prewarm_keep_s == pytest.approx(33 * MINUTE)
    # memory of a period: from the pre-warm to the arrival, against a window that keeps it throughout
    assert idle_s - keep.prewarm_after_s < 0.14 * idle_s


def test_before_it_has_learnt_it_keeps_for_the_range(fake):
    policy = HybridHistogram(min_samples=10)
    keep, _ = learn(policy, fake, [30 * MINUTE] * 9)
    assert (keep.keep_s, keep.prewarm_after_s) == (4 * 3600, None)
    keep, _ = learn(policy, fake, [30 * MINUTE] * 10, name="g")
    assert keep.prewarm_after_s is not None


def test_short_idle_times_unload_nothing(fake):
    keep, _ = learn(HybridHistogram(), fake, [20.0] * 50)
    assert keep.prewarm_after_s is None and keep.whole_group
    assert keep.keep_s == pytest.approx(1.1 * MINUTE)


def test_even_counts_are_not_representative(fake):
    # one idle time in each of 240 bins: CV 0; in 48 bins: CV 2, which passes; in 49: it does not
    for bins, used in ((240, False), (49, False), (48, True)):
        policy = HybridHistogram()
        learn(policy, fake, [(k + 0.5) * MINUTE for k in range(bins)])
        assert (policy.window("f") != (0.0, 4 * 3600)) == used


def test_idle_times_beyond_the_range_keep_for_the_range(fake):
    policy = HybridHistogram()
    learn(policy, fake, [30 * MINUTE] * 10 + [5 * 3600] * 10)
    assert policy.window("f")[1] == pytest.approx(1.1 * 31 * MINUTE)  # half of them is not more than half
    keep, _ = learn(policy, fake, [30 * MINUTE] * 10 + [5 * 3600] * 11, name="g")
    assert (keep.keep_s, keep.prewarm_after_s) == (4 * 3600, None)


def test_only_the_groups_last_end_counts(fake):
    policy = HybridHistogram()
    group, a, b = fake.group(), fake.Container(1, uses=1), fake.Container(2, uses=1)
    policy.on_arrival(fake.Call(group.functions[0]), group, 0.0)
    group.running = 1
    policy.on_arrival(fake.Call(group.functions[0]), group, 10.0)
    keep = policy.on_idle(a, group, 20.0)
    assert keep.prewarm_after_s is None and not keep.whole_group
    group.running = 0
    policy.on_idle(b, group, 100.0)
    policy.on_arrival(fake.Call(group.functions[0]), group, 400.0)
    histogram = policy.histogram("f")
    assert histogram.inside == 1 and histogram.counts[5] == 1


def test_a_container_started_ahead_keeps_what_is_left_of_the_window(fake):
    policy = HybridHistogram()
    _, end = learn(policy, fake, [30 * MINUTE] * 10)
    ahead = fake.Container(9)
    keep = policy.on_idle(ahead, fake.group(idle=1), end + 1000)
    _, tail_s = policy.window("f")
    assert keep.keep_s == pytest.approx(tail_s - 1000)
    assert keep.prewarm_after_s is None
    policy.on_arrival(fake.Call(fake.function()), fake.group(), end + 30 * MINUTE)
    assert policy.histogram("f").inside == 11  # measured from the last end, not from the pre-warm


def test_killed_container_ends_the_groups_calls_too(fake):
    policy, group = HybridHistogram(), fake.group()
    policy.on_arrival(fake.Call(group.functions[0]), group, 0.0)
    policy.on_gone(fake.Container(1, uses=1), group, 50.0, False)
    policy.on_arrival(fake.Call(group.functions[0]), group, 50.0 + 125.0)
    assert policy.histogram("f").counts[2] == 1


def test_reset_forgets(fake):
    policy = HybridHistogram()
    learn(policy, fake, [30 * MINUTE] * 20)
    policy.reset(0)
    assert policy.window("f") == (0.0, 4 * 3600)


@given(st.lists(st.floats(0, 5 * 3600), max_size=80))
def test_windows_are_ordered_and_within_the_range(fake, idle_times):
    policy = HybridHistogram()
    keep, _ = learn(policy, fake, idle_times)
    head_s, tail_s = policy.window("f")
    assert 0 <= head_s < tail_s <= 1.1 * 4 * 3600
    if keep.prewarm_after_s is not None:
        assert keep.prewarm_after_s + keep.prewarm_keep_s <= tail_s + 1e-6


@pytest.mark.parametrize(
    "bad",
    [{"bins": 0}, {"bin_s": 0}, {"head_percent": 99.5}, {"tail_percent": 101}, {"margin": -0.1}, {"min_samples": 0}],
)
def test_refuses(bad):
    with pytest.raises(InputError, match="hybrid histogram"):
        HybridHistogram(**bad)
