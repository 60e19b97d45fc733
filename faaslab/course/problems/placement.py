"""Calls that go home or walk on, three machines: how many overflow. Chapter "Inside a platform"."""

from faaslab.course.problems.drawing import one
from faaslab.durations import Constant
from faaslab.functions import ColdStart, Function
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow, LeastLoaded
from faaslab.workload import Workload

CALLS, MACHINES, ROOM = 9, 3, 2
MEMORY_MB = 256


class Walk:
    """From the function's home machine on to the next, after the last one to the first."""

    def __init__(self, homes):
        self.homes = homes

    def reset(self, seed):
        pass

    def order(self, function, invokers):
        home = self.homes[function.name] - 1
        return [*invokers[home:], *invokers[:home]]


def draw(rng) -> dict:
    """Nine calls of three functions: how many run elsewhere than at home. Drawn until the misconceptions differ."""
    while True:
        service_s = one(rng, 8, 10, 12)
        homes = {name: int(rng.integers(1, MACHINES + 1)) for name in "ABC"}
        times = [float(t) for t in rng.integers(1, 5, CALLS).cumsum()]
        names = "".join(one(rng, *"AAABC") for _ in range(CALLS))
        machines = machines_of(names, times, service_s, Walk(homes))
        balanced = machines_of(names, times, service_s, LeastLoaded())
        if machines is None or balanced is None:
            continue
        away = [m != homes[name] for m, name in zip(machines, names, strict=True)]
        slips = {
            "never": 0,
            "idle-counts": _idle_counts(names, homes),
            "least-loaded": sum(m != homes[name] for m, name in zip(balanced, names, strict=True)),
        }
        if 1 <= sum(away) <= 4 and len({sum(away), *slips.values()}) == 4 and set(names) == set("ABC"):
            calls = ", ".join(f"{name} at {t:g}" for name, t in zip(names, times, strict=True))
            given = {"homes": homes, "calls": calls, "room": ROOM, "service_s": service_s}
            told = ", ".join(str(machine) for machine in machines)
            listed = ", ".join(f"{name} {home}" for name, home in homes.items())
            steps = {"told": told, "homes_listed": listed}
            return {"given": given, "key": sum(away), "unit": "count", "slips": slips, "steps": steps}


def machines_of(names, times, service_s, placement):
    """The machine, from 1, on which each call runs on the simulator; None where a call had to wait for room."""
    functions = tuple(
        Function(name, Constant(service_s), memory_mb=MEMORY_MB, cold_start=ColdStart()) for name in sorted(set(names))
    )
    arrivals = {f.name: [t for t, name in zip(times, names, strict=True) if name == f.name] for f in functions}
    platform = Platform(
        FixedWindow(600), invokers=MACHINES, invoker_memory_mb=ROOM * MEMORY_MB, binding="early", placement=placement
    )
    result = simulate(platform, Workload(functions, arrivals), seed=1, duration_s=times[-1] + 100)
    if (result.calls["begin_ns"] != result.calls["arrival_ns"]).any():
        return None
    return [int(result.containers["invoker"][container]) + 1 for container in result.calls["container"]]


def _idle_counts(names, homes):
    """Calls that would not run at home if containers filled the memory for good, idle or not."""
    used, away = {}, 0
    for name in names:
        walk = [(homes[name] - 1 + k) % MACHINES + 1 for k in range(MACHINES)]
        machine = next((m for m in walk if used.get(m, 0) < ROOM), walk[0])
        used[machine] = used.get(machine, 0) + 1
        away += machine != homes[name]
    return away
