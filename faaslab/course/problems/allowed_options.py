"""How many options the safeguard allows, one resource over-, the other under-provisioned. Chapter "FaaSRM"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.harvest.history import History, Usage
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Safeguard

THRESHOLD = 0.9


def draw(rng) -> dict:
    """Both ranges from the user's configuration, the last call and the highest peaks; no resource is calibrated."""
    over, under = _over(rng), _under(rng)
    cores_over = bool(rng.integers(2))
    cores, units = (over, under) if cores_over else (under, over)
    given = {
        "user_cores": cores["user"], "user_units": units["user"], "last_cores": cores["given"],
        "last_units": units["given"], "peak_cores": cores["peak"], "peak_units": units["peak"],
        "recent_cores": cores["recent"], "recent_units": units["recent"],
    }  # fmt: skip
    ranges = allowed(given)
    counts = [most - least + 1 for least, most in (ranges.cpu, ranges.memory)]
    of_over, of_under = counts if cores_over else counts[::-1]
    most = Options().cores
    slips = {
        "added": sum(counts),
        "user-ends-both": of_over,
        "most-ends-both": _count(over["recent"], most) * of_under,
        "from-the-peak": (of_over + 1) * (of_under + 1),
        "rounded-up": _count(math.ceil(over["recent"]), over["user"]) * _count(math.ceil(under["recent"]), most),
        "last-peak": _count(over["peak"], over["user"]) * _count(under["peak"], most),
    }
    steps = {
        "least_cores": ranges.cpu[0], "most_cores": ranges.cpu[1], "least_units": ranges.memory[0],
        "most_units": ranges.memory[1], "cores": counts[0], "units": counts[1],
        "cores_kind": "over-provisioned" if cores_over else "under-provisioned",
        "units_kind": "under-provisioned" if cores_over else "over-provisioned",
    }  # fmt: skip
    return {"given": given, "key": math.prod(counts), "unit": "count", "slips": slips, "steps": steps}


def allowed(given):
    """The safeguard's own ranges for what a problem gives."""
    history = History()
    history.last = Usage(given["last_cores"], given["last_units"], given["peak_cores"], given["peak_units"], 1.0)
    history.recent_cpu_peak, history.recent_memory_peak = given["recent_cores"], given["recent_units"]
    return Safeguard(THRESHOLD).ranges(history, given["user_cores"], given["user_units"], Options())


def _over(rng):
    """Much less used than configured, and clearly less than given."""
    user = one(rng, 5, 6, 7, 8)
    peak = round(float(rng.uniform(0.4, 1.9)), 1)
    recent = round(float(rng.uniform(2.1, user - 1.5)), 1)
    return {"user": user, "given": int(rng.integers(3, user + 1)), "peak": peak, "recent": recent}


def _under(rng):
    """At least what is configured used, from an allocation above it."""
    user = one(rng, 1, 2, 3)
    peak = round(float(rng.uniform(user + 0.1, user + 0.9)), 1)
    recent = round(float(rng.uniform(user + 1.1, user + 2.9)), 1)
    return {"user": user, "given": int(rng.integers(user + 1, 9)), "peak": peak, "recent": recent}


def _count(peak, most):
    return most - min(int(peak) + 1, most) + 1
