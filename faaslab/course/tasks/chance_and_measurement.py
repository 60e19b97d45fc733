"""Keys of the lab "Chance and measurement": days of thumbnails on the simulator, and runs made up to try a measurement.

Chapter "Chance and measurement". Which of two settings is better is decided by the 95 % t interval of five differences,
as the chapter does; no key is typed in. Left out: tests of several comparisons at once.
"""

from functools import cache, partial
from itertools import count

import numpy as np

from faaslab.course.cases import Case, Cases, Changed
from faaslab.course.check import Choice, Deferred, Number, kind_of
from faaslab.course.lab import Task, problem_task
from faaslab.course.words import fill, table
from faaslab.durations import Exponential
from faaslab.model.summary import t_interval
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.units import NS_PER_S
from faaslab.workload import thumbnails
from faaslab.workload.thumbnails import DAY_S, PEAK_HOUR

RUNS = 5
MIN = 60.0
SLOW_S = 1.0


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "day": _day(seed),
        "gap": problem_task("poisson-gap", seed),
        "measure": _measure(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/chance-and-measurement")["task"][task]


# --- one day ---------------------------------------------------------------------------------------------------------


@cache
def one_day(keep_s: float, seed: int, service_s: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """One day of thumbnails with containers kept for keep_s: (arrival_s, response_s), shape (calls,), seconds.

    service_s: mean of the exponential durations. Calls that are not over at the end of the day are left out.
    """
    workload = thumbnails(seed, service=Exponential(service_s))
    calls = simulate(Platform(FixedWindow(keep_s)), workload, seed=seed, duration_s=DAY_S).calls
    over = calls["end_ns"] >= 0
    arrival_ns = calls["arrival_ns"][over]
    return arrival_ns / NS_PER_S, (calls["end_ns"][over] - arrival_ns) / NS_PER_S


def _mean_of_hours(arrival_s, response_s):
    hours = arrival_s // 3600
    return float(np.mean([np.percentile(response_s[hours == hour], 99) for hour in np.unique(hours)]))


@cache
def day_of(seed: int) -> int:
    """The seed of a day that the chapter does not show, whose p99 is not, by chance, the mean of its hourly p99s."""

    def differ(day):
        arrival_s, response_s = one_day(MIN, day)
        p99 = np.percentile(response_s, 99)
        return abs(_mean_of_hours(arrival_s, response_s) - p99) > 0.02 * p99

    return next(day for day in count(1000 * seed + 100) if differ(day))


def _day(seed):
    words = _words("day")["slips"]
    arrival_s, response_s = one_day(MIN, day_of(seed))
    p99, slow = float(np.percentile(response_s, 99)), int((response_s > SLOW_S).sum())
    p99_slips = {
        words["mean-of-hours"]: _mean_of_hours(arrival_s, response_s),
        words["busy-hour"]: float(np.percentile(response_s[arrival_s // 3600 == PEAK_HOUR], 99)),
        words["p95"]: float(np.percentile(response_s, 95)),
        words["mean"]: float(response_s.mean()),
        words["slowest"]: float(response_s.max()),
        words["of-the-slowest"]: 0.99 * float(response_s.max()),
    }
    slow_slips = {words["the-others"]: len(response_s) - slow, words["beyond-p99"]: int((response_s > p99).sum())}
    days_slips = {words["p99-again"]: 1, words["calls"]: 100_000, words["ten-calls"]: 0.1}
    judges = (
        Number(p99, "s", slips=p99_slips),
        Number(slow, "count", slips=slow_slips),
        Number(10, "count", slips=days_slips),
    )
    example = {"calls": 5000, "beyond": 250, "rank": 4750, "needed": 2000}
    return Task(judges, None, example)


# --- the measurement that is to be mended ----------------------------------------------------------------------------


def given_measure(one_run, seeds, warmup_s):
    """The measurement as the lab gives it, with its six mistakes."""
    values = []
    for _ in seeds:
        arrival_s, response_s = one_run(seeds[0])
        hours = arrival_s // 3600
        hourly = [np.percentile(response_s[hours == hour], 99) for hour in np.unique(hours)]
        values.append(np.mean(hourly))
    return np.mean(values), 1.96 * np.std(values)


class _Near(float):
    """A number that equals what lies within 0.2 % of it, so that rounding is no mistake."""

    def __eq__(self, other):
        return not isinstance(other, str) and abs(float(other) - float(self)) <= max(0.002 * abs(self), 1e-9)

    __hash__ = None

    def __repr__(self):
        return f"{float(self):.4g}"


def _made_up(seeds, numbers, hours=(1000,), empty=0):
    """{seed: (arrival_s, response_s)}: `hours` calls in each hour, each hour slower.

    The first `empty` calls take 9 s, and the next one 5 s: it arrives when the warm-up is just over.
    """
    runs = {}
    for seed in seeds:
        rng = np.random.default_rng([numbers, seed])
        arrival_s = np.concatenate([3600.0 * h + np.arange(n) * 3600 / n for h, n in enumerate(hours)])
        response_s = np.concatenate([(1 + 4 * h) * rng.exponential(0.2, n) for h, n in enumerate(hours)])
        if empty:
            response_s[:empty], response_s[empty] = 9.0, 5.0
        runs[seed] = arrival_s, response_s
    return runs


def _expected(runs, warmup_s):
    return t_interval([np.percentile(times[arrivals >= warmup_s], 99) for arrivals, times in runs.values()])


def _one_of(runs):
    def one_run(seed):
        if seed not in runs:
            raise LookupError(_words("measure")["not-a-seed"].format(seed=seed, seeds=list(runs)))
        return tuple(values.copy() for values in runs[seed])

    return one_run


def _part(runs, warmup_s, index):
    """The mean (index 0) or the half-width (index 1) that `measure` returns, or what else it returned, in words."""

    def run(measure):
        answer = measure(_one_of(runs), list(runs), warmup_s)
        if np.shape(answer) != (2,):
            return kind_of(answer.item() if isinstance(answer, np.generic) else answer)
        return round(float(answer[index]), 6)

    return run


def _explain(expected, index):
    """From a wrong result to a sentence about its form: no pair, the wrong order, the ends of the interval."""
    words = _words("measure")["form"]
    ends = expected["mean"] - expected["half_width"], expected["mean"] + expected["half_width"]

    def explain(got):
        if isinstance(got, str):
            return words["no-pair"].format(kind=got)
        if expected["half_width"] and got == _Near(expected["half_width" if index == 0 else "mean"]):
            return words["swapped"]
        return words["ends"] if expected["half_width"] and got == _Near(ends[index]) else None

    return explain


def _asked(seeds):
    def run(measure):
        asked, runs = [], _made_up(seeds, 3)

        def one_run(seed):
            asked.append(seed)
            return _one_of(runs)(seed)

        measure(one_run, list(seeds), 0.0)
        return sorted(asked)

    return run


@cache
def _measure_cases(numbers):
    words = _words("measure")["cases"]
    plain = _made_up(range(11, 16), numbers)
    alike = dict.fromkeys(range(5), _made_up([1], numbers, hours=(2000, 40))[1])
    empty = dict.fromkeys(range(5), _made_up([1], numbers, hours=(100,), empty=50)[1])
    few = _made_up(range(21, 24), numbers)
    edge_s = 1800.0

    def case(key, runs, warmup_s, index):
        expected = _expected(runs, warmup_s)
        near = _Near(expected["mean" if index == 0 else "half_width"])
        return Case(words[key], _part(runs, warmup_s, index), near, _explain(expected, index))

    return (
        Case(words["seeds"], _asked([4, 7, 9]), [4, 7, 9]),
        case("mean", plain, 0.0, 0),
        case("hours", alike, 0.0, 0),
        case("warmup", empty, edge_s, 0),
        case("half", plain, 0.0, 1),
        case("few", few, 0.0, 1),
    )


def _measure(seed):
    what = _words("measure")["what"]
    public, hidden = (Changed(Cases(what, _measure_cases(n)), given_measure) for n in (seed, seed + 500))
    example = {"mean": 1.2, "s": 0.2, "factor": 4.303, "half": t_interval([1.0, 1.2, 1.4])["half_width"]}
    return Task((public,), None, example, (hidden,))


# --- which setting is better -----------------------------------------------------------------------------------------


@cache
def comparisons(seed: int) -> dict:
    """p99 in ms of five days with setting A and five with setting B: {name: {"A": (...), "B": (...)}}.

    "longer": containers kept 1 and 10 minutes, on the same calls. "longest": 10 and 20 minutes, each setting on days of
    its own. "smaller": calls of 0.2 and 0.22 s on average, kept 10 minutes, on the same calls.
    """
    days = [100 * seed + day for day in range(1, 2 * RUNS + 1)]
    first, others = days[:RUNS], days[RUNS:]

    def p99_ms(keep_min, seeds, service_s=0.2):
        return tuple(1000 * float(np.percentile(one_day(keep_min * MIN, s, service_s)[1], 99)) for s in seeds)

    return {
        "longer": {"A": p99_ms(1, first), "B": p99_ms(10, first)},
        "longest": {"A": p99_ms(10, first), "B": p99_ms(20, others)},
        "smaller": {"A": p99_ms(10, first), "B": p99_ms(10, first, 0.22)},
    }


def difference_ms(a, b) -> dict:
    """The t interval of B - A, day by day: {"mean", "half_width", "low", "high"}."""
    found = t_interval(np.subtract(b, a))
    return found | {"low": found["mean"] - found["half_width"], "high": found["mean"] + found["half_width"]}


def better(a, b) -> str:
    """The setting with the lower p99: "A", "B", or "cannot tell" where the interval of the differences contains 0."""
    found = difference_ms(a, b)
    return "B" if found["high"] < 0 else "A" if found["low"] > 0 else "cannot tell"


def _half_width(seed):
    words, pair = _words("decide")["slips"], comparisons(seed)["longer"]
    differences = np.subtract(pair["B"], pair["A"])
    found, own = t_interval(differences), [t_interval(pair[name])["half_width"] for name in "AB"]
    slips = {
        words["own-sum"]: sum(own),
        words["own-a"]: own[0],
        words["own-b"]: own[1],
        words["mean"]: abs(found["mean"]),
        words["deviation"]: float(differences.std(ddof=1)),
        words["no-root"]: found["half_width"] * RUNS**0.5,
        words["normal"]: 1.96 * float(differences.std(ddof=1)) / RUNS**0.5,
        words["divided-by-n"]: found["half_width"] * (1 - 1 / RUNS) ** 0.5,
        words["whole-width"]: 2 * found["half_width"],
    }
    return Number(found["half_width"], "ms", 0.01, slips)


def _choice(seed, name):
    words, pair = _words("decide")["choices"], comparisons(seed)[name]
    key, values = better(pair["A"], pair["B"]), difference_ms(pair["A"], pair["B"])
    remark = "contains-0" if key == "cannot tell" else "other"
    remarks = dict.fromkeys(("A", "B"), fill(words[remark], values)) | {"cannot tell": fill(words["told"], values)}
    return Choice(key, ("A", "B", "cannot tell"), remarks)


def _decide(seed):
    a, b = (950, 980, 940), (930, 970, 915)
    example = {"a": "950, 980, 940", "b": "930, 970, 915", "differences": "-20, -10, -25", **difference_ms(a, b)}
    example["s"] = float(np.std(np.subtract(b, a), ddof=1))
    allowed = "one of 'A', 'B', 'cannot tell'"
    judges = [Deferred("a number of ms", partial(_half_width, seed))]
    judges += [Deferred(allowed, partial(_choice, seed, name)) for name in ("longer", "longest", "smaller")]
    return Task(tuple(judges), None, example)
