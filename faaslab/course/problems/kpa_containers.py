"""What Knative's autoscaler wants after one look. Chapter "Autoscaling"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.policies.kpa import Decision, Panic

UTILIZATION = 0.7


def draw(rng) -> dict:
    """Containers wanted, from the means of the two windows; drawn where no limit on the rate of scaling applies."""
    while True:
        ready, concurrency = one(rng, 2, 3, 4, 5, 6), one(rng, 5, 10, 20, 50)
        target = UTILIZATION * concurrency
        stable = round(ready * target * one(rng, 0.6, 0.7, 0.8, 0.9), 1)
        panic = round(stable * one(rng, 1.2, 1.5, 2.2, 3.0, 4.0), 1)
        by_stable, by_panic = math.ceil(stable / target), math.ceil(panic / target)
        clear = all(abs(x / target - round(x / target)) > 0.02 for x in (stable, panic))
        if clear and by_stable >= ready // 2 and by_panic > by_stable:
            break
    key, after = Decision(target).scale(ready, stable, panic, Panic(), 60.0)
    panics = after.since_s is not None
    given = {"stable_calls": stable, "panic_calls": panic, "ready": ready, "concurrency": concurrency,
             "utilization": UTILIZATION}  # fmt: skip
    slips = {
        "wrong-window": by_stable if panics else by_panic,
        "no-target": math.ceil((panic if panics else stable) / concurrency),
        "rounded-down": math.floor((panic if panics else stable) / target),
        "added": ready + key,
        "concurrency-left-out": math.ceil((panic if panics else stable) / UTILIZATION),
    }
    steps = {"target": target, "percent": round(100 * UTILIZATION),
             "by_stable": by_stable, "by_panic": by_panic, "double": 2 * ready,
             "test": "at least" if panics else "less than",
             "mode": "panic, the larger number" if panics else "no panic, the stable window's number"}  # fmt: skip
    return {"given": given, "key": key, "unit": "count", "slips": slips, "steps": steps}
