"""The generator against the published check values of Shahrad et al., ATC 2020."""

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.workload import published
from faaslab.workload.generator import azure_like, trigger_of
from faaslab.workload.iat import iat_cv

U = (np.arange(200_000) + 0.5) / 200_000  # equally spaced probabilities: their means are the distribution's
Z = 4.5  # one false alarm in 150,000 seeds


def test_execution_times():
    assert published.execution_time_s([0.5, 0.9, 0.99]) == pytest.approx([0.684, 14.08, 165.7], rel=1e-3)
    times = published.execution_time_s(U)
    assert (times < 1).mean() == pytest.approx(0.564, abs=1e-3)
    table = published.constants()["execution_time"]
    assert np.exp(table["mu"] + table["sigma"] ** 2 / 2) == pytest.approx(11.08, rel=1e-3)
    assert times.mean() == pytest.approx(11.08, rel=0.03)  # the rest of the mean lies beyond the last of 200,000 points


def test_execution_times_truncated_at_the_time_out():
    times = published.execution_time_s(U, timeout_s=300)
    assert times.max() < 300
    assert np.median(times) == pytest.approx(np.median(published.execution_time_s(U)), rel=0.03)
    assert times.mean() < 7


def test_memory():
    expected = {0.10: 102.6, 0.50: 139.6, 0.75: 183.4, 0.90: 261.9, 0.99: 640.3}
    assert published.memory_mb(list(expected)) == pytest.approx(list(expected.values()), rel=1e-3)
    assert published.memory_mb(U).mean() == pytest.approx(172.2, rel=2e-3)
    assert published.memory_mb(U, 1536).max() <= 1536


def test_rates():
    rates = published.app_rate_per_s(U)
    busy = rates > 1 / 60
    assert (rates <= 1 / 3600).mean() == pytest.approx(0.45, abs=1e-3)
    assert busy.mean() == pytest.approx(0.186, abs=1e-3)
    assert rates[busy].sum() / rates.sum() == pytest.approx(0.996, abs=1e-3)
    assert np.log10(rates.max() / rates.min()) == pytest.approx(8, abs=0.05)


def test_functions_per_app():
    sizes = published.functions_per_app(U)
    assert (sizes == 1).mean() == pytest.approx(0.54, abs=1e-3)
    assert (sizes <= 10).mean() == pytest.approx(0.95, abs=1e-3)
    assert sizes.min() == 1
    assert sizes.max() == 30


def test_triggers_and_variability():
    triggers = published.trigger(U)
    for name, share in {"http": 0.550, "queue": 0.152, "timer": 0.156, "event": 0.022}.items():
        assert (triggers == name).mean() == pytest.approx(share / 0.999, abs=1e-3)  # the printed shares sum to 99.9 %
    cvs = published.iat_cv(U)
    assert (cvs <= 1).mean() == pytest.approx(0.35, abs=1e-3)
    assert (cvs <= 2).mean() == pytest.approx(0.55, abs=1e-3)


@pytest.fixture(scope="module")
def day():
    """2,000 apps over an hour, busy ones slowed to keep the test short."""
    return azure_like(2000, 3600, 7, cold_start=None, max_rate_per_s=0.2, timeout_s=300)


def test_a_drawn_workload_follows_the_distributions(day):
    apps = [f.app for f in day.functions]
    names, sizes = np.unique(apps, return_counts=True)
    n = len(names)
    assert n == 2000
    for share, expected in [
        ((sizes == 1).mean(), 0.54),
        ((sizes <= 10).mean(), 0.95),
        (np.mean([trigger_of(f.name) == "timer" for f in day.functions if f.name.endswith("-0")]), 0.156),
        (day.notes["apps slowed to max_rate_per_s"] / n, 1 - np.interp(0.2, published.app_rate_per_s(U), U)),
    ]:
        assert abs(share - expected) < Z * (expected * (1 - expected) / n) ** 0.5
    memory = np.array([f.memory_mb for f in day.functions if f.name.endswith("-0")])
    assert abs((memory < 139.6).mean() - 0.5) < Z * 0.5 / n**0.5
    means = np.array([f.mean_service_s for f in day.functions])
    assert abs((means < 0.684).mean() - 0.5) < 0.01 + Z * 0.5 / len(means) ** 0.5  # 0.01: truncated at 300 s
    assert means.max() <= 300


