"""The Gymnasium environment faaslab/Harvest-v0: one decision for each call that arrives.

Chapter "FaaSRM". Source: H. Yu et al., arXiv 2108.12717, section 4: state, action, reward, safeguard. An episode is one
world, from its first arrival until its last call has ended; the rewards of the calls that end after the last arrival
belong to the last step. Importing this module registers the name; gymnasium.make("faaslab.harvest.environment:" + ID)
does both. Left out: episodes that are cut in the middle (nothing is ever truncated).

Observation: float32 array of shape (options, 11), see features.py. Action: the index of an option. `info` has
`action_mask` (int8, shape (options,), 1 = allowed by the safeguard), `chosen` (the option that the call got) and
`forbidden` (whether the action had to be projected); at the end of an episode also `calls`, `mean_relative` (mean
duration or response over baseline, as the reward has it) and `forbidden_actions`.

A forbidden action is projected to the nearest allowed option (in cores plus units of memory; ties to the larger),
costs `penalty`, and is flagged; with strict=True it is an InputError.
"""

from collections.abc import Callable

import gymnasium
import numpy as np

from faaslab.errors import InputError, number
from faaslab.harvest.features import COUNT, Features
from faaslab.harvest.manager import Decided, SafeguardedManager
from faaslab.harvest.options import Options
from faaslab.harvest.reward import Reward
from faaslab.harvest.worlds.world import World
from faaslab.model.decisions import Choice
from faaslab.platform import Simulation

# Features are shares, or logarithms that reach 1 at a thousand calls or an hour: none comes near this bound.
LARGEST_FEATURE = 10.0
ID = "faaslab/Harvest-v0"


class Desk(SafeguardedManager):
    """The manager inside the environment: it keeps the books, and its decisions come from outside."""

    def __init__(self, reward, *args):
        self.reward = reward
        super().__init__(*args)

    def reset(self, seed):
        super().reset(seed)
        self.worth = self.paid = 0.0
        self.relative = []
        self.present = {}  # calls in the system: arrival and baseline, seconds

    def open(self, call) -> Decided:
        """The ranges that hold for this call, in a decision whose option is still to be chosen."""
        known = self.meet(call.function)
        if known.history.last is None:
            return self.first(known)
        return Decided(known.user, self.allowed(known))

    def take(self, call, platform, choice):
        known = self.meet(call.function)
        baseline_s = known.history.baseline_s or call.function.speed.own_duration_s(call.input_size)
        self.present[call.id] = call.arrival_s, baseline_s
        return super().take(call, platform, choice)

    def on_end(self, call, now_s):
        super().on_end(call, now_s)
        del self.present[call.id]
        decided = self.decisions[call.id]
        self.worth += self.reward.of(call, decided, now_s)
        self.relative.append(self.reward.relative(call, decided, now_s))
        return ()

    def collect(self, now_s: float) -> float:
        """What the calls are worth that have ended since the last time, and what has accrued."""
        worth = self.worth + self.reward.accrued(self.present.values(), now_s)
        gained, self.paid = worth - self.paid, worth
        return gained


