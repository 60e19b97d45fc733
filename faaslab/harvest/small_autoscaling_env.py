"""The small autoscaling problem (small_autoscaling.py) as a Gymnasium environment, for learners that try it out.

An episode begins in a quiet time with nothing ready and nobody waiting and is cut after `ticks` ticks. Observation:
float32 (3,), phase, containers ready over the most, calls waiting over the most. Action: containers wanted. Reward:
minus the tick's cents. `info` has `state`, the row of the state in the model's tables.
Left out: that the cut is no end. A learner that takes it for one undervalues what containers are good for in the last
1 / (1 - gamma) ticks or so.
"""

from bisect import bisect_right

import gymnasium
import numpy as np

from faaslab.errors import InputError, whole
from faaslab.harvest.small_autoscaling import SmallAutoscaling


class SmallAutoscalingEnv(gymnasium.Env):
    """problem: SmallAutoscaling, by default that of the chapter. ticks: length of an episode."""

    metadata = {"render_modes": []}  # noqa: RUF012 (Gymnasium's convention)

    def __init__(self, problem: SmallAutoscaling | None = None, ticks: int = 100):
        self.problem = SmallAutoscaling() if problem is None else problem
        self.ticks = whole(ticks, "ticks", minimum=1)
        self.action_space = gymnasium.spaces.Discrete(self.problem.actions)
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (3,), np.float32)
        self._features = self.problem.features
        # without the last, so that a draw just below 1 is a count too, whatever the rounding of the sum
        self._cumulated = self.problem.arrivals.cumsum(axis=1)[:, :-1].tolist()
        self._left = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._left = self.ticks
        self._state = (0, 0, 0)
        # all chance of the episode at once: drawing tick by tick would take most of the time
        self._changes, self._counts = self.np_random.random((2, self.ticks)).tolist()
        return self._see()

    def step(self, action):
        """One tick with `action` containers wanted."""
        if not self._left:
            raise InputError("step: this episode is over; call reset() first")
        if not (isinstance(action, int | np.integer) and 0 <= action <= self.problem.containers):
            raise InputError(f"action: expected a whole number from 0 to {self.problem.containers}, got {action!r}")
        self._left -= 1
        phase = self._state[0]
        arriving = bisect_right(self._cumulated[phase], self._counts[self._left])
        ready, waiting, cents = self.problem.tick(self._state, int(action), arriving)
        if self._changes[self._left] < self.problem.phases[phase, 1 - phase]:
            phase = 1 - phase
        self._state = (phase, ready, waiting)
        observation, info = self._see()
        return observation, -cents, False, self._left == 0, info

    def _see(self):
        row = self.problem.index(*self._state)
        return self._features[row].copy(), {"state": row}
