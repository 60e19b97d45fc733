"""Calls that begin together and share the cores: when they have ended. Chapter "From measurement to prediction"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.durations import Constant
from faaslab.functions import Function, Step
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU
from faaslab.workload import Workload


def draw(rng) -> dict:
    """Milliseconds after which equal calls have ended that compute on shared cores, then wait for something else."""
    cores, calls = one(rng, 2, 4), one(rng, 3, 5, 6, 7, 9, 10)
    cpu_ms, wait_ms = one(rng, 12, 20, 24, 30, 40), one(rng, 15, 25, 35, 50, 60)
    alone_ms = cpu_ms + wait_ms
    given = {"calls": calls, "cores": cores, "alone_ms": alone_ms, "cpu_ms": cpu_ms}
    slips = {
        "as-alone": alone_ms,
        "waiting-shared": alone_ms * calls / cores,
        "waiting-left-out": cpu_ms * calls / cores,
        "one-core": cpu_ms * calls + wait_ms,
        "in-turns": math.ceil(calls / cores) * alone_ms,
        "each-core-once": cpu_ms * math.ceil(calls / cores) + wait_ms,
    }
    steps = {"wait_ms": wait_ms, "share": cores / calls, "stretched_ms": cpu_ms * calls / cores}
    return {"given": given, "key": end_ms(calls, cores, cpu_ms, wait_ms), "unit": "ms", "slips": slips, "steps": steps}


def end_ms(calls, cores, cpu_ms, wait_ms) -> float:
    """When the last of `calls` that arrive together has ended, by the simulator, in ms."""
    body = (Step(Constant(cpu_ms / 1000)), Step(Constant(wait_ms / 1000), "wait"))
    function = Function("f", body=body)
    platform = Platform(LRU(), cpu="shared", invoker_cpu=cores, provisioned={"f": calls})
    result = simulate(platform, Workload((function,), {"f": [0.0] * calls}), seed=1, duration_s=10)
    return float(result.calls["end_ns"].max() / 1e6)
