"""Small Gymnasium environments whose optimum is known, for the tests of training."""

import gymnasium
import numpy as np
from gymnasium import spaces

# reward and next state of (state, action); from state 0, the tempting action 1 leads where little is left.
REWARDS = np.array([[0.0, 1.0, 0.2], [3.0, 0.0, 1.0], [0.5, 0.2, 0.0]])
NEXT = np.array([[1, 2, 0], [0, 1, 2], [2, 2, 1]])
STEPS = 4


def best_returns(steps=STEPS):
    """By backward induction: the best action (steps, states) and the best return from the start of an episode."""
    ahead = np.zeros(3)
    actions = []
    for _ in range(steps):
        values = REWARDS + ahead[NEXT]
        actions.insert(0, values.argmax(axis=1))
        ahead = values.max(axis=1)
    return np.array(actions), ahead


class ThreeStates(gymnasium.Env):
    """A chain of three states over four steps; what is seen is a 1 in the place of (step, state), 0 elsewhere."""

    observation_space = spaces.Box(0.0, 1.0, (3 * STEPS,), np.float32)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = int(self.np_random.integers(3))
        self.time = 0
        return self._seen(), {}

    def step(self, action):
        reward = REWARDS[self.state, action]
        self.state = int(NEXT[self.state, action])
        self.time += 1
        return self._seen(), reward, self.time == STEPS, False, {}

    def _seen(self):
        seen = np.zeros(3 * STEPS, np.float32)
        seen[3 * min(self.time, STEPS - 1) + self.state] = 1
        return seen


class Options(gymnasium.Env):
    """Eight options of four features, three to nine decisions; of the allowed, that with the largest third is best.

    Reward: minus its distance from the best allowed one. `spoilt`: (reset, counted from 1; step; the reward it gives).
    """

    observation_space = spaces.Box(-1.0, 1.0, (8, 4), np.float32)
    action_space = spaces.Discrete(8)

    def __init__(self, spoilt=None):
        self.spoilt = spoilt
        self.resets = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.resets += 1
        self.time, self.steps = 0, int(self.np_random.integers(3, 10))
        self.total = 0.0
        return self._next()

    def step(self, action):
        assert self.mask[action], "a forbidden option"
        reward = float(self.features[action, 2] - self.features[self.mask, 2].max())
        if self.spoilt is not None and (self.resets, self.time) == self.spoilt[:2]:
            reward = self.spoilt[2]
        self.total += reward
        self.time += 1
        seen, info = self._next()
        over = self.time == self.steps
        return seen, reward, over, False, info | ({"mean_relative": 1 - self.total / self.steps} if over else {})

    def _next(self):
        self.features = self.np_random.uniform(-1, 1, (8, 4)).astype(np.float32)
        self.mask = self.np_random.random(8) < 0.6
        self.mask[int(self.np_random.integers(8))] = True
        return self.features, {"action_mask": self.mask.astype(np.int8)}
