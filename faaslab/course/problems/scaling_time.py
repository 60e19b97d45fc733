"""How long a platform with a scaling rate needs for a number of containers. Chapter "Autoscaling"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.presets.constants import value


def draw(rng) -> dict:
    """Seconds until a function has so many containers ready, by AWS Lambda's rate."""
    burst, per_s = int(value("aws_lambda", "scaling_burst")), value("aws_lambda", "scaling_per_s")
    containers, start_s = one(rng, *range(1_300, 4_600, 300)), one(rng, 0.5, 1.0, 1.5, 2.0, 3.0)
    more = containers - burst
    given = {"containers": containers, "at_once": burst, "each_10_s": round(10 * per_s), "start_s": start_s}
    slips = {
        "start-left-out": more / per_s,
        "burst-left-out": containers / per_s + start_s,
        "in-steps": 10 * math.ceil(more / (10 * per_s)) + start_s,
        "ten-seconds": more / (10 * per_s) + start_s,
        "one-after-another": more / per_s + start_s * containers,
    }
    steps = {"more": more, "per_s": per_s, "waiting_s": more / per_s}
    return {"given": given, "key": more / per_s + start_s, "unit": "s", "slips": slips, "steps": steps}