def test_functions_of_an_app_share_its_memory_and_trigger(day):
    for attribute in (lambda f: f.memory_mb, lambda f: trigger_of(f.name)):
        assert len({(f.app, attribute(f)) for f in day.functions}) == 2000


def test_timers_are_clocks_with_whole_periods(day):
    timers = [n for n in day.arrivals_s if trigger_of(n) == "timer" and len(day.arrivals_s[n]) > 2]
    assert len(timers) > 20
    for name in timers:
        times = day.arrivals_s[name]
        assert iat_cv(times) < 1e-6
        period = times[1] - times[0]
        unit = 60 if period > 59.5 else 1
        assert period / unit == pytest.approx(round(period / unit), abs=1e-6)


def test_other_functions_vary_as_published():
    """Functions with many calls: 35 % of CVs at most 1, 55 % at most 2 (measured CVs scatter about the drawn ones)."""
    workload = azure_like(300, 2e5, 3, cold_start=None, max_rate_per_s=0.05)
    cvs = np.array([iat_cv(t) for n, t in workload.arrivals_s.items() if trigger_of(n) != "timer" and len(t) > 300])
    assert len(cvs) > 80
    for limit, share in [(1, 0.35), (2, 0.55)]:
        assert abs((cvs <= limit).mean() - share) < 0.05 + 3 * 0.5 / len(cvs) ** 0.5


def test_the_number_of_calls_follows_the_rates():
    counts = [azure_like(40, 3600, seed, cold_start=None, max_rate_per_s=0.01).calls for seed in range(60)]
    rates = np.minimum(published.app_rate_per_s(U), 0.01)
    # Timers are rounded to whole minutes, which moves the mean by far less than the interval's width.
    assert abs(np.mean(counts) - 40 * 3600 * rates.mean()) < Z * np.std(counts) / 60**0.5


def test_an_app_is_the_same_in_a_larger_workload():
    small, large = (azure_like(n, 600, 5, cold_start=None, max_rate_per_s=1) for n in (5, 9))
    assert large.functions[: len(small.functions)] == small.functions
    for name, times in small.arrivals_s.items():
        assert times.tolist() == large.arrivals_s[name].tolist()
    other = azure_like(5, 600, 6, cold_start=None, max_rate_per_s=1)
    assert other.functions != small.functions


def test_every_fact_has_a_kind():
    kinds = {"paper", "figure", "fitted", "chosen", "documentation"}
    for name, table in published.constants().items():
        assert name == "source" or any(kind in table["kind"] for kind in kinds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"apps": 0}, "apps: expected a whole number >= 1, got 0"),
        ({"apps": 2.5}, "apps: expected a whole number, got 2.5"),
        ({"duration_s": -1}, "duration_s: expected a finite number > 0, got -1"),
        ({"seed": -1}, "seed: expected a whole number >= 0, got -1"),
        ({"max_rate_per_s": 0}, "max_rate_per_s: expected a finite number > 0, got 0"),
        ({"timeout_s": float("nan")}, "timeout_s: expected a finite number > 0, got nan"),
        ({"max_memory_mb": 0}, "maximum_mb: expected a finite number > 0, got 0"),
        ({"sigma_within": -1}, "sigma_within: expected a finite number >= 0, got -1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError) as caught:
        azure_like(**{"apps": 2, "duration_s": 60, "seed": 1, "cold_start": None, **options})
    assert str(caught.value) == message
