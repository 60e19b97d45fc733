"""The safeguard's ranges: every branch by hand, and what holds for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.harvest.history import History, Usage
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Safeguard

OPTIONS = Options()


def history_of(*usages):
    history = History()
    for u in usages:
        history.finish(u)
    return history


def used(cpu, cpu_peak, memory=4, memory_peak=1.0, **more):
    return Usage(cpu, memory, cpu_peak, memory_peak, 1.0, **more)


def cpu_range(*usages, user=4, threshold=0.9):
    ranges = Safeguard(threshold).ranges(history_of(*usages), user, 4, OPTIONS)
    return ranges.cpu, ranges.calibrates_cpu


# --- Algorithm 1, branch by branch -----------------------------------------------------------------------------------


def test_without_a_finished_call_the_user_decides():
    ranges = Safeguard().ranges(History(), 3, 5, OPTIONS)
    assert (ranges.cpu, ranges.memory) == ((3, 3), (5, 5))
    assert ranges.calibrates_cpu and ranges.calibrates_memory and not ranges.fires


def test_an_over_provisioned_function_keeps_what_it_uses_and_one_more():
    assert cpu_range(used(4, 1.0)) == ((2, 4), False)
    assert cpu_range(used(4, 1.7)) == ((2, 4), False)
    assert cpu_range(used(4, 3.5)) == ((4, 4), False)
    assert cpu_range(used(4, 0.0)) == ((1, 4), False)


def test_near_its_allocation_it_gets_the_users_and_peaks_count_anew():
    assert cpu_range(used(2, 1.8)) == ((4, 4), True)
    assert cpu_range(used(2, 1.79)) == ((2, 4), False)
    assert cpu_range(used(2, 2.0)) == ((4, 4), True)


def test_an_under_provisioned_function_may_have_all_there_is():
    assert cpu_range(used(4, 3.6)) == ((4, 8), False)  # exactly 0.9 of the user's
    assert cpu_range(used(4, 4.0)) == ((5, 8), False)
    assert cpu_range(used(8, 6.5)) == ((7, 8), False)
    assert cpu_range(used(8, 8.0)) == ((8, 8), False)


def test_the_lower_end_is_the_highest_peak_since_the_last_calibration():
    before, harvested = used(4, 3.0), used(4, 1.0)
    assert cpu_range(before, harvested) == ((4, 4), False)
    calibrating = used(4, 1.0, calibrates_cpu=True)
    assert cpu_range(before, calibrating) == ((2, 4), False)
    assert cpu_range(calibrating, used(8, 6.0), used(8, 1.0), user=4) == ((4, 4), False)  # cut at the user's


def test_a_failed_call_calibrates_both():
    failed = Usage(2, 2, 0.1, 0.1, 1.0, failed=True)
    ranges = Safeguard().ranges(history_of(failed), 4, 6, OPTIONS)
    assert (ranges.cpu, ranges.memory) == ((4, 4), (6, 6))
    assert ranges.calibrates_cpu and ranges.calibrates_memory and ranges.fires


def test_cpu_and_memory_are_judged_apart():
    # cpu near its allocation, memory not; then the other way round.
    ranges = Safeguard().ranges(history_of(Usage(2, 4, 2.0, 1.5, 1.0)), 4, 6, OPTIONS)
    assert (ranges.cpu, ranges.memory) == ((4, 4), (2, 6))
    assert (ranges.calibrates_cpu, ranges.calibrates_memory, ranges.fires) == (True, False, True)
    ranges = Safeguard().ranges(history_of(Usage(4, 2, 1.0, 2.0, 1.0)), 4, 6, OPTIONS)
    assert (ranges.cpu, ranges.memory) == ((2, 4), (6, 6))
    assert (ranges.calibrates_cpu, ranges.calibrates_memory, ranges.fires) == (False, True, True)
    ranges = Safeguard().ranges(history_of(Usage(4, 6, 4.0, 1.0, 1.0)), 4, 6, OPTIONS)
    assert (ranges.cpu, ranges.memory, ranges.fires) == ((5, 8), (2, 6), False)


def test_the_threshold_of_freyr_is_more_careful():
    assert cpu_range(used(4, 3.3), threshold=0.9) == ((4, 4), False)
    assert cpu_range(used(4, 3.3), threshold=0.8) == ((4, 8), False)
    assert cpu_range(used(2, 1.7), threshold=0.9) == ((2, 4), False)
    assert cpu_range(used(2, 1.7), threshold=0.8) == ((4, 4), True)


# --- what holds for all ----------------------------------------------------------------------------------------------


@st.composite
def judged(draw):
    """(options, user's configuration, usages, threshold)"""
    options = Options(draw(st.integers(1, 10)), draw(st.integers(1, 10)))
    user = draw(st.integers(1, options.cores)), draw(st.integers(1, options.units))
    usages = []
    for _ in range(draw(st.integers(0, 5))):
        cpu, memory = draw(st.integers(1, options.cores)), draw(st.integers(1, options.units))
        flags = [draw(st.booleans()) for _ in range(2)]
        peaks = draw(st.floats(0, 1)) * cpu, draw(st.one_of(st.just(1.0), st.floats(0, 1))) * memory
        usages.append(Usage(cpu, memory, *peaks, 1.0, draw(st.integers(0, 5)) == 0, *flags))
    return options, user, usages, draw(st.sampled_from([0.5, 0.8, 0.9, 1.0]))


@given(judged())
def test_the_rules_for_every_history(case):
    options, user, usages, threshold = case
    history = history_of(*usages)
    ranges = Safeguard(threshold).ranges(history, *user, options)
    last = history.last
    sides = (
        (ranges.cpu, ranges.calibrates_cpu, user[0], options.cores, history.recent_cpu_peak),
        (ranges.memory, ranges.calibrates_memory, user[1], options.units, history.recent_memory_peak),
    )
    for i, ((least, most), calibrates, configured, cap, recent_peak) in enumerate(sides):
        assert 1 <= least <= most <= cap
        assert most in (configured, cap)
        if calibrates:
            assert (least, most) == (configured, configured)
            continue
        assert least > recent_peak or least == most
        assert least <= recent_peak + 1
        peak = (last.cpu_peak, last.memory_peak)[i]
        assert (most == cap) if peak >= threshold * configured else (most == configured)
    calibrates = ranges.calibrates_cpu or ranges.calibrates_memory
    assert ranges.fires == (calibrates and last is not None)
    allowed = options.mask(ranges.cpu, ranges.memory)
    assert allowed.any()


@given(judged())
def test_a_lower_threshold_is_more_careful(case):
    options, user, usages, _ = case
    history = history_of(*usages)
    careful, bold = (Safeguard(t).ranges(history, *user, options) for t in (0.8, 0.9))
    last = history.last
    if last is None or last.failed:
        assert careful == bold
        return
    for configured, peak, calibrates, boldly in (
        (user[0], last.cpu_peak, careful.calibrates_cpu, bold.calibrates_cpu),
        (user[1], last.memory_peak, careful.calibrates_memory, bold.calibrates_memory),
    ):
        if peak < 0.8 * configured:  # over-provisioned for both
            assert calibrates or not boldly
        else:
            assert not calibrates


@given(judged(), st.floats(0, 8))
def test_the_ends_rise_with_the_peak(case, peak):
    options, user, _, threshold = case
    lower, higher = sorted((min(peak, options.cores), min(peak / 2, options.cores)))
    safeguard = Safeguard(threshold)
    given_cpu = options.cores
    a, b = (safeguard.ranges(history_of(Usage(given_cpu, 1, p, 1.0, 1.0)), *user, options) for p in (lower, higher))
    if not a.calibrates_cpu and not b.calibrates_cpu:
        assert a.cpu[0] <= b.cpu[0] and a.cpu[1] <= b.cpu[1]


@pytest.mark.parametrize("wrong", [0.0, 1.1, -0.5, float("nan"), "high"])
def test_a_threshold_that_is_no_share(wrong):
    with pytest.raises(InputError, match="safeguard, threshold"):
        Safeguard(wrong)
