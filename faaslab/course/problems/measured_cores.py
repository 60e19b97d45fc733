"""How many calls a second a machine bears that also runs the platform and the load generator.

Chapter "From measurement to prediction". The key is cores × share / cpu-seconds a call, of everything that runs
there. Left out: what a call costs more when many run at once.
"""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The rate at which the cores of a machine are busy to a given share."""
    given = {
        "cores": one(rng, 2, 4, 8),
        "alone_ms": one(rng, 40, 50, 60, 80),
        "cpu_ms": one(rng, 12, 16, 20, 24),
        "controller_ms": one(rng, 0.6, 0.8, 1.2, 1.5),
        "generator_ms": one(rng, 0.5, 0.9, 1.0, 1.4),
        "percent": one(rng, 50, 60, 70, 80),
    }
    overhead_ms = given["controller_ms"] + given["generator_ms"]
    call_ms, busy = given["cpu_ms"] + overhead_ms, given["cores"] * given["percent"] / 100
    key = 1000 * busy / call_ms
    slips = {
        "overhead-left-out": 1000 * busy / given["cpu_ms"],
        "generator-left-out": 1000 * busy / (given["cpu_ms"] + given["controller_ms"]),
        "waiting-counted": 1000 * busy / (given["alone_ms"] + overhead_ms),
        "one-core": key / given["cores"],
        "wholly-busy": 100 * key / given["percent"],
    }
    steps = {"overhead_ms": overhead_ms, "call_ms": call_ms, "busy_cores": busy, "call_s": call_ms / 1000}
    return {"given": given, "key": key, "unit": "calls a second", "slips": slips, "steps": steps}
