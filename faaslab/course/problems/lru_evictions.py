"""Calls of four functions on a machine with too little room: the cold ones. Chapter "Inside a platform"."""

from itertools import pairwise

from faaslab.course.problems.drawing import one
from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Start
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU
from faaslab.workload import Workload

CALLS = 10
GAP_S, SERVICE_S, START_S = 10.0, 1.0, 0.5  # far apart: no two calls overlap
MEMORY_MB = 128


def draw(rng) -> dict:
    """Ten calls, room for two or three containers: how many are cold. Drawn until the misconceptions differ."""
    while True:
        room = one(rng, 2, 3)
        names = "".join(one(rng, *"ABCD") for _ in range(CALLS))
        slips = {
            "first-in-first-out": _first_in_first_out(names, room),
            "newest-out": _newest_out(names, room),
            "first-calls": len(set(names)),
            "changes": 1 + sum(a != b for a, b in pairwise(names)),
        }
        if len(set(names)) < 4 or len(set(slips.values())) < 4:
            continue
        starts = starts_under_lru(names, room)
        cold = starts.count("cold")
        if cold not in slips.values():
            listed = ", ".join(names)
            shown = ", ".join(
                name if start == "cold" else f"({name})" for name, start in zip(names, starts, strict=True)
            )
            given = {"calls": listed, "room": room}
            return {"given": given, "key": cold, "unit": "count", "slips": slips, "steps": {"shown": shown}}


def starts_under_lru(names, room):
    """ "cold" or "warm" for each call, a letter of `names`, on the simulator with room for so many containers."""
    functions = tuple(
        Function(name, Constant(SERVICE_S), memory_mb=MEMORY_MB, cold_start=ColdStart(code_s=START_S))
        for name in sorted(set(names))
    )
    times = {f.name: [GAP_S * i for i, name in enumerate(names) if name == f.name] for f in functions}
    platform = Platform(LRU(), invoker_memory_mb=room * MEMORY_MB)
    result = simulate(platform, Workload(functions, times), seed=1, duration_s=GAP_S * (len(names) + 1))
    return [Start(int(start)).name.lower() for start in result.calls["start"]]


def _first_in_first_out(names, room):
    """Cold calls where the container that was started first goes."""
    kept, cold = [], 0
    for name in names:
        if name not in kept:
            cold += 1
            kept = [*kept[-(room - 1) :], name] if len(kept) == room else [*kept, name]
    return cold


def _newest_out(names, room):
    """Cold calls where the container that was used last goes."""
    kept, cold = [], 0
    for name in names:
        if name in kept:
            kept.remove(name)
        else:
            cold += 1
            if len(kept) == room:
                kept.pop()
        kept.append(name)
    return cold
