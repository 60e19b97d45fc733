"""Keys of the lab "Cold and warm starts": everything is computed on the simulator, nothing is typed in.

Chapter "Cold and warm starts". The price of idle memory is that of capacity kept ready on AWS Lambda (the sheet's); the
prices of a cold call are invented, as they must be. Left out: windows that differ by the hour.
"""

import math
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems import problem
from faaslab.course.words import fill, table
from faaslab.durations import Constant
from faaslab.functions import Function
from faaslab.model.result import Outcome, Start
from faaslab.model.summary import summary
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.pricing import price_sheet
from faaslab.workload import Workload, thumbnails
from faaslab.workload.thumbnails import DAY_S

WINDOWS_S = (10, 60, 600, 3600)
SEEDS = (1, 2, 3, 4, 5)
SLOW_USD = {"gallery": (4e-6, 6e-6, 8e-6), "checkout": (8e-5, 6e-4, 9e-4)}


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "timeline": _timeline(seed),
        "cold-fraction": problem_task("cold-fraction", seed),
        "runtime": _runtime(seed),
        "window": _window(seed),
    }


def _words(task):
    return table("labs/cold-and-warm-starts")["task"][task]


def _timeline(seed):
    """Read a result: cold calls, and the most containers alive at once."""
    posed = problem("count-cold", seed)
    peak = Number(posed.steps["peak"], "count", slips={_words("timeline")["slips"]["all-containers"]: posed.key})
    return Task((posed.judge(), peak), posed, posed.other().values)


# --- the runtime that is to be mended ------------------------------------------------------------------------------


class TutorialRuntime:
    """The runtime as the lab gives it: one entry a function, touched when a call begins, never cleared."""

    def __init__(self, keep_alive_s, room):
        self.keep_alive_s, self.room, self.last_used_s = keep_alive_s, room, {}

    def invoke(self, now_s, service_s):
        last_s = self.last_used_s.get("thumbnail", -math.inf)
        self.last_used_s["thumbnail"] = now_s
        return "warm" if now_s - last_s < self.keep_alive_s else "cold"

    def alive(self, now_s):
        return len(self.last_used_s)


def simulated_starts(calls, keep_alive_s, room):
    """What the simulator says of (arrival, service) in seconds: cold, warm or rejected for each, with starts of 0 s."""
    # one function a call, all in one app: so every call can have its own service time and they share containers
    functions = tuple(
        Function(f"call-{i:04d}", Constant(service_s), memory_mb=256, app="thumbnail")
        for i, (_, service_s) in enumerate(calls)
    )
    arrivals = {f.name: [arrival_s] for f, (arrival_s, _) in zip(functions, calls, strict=True)}
    memory_mb = math.inf if math.isinf(room) else 256 * room
    platform = Platform(FixedWindow(keep_alive_s), invoker_memory_mb=memory_mb, queue_limit=0)
    result = simulate(platform, Workload(functions, arrivals), seed=1, duration_s=max(a for a, _ in calls) + 1e4)
    rejected, cold = result.outcome(Outcome.REJECTED), result.calls["start"] == Start.COLD
    return ["rejected" if r else "cold" if c else "warm" for r, c in zip(rejected, cold, strict=True)]


def _starts(calls, keep_alive_s, room):
    def run(runtime):
        machine = runtime(keep_alive_s, room)
        return [machine.invoke(arrival_s, service_s) for arrival_s, service_s in calls]

    return run


def _alive(calls, keep_alive_s, at_s):
    def run(runtime):
        machine = runtime(keep_alive_s, 10)
        for arrival_s, service_s in calls:
            machine.invoke(arrival_s, service_s)
        return machine.alive(at_s)

    return run


def _random_calls(seed, n=300):
    """n calls of a function that is called every 4 s on average and runs 3 s on average, to the millisecond."""
    rng = np.random.default_rng([seed, n])
    arrivals = np.cumsum(np.rint(rng.exponential(4000, n) + 1))
    services = np.rint(rng.exponential(3000, n) + 1)
    return [(float(a) / 1000, float(s) / 1000) for a, s in zip(arrivals, services, strict=True)]


