"""The small autoscaling problem (small_autoscaling.py) on the simulated platform: does the sketch's policy hold there?

Two versions of the same ticks with the same phases and the same numbers of calls. "sketch": calls come right after the
look, starts and photos take one tick: what the platform then does is what the model says, as long as a policy ends no
container that is needed and no call is refused. "real": calls come at any moment of their tick, photos take an
exponential time with the tick as its mean; starts take one tick. Chapter "Proximal policy optimisation".
Left out: refusing calls; in the observation, what the model cannot hold: how long calls have run, starts under way
(they count as ready), more calls than the queue's length.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError, member
from faaslab.functions import ColdStart, Function
from faaslab.harvest.small_autoscaling import BUSY, MEMORY_MB, QUIET, TICK_S, SmallAutoscaling
from faaslab.model.result import Result
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.streams import stream
from faaslab.workload import Workload

A_MOMENT_S = 1e-6
VERSIONS = ("sketch", "real")


@dataclass(frozen=True)
class Ticks:
    """What chance has in store: the phase (ticks,) and the number of calls (ticks,) of every tick."""

    phases: np.ndarray
    calls: np.ndarray


def draw_ticks(problem: SmallAutoscaling, ticks: int, seed: int) -> Ticks:
    """Phases, from quiet on, and calls of so many ticks."""
    rng = stream(seed, "small autoscaling")
    changes, phases = rng.random(ticks), np.empty(ticks, int)
    phase = QUIET
    for tick in range(ticks):
        phases[tick] = phase
        if changes[tick] < problem.phases[phase, 1 - phase]:
            phase = 1 - phase
    return Ticks(phases, rng.poisson(np.where(phases == BUSY, problem.busy, problem.quiet)))


class TableAutoscaler:
    """An autoscaler for the platform: looks up the state at the beginning of every tick.

    actions: containers wanted in each state (S,), in the order of problem.states. It sees the phase.
    """

    owns_count, tick_s, initial = True, TICK_S, 0

    def __init__(self, problem: SmallAutoscaling, actions, ticks: Ticks):
        if np.shape(actions) != (len(problem.states),):
            raise InputError(f"actions: expected {len(problem.states)} of them, one a state, got {np.shape(actions)}")
        self.problem, self.actions, self.ticks = problem, np.asarray(actions, int).tolist(), ticks

    def reset(self, seed):
        pass

    def desired(self, group, now_s):
        """The table's entry for (phase, containers, calls in the system)."""
        tick = round(now_s / TICK_S) - 1  # the platform looks first when one tick has passed
        phase = int(self.ticks.phases[min(tick, len(self.ticks.phases) - 1)])
        ready = min(group.idle + group.busy + group.starting, self.problem.containers)
        waiting = min(group.running + group.waiting, self.problem.queue)
        return self.actions[self.problem.index(phase, ready, waiting)]


def run(autoscaler, ticks: Ticks, seed: int, version: str = "real") -> Result:
    """The ticks on the platform, under any autoscaler. The first tick begins after TICK_S seconds."""
    member(version, "version", VERSIONS)
    sketch = version == "sketch"
    begins_s = TICK_S * (1 + np.repeat(np.arange(len(ticks.calls)), ticks.calls))
    within_s = A_MOMENT_S if sketch else stream(seed, "moments").uniform(0, TICK_S, len(begins_s))
    whole_s = TICK_S - 2 * A_MOMENT_S
    enlarge = Function(
        "enlarge",
        Constant(whole_s) if sketch else Exponential(TICK_S),
        memory_mb=MEMORY_MB,
        cold_start=ColdStart(allocate_s=whole_s),
    )
    work = Workload((enlarge,), {"enlarge": np.sort(begins_s + within_s)})
    platform = Platform(FixedWindow(float("inf")), autoscaler=autoscaler)
    return simulate(platform, work, seed=seed, duration_s=TICK_S * (1 + len(ticks.calls)))


def cents(problem: SmallAutoscaling, result: Result) -> float:
    """What a run has cost: time of containers without a call, starts included, and time that calls have waited."""
    horizon, calls, containers = result.horizon_ns, result.calls, result.containers
    until = lambda ns: np.where(ns < 0, horizon, ns)  # noqa: E731 (what has not come by the end counts until then)
    waiting_s = (until(calls["begin_ns"]) - calls["arrival_ns"]).sum() / 1e9
    alive_s = (until(containers["gone_ns"]) - containers["created_ns"]).sum() / 1e9
    busy_s = (until(calls["end_ns"]) - until(calls["begin_ns"])).sum() / 1e9
    return float(problem.idle_cents * (alive_s - busy_s) + problem.wait_cents * waiting_s) / TICK_S


def model_cents(problem: SmallAutoscaling, actions, ticks: Ticks) -> float:
    """What the model says that these ticks cost under a table of actions (S,)."""
    total, ready, waiting = 0.0, 0, 0
    for phase, arriving in zip(ticks.phases.tolist(), ticks.calls.tolist(), strict=True):
        state = phase, ready, waiting
        ready, waiting, cost = problem.tick(state, int(actions[problem.index(*state)]), arriving)
        total += cost
    return total
