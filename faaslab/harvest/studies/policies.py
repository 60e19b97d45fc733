"""The stored policies: which trainings the book uses, and how each is made again.

Chapter "Does it work?". A recipe is trained with several seeds, so that what a training's luck does is part of every
interval. All train in episodes from the generated sample, which everybody has, so that no function of the trace that
the studies use has been seen in training. `make reproduce` rebuilds the files in faaslab/harvest/data/policies/:
NAME.npz is seed 1, NAME-2.npz seed 2, and so on; beside each stands its provenance in JSON.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from faaslab.errors import InputError, member
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.generated import generated_sample

STORED = Path(__file__).resolve().parents[1] / "data" / "policies"
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Recipe:
    """One way to train. episodes: how many. world: settings of Episodes. reward, threshold, coupled: of the
    environment. hidden: layers of the network. update: settings of PPO."""

    episodes: int
    world: dict = field(default_factory=dict)
    reward: str = "duration"
    threshold: float | None = 0.9
    coupled: bool = False
    hidden: tuple[int, ...] = (32, 16)
    episodes_per_update: int = 8
    update: dict = field(default_factory=lambda: {"return_scale": 27.0})
    seeds: tuple[int, ...] = SEEDS


# The scarce world: one server and a load at which calls wait for one another. Eight episodes a world, so that an action
# is compared with others on the same calls.
_WAITING = {
    "world": {"load": 0.7, "servers": 1},
    "reward": "response",
    "episodes_per_update": 16,
    "update": {
        "return_scale": 27.0,
        "learning_rate": 5e-3,
        "epochs": 6,
        "normalise_advantages": True,
        "episodes_per_world": 8,
    },
}

RECIPES = {
    "faasrm": Recipe(5000),
    "faasrm-unguarded": Recipe(1600, threshold=None),
    "faasrm-response": Recipe(2400, **_WAITING),
    "faasrm-response-unguarded": Recipe(2400, threshold=None, **_WAITING),
}


def file_of(name: str, seed: int = 1, folder: Path = STORED) -> Path:
    """Where the policy of a recipe and a seed is stored. InputError for a recipe or a seed that there is not."""
    recipe = RECIPES[member(name, "stored policy", tuple(RECIPES))]
    if seed not in recipe.seeds:
        raise InputError(f"stored policy {name!r}, seed: expected one of {recipe.seeds}, got {seed!r}")
    return folder / (f"{name}.npz" if seed == 1 else f"{name}-{seed}.npz")


def train_recipe(
    name: str,
    seed: int,
    work: Path,
    *,
    recipe: Recipe | None = None,
    stored: Path = STORED,
    progress: Callable[[dict], None] | None = None,
) -> Path:
    """Train a recipe (by default the one of that name) with a seed in the folder `work`, going on with what is there,
    and store the policy with its provenance. Returns the policy's file. progress: gets the log's row of each update."""
    from faaslab.harvest.environment import HarvestEnv
    from faaslab.harvest.network import ScorePolicy
    from faaslab.harvest.ppo import PPOSettings
    from faaslab.harvest.training import train

    recipe = RECIPES[member(name, "stored policy", tuple(RECIPES))] if recipe is None else recipe
    folder = Path(work) / f"{name}-{seed}"
    sample = generated_sample()
    episodes = Episodes(sample, **recipe.world)
    about = asdict(recipe) | {"recipe": name, "sample": sample.source}
    del about["episodes"], about["seeds"]  # a training may go on to more episodes
    began = time.perf_counter()
    train(
        lambda: HarvestEnv(episodes, reward=recipe.reward, threshold=recipe.threshold, coupled=recipe.coupled),
        lambda: ScorePolicy(hidden=recipe.hidden),
        episodes=recipe.episodes,
        folder=folder,
        seed=seed,
        settings=PPOSettings(**recipe.update),
        episodes_per_update=recipe.episodes_per_update,
        parallel=recipe.episodes_per_update,
        resume=(folder / "checkpoint.pt").exists(),
        about=about,
        command=f"python -m faaslab.harvest.studies --only policies/{name}-{seed}",
        progress=progress,
        tensorboard=False,
    )
    stored.mkdir(parents=True, exist_ok=True)
    target = stored / (f"{name}.npz" if seed == 1 else f"{name}-{seed}.npz")
    shutil.copyfile(folder / "policy.npz", target)
    described = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    described["wall_s"] = time.perf_counter() - began
    target.with_suffix(".json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return target
