"""The fewest servers with which few enough calls wait (Erlang C). Chapter "Autoscaling"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.model.queueing import erlang_b, erlang_c, fewest_servers


def draw(rng) -> dict:
    """Servers so that at most a given percentage of the calls of a Poisson stream waits."""
    rate_per_s, service_s = one(rng, 4, 6, 8, 10, 12, 15, 20), one(rng, 0.2, 0.3, 0.4, 0.5, 0.6)
    percent = one(rng, 1, 2, 5, 10)
    load, share = rate_per_s * service_s, percent / 100
    key = fewest_servers(load, share)
    given = {"rate_per_s": rate_per_s, "service_s": service_s, "most_waiting_percent": percent}
    slips = {
        "mean-load": max(1, math.ceil(load - 1e-9)),
        "lost": fewest_servers(load, share, erlang_b),
        "one-less": key - 1,
        "one-more": key + 1,
    }
    steps = {"load": load, "fewer": key - 1, "waiting_percent": 100 * erlang_c(key, load),
             "fewer_percent": 100 * erlang_c(key - 1, load)}  # fmt: skip
    return {"given": given, "key": key, "unit": "count", "slips": slips, "steps": steps}
