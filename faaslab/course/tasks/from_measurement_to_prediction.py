"""Keys of the lab "From measurement to prediction": from the student's own measurement, or computed by simulation.

What is measured differs from machine to machine and from run to run. So the notebook hands its measurement to `keep`,
and the first task's keys are computed from that. Chapter "From measurement to prediction". Left out: a judgement of how
good a measurement is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number, not_given
from faaslab.course.lab import Task, problem_task
from faaslab.course.verdict import unanswered
from faaslab.course.words import fill, table
from faaslab.durations import Constant, Empirical
from faaslab.functions import Function, Step
from faaslab.model.diff import Diff, diff
from faaslab.model.result import Result
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU, FixedFleet
from faaslab.workload import Workload, poisson

SEEDS = (1, 2, 3, 4, 5)


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "measure": _measure(),
        "omitted": problem_task("omitted-calls", seed),
        "open-loop": _open_loop(seed),
        "containers": _containers(seed),
    }


def _words(task):
    return table("labs/from-measurement-to-prediction")["task"][task]


# --- a measurement of the student's own ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Trial:
    """A calibration, the result of a play and that of a simulation of the same calls."""

    calibration: object
    measured: Result
    predicted: Result

    @property
    def change(self) -> Diff:
        """The prediction against the measurement, call by call: below zero where it promises too short a time."""
        return diff(self.measured, self.predicted)

    @property
    def wait_ms(self) -> float:
        """What a warm call took beyond its cpu time, in the mean."""
        samples = self.calibration.samples
        return 1000 * float((samples["call"] - samples["cpu"]).mean())

    def figures(self) -> dict:
        """The answers, and what known slips lead to."""
        samples, change = self.calibration.samples, self.change.response_change_s
        change = change[~np.isnan(change)]
        return {
            "wait_ms": self.wait_ms,
            "call_ms": 1000 * float(samples["call"].mean()),
            "cpu_ms": 1000 * float(samples["cpu"].mean()),
            "too_short": int((change < 0).sum()),
            "too_long": int((change > 0).sum()),
            "error_ms": 1000 * float(change.mean()),
            "size_ms": 1000 * float(np.abs(change).mean()),
        }


_kept: list[Trial] = []


def keep(calibration, measured: Result, predicted: Result) -> Trial:
    """Remember a measurement, so that the check can compute its keys from it; the last one counts."""
    trial = Trial(calibration, measured, predicted)
    trial.figures()  # what cannot be compared says so here, not in the check
    _kept[:] = [trial]
    return trial


@dataclass(frozen=True)
class OfTrial:
    """A judge whose key comes from the measurement that was kept. make: from its figures to the judge."""

    make: Callable

    expected = "a number"

    def judge(self, answer):
        """As the judge made; "not answered yet" while nothing has been measured."""
        if not _kept:
            return unanswered(_words("measure")["first"])
        return not_given(answer) or self.make(_kept[0].figures()).judge(answer)


def _measure():
    """Read a calibration and a comparison: waiting, calls predicted too short, mean error."""
    slips = _words("measure")["slips"]
    judges = (
        OfTrial(lambda f: Number(f["wait_ms"], "ms", slips={slips["call"]: f["call_ms"], slips["cpu"]: f["cpu_ms"]})),
        OfTrial(lambda f: Number(f["too_short"], "count", slips={slips["too-long"]: f["too_long"]})),
        OfTrial(lambda f: Number(f["error_ms"], "ms", slips={slips["size"]: f["size_ms"]})),
    )
    return Task(judges, None, {})


# --- a load generator that is to be mended -------------------------------------------------------------------------

# How long the generator is busy with sending a call, and how long the service takes for one, in ms.
SEND_MS, SERVICE_MS = 1, 20


def closed_loop(schedule_ms, send):
    """The generator as it is given: it waits for each answer, and counts from the sending."""
    response_ms, now_ms = [], 0
    for due_ms in schedule_ms:
        sent_ms = max(due_ms, now_ms)
        _, answered_ms = send(sent_ms)
        response_ms.append(answered_ms - sent_ms)
        now_ms = answered_ms
    return response_ms


def open_loop(schedule_ms, send):
    """As it should be: it waits for no answer, only for itself, and counts from the schedule."""
    response_ms, now_ms = [], 0
    for due_ms in schedule_ms:
        now_ms, answered_ms = send(max(due_ms, now_ms))
        response_ms.append(answered_ms - due_ms)
    return response_ms


def _from_sending(schedule_ms, send):
    response_ms, now_ms = [], 0
    for due_ms in schedule_ms:
        sent_ms = max(due_ms, now_ms)
        now_ms, answered_ms = send(sent_ms)
        response_ms.append(answered_ms - sent_ms)
    return response_ms


def _never_busy(schedule_ms, send):
    return [send(due_ms)[1] - due_ms for due_ms in schedule_ms]


def _still_waiting(schedule_ms, send):
    response_ms, now_ms = [], 0
    for due_ms in schedule_ms:
        _, now_ms = send(max(due_ms, now_ms))
        response_ms.append(now_ms - due_ms)
    return response_ms


# Each case is one that the mistake beside it gets wrong.
MISTAKES = {"stall": closed_loop, "schedule": _from_sending, "busy": _never_busy, "side": _still_waiting}


class Service:
    """What `send` calls: so many servers that take calls in the order of sending. All times are whole ms.

    stall: (begin, end), when no server works. send_ms: how long the generator is busy with sending one call.
    """

    def __init__(self, servers, stall=(0, 0), send_ms=SEND_MS):
        self.free_ms, self.stall, self.send_ms = [0] * servers, stall, send_ms

    def send(self, sent_ms):
        """(when the generator is free again, when the answer is there)."""
        server = min(range(len(self.free_ms)), key=self.free_ms.__getitem__)
        begin_ms = max(sent_ms, self.free_ms[server])
        end_ms = begin_ms + SERVICE_MS
        if begin_ms < self.stall[1] and end_ms > self.stall[0]:
            end_ms = self.stall[1] + (end_ms - max(begin_ms, self.stall[0]))
        self.free_ms[server] = end_ms
        return sent_ms + self.send_ms, end_ms


def _world(case, rng):
    """Schedule, and how to make the service, of a case."""
    gaps = {"calm": (40, 80), "stall": (40, 80), "schedule": (1, 9), "busy": (1, 9), "side": (10, 18)}
    low, high = gaps.get(case, (4, 40))
    schedule = np.cumsum(rng.integers(low, high, 60 if case == "random" else 12)).tolist()
    begin = schedule[3] + 5
    stall = (begin, begin + int(rng.integers(150, 400))) if case in ("stall", "random") else (0, 0)
    servers = {"calm": 1, "stall": 4}.get(case, 8)
    return schedule, partial(Service, servers, stall, 12 if case in ("schedule", "busy") else SEND_MS)


@cache
def _generator_cases(seed, shift):
    words, cases = _words("open-loop")["cases"], []
    for case in ("calm", *MISTAKES, "random"):
        rng = np.random.default_rng([seed, shift, *case.encode()])
        schedule, service = _world(case, rng)
        run = lambda code, t=tuple(schedule), s=service: [int(r) for r in code(list(t), s().send)]  # noqa: E731
        expected = run(open_loop)
        tell = lambda at, got, expected, t=schedule: fill(  # noqa: E731
            words["difference"], {"call": at + 1, "due": t[at], "got": got, "expected": expected}
        )
        cases.append(Case(fill(words[case], {"calls": len(schedule)}), run, expected, first_difference(expected, tell)))
    return tuple(cases)


def _open_loop(seed):
    what = _words("open-loop")["what"]
    public, hidden = (Changed(Cases(what, _generator_cases(seed, shift)), closed_loop) for shift in (0, 1))
    return Task((public,), None, {}, (hidden,))


# --- how many containers on two cores ------------------------------------------------------------------------------

FLEETS, CORES, PLAY_S = (2, 4, 16), 2, 20.0
BUSY = (0.7, 0.75)


def functions() -> dict[str, Function]:
    """Three functions as a calibration might give them: equal photos, unequal photos, one that waits for a store."""
    return {
        "equal": Function("equal", Constant(0.020)),
        "unequal": Function("unequal", Empirical((0.005, 0.005, 0.005, 0.005, 0.080))),
        "store": Function("store", body=(Step(Constant(0.005)), Step(Constant(0.060), "wait"))),
    }


def rate_per_s(name: str, seed: int) -> float:
    """Calls a second; computing alone keeps the two cores busy to BUSY of their time, with the store to a tenth."""
    steps = functions()[name].steps
    cpu_s = sum(step.duration.mean_s for step in steps if step.kind == "compute")
    return round(CORES * (0.1 if name == "store" else BUSY[seed % len(BUSY)]) / cpu_s, 1)


@cache
def mean_ms(name: str, containers: int, seed: int) -> tuple[float, ...]:
    """Mean response of a function in ms, one value for each of SEEDS, in a fixed number of containers on two cores."""
    function, rate, means = functions()[name], rate_per_s(name, seed), []
    for run in SEEDS:
        work = Workload((function,), {name: poisson(rate, PLAY_S, 100 * seed + run)})
        platform = Platform(LRU(), autoscaler=FixedFleet(containers), cpu="shared", invoker_cpu=CORES)
        calls = simulate(platform, work, seed=run, duration_s=PLAY_S, drain=True).calls
        means.append(float((calls["end_ns"] - calls["arrival_ns"]).mean() / 1e6))
    return tuple(means)


def _fewest_ms(name, seed):
    means = {n: float(np.mean(mean_ms(name, n, seed))) for n in FLEETS}
    best, words = min(means, key=means.get), _words("containers")["slips"]
    told = {n: fill(words[name], {"containers": n, "mean_ms": means[n]}) for n in FLEETS if n != best}
    return Choice(best, FLEETS, told)


def _containers(seed):
    judges = tuple(Deferred(f"one of {FLEETS}", partial(_fewest_ms, name, seed)) for name in functions())
    example = {"calls": 6, "cpu_ms": 30, "shared_ms": 90, "second_ms": 60, "queue_ms": (30 + 60 + 90) / 3}
    return Task(judges, None, example)
