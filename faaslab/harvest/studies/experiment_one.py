"""Experiment one under every manager, at several loads: the reproduction of the paper's simulation.

Chapter "Does it work?". The worlds are those of faaslab.harvest.worlds.experiment_one on FaaSRM's own sample where it
is present, else on the generated one; a run is one seed of one world under one manager, and intervals are over seeds.
`minute_s` is the load's handle: a minute of the trace is replayed in so many seconds. The literal set-up (1 s) is run
with one seed and few managers, since nothing but the queue can be seen in it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from faaslab.harvest.measures import call_columns, figures
from faaslab.harvest.studies.contenders import contender
from faaslab.harvest.studies.policies import STORED
from faaslab.harvest.worlds.experiment_one import experiment_one, load_readings

NAME = "experiment-one"
SEEDS = (1, 2, 3, 4, 5)
MINUTES_S = (60.0, 155.0, 310.0)
LITERAL_S = 1.0

MANAGERS = (
    *("fixed", "greedy", "ensure", "random", "largest", "smallest", "heuristic", "oracle"),
    *("faasrm", "faasrm-unguarded", "faasrm-response"),
)
LITERAL = ("fixed", "random", "faasrm")
QUICK = {"seeds": (1, 2), "minutes_s": (310.0,), "functions": 30, "servers": 1, "literal": False}

# Mean RFET, and 98th percentile of the execution time in seconds, as the source reports them.
PUBLISHED = {
    "faasrm": {"mean_rfet": 0.76, "p98_service_s": 15.0},
    "fixed": {"mean_rfet": 1.00, "p98_service_s": 121.0},
    "greedy": {"mean_rfet": 1.49, "p98_service_s": 76.0},
    "ensure": {"mean_rfet": 0.91, "p98_service_s": 48.0},
}
QUANTILES = np.concatenate([np.linspace(0, 0.9, 46), np.linspace(0.905, 1, 20)])


def run(
    progress: Callable[[float, str], None] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    minutes_s: Sequence[float] = MINUTES_S,
    managers: Sequence[str] = MANAGERS,
    functions: int | None = None,
    servers: int = 20,
    literal: bool = True,
    policies: Path = STORED,
) -> dict:
    """{"readings", "published", "quantile_at", "rows"} as JSON values.

    A row: minute_s, load (of cpu at the users' configurations), manager, seed, FIGURES, and for the first seed
    quantiles of rfet, service_s and response_s over the calls, at `quantile_at`.
    """
    plan = [(minute_s, seed, manager) for minute_s in minutes_s for seed in seeds for manager in managers]
    if literal:
        plan += [(LITERAL_S, seeds[0], manager) for manager in LITERAL if manager in managers]
    rows, world, made = [], None, None
    for done, (minute_s, seed, manager) in enumerate(plan):
        if made != (minute_s, seed):
            world = experiment_one(seed, minute_s=minute_s, functions=functions, servers=servers)
            made, load = (minute_s, seed), world.load().cpu
        rows.append(
            {"minute_s": minute_s, "load": load, "manager": manager, "seed": seed}
            | one_run(world, manager, seed, policies)
        )
        if seed != seeds[0]:
            del rows[-1]["quantiles"]
        if progress is not None:
            progress((done + 1) / len(plan), f"minute_s={minute_s:g}, seed {seed}, {manager}")
    return {
        "readings": load_readings(),
        "published": PUBLISHED,
        "quantile_at": QUANTILES.tolist(),
        "worlds": world.name,
        "rows": rows,
    }


def one_run(world, manager: str, seed: int, policies: Path = STORED) -> dict:
    """FIGURES of one run, and quantiles of its calls."""
    policy = contender(manager, policies)
    result = world.run(policy, seed)
    columns = call_columns(policy, result)
    done = columns["completed"]
    quantiles = {
        name: np.quantile(columns[name][done], QUANTILES).tolist() for name in ("rfet", "service_s", "response_s")
    }
    return figures(world, result, columns) | {"quantiles": quantiles}
