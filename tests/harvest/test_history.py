"""What is remembered of a function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.harvest.history import History, Usage


def usage(cpu_peak=1.0, memory_peak=1.0, duration_s=1.0, **more):
    return Usage(4, 4, cpu_peak, memory_peak, duration_s, **more)


def test_before_anything_has_happened():
    history = History()
    assert history.last is None and history.baseline_s is None and history.best_s is None
    assert (history.arrivals, history.finished) == (0, 0)
    assert history.mean_interval_s == history.mean_cpu_peak == history.mean_memory_peak == history.mean_duration_s == 0


def test_intervals():
    history = History()
    history.arrive(10.0)
    assert history.mean_interval_s == 0.0
    history.arrive(14.0)
    history.arrive(15.0)
    assert (history.arrivals, history.mean_interval_s) == (3, 2.5)


USAGES = st.lists(
    st.builds(
        usage,
        st.floats(0, 8),
        st.floats(0, 8),
        st.floats(0.001, 100),
        failed=st.booleans(),
        calibrates_cpu=st.booleans(),
        calibrates_memory=st.booleans(),
        at_baseline=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def since(usages, flag):
    """The usages from the last one with the flag on, or all."""
    marked = [i for i, u in enumerate(usages) if getattr(u, flag)]
    return usages[marked[-1] if marked else 0 :]


@given(USAGES)
def test_against_the_whole_list(usages):
    history = History()
    for u in usages:
        history.finish(u)
    n = len(usages)
    assert history.finished == n and history.last is usages[-1]
    assert history.mean_cpu_peak == pytest.approx(sum(u.cpu_peak for u in usages) / n)
    assert history.mean_memory_peak == pytest.approx(sum(u.memory_peak for u in usages) / n)
    assert history.mean_duration_s == pytest.approx(sum(u.duration_s for u in usages) / n)
    assert history.recent_cpu_peak == max(u.cpu_peak for u in since(usages, "calibrates_cpu"))
    assert history.recent_memory_peak == max(u.memory_peak for u in since(usages, "calibrates_memory"))
    well = [u for u in usages if not u.failed]
    assert history.best_s == min((u.duration_s for u in well), default=None)
    measured = [u for i, u in enumerate(well) if i == 0 or u.at_baseline]
    assert history.baseline_s == (measured[-1].duration_s if measured else None)


def test_peaks_count_anew_from_a_calibration():
    history = History()
    history.finish(usage(6.0, 5.0))
    history.finish(usage(2.0, 2.0, calibrates_cpu=True))
    assert (history.recent_cpu_peak, history.recent_memory_peak) == (2.0, 5.0)
    history.finish(usage(3.0, 1.0, calibrates_memory=True))
    assert (history.recent_cpu_peak, history.recent_memory_peak) == (3.0, 1.0)


def test_a_failed_call_is_no_baseline():
    history = History()
    history.finish(usage(duration_s=0.1, failed=True))
    assert history.baseline_s is None and history.last.failed
    history.finish(usage(duration_s=7.0))
    history.finish(usage(duration_s=3.0))
    assert (history.baseline_s, history.best_s) == (7.0, 3.0)
    history.finish(usage(duration_s=5.0, at_baseline=True))
    assert (history.baseline_s, history.best_s) == (5.0, 3.0)