class HarvestEnv(gymnasium.Env):
    """episodes: function of a seed that returns a World; by default small ones of about 27 calls, from a generator.

    reward: "duration" (the paper's) or "response". threshold: of the safeguard, None for no safeguard. coupled: memory
    in proportion to cores. penalty: what a forbidden action costs. strict: a forbidden action is an error instead.
    Every world must have the same options (`options`).
    """

    metadata = {"render_modes": []}  # noqa: RUF012 (Gymnasium's convention)

    def __init__(
        self,
        episodes: Callable[[int], World] | None = None,
        *,
        options: Options | None = None,
        reward: str = "duration",
        threshold: float | None = 0.9,
        coupled: bool = False,
        penalty: float = 1.0,
        strict: bool = False,
    ):
        if episodes is None:
            from faaslab.harvest.worlds.episodes import Episodes  # reads or makes functions, only when it is needed

            episodes = Episodes()
        self.episodes = episodes
        self.options = Options() if options is None else options
        self.penalty = number(penalty, "environment, penalty", minimum=0)
        self.strict = strict
        self.desk = Desk(Reward(reward), self.options, threshold, coupled)
        self.features = Features(self.options)
        shape = (self.options.n, COUNT)
        self.observation_space = gymnasium.spaces.Box(0.0, LARGEST_FEATURE, shape, np.float32)
        self.action_space = gymnasium.spaces.Discrete(self.options.n)
        self._simulation = self._decision = None

    # --- Gymnasium's interface ---------------------------------------------------------------------------------------

    def reset(self, *, seed=None, options=None):
        """Begin an episode. seed: decides the world and all chance in it. options: {"world": World} takes that one."""
        super().reset(seed=seed)
        episode = int(self.np_random.integers(2**31))
        world = (options or {}).get("world") or self.episodes(episode)
        if world.options != self.options:
            raise InputError(f"world {world.name!r}: expected the environment's {self.options}, got {world.options}")
        self._simulation = Simulation(
            world.platform(self.desk),
            world.workload,
            seed=episode,
            duration_s=world.duration_s,
            pause_at=("arrival",),
            drain=True,
        )
        self._forbidden = 0
        self._decision = self._simulation.advance()
        if self._decision is None:
            raise InputError(
                f"world {world.name!r}: expected at least one call before {world.duration_s:g} s, got none"
            )
        return self._observe(), {"action_mask": self.action_masks()}

    def step(self, action):
        """Give the call that has arrived the option `action`, and go on to the next arrival."""
        if self._decision is None:
            raise InputError("step: this episode is over; call reset() first")
        option, forbidden = self._project(action)
        self._open.option = option
        call = self._decision.call
        self._simulation.choose(Choice(allocation=self.desk.take(call, self._simulation, self._open)))
        self._decision = self._simulation.advance()
        info = {"chosen": option, "forbidden": forbidden}
        over = self._decision is None
        if over:
            self._simulation.result()  # every call that is still in the system ends
            info |= {
                "calls": len(self.desk.decisions),
                "mean_relative": float(np.mean(self.desk.relative)) if self.desk.relative else float("nan"),
                "forbidden_actions": self._forbidden,
            }
            observation = np.zeros(self.observation_space.shape, np.float32)
            info["action_mask"] = np.ones(self.options.n, np.int8)
        else:
            observation = self._observe()
            info["action_mask"] = self.action_masks()
        reward = self.desk.collect(self._simulation.now_s) - (self.penalty if forbidden else 0.0)
        return observation, reward, over, False, info

    def action_masks(self) -> np.ndarray:
        """The mask of the decision that is open, int8, shape (options,): what sb3-contrib's MaskablePPO asks for."""
        return self._mask.astype(np.int8)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _observe(self):
        self._open = self.desk.open(self._decision.call)
        ranges = self._open.ranges
        self._mask = self.desk.mask(ranges)
        return self.features.of(self.desk.known[self._decision.call.function.name], self._simulation)

    def _project(self, action):
        if not (isinstance(action, int | np.integer) and 0 <= action < self.options.n):
            raise InputError(f"action: expected a whole number from 0 to {self.options.n - 1}, got {action!r}")
        action = int(action)
        if self._mask[action]:
            return action, False
        name = self._decision.call.function.name
        if self.strict:
            raise InputError(
                f"action {action} for a call of {name!r}: expected one of the allowed options "
                f"{self._mask.nonzero()[0].tolist()}"
            )
        self._forbidden += 1
        allowed = self._mask.nonzero()[0]
        cpus, memories = self.options.cpus, self.options.memories
        distance = abs(cpus[allowed] - cpus[action]) + abs(memories[allowed] - memories[action])
        nearest = allowed[distance == distance.min()]
        return int(nearest[-1]), True


if ID not in gymnasium.registry:
    gymnasium.register(ID, entry_point="faaslab.harvest.environment:HarvestEnv")
