"""Poisson and renewal arrivals against theory. Bounds are 4.5 standard deviations: one false alarm in 150,000 seeds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.streams import stream
from faaslab.workload.iat import MAX_CALLS, iat_cv, index_of_dispersion, interarrival_s
from faaslab.workload.poisson import piecewise_poisson, poisson
from faaslab.workload.renewal import renewal
from faaslab.workload.spread import RULES, spread
from faaslab.workload.workload import check_times

Z = 4.5


@pytest.mark.parametrize("seed", range(5))
def test_poisson_count_dispersion_and_gaps(seed):
    rate, duration = 0.9, 1e5
    times = poisson(rate, duration, seed)
    n = rate * duration
    assert abs(len(times) - n) < Z * n**0.5
    windows = int(duration / 10)
    # (windows - 1) * dispersion is chi-square with windows - 1 degrees of freedom: variance 2 / (windows - 1).
    assert abs(index_of_dispersion(times, 10, duration) - 1) < Z * (2 / (windows - 1)) ** 0.5
    assert abs(iat_cv(times) - 1) < Z * 2 / len(times) ** 0.5
    assert abs((interarrival_s(times) > 1 / rate).mean() - math.exp(-1)) < Z * 0.5 / len(times) ** 0.5


def test_poisson_times_are_uniform_given_their_count():
    times = poisson(2, 5000, 3)
    counts = np.histogram(times, bins=50, range=(0, 5000))[0]
    chi2 = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert abs(chi2 - 49) < Z * 98**0.5


@given(st.floats(0, 50), st.floats(0.01, 100), st.integers(0, 99), st.sampled_from([0, 0.3, 1, 1.5, 8]))
@settings(max_examples=60, deadline=None)
def test_times_are_ascending_and_inside_the_run(rate, duration, seed, cv):
    for times in (poisson(rate, duration, seed), renewal(rate, cv, duration, seed)):
        check_times(times, "f")
        assert not len(times) or times[-1] < duration


@given(st.floats(0.1, 20), st.floats(1, 50), st.floats(1, 50), st.sampled_from([0, 0.5, 1, 3]))
@settings(max_examples=40, deadline=None)
def test_a_longer_run_begins_with_the_same_calls(rate, duration, more, cv):
    for draw in (lambda d: poisson(rate, d, 1), lambda d: renewal(rate, cv, d, 1)):
        short, long = draw(duration), draw(duration + more)
        assert np.allclose(short, long[: len(short)], rtol=1e-12)
        assert len(long) == len(short) or long[len(short)] >= duration * (1 - 1e-12)


@pytest.mark.parametrize("cv", [0.2, 0.7, 1, 2, 4])
def test_renewal_has_the_rate_and_the_cv(cv):
    times = renewal(10, cv, 20_000, 5)
    n = 200_000
    assert abs(len(times) - n) < Z * cv * n**0.5
    # The sampling error of a CV is governed by the fourth moment; for these gaps cv * (1 + cv**2) * 2 / sqrt(n) is
    # above it.
    assert abs(iat_cv(times) - cv) < Z * 2 * cv * (1 + cv**2) / n**0.5


@pytest.mark.parametrize("cv", [0, 0.3, 1, 3])
def test_a_short_run_of_a_renewal_process_has_the_expected_number_of_calls(cv):
    """Equilibrium: rate * duration calls on average, although the run is shorter than a gap."""
    counts = np.array([len(renewal(0.1, cv, 5, stream(1, "short", k))) for k in range(4000)])
    assert abs(counts.mean() - 0.5) < Z * counts.std() / 4000**0.5


def test_a_clock_is_a_clock():
    times = renewal(0.5, 0, 100, 1)
    assert len(times) == 50
    assert np.allclose(np.diff(times), 2)
    assert iat_cv(times) < 1e-12


def test_piecewise_rates():
    edges, rates = [0, 1000, 1000, 3000, 4000], [5, 7, 0, 20]
    times = piecewise_poisson(edges, rates, 2)
    counts = np.histogram(times, bins=[0, 1000, 3000, 4000])[0]
    assert counts[1] == 0
    assert abs(counts[0] - 5000) < Z * 5000**0.5
    assert abs(counts[2] - 20_000) < Z * 20_000**0.5
    assert len(piecewise_poisson([0, 5], [0], 1)) == 0


def test_silence_is_allowed():
    assert poisson(0, 10, 1).shape == (0,)
    assert renewal(0, 2, 10, 1).shape == (0,)


def test_undefined_variability_is_nan():
    assert math.isnan(iat_cv([1, 2]))
    assert math.isnan(iat_cv([1, 1, 1]))
    assert math.isnan(index_of_dispersion([], 1, 10))
    assert math.isnan(index_of_dispersion([1.0], 8, 10))


def test_index_of_dispersion_by_hand():
    # Counts 2, 0, 1 in windows of 1 s; the call at 3.2 s lies in a window that does not fit.
    assert index_of_dispersion([0.1, 0.2, 2.5, 3.2], 1, 3.5) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.sampled_from(RULES))
@settings(deadline=None)
def test_spreading_keeps_the_count_of_every_minute(counts, rule):
    times = spread(counts, rule, stream(1))
    check_times(times, "f")
    assert np.bincount((times / 60).astype(int), minlength=len(counts)).tolist() == counts


def test_spreading_by_hand():
    assert spread([2, 0, 1], "even", stream(1)).tolist() == [15, 45, 150]
    assert spread([2, 0, 1], "start", stream(1)).tolist() == [0, 0, 120]
    with pytest.raises(InputError, match="did you mean 'uniform'"):
        spread([1], "unifrom", stream(1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: poisson(-1, 10, 1), "rate_per_s: expected a finite number >= 0, got -1"),
        (lambda: poisson(float("nan"), 10, 1), "rate_per_s: expected a finite number >= 0, got nan"),
        (lambda: poisson(1, 0, 1), "duration_s: expected a finite number > 0, got 0"),
        (lambda: poisson(1, float("inf"), 1), "duration_s: expected a finite number > 0, got inf"),
        (lambda: poisson(MAX_CALLS, 2, 1), "Poisson arrivals: expected at most 5e+08 calls, got about 1e+09"),
        (lambda: renewal(1, -0.5, 10, 1), "cv of the gaps: expected a finite number >= 0"),
        (lambda: piecewise_poisson([0, 1], [1, 2], 1), "expected one more edge than rates"),
        (lambda: piecewise_poisson([1, 0], [1], 1), "ascending edges"),
        (lambda: piecewise_poisson([0, 1], [-2], 1), "expected finite rates >= 0, got -2"),
        (lambda: index_of_dispersion([1.0], 0, 10), "window_s"),
    ],
)
def test_bad_arrivals(draw, message):
    with pytest.raises(InputError) as caught:
        draw()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
