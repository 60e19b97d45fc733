import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.workload.diurnal import DAY_S, daily, diurnal, sinusoid_rate

Z = 4.5  # a bound on each of at most 72 counts: one false alarm in 2,000 seeds


def by_hour(times, days):
    return np.histogram(times, bins=24 * days, range=(0, days * DAY_S))[0]


@pytest.mark.parametrize("start_hour", [0, 6.5])
def test_thinning_gives_the_expected_count_in_every_hour(start_hour):
    days = 3
    counts = by_hour(diurnal(0.5, 0.8, 14, days * DAY_S, 1, start_hour=start_hour), days)
    t = np.arange(24 * days * 60) * 60 + 30
    expected = sinusoid_rate(t + start_hour * 3600, 0.5, 0.8, 14).reshape(-1, 60).mean(axis=1) * 3600
    assert (np.abs(counts - expected) < Z * expected**0.5).all()
    assert start_hour == 0 or expected[:24].argmax() == 7  # 14 o'clock lies 7.5 hours after the start


def test_the_sinusoid():
    assert sinusoid_rate(14 * 3600, 2, 0.5, 14) == pytest.approx(3)
    assert sinusoid_rate(2 * 3600, 2, 0.5, 14) == pytest.approx(1)
    assert sinusoid_rate(np.arange(0, DAY_S, 60), 2, 1, 3).mean() == pytest.approx(2)


def test_no_amplitude_is_poisson():
    times = diurnal(1, 0, 12, DAY_S, 2)
    assert abs(len(times) - DAY_S) < Z * DAY_S**0.5


def test_stepwise_day():
    rates = np.zeros(24)
    rates[9], rates[17] = 2, 1
    counts = by_hour(daily(rates, 2 * DAY_S, 3), 2)
    for hour in range(48):
        expected = rates[hour % 24] * 3600
        assert abs(counts[hour] - expected) <= Z * expected**0.5


def test_stepwise_day_from_another_hour():
    times = daily([0, 1], 10 * 3600, 1, start_hour=8)
    assert times.min() >= 4 * 3600  # silent until noon
    assert abs(len(times) - 6 * 3600) < Z * (6 * 3600) ** 0.5
    assert times.max() < 10 * 3600


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: diurnal(1, 1.5, 12, 10, 1), "amplitude of the day: expected a finite number >= 0 and <= 1, got 1.5"),
        (lambda: diurnal(-1, 0.5, 12, 10, 1), "mean_rate_per_s"),
        (lambda: diurnal(1, 0.5, 24, 10, 1), "peak_hour: expected an hour in [0, 24), got 24"),
        (lambda: diurnal(1, 0.5, 12, 10, 1, start_hour=-1), "start_hour"),
        (lambda: daily([], 10, 1), "at least one rate"),
        (lambda: daily([1, float("nan")], 10, 1), "rate of a part of the day"),
        (lambda: daily([1], 0, 1), "duration_s"),
    ],
)
def test_bad_days(draw, message):
    with pytest.raises(InputError) as caught:
        draw()
    assert message in str(caught.value)
