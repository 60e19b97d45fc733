"""Training: play whole episodes, improve the policy from them, keep what is needed to go on, and again.

    until all episodes are played:
        play the next `episodes_per_update` episodes with the policy as it is        (rollout.py)
        compute the returns of their decisions, and improve the policy on them       (ppo.py)
        add a row to the log, write the checkpoint                                   (training_log.py, checkpoint.py)

The checkpoint is written where no episode is under way. What comes later, an interrupt, a reward that is not finite, a
power cut, costs at most the episodes after it: a training that goes on from it ends, on one machine, with the same
network to the last bit as one that was never stopped.
torch runs on one thread meanwhile: the sums of several threads may round differently from run to run, and for networks
as small as these, sharing the work costs more than the work.
Left out: several processes; a critic's guess for episodes that were cut off (a cut is an end).
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from faaslab.errors import InputError, whole
from faaslab.harvest.atomic import write_atomically
from faaslab.harvest.checkpoint import load_checkpoint, save_checkpoint
from faaslab.harvest.network import ScorePolicy
from faaslab.harvest.plateau import Plateau
from faaslab.harvest.ppo import Batch, PPOSettings, returns_to_go, update
from faaslab.harvest.provenance import provenance, this_command
from faaslab.harvest.rollout import collect
from faaslab.harvest.training_log import TrainingLog
from faaslab.streams import check_seed, stream

CHECKPOINT = "checkpoint.pt"
POLICY = "policy.npz"
PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class Training:
    """A finished training: the policy, the rows of its log, the episodes played, and whether it stopped early."""

    policy: torch.nn.Module
    rows: list
    episodes: int
    stopped_early: bool


def train(
    make_environment,
    make_policy=ScorePolicy,
    *,
    episodes: int,
    folder=None,
    seed: int = 1,
    settings: PPOSettings | None = None,
    episodes_per_update: int = 8,
    parallel: int = 8,
    patience: int | None = None,
    window: int = 10,
    progress=None,
    resume: bool = False,
    about=None,
    command: str | None = None,
    tensorboard: bool = True,
) -> Training:
    """Train the policy that `make_policy()` returns on `make_environment()` for `episodes` episodes.

    `make_environment`: a Gymnasium environment with a Box observation and a Discrete action space, see rollout.collect;
    at an episode's end its info may have "mean_relative" (RFET). `make_policy`: a torch module, (observations, masks)
    to logits, values; its first weights are drawn from `seed`. `episodes`: a multiple of `episodes_per_update`, counted
    from the very first. `parallel`: environments side by side. `patience`, `window`: see Plateau; None never stops.
    `folder`: where checkpoint.pt, policy.npz (of a ScorePolicy), provenance.json, training.jsonl and tensorboard/ go;
    None keeps nothing. `resume`: go on from the folder's checkpoint; all settings but `episodes` must be as before.
    `progress(row)` is called after every update with the log's row (see _Run.improve). `about`: the caller's own
    settings (JSON values), such as the world's, kept with the checkpoint and compared on resuming.
    InputError: bad settings; a folder that has a checkpoint already (without `resume`); a reward, a loss or a gradient
    that is not finite, with episode, step and value. The checkpoint is then the last good one; so it is after Ctrl-C.
    """
    settings = PPOSettings() if settings is None else settings
    kept = _checked(settings, seed, episodes_per_update, parallel, patience, window, about or {})
    if whole(episodes, "episodes", minimum=1) % episodes_per_update:
        raise InputError(f"episodes: expected a multiple of the {episodes_per_update} of an update, got {episodes}")

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    environments = []
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(stream(seed, "weights").integers(2**63)))
            environments = [make_environment() for _ in range(min(parallel, episodes_per_update))]
            run = _Run(environments, make_policy(), settings, seed, Plateau(patience, window), kept)
            try:
                run.open(folder, resume, episodes, command or this_command(), tensorboard)
                while run.episodes < episodes and not run.plateau.reached:
                    row = run.improve(episodes_per_update, episodes)
                    if progress is not None:
                        progress(row)
            finally:
                run.close()
        return Training(run.policy, run.rows, run.episodes, run.plateau.reached)
    finally:
        torch.set_num_threads(threads)
        for environment in environments:
            environment.close()


def _checked(settings, seed, episodes_per_update, parallel, patience, window, about):
    """The settings of a training by name, as they come back from a file (lists for tuples)."""
    check_seed(seed)
    whole(episodes_per_update, "episodes_per_update", minimum=1)
    if episodes_per_update % settings.episodes_per_world:
        raise InputError(
            f"episodes_per_world: expected a divisor of the {episodes_per_update} episodes of an update, got "
            f"{settings.episodes_per_world}"
        )
    whole(parallel, "parallel", minimum=1)
    if patience is not None:
        whole(patience, "patience", minimum=1)
    whole(window, "window", minimum=1)
    kept = asdict(settings) | {"seed": seed, "episodes_per_update": episodes_per_update, "parallel": parallel}
    kept |= {"patience": patience, "window": window} | {f"about.{name}": value for name, value in about.items()}
    try:
        return json.loads(json.dumps(kept))
    except TypeError as error:
        raise InputError(f"about: expected values that JSON can hold, got {about!r}") from error


class _Run:
    """A training under way: what a checkpoint holds, and how it is advanced by one update."""

    def __init__(self, environments, policy, settings, seed, plateau, kept):
        self.environments = environments
        self.policy = policy
        self.settings = settings
        self.seed = seed
        self.plateau = plateau
        self.kept = kept
        self.optimiser = settings.optimiser(policy)
        self.episodes = self.updates = self.decisions = 0
        self.elapsed_s = 0.0
        self.rows = []
        self._folder = self._log = None
        space = environments[0].observation_space
        self.shape = {
            "features": int(space.shape[-1]),
            "options": int(environments[0].action_space.n),
            "hidden": list(getattr(policy, "hidden", ())),
        }

    def open(self, folder, resume, episodes, command, tensorboard):
        """Begin in `folder`, or go on from its checkpoint."""
        self._since = time.perf_counter()
        if folder is None:
            if resume:
                raise InputError("resume: expected a folder with a checkpoint, got none")
            return
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / CHECKPOINT
        commands = [command]
        if resume:
            checkpoint = load_checkpoint(file, shape=self.shape, settings=self.kept)
            self._restore(checkpoint, file)
            if self.episodes > episodes:
                raise InputError(f"episodes: expected at least the {self.episodes} of {file}, got {episodes}")
            commands = [*checkpoint["provenance"]["commands"], command]
        elif file.exists():
            raise InputError(f"{file}: there is a checkpoint already; resume it, or give another folder")
        origin = provenance(("torch", "numpy", "gymnasium"))
        del origin["command"]
        self._provenance = {"commands": commands, "seed": self.seed, **origin}
        self._log = TrainingLog(self._folder, episodes=self.episodes, tensorboard=tensorboard)
        self.rows = self._log.rows
        self._save()

    def close(self):
        if self._log is not None:
            self._log.close()

    def improve(self, episodes: int, of: int) -> dict:
        """Play `episodes` episodes, update the policy, log, save. Returns the row.

        episode (played so far), of, update, decisions (so far), mean_return, least_return, greatest_return (sums of the
        rewards of this update's episodes, undiscounted, unscaled), mean_relative (None where no environment tells it),
        decisions_per_episode, the figures of ppo.update, elapsed_s (of all runs of this training together).
        """
        numbers = range(self.episodes, self.episodes + episodes)
        per_world = self.settings.episodes_per_world
        played = collect(self.environments, self.policy, numbers, self.seed, per_world=per_world)
        try:
            figures = update(self.policy, self.optimiser, self._batch(played), self.settings)
        except InputError as error:
            raise InputError(f"episodes {numbers[0]} to {numbers[-1]}: {error}") from error
        decisions = sum(len(episode.rewards) for episode in played)
        totals = [episode.total for episode in played]
        relative = [float(episode.info["mean_relative"]) for episode in played if "mean_relative" in episode.info]
        self.episodes += episodes
        self.updates += 1
        self.decisions += decisions
        self.plateau.note(float(np.mean(totals)))
        row = {
            "episode": self.episodes,
            "of": of,
            "update": self.updates,
            "decisions": self.decisions,
            "mean_return": float(np.mean(totals)),
            "least_return": min(totals),
            "greatest_return": max(totals),
            "mean_relative": float(np.mean(relative)) if relative else None,
            "decisions_per_episode": decisions / episodes,
            **figures,
            "elapsed_s": self._elapsed_s(),
        }
        if self._log is None:
            self.rows.append(row)
        else:
            self._log.add(row)
            self._save()
        return row

    def _batch(self, played):
        returns = np.concatenate([returns_to_go(episode.rewards, self.settings.gamma) for episode in played])
        with np.errstate(over="ignore"):  # a return beyond single precision becomes infinite, which update() refuses
            returns = (returns / self.settings.return_scale).astype(np.float32)
        return Batch(
            observations=torch.from_numpy(np.concatenate([np.stack(episode.observations) for episode in played])),
            masks=torch.from_numpy(np.concatenate([np.stack(episode.masks) for episode in played])),
            actions=torch.tensor([action for episode in played for action in episode.actions]),
            returns=torch.from_numpy(returns),
            groups=None if self.settings.episodes_per_world == 1 else self._groups(played),
        )

    def _groups(self, played):
        """One number for each decision of each world."""
        longest = max(len(episode.actions) for episode in played)
        worlds = [episode.number // self.settings.episodes_per_world for episode in played]
        rows = [np.arange(len(e.actions)) + (w - worlds[0]) * longest for e, w in zip(played, worlds, strict=True)]
        return torch.from_numpy(np.concatenate(rows))

    def _elapsed_s(self):
        now = time.perf_counter()
        self.elapsed_s += now - self._since
        self._since = now
        return self.elapsed_s

    def _save(self):
        counters = {"episodes": self.episodes, "updates": self.updates, "decisions": self.decisions}
        counters["elapsed_s"] = self.elapsed_s
        origin = self._provenance | counters
        parts = {
            "shape": self.shape,
            "settings": self.kept,
            "provenance": origin,
            "counters": counters,
            "stopping": {"returns": self.plateau.returns, "best": self.plateau.best, "since": self.plateau.since},
            "policy": self.policy.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": torch.get_rng_state(),
        }
        save_checkpoint(self._folder / CHECKPOINT, parts)
        about = {"settings": self.kept, "provenance": origin}
        if isinstance(self.policy, ScorePolicy):
            self.policy.to_numpy(self.shape["options"], about).save(self._folder / POLICY)
        write_atomically(self._folder / PROVENANCE, (json.dumps(about, indent=2) + "\n").encode())

    def _restore(self, checkpoint, file):
        try:
            self.policy.load_state_dict(checkpoint["policy"])
            self.optimiser.load_state_dict(checkpoint["optimiser"])
        except (RuntimeError, ValueError) as error:
            raise InputError(f"{file}: expected the weights of this policy: {' '.join(str(error).split())}") from error
        torch.set_rng_state(checkpoint["generator"])
        for name, value in checkpoint["counters"].items():
            setattr(self, name, value)
        for name, value in checkpoint["stopping"].items():
            setattr(self.plateau, name, value)
