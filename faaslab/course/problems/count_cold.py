"""Eight calls on a time axis, of which the cold ones are to be counted. Chapter "Cold and warm starts"."""

import math

import numpy as np

from faaslab.course.problems.drawing import one
from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Start
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.workload import Workload

CALLS = 8


def draw(rng) -> dict:
    """Eight calls on a time axis: how many are cold. Drawn until every misconception gives another number."""
    while True:
        window_s = float(one(rng, 4, 6, 8))
        gaps = rng.choice([2.0, 4.0, 6.0, 8.0, 10.0, 12.0], CALLS - 1)
        arrivals_s = tuple(float(t) for t in np.concatenate([[1.0], 1.0 + np.cumsum(gaps)]))
        given = {"arrivals_s": arrivals_s, "service_s": 3.0, "start_s": 0.5, "window_s": window_s}
        result = run_calls(**given)
        cold = int((result.calls["start"] == Start.COLD).sum())
        slips = {
            "from-the-start": _cold_of_one(arrivals_s, window_s, busy_s=0.0),
            "one-container": _cold_of_one(arrivals_s, window_s, busy_s=3.0),
            "only-the-first": 1,
            "all": CALLS,
        }
        waited = int((result.calls["begin_ns"] > result.calls["arrival_ns"]).sum())
        if 3 <= cold <= 6 and len({cold, *slips.values()}) == 5 and waited == cold:
            times, containers = ", ".join(f"{t:g}" for t in arrivals_s), len(result.containers["created_ns"])
            steps = {"times": times, "containers": containers, "peak": _most_at_once(result)}
            return {"given": given, "key": cold, "unit": "count", "slips": slips, "steps": steps}


def run_calls(arrivals_s, service_s, start_s, window_s):
    """The Result of these calls on the simulator, until everything has expired."""
    function = Function("thumbnail", Constant(service_s), memory_mb=256, cold_start=ColdStart(allocate_s=start_s))
    workload = Workload((function,), {"thumbnail": arrivals_s})
    end_s = max(arrivals_s) + start_s + service_s + window_s + 1
    return simulate(Platform(FixedWindow(window_s)), workload, seed=1, duration_s=end_s)


def _cold_of_one(arrivals_s, window_s, busy_s):
    """Cold calls if there were one container for all calls, whose window began `busy_s` after a call's arrival."""
    cold, last = 0, -math.inf
    for now in arrivals_s:
        cold += now - last > window_s
        last = now + busy_s
    return cold


def _most_at_once(result):
    """The most containers that were alive together."""
    created, gone = result.containers["created_ns"], result.containers["gone_ns"]
    gone = np.where(gone < 0, result.horizon_ns, gone)
    return int(max(((created <= t) & (gone > t)).sum() for t in created))
