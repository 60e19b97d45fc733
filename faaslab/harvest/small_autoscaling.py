"""An autoscaling problem small enough to be solved exactly: how many containers, decided every ten seconds?

The photo site enlarges photos with a neural network: 10,240 MB of memory, one tick of 10 s to start a container, one
tick for a photo. Calls come at one rate in quiet times and at another when a photo is going round; which of the two it
is, is seen, and changes by chance. In each tick, in this order:

    1. the number of containers wanted is chosen; those that are too many end, those that are missing begin to start
    2. the tick's calls arrive (Poisson)
    3. each container that was ready takes one call; who finds none waits; beyond the queue's length calls are refused
    4. the tick is paid for: containers without a call, those that start among them; calls that wait; calls refused
    5. quiet or busy may change; what was starting is ready

Work itself costs the same whatever is decided and is left out. Chapter "Proximal policy optimisation". Prices: idle
memory as AWS bills provisioned concurrency (see pricing); waiting and refusing are set by us.
Left out: calls in the middle of a tick, starts and photos that take longer or shorter; see small_autoscaling_run.py.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.pricing import price_sheet

TICK_S = 10.0
MEMORY_MB = 10_240
WAITING_USD_AN_HOUR = 0.5
IDLE_CENTS = 100 * price_sheet("aws-lambda").measure_price_usd("ready_gb_s") * MEMORY_MB / 1024 * TICK_S
WAIT_CENTS = 100 * WAITING_USD_AN_HOUR / 3600 * TICK_S
REFUSED_CENTS = 1.0
QUIET, BUSY = 0, 1


@dataclass(frozen=True)
class SmallAutoscaling:
    """The problem. A state is (phase, containers ready, calls waiting); an action, the containers wanted.

    quiet, busy: mean calls a tick in the two phases. becomes_busy, becomes_quiet: chances of a change in a tick.
    containers: the most there may be. queue: the most calls that wait. idle_cents: of a container without a call, for a
    tick; wait_cents: of a call that waits, for a tick; refused_cents: of a call that is refused.
    InputError where one lies outside its range.
    """

    quiet: float = 0.1
    busy: float = 2.0
    becomes_busy: float = 0.05
    becomes_quiet: float = 0.1
    containers: int = 4
    queue: int = 8
    idle_cents: float = IDLE_CENTS
    wait_cents: float = WAIT_CENTS
    refused_cents: float = REFUSED_CENTS

    def __post_init__(self):
        for name in ("quiet", "busy", "idle_cents", "wait_cents", "refused_cents"):
            number(getattr(self, name), name, minimum=0)
        if max(self.quiet, self.busy) > 100:
            raise InputError(f"quiet, busy: expected at most 100 calls a tick, got {self.quiet!r}, {self.busy!r}")
        for name in ("becomes_busy", "becomes_quiet"):
            number(getattr(self, name), name, minimum=0, maximum=1)
        whole(self.containers, "containers", minimum=1)
        whole(self.queue, "queue", minimum=0)

    # --- the model, as tables ----------------------------------------------------------------------------------------

    @cached_property
    def states(self) -> list[tuple[int, int, int]]:
        """All states (phase, ready, waiting), in the order of the tables' rows."""
        ready, waiting = range(self.containers + 1), range(self.queue + 1)
        return [(phase, n, w) for phase in (QUIET, BUSY) for n in ready for w in waiting]

    @property
    def actions(self) -> int:
        return self.containers + 1

    def index(self, phase: int, ready: int, waiting: int) -> int:
        """The row of a state."""
        return (phase * (self.containers + 1) + ready) * (self.queue + 1) + waiting

    def tick(self, state, wanted: int, arriving: int) -> tuple[int, int, float]:
        """What a tick does: (containers ready next, calls waiting next, cost in cents). The phase plays no part."""
        _, ready, waiting = state
        here, starting = min(ready, wanted), max(0, wanted - ready)
        served = min(here, waiting + arriving)
        left = waiting + arriving - served
        refused = max(0, left - self.queue)
        left -= refused
        idle = here - served + starting
        return wanted, left, self.idle_cents * idle + self.wait_cents * left + self.refused_cents * refused

    @cached_property
    def arrivals(self) -> np.ndarray:
        """Chances of 0, 1, 2, ... calls in a tick, (2, counts): Poisson, cut off where less than 1e-12 is left."""
        means = np.array([[self.quiet], [self.busy]])
        most = int(max(self.quiet, self.busy) + 10 * math.sqrt(max(self.quiet, self.busy)) + 20)
        counts = np.arange(most + 1)
        with np.errstate(divide="ignore"):
            logs = np.where(counts > 0, counts * np.log(means), 0.0)
        chances = np.exp(logs - means - np.array([math.lgamma(k + 1) for k in counts]))
        return chances / chances.sum(axis=1, keepdims=True)

    @cached_property
    def phases(self) -> np.ndarray:
        """Chances of moving from phase to phase in a tick, (2, 2)."""
        return np.array([[1 - self.becomes_busy, self.becomes_busy], [self.becomes_quiet, 1 - self.becomes_quiet]])

    @cached_property
    def model(self) -> tuple[np.ndarray, np.ndarray]:
        """(transitions (S, A, S), rewards (S, A)), as markov_decision.py wants them; rewards are minus cents."""
        transitions = np.zeros((len(self.states), self.actions, len(self.states)))
        rewards = np.zeros((len(self.states), self.actions))
        for row, state in enumerate(self.states):
            for wanted in range(self.actions):
                for arriving, chance in enumerate(self.arrivals[state[0]]):
                    ready, waiting, cents = self.tick(state, wanted, arriving)
                    rewards[row, wanted] -= chance * cents
                    for phase, moves in enumerate(self.phases[state[0]]):
                        transitions[row, wanted, self.index(phase, ready, waiting)] += chance * moves
        return transitions, rewards

    # --- what a policy sees ------------------------------------------------------------------------------------------

    @property
    def features(self) -> np.ndarray:
        """(S, 3) float32: phase, containers ready and calls waiting, each between 0 and 1."""
        scale = np.array([1, self.containers, max(1, self.queue)])
        return (np.array(self.states) / scale).astype(np.float32)

    # --- rules that learn nothing ------------------------------------------------------------------------------------

    def rule(self, quiet: int, busy: int) -> np.ndarray:
        """(S,): a container for each call that waits, and so many more in quiet and in busy times (at most all)."""
        return np.array([min(self.containers, w + (quiet, busy)[phase]) for phase, _, w in self.states])
