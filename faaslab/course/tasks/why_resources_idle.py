"""Keys of the lab "Why resources idle": runs of resource managers on functions of the photo site.

Chapter "Why resources idle". Each function runs alone, its calls a minute apart, so that nothing waits and only the
allocation matters.
"""

from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.words import fill, table
from faaslab.functions import Function
from faaslab.harvest.demand import Saturating, harvested
from faaslab.harvest.manager import ResourceManager
from faaslab.harvest.managers import Fixed, Greedy
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.six_functions import site_function
from faaslab.harvest.worlds.world import World
from faaslab.workload import Workload
from faaslab.workload.thumbnails import START

MOST = Options().cores
PEAKS, NEAR = 5, 0.9


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "read": _read(seed),
        "duration": problem_task("allocated-duration", seed),
        "careful": _careful(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/why-resources-idle")["task"][task]


# --- runs ----------------------------------------------------------------------------------------------------------

FUNCTIONS = ("report", "archive", "login")


def lab_function(name: str) -> Function:
    """The lab's functions: report, whose calls are alike; login, the same but shorter than a monitoring window; and the
    others of the photo site, with inputs of every size."""
    if name == "login":
        return harvested(name, Saturating(0.03, 0.24, cpu=4, memory=2), 4, 4, Options(), cold_start=START)
    return site_function(name, "steady" if name == "report" else "varying")


def call_by_call(function: Function, manager: ResourceManager, seed: int, calls: int = 200) -> list[dict]:
    """One row a call, the calls a minute apart: {"cores", "units", "peak" (cores), "duration_s"}."""
    workload = Workload((function,), {function.name: 60.0 * np.arange(calls)})
    result = World("alone", workload, Options(), 60.0 * calls, 1, 8.0, 2048.0).run(manager, seed)
    usages = [manager.decisions[call].usage for call in sorted(manager.decisions)]
    duration_s = (result.calls["end_ns"] - result.calls["begin_ns"]) / 1e9
    return [
        {"cores": u.cpu, "units": u.memory, "peak": round(u.cpu_peak, 3), "duration_s": round(float(d), 6)}
        for u, d in zip(usages, duration_s, strict=True)
    ]


class FromRule(ResourceManager):
    """A manager whose cores and units are each what `rule(calls, user, most)` says; see the lab for its meaning."""

    name = "from a rule"

    def __init__(self, rule):
        self.rule = rule
        super().__init__()

    def meet(self, function):
        known = super().meet(function)
        if known.memo is None:
            known.memo = {"cpu": [], "memory": []}
        return known

    def decide(self, known, call, platform):
        cpu = self.rule(list(known.memo["cpu"]), known.cpu, self.options.cores)
        memory = self.rule(list(known.memo["memory"]), known.memory, self.options.units)
        return self.options.index(int(cpu), int(memory))

    def on_end(self, call, now_s):
        super().on_end(call, now_s)
        usage, memo = self.decisions[call.id].usage, self.known[call.function.name].memo
        memo["cpu"].append((usage.cpu, usage.cpu_peak))
        memo["memory"].append((usage.memory, usage.memory_peak))
        return ()


def greedy(calls, user, most):
    """Greedy as a rule of the lab's form."""
    if not calls:
        return user
    given, peak = calls[-1]
    return max(1, given - 1) if peak <= NEAR * given else min(most, given + 1)


def careful(calls, user, most):
    """The rule that the lab asks for."""
    if not calls:
        return user
    given, peak = calls[-1]
    if peak >= NEAR * given and given < user:
        return user
    return min(most, int(max(peak for _, peak in calls[-PEAKS:])) + 1)


# --- a run to be read ----------------------------------------------------------------------------------------------


def log(seed: int) -> dict:
    """What task 1 shows: {"function", "user" (cores and units), "rows"}, forty calls of one function under Greedy; each
    row has, besides those of call_by_call, own_s: what the same call takes at its user's configuration."""
    name = one(np.random.default_rng([seed, 61]), "archive", "search", "thumbnails")
    function = lab_function(name)
    rows = call_by_call(function, Greedy(), seed, 40)
    own = call_by_call(function, Fixed(), seed, 40)
    rows = [{**row, "own_s": same["duration_s"]} for row, same in zip(rows, own, strict=True)]
    return {"function": name, "user": int(function.cpu), "rows": rows}


def _read(seed):
    shown, slips = log(seed), _words("read")["slips"]
    columns = {key: np.array([row[key] for row in shown["rows"]]) for key in shown["rows"][0]}
    cores, peak, took, own = (columns[key] for key in ("cores", "peak", "duration_s", "own_s"))
    relative, n = took / own, len(took)
    slower = relative > 1 + 1e-4
    judges = (
        Number(
            np.mean(slower),
            "fraction",
            slips={
                slips["count"]: int(slower.sum()),
                slips["fewer-cores"]: np.mean(cores < shown["user"]),
                slips["full"]: np.mean(peak >= cores),
                slips["equal"]: np.mean(relative >= 1),
            },
        ),
        Number(
            relative.mean(),
            slips={
                slips["sums"]: took.sum() / own.sum(),
                slips["turned"]: np.mean(own / took),
                slips["seconds"]: took.mean(),
            },
        ),
        Number(
            np.sum((cores - peak) * took),
            "core-seconds",
            tolerance=0.01,
            slips={
                slips["held"]: np.sum(cores * took),
                slips["used"]: np.sum(peak * took),
                slips["cores"]: np.sum(cores - peak),
                slips["own"]: np.sum((shown["user"] - peak) * took),
                slips["own-time"]: np.sum((cores - peak) * own),
                slips["a-call"]: np.sum((cores - peak) * took) / n,
            },
        ),
    )
    example = {"a_s": 2.0, "a_own_s": 2.0, "b_s": 3.0, "b_own_s": 2.0, "share": 0.5, "relative": 1.25, "idle": 5.0}
    return Task(judges, None, example)


# --- the rule that is to be written --------------------------------------------------------------------------------


def _as_given(calls, user, most):
    """The function as the lab gives it: empty."""


def _history(rng):
    user, calls = int(rng.integers(1, MOST + 1)), []
    for _ in range(int(rng.integers(1, 12))):
        given = int(rng.integers(1, MOST + 1))
        calls.append((given, round(float(min(given, rng.uniform(0.2, 8))), 2)))
    return calls, user


def _clear(calls):
    """Whether no use lies so near to a limit that rounding could decide."""
    given, peak = calls[-1]
    return abs(peak - NEAR * given) > 1e-3


@cache
def _careful_cases(seed):
    words, rng = _words("careful")["cases"], np.random.default_rng([seed, 67])
    shift = int(rng.integers(0, 2))

    def case(key, calls, user):
        return Case(words[key], lambda code: code(list(calls), user, MOST), careful(calls, user, MOST))

    drawn = [history for history in (_history(rng) for _ in range(400)) if _clear(history[0])][:200]
    expected = [careful(*each, MOST) for each in drawn]

    def tell(at, got, wanted):
        return fill(words["difference"], {"number": at + 1, "got": repr(got), "expected": wanted})

    return (
        case("first", [], 4 + shift),
        case("plenty", [(8, 2.0 + shift)], 8),
        case("stays", [(8, 3), (4, 3), (4, 3)], 8),
        case("rounds-down", [(8, 2.7 + shift)], 8),
        case("largest", [(8, 5), (6, 2), (6, 1), (6, 2)], 8),
        case("forgets", [(8, 6), (7, 2), (7, 1), (7, 2), (7, 1), (7, 2 + shift)], 8),
        case("short", [(8, 3), (4, 4)], 8),
        case("nearly", [(8, 3), (5 + shift, 4.8 + shift)], 8),
        case("exactly", [(8, 3), (5, 4.5)], 8),
        case("climbs", [(2, 2), (3, 3)], 2),
        case("most", [(7, 7), (8, 8)], 2),
        case("at-user", [(5 + shift, 5 + shift)], 5 + shift),
        Case(
            words["random"],
            lambda code: [code(list(calls), user, MOST) for calls, user in drawn],
            expected,
            first_difference(expected, tell),
        ),
    )


def _careful(seed):
    what = _words("careful")["what"]
    public, hidden = (Changed(Cases(what, _careful_cases(s)), _as_given) for s in (seed, seed + 5003))
    example = {"given": 6, "peak": 4.2, "share": 4.2 / 6, "largest": 4.2, "key": careful([(6, 4.2)], 8, MOST)}
    return Task((public,), None, example, (hidden,))


# --- the manager that is to be chosen ------------------------------------------------------------------------------

SEEDS = (1, 2, 3, 4, 5)
MANAGERS = ("fixed", "greedy", "careful")
MOST_SLOWER = 0.1  # the share of the calls that may be slower than at the user's configuration


@cache
def measured(name: str, manager: str, seed: int) -> dict:
    """200 calls of a function under a manager: {"slower", "relative", "core_s"}: core_s is what a call holds."""
    made = {"fixed": Fixed, "greedy": Greedy, "careful": partial(FromRule, careful)}[manager]()
    rows, own = (call_by_call(lab_function(name), m, seed) for m in (made, Fixed()))
    relative = np.array([row["duration_s"] / same["duration_s"] for row, same in zip(rows, own, strict=True)])
    return {
        "slower": float(np.mean(relative > 1 + 1e-4)),
        "relative": float(relative.mean()),
        "core_s": float(np.mean([row["cores"] * row["duration_s"] for row in rows])),
    }


@cache
def mean_of(name: str, manager: str) -> dict:
    """The means of `measured` over SEEDS."""
    runs = [measured(name, manager, seed) for seed in SEEDS]
    return {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}


def best_manager(name: str) -> str:
    """Of the managers that keep the promise the one that holds the fewest core-seconds."""
    kept = [manager for manager in MANAGERS if mean_of(name, manager)["slower"] <= MOST_SLOWER]
    return min(kept, key=lambda manager: mean_of(name, manager)["core_s"])


def calls_a_day(seed: int) -> int:
    """How often archive is called a day."""
    return one(np.random.default_rng([seed, 71]), 2_000, 3_000, 4_000, 6_000)


def _best(name):
    words, remarks = _words("decide")["slips"], {}
    for manager in MANAGERS:
        figures = mean_of(name, manager)
        remarks[manager] = fill(words["slow" if figures["slower"] > MOST_SLOWER else "dear"], figures)
    return Choice(best_manager(name), MANAGERS, remarks)


def _saved(seed):
    words, calls = _words("decide")["slips"], calls_a_day(seed)
    fixed, greedy_s, best = (mean_of("archive", m)["core_s"] for m in ("fixed", "greedy", best_manager("archive")))
    slips = {
        words["with-greedy"]: calls * (fixed - greedy_s) / 3600,
        words["held"]: calls * best / 3600,
        words["a-call"]: fixed - best,
    }
    return Number(calls * (fixed - best) / 3600, "core-hours", tolerance=0.01, slips=slips)


def _decide(seed):
    example = {"calls": 1_000, "fixed": 20.0, "best": 12.8, "saved_s": 7.2, "saved_h": 2.0}
    judges = [Deferred(f"one of {MANAGERS}", partial(_best, name)) for name in FUNCTIONS]
    return Task((*judges, Deferred("a number of core-hours", partial(_saved, seed))), None, example)
