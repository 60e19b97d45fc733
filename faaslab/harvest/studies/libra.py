"""Libra beside the others where demand depends on the input, and loans end while calls run.

Chapter "Does it work?". The world is faaslab.harvest.worlds.input_dependent, at two loads; its mix of users is ours.
Source of what is compared with: H. Yu et al., "Libra: Harvesting Idle Resources Safely and Timely in Serverless
Clusters", HPDC 2023. Intervals are over seeds.
"""

from collections.abc import Callable, Sequence

from faaslab.harvest.managers import Fixed, Heuristic, Oracle, RandomChoice, Smallest
from faaslab.harvest.managers.libra import Libra
from faaslab.harvest.measures import measure
from faaslab.harvest.worlds.input_dependent import input_dependent

NAME = "libra"
SEEDS = (1, 2, 3, 4, 5)
LOADS = (0.8, 0.95)
QUICK = {"seeds": (1, 2), "loads": (0.8,), "managers": ("fixed", "libra")}
MANAGERS = {
    "fixed": Fixed,
    "random": RandomChoice,
    "smallest": Smallest,
    "heuristic": Heuristic,
    "oracle": Oracle,
    "libra": Libra,
    "libra, no safeguard": lambda options: Libra(options, threshold=None),
    "libra, no profiler": lambda options: Libra(options, profiler=False),
    "libra, neither": lambda options: Libra(options, threshold=None, profiler=False),
}
# What the source reports: P99 of the response against the platform's default, the worst degradation of a call, and by
# how much P99 grows without a part.
PUBLISHED = {"p99_change": -0.50, "worst_rfet": 1.02, "without": {"safeguard": 0.15, "profiler": 0.30, "both": 0.34}}


def run(
    progress: Callable[[float, str], None] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    loads: Sequence[float] = LOADS,
    managers: Sequence[str] = tuple(MANAGERS),
) -> dict:
    """{"published", "rows"}: one row for each of load (asked for), offered (the world's own), seed and manager, with
    FIGURES; Libra's also has profiling_core_s."""
    plan = [(load, seed, manager) for load in loads for seed in seeds for manager in managers]
    rows = []
    for done, (load, seed, manager) in enumerate(plan):
        world = input_dependent(seed, load=load)
        policy = MANAGERS[manager](world.options)
        row = {"load": load, "offered": world.load().cpu, "seed": seed, "manager": manager}
        row |= measure(world, policy, seed)
        if isinstance(policy, Libra):
            row["profiling_core_s"] = float(policy.profiling_core_s)
        rows.append(row)
        if progress is not None:
            progress((done + 1) / len(plan), f"load {load:g}, seed {seed}, {manager}")
    return {"published": PUBLISHED, "rows": rows}