@cache
def _runtime_cases(seed, shift):
    words = _words("runtime")["cases"]
    a, b = shift, 2 * shift
    ends = [(0.0, 4.0 + a), (12.0 + a, 1.0)]
    exactly = [(0.0, 4.0 + a), (14.0 + a, 1.0)]
    late = [(0.0, 4.0 + a), (14.5 + a, 1.0)]
    together = [(0.0, 5.0), (1.0 + a, 5.0), (20.0 + b, 1.0)]
    full = [(0.0, 5.0), (1.0, 5.0), (2.0 + a, 5.0), (9.0 + b, 1.0)]

    def tell(at, got, expected):
        return fill(words["difference"], {"call": at + 1, "got": repr(got), "expected": repr(expected)})

    def starts(key, calls, keep_alive_s, room):
        expected = simulated_starts(calls, keep_alive_s, room)
        about = fill(words[key], {"calls": len(calls)})
        return Case(about, _starts(calls, keep_alive_s, room), expected, first_difference(expected, tell))

    random = _random_calls(seed + int(1000 * shift))
    return (
        starts("end", ends, 10.0, 10),
        starts("exactly", exactly, 10.0, 10),
        starts("late", late, 10.0, 10),
        starts("together", together, 30.0, 10),
        Case(words["alive"], _alive(together[:2], 10.0, 12.0 + a), 2),
        Case(words["expired"], _alive(together[:2], 10.0, 17.0 + a), 0),
        starts("full", full, 30.0, 2),
        starts("random", random, 6.0, 10),
        starts("random-full", random, 6.0, 2),
    )


def _runtime(seed):
    what = _words("runtime")["what"]
    public, hidden = (Changed(Cases(what, _runtime_cases(seed, s)), TutorialRuntime) for s in (0.0, 0.25))
    return Task((public,), None, {}, (hidden,))


# --- the window that is to be chosen -------------------------------------------------------------------------------


@cache
def a_day(window_s: float, seed: int) -> dict:
    """One day of the thumbnails under a fixed window: {"cold_calls", "idle_gb_h"}, on the simulator."""
    result = simulate(Platform(FixedWindow(window_s)), thumbnails(seed), seed=seed, duration_s=DAY_S)
    figures = summary(result)
    idle_mb_s = figures["idle_memory_fraction"] * figures["memory_mb_seconds"]
    cold_calls = int((result.calls["start"] == Start.COLD).sum())
    return {"cold_calls": cold_calls, "idle_gb_h": idle_mb_s / 1024 / 3600}


def mean_day(window_s):
    """The means of a_day over SEEDS."""
    days = [a_day(window_s, seed) for seed in SEEDS]
    return {key: sum(day[key] for day in days) / len(days) for key in days[0]}


def prices(seed: int) -> dict:
    """USD: of a GB-hour kept ready, and of a cold call for the gallery and for the checkout."""
    rng = np.random.default_rng([seed, 77])
    return {
        "idle_gb_h": round(price_sheet("aws-lambda").measure_price_usd("ready_gb_s") * 3600, 4),
        **{f"{name}_slow_call": choices[int(rng.integers(len(choices)))] for name, choices in SLOW_USD.items()},
    }


def cost_usd(window_s, slow_usd, memory_usd):
    """USD of a mean day."""
    day = mean_day(window_s)
    return day["cold_calls"] * slow_usd + day["idle_gb_h"] * memory_usd


def _cheapest(name, seed):
    paid = prices(seed)
    usd = {w: cost_usd(w, paid[f"{name}_slow_call"], paid["idle_gb_h"]) for w in WINDOWS_S}
    best, words = min(usd, key=usd.get), _words("window")["slips"]
    remarks = {}
    for window_s in WINDOWS_S:
        values = {"chosen": usd[window_s], "window_s": window_s, **mean_day(window_s)}
        remarks[window_s] = fill(words["too-long" if window_s > best else "too-short"], values)
    return Choice(best, WINDOWS_S, remarks)


def _window(seed):
    # the worked example has numbers of its own: two windows of an invented day
    example = {
        "cold_short": 900,
        "gb_h_short": 4.0,
        "cold_long": 100,
        "gb_h_long": 9.0,
        "memory_usd": 0.02,
        "slow_usd": 2e-4,
    }
    for which in ("short", "long"):
        example[f"usd_{which}"] = (
            example[f"cold_{which}"] * example["slow_usd"] + example[f"gb_h_{which}"] * example["memory_usd"]
        )
    judges = (Deferred(f"one of {WINDOWS_S}", partial(_cheapest, name, seed)) for name in SLOW_USD)
    return Task(tuple(judges), None, example)
