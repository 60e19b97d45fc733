"""The peak that a monitor sees, against a monitor that adds up use window by window."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.harvest.windows import WINDOW_S, constant_peak, window_peak


def brute_force(pieces, window_s):
    """Use added up over every window from 0 until all pieces are over."""
    total = sum(duration_s for duration_s, _ in pieces)
    peaks = [0.0]
    for i in range(math.ceil(total / window_s) + 1):
        begin, end, at, area = i * window_s, (i + 1) * window_s, 0.0, 0.0
        for duration_s, level in pieces:
            area += level * max(0.0, min(end, at + duration_s) - max(begin, at))
            at += duration_s
        peaks.append(area / window_s)
    return max(peaks)


LEVELS = st.floats(0, 8)
PIECES = st.lists(st.tuples(st.one_of(st.floats(0, 0.5), st.integers(0, 30).map(lambda n: n / 20)), LEVELS), max_size=8)


@given(PIECES, st.sampled_from([WINDOW_S, 0.25, 1.0]))
def test_as_if_every_window_had_been_looked_at(pieces, window_s):
    assert window_peak(pieces, window_s) == pytest.approx(brute_force(pieces, window_s), rel=1e-6, abs=1e-9)


@given(st.floats(0.001, 100), LEVELS, st.sampled_from([WINDOW_S, 1.0]))
def test_one_piece(duration_s, level, window_s):
    assert constant_peak(duration_s, level, window_s) == pytest.approx(window_peak([(duration_s, level)], window_s))


@given(PIECES)
def test_never_more_than_the_highest_level_nor_less_than_the_mean(pieces):
    peak = window_peak(pieces)
    assert 0 <= peak <= max((level for _, level in pieces), default=0) * (1 + 1e-9)


def test_by_hand():
    assert window_peak([]) == 0.0
    assert window_peak([(0.05, 4.0)]) == pytest.approx(2.0)  # half a window
    assert window_peak([(0.1, 4.0)]) == 4.0
    assert window_peak([(0.05, 1.0), (0.05, 3.0), (0.3, 1.5)]) == pytest.approx(2.0)
    assert window_peak([(0.07, 1.0), (0.08, 5.0), (1.0, 1.0)]) == pytest.approx((0.05 * 5 + 0.05 * 1) / 0.1)
    assert window_peak([(10.0, 2.0), (0.05, 8.0)]) == pytest.approx(4.0)  # the last window is a whole one
    assert window_peak([(0.3, 1.0)] * 3, 1.0) == pytest.approx(0.9)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_window_without_a_length(wrong):
    with pytest.raises(InputError, match="window_s"):
        window_peak([(1.0, 1.0)], wrong)
