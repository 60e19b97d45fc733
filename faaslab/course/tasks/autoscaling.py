"""Keys of the lab "Autoscaling": everything is computed on the simulator and by the KPA's own rule.

Chapter "Autoscaling". Left out: the KPA's memory of a panic, which the lab shows and does not ask for.
"""

import math
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.tasks.autoscaling_designs import (
    CROWD_S,
    DESIGNS,
    MOST_LATE,
    PEAK_PER_S,
    SERVICES,
    best_design,
    day_usd,
    mean_day,
    prices,
)
from faaslab.course.words import fill, table
from faaslab.durations import Exponential
from faaslab.functions import Function
from faaslab.model.result import Outcome
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.policies.kpa import Decision, Panic
from faaslab.presets import aws_lambda
from faaslab.workload import Workload, poisson
from faaslab.workload.thumbnails import START, thumbnail_function


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "crowd": _crowd(seed),
        "servers": problem_task("erlang-servers", seed),
        "autoscaler": _autoscaler(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/autoscaling")["task"][task]


# --- a run to be read ----------------------------------------------------------------------------------------------


def crowd(seed: int) -> dict:
    """What task 1 runs: {"rate_per_s", "service_s", "limit", "duration_s"}, a crowd that meets a concurrency limit."""
    rng = np.random.default_rng([seed, 41])
    service_s, limit = one(rng, (1.5, 25), (2.0, 35), (2.5, 40), (3.0, 50))
    return {"rate_per_s": one(rng, 20, 22, 24), "service_s": service_s, "limit": limit, "duration_s": 120.0}


def crowd_result(rate_per_s, service_s, limit, duration_s, seed):
    """The Result of that crowd on AWS Lambda's rules with an account of so many calls at once."""
    films = Function("films", Exponential(service_s), memory_mb=256, cold_start=START)
    work = Workload((films,), {"films": poisson(rate_per_s, duration_s, seed)})
    return simulate(aws_lambda(account_concurrency=limit), work, seed=seed, duration_s=duration_s)


def _crowd(seed):
    given, slips = crowd(seed), _words("crowd")["slips"]
    calls = (result := crowd_result(**given, seed=seed)).calls
    counts = {outcome: int(np.count_nonzero(calls["outcome"] == outcome)) for outcome in Outcome}
    share = counts[Outcome.THROTTLED] / len(result)
    load = given["rate_per_s"] * given["service_s"]
    begun = calls["begin_ns"] >= 0
    longest_s, slowest_s = (
        float((calls[until] - calls["arrival_ns"])[begun & (calls[until] >= 0)].max() / 1e9)
        for until in ("begin_ns", "end_ns")
    )
    completed, refused = counts[Outcome.COMPLETED], counts[Outcome.THROTTLED]
    judges = (
        Number(
            share,
            "fraction",
            slips={slips["completed"]: completed / len(result), slips["of-completed"]: refused / completed},
        ),
        Number(longest_s, "s", tolerance=0.01, slips={slips["response"]: slowest_s, slips["end"]: given["duration_s"]}),
        Number(
            load,
            "containers",
            slips={
                slips["limit"]: given["limit"],
                slips["rate"]: given["rate_per_s"],
                slips["ratio"]: given["rate_per_s"] / given["service_s"],
            },
        ),
    )
    example = {"arrived": 1500, "refused": 300, "share": 300 / 1500, "rate_per_s": 15, "service_s": 4.0, "load": 60.0}
    return Task(judges, None, example)


# --- the autoscaler that is to be written --------------------------------------------------------------------------

TARGET = 0.7
READINGS, SHORT, TICK_S = 30, 3, 2.0


def _as_given(concurrency, ready):
    """The function as the lab gives it: empty."""


class FromFunction:
    """An autoscaler for the simulator whose `desired` is a function of (concurrency, ready).

    concurrency: READINGS numbers, the oldest first; each is the mean number of calls in the system over TICK_S. `log`
    collects what was wanted. It keeps at least one container; one group only.
    """

    owns_count, tick_s, initial = True, TICK_S, 1

    def __init__(self, function):
        self.function = function
        self.reset(0)

    def reset(self, seed):
        self.log, self._readings, self._area = [], [0.0] * READINGS, 0.0

    def desired(self, group, now_s):
        reading = (group.concurrency_area_s - self._area) / TICK_S
        self._area = group.concurrency_area_s
        self._readings = [*self._readings[1:], reading]
        self.log.append(max(1, int(self.function(list(self._readings), group.idle + group.busy))))
        return self.log[-1]

    def on_waiting(self, group, now_s):
        return 1


def on_the_crowd(desired, seed: int = 1) -> dict:
    """Ten minutes of thumbnails and then the crowd, under a function or a policy that scales.

    {"late": share of the crowd's calls that take more than a second, "started": containers started, "first": containers
    there 2, 4, 6, ... 20 s after the crowd has come}
    """
    policy = FromFunction(desired) if not hasattr(desired, "desired") else desired
    platform = Platform(FixedWindow(math.inf), autoscaler=policy)
    quiet_s = 600.0
    usual, crowd_s = poisson(PEAK_PER_S, quiet_s, seed), quiet_s + poisson(100 * PEAK_PER_S, CROWD_S, seed + 100)
    work = Workload((thumbnail_function(),), {"thumbnails": np.concatenate([usual, crowd_s])})
    result = simulate(platform, work, seed=seed, duration_s=quiet_s + CROWD_S)
    calls, containers = result.calls, result.containers
    of_crowd = calls["arrival_ns"] >= quiet_s * 1e9
    end = np.where(calls["end_ns"] < 0, result.horizon_ns, calls["end_ns"])
    gone = np.where(containers["gone_ns"] < 0, result.horizon_ns, containers["gone_ns"])
    clock = [int((quiet_s + s + 0.1) * 1e9) for s in range(2, 21, 2)]
    return {
        "late": float(np.mean(end[of_crowd] - calls["arrival_ns"][of_crowd] > 1e9)),
        "started": len(gone),
        "first": [int(((containers["created_ns"] <= t) & (gone > t)).sum()) for t in clock],
    }


def wanted(concurrency, ready) -> int:
    """What the KPA wants, had it been calm before."""
    stable, panic = sum(concurrency) / READINGS, sum(concurrency[-SHORT:]) / SHORT
    return Decision(TARGET).scale(ready, stable, panic, Panic(), 0.0)[0]


def _clear(concurrency):
    """Whether neither mean stands so near to a whole number of containers that rounding could decide."""
    means = sum(concurrency) / READINGS / TARGET, sum(concurrency[-SHORT:]) / SHORT / TARGET
    return all(abs(mean - round(mean)) > 1e-6 for mean in means)


def _readings(rng, level, last):
    while True:
        found = [round(float(x), 2) for x in rng.gamma(4.0, level / 4.0, READINGS)]
        found[-SHORT:] = [round(float(x), 2) for x in rng.gamma(9.0, last / 9.0, SHORT)]
        if _clear(found):
            return found


@cache
def _autoscaler_cases(seed):
    words, rng = _words("autoscaler")["cases"], np.random.default_rng([seed, 43])

    def case(key, concurrency, ready):
        expected = wanted(concurrency, ready)
        return Case(words[key], lambda code: code(list(concurrency), ready), expected)

    random = [(_readings(rng, one(rng, 0.5, 3.0, 12.0), one(rng, 0.5, 3.0, 12.0)), one(rng, 0, 1, 2, 5, 12, 30))
              for _ in range(200)]  # fmt: skip
    expected = [wanted(*each) for each in random]
    steady = _readings(rng, 5.0, 5.0)

    def tell(at, got, expected):
        return fill(words["difference"], {"number": at + 1, "got": repr(got), "expected": expected})

    return (
        case("calm", [3.33 + seed % 7 / 10] * READINGS, 5),
        case("lull", [3.33 + seed % 7 / 10] * (READINGS - 1) + [0.0], 5),
        case("panic", [0.1] * (READINGS - SHORT) + [1.0, 9.0 + seed % 5 / 10, 20.0], 1),
        case("larger", [8.0 + seed % 5 / 10] * (READINGS - SHORT) + [3.0] * SHORT, 2),
        case("twice", [0.1] * (READINGS - SHORT) + [3.7 + seed % 5 / 20] * SHORT, 3),
        case("no-panic", [2.0] * (READINGS - SHORT) + [3.0 + seed % 5 / 10] * SHORT, 4),
        case("zero-ready", [0.0] * (READINGS - 1) + [1.5], 0),
        case("half", [0.2] * READINGS, 9 + 2 * (seed % 3)),
        case("silent", [0.0] * READINGS, 1),
        case("steady", steady, 7),
        Case(
            words["random"],
            lambda code: [code(list(c), r) for c, r in random],
            expected,
            first_difference(expected, tell),
        ),
    )


def _autoscaler(seed):
    what = _words("autoscaler")["what"]
    public, hidden = (Changed(Cases(what, _autoscaler_cases(s)), _as_given) for s in (seed, seed + 5003))
    readings = [0.7] * (READINGS - SHORT) + [2.0, 5.0, 8.0]
    stable, panic = sum(readings) / READINGS, sum(readings[-SHORT:]) / SHORT
    example = {"stable": stable, "panic": panic, "by_stable": math.ceil(stable / TARGET),
               "by_panic": math.ceil(panic / TARGET), "ready": 2, "wanted": wanted(readings, 2)}  # fmt: skip
    return Task((public,), None, example, (hidden,))


# --- the design that is to be chosen -------------------------------------------------------------------------------


def _best(name, seed):
    paid, words = prices(seed), _words("decide")["slips"]
    remarks = {}
    for design in DESIGNS:
        late = mean_day(name, design)["late"]
        values = {"late": late, "usd": day_usd(name, design, paid)}
        remarks[design] = fill(words["late" if late > MOST_LATE else "dear"], values)
    return Choice(best_design(name, paid), DESIGNS, remarks)


def _frames_usd(seed):
    """What the cheapest design for the frames costs a day."""
    paid, words = prices(seed), _words("decide")["slips"]
    day = mean_day("frames", best_design("frames", paid))
    slips = {
        words["busy-only"]: day["busy_hours"] * paid["place_hour"],
        words["function-price"]: day["container_hours"] * paid["function_hour"],
        words["request-usd"]: day_usd("frames", "request", paid),
        words["knative-usd"]: day_usd("frames", "knative", paid),
    }
    return Number(day["container_hours"] * paid["place_hour"], "USD", tolerance=0.01, slips=slips)


def _decide(seed):
    # the worked example has numbers of its own
    example = {"hours": 100.0, "place_hour": 0.01, "busy": 30.0, "function_hour": 0.02, "calls": 500_000, "call": 2e-7}
    example["usd_places"] = example["hours"] * example["place_hour"]
    example["usd_functions"] = example["busy"] * example["function_hour"] + example["calls"] * example["call"]
    judges = [Deferred(f"one of {DESIGNS}", partial(_best, name, seed)) for name in SERVICES]
    return Task((*judges, Deferred("a number of USD", partial(_frames_usd, seed))), None, example)
