"""Monitoring windows: the peak of a call's use as a monitor sees it that reads counters at fixed intervals.

Chapter "Why resources idle". Source: FaaSRM reads every container's cpu and memory every 100 ms (H. Yu et al., arXiv
2108.12717). Cpu is a mean over a window, so that a call shorter than a window looks small. Use is piecewise constant,
so that the largest window follows from the pieces: nothing is simulated window by window.
Left out: windows that do not begin with the call, and a monitor that comes late.
"""

import math
from collections.abc import Sequence

from faaslab.errors import number

WINDOW_S = 0.1


def constant_peak(duration_s: float, level: float, window_s: float = WINDOW_S) -> float:
    """window_peak of one piece: its first window is full, or it is the only one."""
    return level if duration_s >= window_s else level * duration_s / window_s


def window_peak(pieces: Sequence[tuple[float, float]], window_s: float = WINDOW_S) -> float:
    """The largest mean over windows of `window_s` seconds that follow one another from the call's beginning.

    pieces: (seconds, level) in order. After the last piece the level is 0: the last window is a whole one, too.
    """
    number(window_s, "window_s", above=0)
    return max(_means(pieces, window_s), default=0.0)


def _means(pieces, window_s):
    """Means of the windows that matter: the whole ones within a piece share its level, the others are computed."""
    filled, area = 0.0, 0.0  # of the window under way
    for duration_s, level in pieces:
        left = duration_s
        if filled:
            part = min(left, window_s - filled)
            area += part * level
            filled += part
            left -= part
            if filled >= window_s - 1e-12:
                yield area / window_s
                filled = area = 0.0
        whole = math.floor(left / window_s + 1e-9)
        if whole:
            yield level
            left = max(0.0, left - whole * window_s)
        if left > 0:
            filled += left
            area += left * level
    yield area / window_s
