import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.workload.iat import iat_cv, index_of_dispersion
from faaslab.workload.mmpp import MMPP, mmpp, on_off
from faaslab.workload.workload import check_times

Z = 4.5  # one false alarm in 150,000 seeds
THREE = MMPP((5, 1, 0), (3, 10, 20))


@pytest.mark.parametrize("model", [THREE, on_off(10, 3, 7), MMPP((2, 8), (5, 5))])
def test_mean_rate(model):
    duration = 2e5
    n = model.mean_rate_per_s * duration
    # In long windows the variance of the count is dispersion times the mean.
    assert abs(len(mmpp(model, duration, 1)) - n) < Z * (model.dispersion * n) ** 0.5


def test_dispersion_of_long_windows():
    duration, window = 1e6, 2000
    measured = index_of_dispersion(mmpp(THREE, duration, 4), window, duration)
    # Counts of long windows are nearly normal; the window's own length biases the limit by a few hundredths.
    assert abs(measured / THREE.dispersion - 1) < Z * (2 / (duration / window)) ** 0.5


def test_two_states_by_the_cookbooks_formula():
    """Fischer and Meier-Hellstern, section 2.3: 1 + 2 (l1 - l2)^2 r1 r2 / ((r1 + r2)^2 (l1 r2 + l2 r1))."""
    l1, l2, r1, r2 = 9.0, 2.0, 1 / 4, 1 / 11
    expected = 1 + 2 * (l1 - l2) ** 2 * r1 * r2 / ((r1 + r2) ** 2 * (l1 * r2 + l2 * r1))
    assert MMPP((l1, l2), (4, 11)).dispersion == pytest.approx(expected)


def test_on_off_has_hyperexponential_gaps():
    """Kuczura 1973: the interrupted Poisson process is a renewal process, CV**2 = 1 + 2 rate * w / (w + v)**2, w = 1
    / on."""
    rate, on, off = 10, 3, 7
    cv = (1 + 2 * rate * (1 / on) / (1 / on + 1 / off) ** 2) ** 0.5
    times = mmpp(on_off(rate, on, off), 3e5, 2)
    assert iat_cv(times) == pytest.approx(cv, rel=0.03)


def test_equal_rates_are_poisson():
    model = MMPP((4, 4), (1, 100))
    assert model.dispersion == pytest.approx(1)
    assert abs(iat_cv(mmpp(model, 2e4, 3)) - 1) < Z * 2 / 80_000**0.5


def test_given_transitions():
    ring = MMPP((1, 2, 3), (1, 1, 1), ((0, 1, 0), (0, 0, 1), (1, 0, 0)))
    assert np.allclose(ring.stationary, 1 / 3)
    assert ring.mean_rate_per_s == pytest.approx(2)
    skewed = MMPP((0, 1, 1), (1, 1, 1), ((0, 0.5, 0.5), (1, 0, 0), (1, 0, 0)))
    assert np.allclose(skewed.stationary, [0.5, 0.25, 0.25])


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 20)), min_size=2, max_size=4),
    st.floats(0.1, 50),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_times_lie_in_the_run(states, duration, seed):
    times = mmpp(MMPP(*zip(*states, strict=True)), duration, seed)
    check_times(times, "f")
    assert not len(times) or times[-1] < duration


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MMPP((1,), (1,)), "two or more states"),
        (lambda: MMPP((1, 2), (1,)), "two or more states"),
        (lambda: MMPP((1, -2), (1, 1)), "rate of a state: expected a finite number >= 0, got -2"),
        (lambda: MMPP((1, 2), (1, 0)), "mean sojourn in a state, seconds: expected a finite number > 0, got 0"),
        (lambda: MMPP((1, 2), (1, 1), ((0, 0.9), (1, 0))), "sum to 1"),
        (lambda: MMPP((1, 2), (1, 1), ((0.5, 0.5), (1, 0))), "0 on the diagonal"),
        (lambda: MMPP((1,) * 4, (1,) * 4, ((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0))), "separate parts"),
        (lambda: mmpp(THREE, -1, 1), "duration_s"),
        (lambda: mmpp(on_off(1e6, 1, 1), 1e6, 1), "at most 5e+08 calls"),
        (lambda: on_off(1, 0, 1), "mean sojourn"),
    ],
)
def test_bad_models(make, message):
    with pytest.raises(InputError) as caught:
        make()
    assert message in str(caught.value)
