"""The peak that a monitor with windows reports of a call. Chapter "Why resources idle"."""

from faaslab.course.problems.drawing import one
from faaslab.harvest.windows import WINDOW_S, window_peak


def draw(rng) -> dict:
    """Cores: the largest mean over windows of 100 ms, of a call that uses many cores for less than a window."""
    given = _call(rng)
    while _reading(given) < 1.2 * given["before_cores"]:
        given = _call(rng)
    pieces = [(given[f"{part}_ms"] / 1000, given[f"{part}_cores"]) for part in ("before", "burst", "after")]
    work = sum(seconds * cores for seconds, cores in pieces)
    in_window_ms = given["before_ms"] % 100
    rest_ms = 100 - in_window_ms - given["burst_ms"]
    burst = given["burst_ms"] * given["burst_cores"]
    slips = {
        "true-peak": given["burst_cores"],
        "mean": work / sum(seconds for seconds, _ in pieces),
        "burst-alone": burst / 100,
        "window-from-burst": (burst + (100 - given["burst_ms"]) * given["after_cores"]) / 100,
        "last-left-out": (in_window_ms * given["before_cores"] + burst) / 100,
    }
    steps = {"window": given["before_ms"] // 100 + 1, "in_window_ms": in_window_ms, "rest_ms": rest_ms,
             "area": in_window_ms * given["before_cores"] + burst + rest_ms * given["after_cores"]}  # fmt: skip
    return {"given": given, "key": window_peak(pieces, WINDOW_S), "unit": "cores", "slips": slips, "steps": steps}


def _call(rng):
    return {
        "before_ms": one(rng, 120, 140, 160, 180, 220, 240),
        "before_cores": one(rng, 0.5, 0.8),
        "burst_ms": one(rng, 10, 15, 20),
        "burst_cores": one(rng, 4, 5, 6, 8),
        "after_ms": one(rng, 200, 250, 300),
        "after_cores": one(rng, 0.2, 0.4),
    }


def _reading(given):
    """What the window reads in which the burst lies."""
    before_ms = given["before_ms"] % 100
    after_ms = 100 - before_ms - given["burst_ms"]
    return (
        before_ms * given["before_cores"] + given["burst_ms"] * given["burst_cores"] + after_ms * given["after_cores"]
    ) / 100
