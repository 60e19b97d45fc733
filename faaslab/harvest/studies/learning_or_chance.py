"""When does learning beat a random choice within the mask? A sweep of load and capacity on held-out episodes.

Chapter "Does it work?". Two rewards (the paper's, which counts durations, and the one that sees waiting), each with the
safeguard and without, five trainings each, beside the controls and the rules that learn nothing. Every manager meets
the same held-out episodes, from the generated sample, which everybody has; seed s plays its own episodes, with the
policies of training seed s. Compared are means over a seed's episodes; the interval is over seeds, of the paired
difference from the random choice within the mask.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from faaslab.harvest.measures import call_columns
from faaslab.harvest.studies.contenders import UNGUARDED, contender
from faaslab.harvest.studies.policies import STORED
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.generated import generated_sample

NAME = "learning-or-chance"
SEEDS = (1, 2, 3, 4, 5)
QUICK = {"seeds": (1, 2), "loads": (0.7,), "capacities": (1,), "episodes": 2}
LOADS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.2)
# Servers -> how large its episodes are, and how many a seed plays.
CAPACITIES = {
    1: ({}, 24),
    4: ({"functions": 30, "calls": (100, 160), "minutes": 10}, 8),
    12: ({"functions": 60, "calls": (300, 400), "minutes": 10}, 4),
}
MANAGERS = (
    *("fixed", "greedy", "random", UNGUARDED, "largest", "smallest", "heuristic", "oracle"),
    *("faasrm", "faasrm-unguarded", "faasrm-response", "faasrm-response-unguarded"),
)


def run(
    progress: Callable[[float, str], None] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    loads: Sequence[float] = LOADS,
    capacities: Sequence[int] = tuple(CAPACITIES),
    managers: Sequence[str] = MANAGERS,
    episodes: int | None = None,
    policies: Path = STORED,
) -> dict:
    """{"rows"}: one row for each of servers, load, seed and manager.

    A row has means over the calls of all its episodes: rfet; response_s; response_ratio (over the duration at the
    user's configuration); log_response (of ln(1 + that ratio), what the second reward counts); slowed (share).
    episodes: in place of the number in CAPACITIES.
    """
    sample = generated_sample()
    plan = [(servers, load, seed) for servers in capacities for load in loads for seed in seeds]
    rows = []
    for done, (servers, load, seed) in enumerate(plan):
        settings, count = CAPACITIES[servers]
        make = Episodes(sample, split="held out", load=load, servers=servers, **settings)
        worlds = [make(1000 * seed + i) for i in range(episodes or count)]
        for manager in managers:
            policy = contender(manager, policies)
            calls = [figures_of_calls(world, policy, seed) for world in worlds]
            means = {name: float(np.concatenate([c[name] for c in calls]).mean()) for name in calls[0]}
            rows.append({"servers": servers, "load": load, "seed": seed, "manager": manager} | means)
        if progress is not None:
            progress((done + 1) / len(plan), f"{servers} servers, load {load:g}, seed {seed}")
    return {"sample": sample.source, "rows": rows}


def figures_of_calls(world, manager, seed):
    """Arrays with one value for each completed call: rfet, response_s, response_ratio, log_response, slowed."""
    columns = call_columns(manager, world.run(manager, seed))
    done = columns["completed"]
    ratio = columns["response_s"][done] / columns["own_s"][done]
    return {
        "rfet": columns["rfet"][done],
        "response_s": columns["response_s"][done],
        "response_ratio": ratio,
        "log_response": np.log1p(ratio),
        "slowed": columns["slowed"][done],
    }
