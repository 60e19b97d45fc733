"""Rollouts: whole episodes played by a policy, several environments in lockstep.

At every step the policy sees the waiting decisions of all environments in one batch, for a network is hardly slower on
sixteen decisions than on one. An environment whose episode has ended begins the next one at once.
An episode has a number; the world that it meets and the draws that choose its actions come from streams of (seed,
purpose, number). So the same episodes are played whatever the number of environments and however long each lasts (up to
the rounding of a batch of another size), and nothing but the number must be remembered to go on later.
An environment must keep nothing from one episode to the next.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import torch

from faaslab.errors import InputError
from faaslab.streams import stream


@dataclass
class Episode:
    """One finished episode: T decisions with their observations, masks, actions, rewards; `info` of the last step."""

    number: int
    observations: list = field(default_factory=list)
    masks: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    rewards: list = field(default_factory=list)
    info: dict = field(default_factory=dict)

    @property
    def total(self) -> float:
        """The sum of the rewards, undiscounted and unscaled."""
        return math.fsum(self.rewards)


def episode_seed(seed: int, number: int, purpose: str = "training") -> int:
    """The seed with which the environment of an episode is reset."""
    return int(stream(seed, purpose, "episode", int(number)).integers(2**63))


def collect(
    environments, policy, numbers, seed: int, *, purpose: str = "training", greedy: bool = False, per_world: int = 1
) -> list:
    """Play the episodes `numbers` and return them as Episodes, ordered by number.

    `environments`: Gymnasium environments with a Discrete action space, used side by side; `info["action_mask"]`, where
    there is one, says which actions are allowed. `policy(observations, masks)` -> logits, values. `greedy`: take the
    likeliest action instead of drawing one (to evaluate). `purpose` keeps training and evaluation apart: no episode of
    one is met in the other. `per_world`: so many successive episodes meet the same world (with other actions).
    InputError, with episode and step: an observation or a reward that is not finite, a mask that allows none.
    """
    waiting, free, playing, finished = deque(sorted(numbers)), list(environments), [], []
    while waiting or playing:
        while waiting and free:
            playing.append(_Play(free.pop(0), waiting.popleft(), seed, purpose, per_world))
        observations = np.stack([play.observation for play in playing])
        masks = np.stack([play.mask for play in playing])
        draws = None if greedy else np.array([play.draws.random() for play in playing])
        actions = choose(policy, observations, masks, draws)
        for play, observation, mask, action in zip(playing, observations, masks, actions, strict=True):
            play.step(observation, mask, int(action))
        for play in [play for play in playing if play.over]:
            playing.remove(play)
            free.append(play.environment)
            finished.append(play.episode)
    return sorted(finished, key=lambda episode: episode.number)


def choose(policy, observations, masks, draws=None) -> np.ndarray:
    """Actions (batch,) for observations (batch, ...) and masks (batch, actions).

    `draws` (batch,), uniform in [0, 1), pick each action from the policy's chances: the first whose cumulated chance
    exceeds the draw. None: the likeliest.
    """
    with torch.no_grad():
        logits, _ = policy(torch.from_numpy(observations), torch.from_numpy(masks))
        if draws is None:
            return logits.argmax(dim=-1).numpy()
        cumulated = torch.softmax(logits.double(), dim=-1).numpy().cumsum(axis=1)
    return (cumulated <= draws[:, None] * cumulated[:, -1:]).sum(axis=1)


class _Play:
    """An episode that is being played."""

    def __init__(self, environment, number, seed, purpose, per_world):
        self.environment = environment
        self.episode = Episode(number)
        self.draws = stream(seed, purpose, "actions", int(number))
        self.over = False
        observation, info = environment.reset(seed=episode_seed(seed, number // per_world, purpose))
        self._see(observation, info)

    def step(self, observation, mask, action):
        episode = self.episode
        seen, reward, terminated, truncated, info = self.environment.step(action)
        if not math.isfinite(reward):
            raise InputError(f"{self._where()}: expected a finite reward, got {float(reward)!r}")
        episode.observations.append(observation)
        episode.masks.append(mask)
        episode.actions.append(action)
        episode.rewards.append(float(reward))
        if terminated or truncated:
            self.over = True
            episode.info = info
        else:
            self._see(seen, info)

    def _see(self, observation, info):
        self.observation = np.asarray(observation, np.float32)
        if not np.isfinite(self.observation).all():
            raise InputError(f"{self._where()}: expected a finite observation, got {self.observation.tolist()}")
        actions = int(self.environment.action_space.n)
        self.mask = np.asarray(info.get("action_mask", np.ones(actions)), bool)
        if self.mask.shape != (actions,) or not self.mask.any():
            raise InputError(f"{self._where()}: action_mask: expected {actions} entries, one allowed at least")

    def _where(self):
        return f"episode {self.episode.number}, step {len(self.episode.rewards)}"
