"""The study of Libra: demand that depends on the input, configurations by careful and careless users, loans.

Chapter "Does it work?". The world is faaslab.harvest.worlds.input_dependent, whose parameters are ours: the published
figures are from other functions and other servers. A run is one seed under one manager; intervals are over seeds. What
profiling costs is counted apart: it runs beside the servers. "libra, neither" has no safeguard and no profiler.
"""

from collections.abc import Callable, Sequence

from faaslab.harvest.managers import Fixed, Greedy, Heuristic, Libra, Oracle, RandomChoice, Smallest
from faaslab.harvest.measures import measure
from faaslab.harvest.worlds.input_dependent import OPTIONS, input_dependent

NAME = "libra"
SEEDS = (1, 2, 3, 4, 5)
DURATION_S = 120.0
QUICK = {"seeds": (1, 2), "duration_s": 10.0}
MANAGERS = {
    "fixed": lambda: Fixed(OPTIONS),
    "greedy": lambda: Greedy(OPTIONS),
    "random": lambda: RandomChoice(OPTIONS),
    "smallest": lambda: Smallest(OPTIONS),
    "heuristic": lambda: Heuristic(OPTIONS),
    "libra": Libra,
    "libra, no safeguard": lambda: Libra(threshold=None),
    "libra, no profiler": lambda: Libra(profiler=False),
    "libra, neither": lambda: Libra(threshold=None, profiler=False),
    "oracle": lambda: Oracle(OPTIONS),
}
# The source's P99 of the response, relative to OpenWhisk's (Fixed); its ablations, relative to Libra's.
PUBLISHED = {
    "libra": 0.50,
    "libra, no safeguard": 1.15,
    "libra, no profiler": 1.30,
    "libra, neither": 1.34,
    "worst_rfet": 1.02,
}


def run(
    progress: Callable[[float, str], None] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    duration_s: float = DURATION_S,
    managers: Sequence[str] = tuple(MANAGERS),
) -> dict:
    """{"published", "duration_s", "rows"}: one row for each seed and manager, with the load, FIGURES and what profiling
    cost as a share of the core-seconds that the servers had."""
    rows, plan = [], [(seed, manager) for seed in seeds for manager in managers]
    for done, (seed, manager) in enumerate(plan):
        world, made = input_dependent(seed, duration_s=duration_s), MANAGERS[manager]()
        row = {"manager": manager, "seed": seed, "load": world.load().cpu} | measure(world, made, seed)
        capacity = world.servers * world.server_cpu * world.duration_s
        rows.append(row | {"profiling": getattr(made, "profiling_core_s", 0.0) / capacity})
        if progress is not None:
            progress((done + 1) / len(plan), f"seed {seed}, {manager}")
    return {"published": PUBLISHED, "duration_s": duration_s, "rows": rows}
