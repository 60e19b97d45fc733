"""Ablations: the safeguard's threshold, coupled resources, Freyr's grid; size of the network, length of the training.

Chapter "Does it work?". The first three on a tenth of experiment one, and where inputs vary, with managers that choose
within the mask. The last two where learning makes a difference: small episodes on one server, and the reward that sees
waiting; every training is tried on the same held-out episodes of its seed. Intervals are over seeds.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from faaslab.harvest.managers import Fixed, Heuristic, RandomChoice, Smallest, freyr_settings
from faaslab.harvest.managers.faasrm import FaaSRM
from faaslab.harvest.measures import measure
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies.learning_or_chance import figures_of_calls
from faaslab.harvest.studies.policies import RECIPES, STORED, file_of, train_recipe
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.experiment_one import experiment_one
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.harvest.worlds.input_dependent import input_dependent

NAME = "ablations"
SEEDS = (1, 2, 3, 4, 5)
FUNCTIONS, SERVERS, MINUTE_S = 100, 2, 150.0
QUICK = {"seeds": (1, 2), "sizes": ((8, 4),), "lengths": (0, 16), "functions": 20, "servers": 1}
GUARDS = {
    "threshold 0.9": {},
    "threshold 0.8": {"threshold": 0.8},
    "no safeguard": {"threshold": None},
    "coupled": {"coupled": True},
    "Freyr": freyr_settings(),
}
SIZES = ((8, 4), (32, 16), (128, 64))
LENGTHS = (0, 160, 400, 800)
HELD_OUT = 24
WORLDS = ("experiment one", "varying inputs")


def run(
    progress: Callable[[float, str], None] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    sizes: Sequence[tuple[int, ...]] = SIZES,
    lengths: Sequence[int] = LENGTHS,
    functions: int = FUNCTIONS,
    servers: int = SERVERS,
    policies: Path = STORED,
) -> dict:
    """{"guards", "trainings"}.

    guards: rows of world, guard, manager, seed and FIGURES. trainings: rows of hidden, parameters, episodes, seed and
    the figures of learning_or_chance; manager "random", "smallest" or "faasrm".
    """
    steps = len(seeds) * (len(GUARDS) * len(WORLDS) + len(sizes))
    done = 0

    def tell(what):
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / steps, what)

    guards, trainings = [], []
    for seed in seeds:
        for guard, settings in GUARDS.items():
            for place in WORLDS:
                guards += _guarded(place, guard, settings, seed, functions, servers, policies)
                tell(f"{guard}, {place}, seed {seed}")
        trainings += _controls(seed)
        for hidden in sizes:
            trainings += _trained(hidden, seed, lengths)
            tell(f"network {hidden}, seed {seed}")
    return {"guards": guards, "trainings": trainings}


def _guarded(place, guard, settings, seed, functions, servers, policies):
    options = settings.get("options")
    if place == "experiment one":
        world = experiment_one(seed, minute_s=MINUTE_S, functions=functions, servers=servers, options=options)
    elif options is None:
        world = input_dependent(seed, functions=10, duration_s=200.0)
    else:
        return []  # that world's functions are configured on its own grid
    settings = settings | {"options": world.options}
    policy = NumpyScores.load(file_of("faasrm", seed, policies))
    managers = {
        "fixed": lambda: Fixed(world.options),
        "random": lambda: RandomChoice(**settings),
        "smallest": lambda: Smallest(**settings),
        "heuristic": lambda: Heuristic(**settings),
        "faasrm": lambda: FaaSRM(policy, **settings),
    }
    row = {"world": place, "guard": guard, "seed": seed}
    return [row | {"manager": name} | measure(world, make(), seed) for name, make in managers.items()]


def _episodes(seed):
    make = Episodes(generated_sample(), split="held out", **RECIPES["faasrm-response"].world)
    return [make(1000 * seed + i) for i in range(HELD_OUT)]


def _tried(manager, seed):
    calls = [figures_of_calls(world, manager, seed) for world in _episodes(seed)]
    return {name: float(np.concatenate([c[name] for c in calls]).mean()) for name in calls[0]}


def _controls(seed):
    nothing = {"hidden": [], "parameters": 0, "episodes": 0, "seed": seed}
    return [
        nothing | {"manager": "random"} | _tried(RandomChoice(), seed),
        nothing | {"manager": "smallest"} | _tried(Smallest(), seed),
    ]


def _trained(hidden, seed, lengths):
    """One training, tried at every length; length 0 is the network as it is drawn."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for length in lengths:
            recipe = dataclasses.replace(RECIPES["faasrm-response"], hidden=tuple(hidden), episodes=length)
            policy = untrained(hidden, seed) if not length else _until(recipe, seed, Path(folder))
            parameters = 2 * sum(w.size + b.size for w, b in policy.layers)
            row = {"hidden": list(hidden), "parameters": parameters, "episodes": length, "seed": seed}
            rows.append(row | {"manager": "faasrm"} | _tried(FaaSRM(policy, threshold=recipe.threshold), seed))
    return rows


def _until(recipe, seed, folder):
    return NumpyScores.load(train_recipe("faasrm-response", seed, folder, recipe=recipe, stored=folder / "stored"))


def untrained(hidden: Sequence[int], seed: int) -> NumpyScores:
    """A score network with the weights with which a training of that seed begins."""
    import torch

    from faaslab.harvest.network import ScorePolicy
    from faaslab.streams import stream

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream(seed, "weights").integers(2**63)))
        return ScorePolicy(hidden=tuple(hidden)).to_numpy(64, {})
