"""Keys of the lab "Beat the baselines": a manager of the student's own on traces that it has not seen.

Chapter "Does it work?". Traces are episodes of thirty functions (faaslab.harvest.worlds.episodes), made from generated
functions, so that they are the same everywhere. Those of the checks share neither functions nor minutes with those of
`practice`. A manager that is tried sees histories; while it decides, the functions' demand is sealed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.words import fill, table
from faaslab.errors import InputError
from faaslab.harvest.demand import Speed
from faaslab.harvest.manager import Decided, ResourceManager
from faaslab.harvest.managers import Fixed, Greedy, RandomChoice, Smallest
from faaslab.harvest.measures import call_columns
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.harvest.worlds.world import World
from faaslab.model.summary import t_interval

TRACES, LOAD = 10, 0.6
MOST_SLOWER, MOST_OF_FIXED = 0.01, 0.97


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "read": _read(seed),
        "paired": problem_task("paired-interval", seed),
        "manager": _manager(seed),
        "decide": _decide(),
    }


def _words(task):
    return table("labs/beat-the-baselines")["task"][task]


# --- traces, and what a manager does on them -----------------------------------------------------------------------


@cache
def _episodes(split, load, servers):
    return Episodes.larger(sample=generated_sample(), split=split, load=load, servers=servers)


@lru_cache(maxsize=64)
def trace(number: int, split: str = "held out", load: float = LOAD, servers: int | None = None) -> World:
    """The trace of this number: thirty functions, 250 to 350 calls, whose demand can be sealed."""
    world = _episodes(split, load, servers)(number)
    functions = tuple(replace(f, speed=Sealed(f.speed)) for f in world.workload.functions)
    return replace(world, workload=replace(world.workload, functions=functions))


class Sealed(Speed):
    """A function's speed that answers nobody while a manager decides."""

    closed = False

    def __init__(self, speed):
        super().__init__(speed.demand, speed.options, speed.cpu, speed.memory)

    def __getattribute__(self, name):
        if Sealed.closed and not name.startswith("__"):
            raise InputError(_words("manager")["sealed"])
        return super().__getattribute__(name)

    def __call__(self, cpu, memory_mb, size=1.0):
        if Sealed.closed:
            raise InputError(_words("manager")["sealed"])
        return super().__call__(cpu, memory_mb, size)


def run_calls(make: Callable[[], ResourceManager], world: World, seed: int) -> dict[str, np.ndarray]:
    """The columns of faaslab.harvest.measures.call_columns of a run under `make()`, who sees histories only."""
    manager = make()
    if not isinstance(manager, ResourceManager):
        raise InputError(fill(_words("manager")["no-manager"], {"kind": type(manager).__name__}))
    choose, decide = manager.choose, manager.decide

    def checked(known, call, platform):
        got = decide(known, call, platform)
        option = got.option if isinstance(got, Decided) else got
        if isinstance(option, bool) or not isinstance(option, int | np.integer):
            raise InputError(fill(_words("manager")["no-index"], {"kind": type(option).__name__}))
        return got

    def sealed(call, platform):
        Sealed.closed = True
        try:
            return choose(call, platform)
        finally:
            Sealed.closed = False

    manager.choose, manager.decide = sealed, checked
    return call_columns(manager, world.run(manager, seed))


def figures(columns: dict[str, np.ndarray]) -> dict[str, float]:
    """Of one run: "rfet", the mean relative duration; "log_response", the mean of ln(response / own duration);
    "slower", the share of calls slower than at the user's configuration."""
    return {
        "rfet": float(columns["rfet"].mean()),
        "log_response": float(np.log(columns["response_s"] / columns["own_s"]).mean()),
        "slower": float(columns["slowed"].mean()),
    }


@lru_cache(maxsize=64)
def scores(make, first: int, split: str = "held out", load: float = LOAD, servers: int | None = None) -> dict:
    """The `figures` of `make` on the TRACES traces from `first` on: name -> array of shape (traces,)."""
    found = [
        figures(run_calls(make, trace(n, split, load, servers), n)) for n in range(first, first + TRACES)
    ]  # fmt: skip
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def practice(managers: dict[str, Callable], seed: int = 1) -> list[dict]:
    """What each manager does on ten traces to practise with: rows {"manager", "rfet", "response", "against Fixed",
    "slower"}; response is the geometric mean of response / own duration, against Fixed its quotient with Fixed's."""
    fixed, rows = scores(Fixed, TRACES * seed, "train"), []
    for name, make in managers.items():
        mine = scores(make, TRACES * seed, "train")
        rows.append({
            "manager": name,
            "rfet": mine["rfet"].mean(),
            "response": np.exp(mine["log_response"].mean()),
            "against Fixed": np.exp((mine["log_response"] - fixed["log_response"]).mean()),
            "slower": mine["slower"].mean(),
        })  # fmt: skip
    return rows


# --- runs to be read -----------------------------------------------------------------------------------------------

READ = {"Fixed": Fixed, "Greedy": Greedy, "random": RandomChoice}


@cache
def log(seed: int) -> list[dict]:
    """What task 1 shows: one row a call of one trace under each manager of READ, in seconds."""
    rows = []
    for name, make in READ.items():
        columns = run_calls(make, trace(700 + seed), seed)
        listed = zip(*(np.round(columns[key], 4).tolist() for key in ("own_s", "wait_s", "service_s")), strict=True)
        rows += [{"manager": name, "own_s": own, "wait_s": wait, "service_s": took} for own, wait, took in listed]
    return rows


def _read(seed):
    slips = _words("read")["slips"]

    def columns(name):
        mine = [row for row in log(seed) if row["manager"] == name]
        return (np.array([row[key] for row in mine]) for key in ("own_s", "wait_s", "service_s"))

    def rfet():
        own, wait, took = columns("random")
        wrong = {
            slips["with-waiting"]: np.mean((wait + took) / own),
            slips["sums"]: took.sum() / own.sum(),
            slips["turned"]: np.mean(own / took),
            slips["seconds"]: took.mean(),
        }
        return Number(float(np.mean(took / own)), slips=wrong)

    def response():
        own, wait, took = columns("random")
        wrong = {
            slips["no-waiting"]: took.mean(),
            slips["waiting-only"]: wait.mean(),
            slips["quotient"]: np.mean((wait + took) / own),
        }
        return Number(float(np.mean(wait + took)), "s", slips=wrong)

    def soonest():
        means = {name: sum(np.mean(v) for v in list(columns(name))[1:]) for name in READ}
        best = min(means, key=means.get)
        remarks = {name: fill(slips["later"], {"mean": means[name]}) for name in READ if name != best}
        return Choice(best, tuple(READ), remarks)

    judges = (
        Deferred("a number", rfet),
        Deferred("a number of s", response),
        Deferred(f"one of {tuple(READ)}", soonest),
    )
    example = {
        "own_s": 4.0,
        "a_wait_s": 0.0,
        "a_s": 4.0,
        "b_wait_s": 14.0,
        "b_s": 2.0,
        "rfet": 0.75,
        "response_s": 10.0,
    }
    return Task(judges, None, example)


# --- the manager that is to be written -----------------------------------------------------------------------------


class AsGiven(ResourceManager):
    """The manager as the lab gives it: everyone gets what the user configured."""

    def decide(self, known, call, platform):
        return self.options.index(known.cpu, known.memory)


class Remembers(ResourceManager):
    """One that passes: climb until a call leaves something unused, then give exactly what it used, for good."""

    name = "remembers"

    def decide(self, known, call, platform):
        if known.memo is None:
            known.memo = {}
        last, options = known.history.last, self.options
        cores = self._next(known.memo, "cores", last.cpu, last.cpu_peak, options.cores)
        units = self._next(known.memo, "units", last.memory, last.memory_peak, options.units)
        return options.index(cores, units)

    @staticmethod
    def _next(needs, resource, given, peak, most):
        if peak < given:
            needs[resource] = max(1, int(np.ceil(peak)))
        return needs.get(resource) or min(most, given + 1)


class Figure(float):
    """A number with the sentence that explains it."""

    note = ""

    @classmethod
    def of(cls, value, note):
        made = cls(value)
        made.note = note
        return made


@dataclass(frozen=True, eq=False)
class AtMost:
    """Equal to every number up to a limit."""

    limit: float

    def __eq__(self, other):
        return other <= self.limit

    def __hash__(self):
        return hash(self.limit)


def paired(mine: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Mean and half-width of the 95 % interval of mine less other's, trace by trace."""
    interval = t_interval(mine - other)
    return interval["mean"], interval["half_width"]


def _judged(first):
    words = _words("manager")["cases"]

    def case(key, figure, limit):
        def run(code):
            value, numbers = figure(scores(code, first))
            return Figure.of(value, fill(words[f"{key}-note"], numbers))

        return Case(words[key], run, AtMost(limit), lambda got: got.note)

    def slower(mine):
        share = float(mine["slower"].mean())
        return share, {"share": 100 * share}

    def below(name, other):
        def figure(mine):
            mean, half = paired(mine[name], scores(other, first)[name])
            return mean + half, {"mean": mean, "half": half}

        return figure

    def of_fixed(mine):
        quotient = float(np.exp(np.mean(mine["log_response"] - scores(Fixed, first)["log_response"])))
        return quotient, {"quotient": quotient}

    return (
        Case(words["runs"], lambda code: len(scores(code, first)["rfet"]), TRACES),
        case("slower", slower, MOST_SLOWER),
        case("fixed", below("rfet", Fixed), -1e-9),
        case("random", below("log_response", RandomChoice), -1e-9),
        case("sooner", of_fixed, MOST_OF_FIXED),
        case("greedy", below("log_response", Greedy), -1e-9),
    )


@cache
def _cases(seed):
    return _judged(TRACES * seed)


def _manager(seed):
    what = _words("manager")["what"]
    public, hidden = (Changed(Cases(what, _cases(s)), AsGiven) for s in (seed, seed + 5003))
    example = {"a": 3, "b": 4, "c": 5, "d": 6, "peak": 5.2, "key": 6}
    return Task((public,), None, example, (hidden,))


# --- the manager that is to be chosen ------------------------------------------------------------------------------

CLUSTERS = {"large": (0.2, None), "single": (0.3, 1), "busy": (1.2, None)}  # load, servers
MANAGERS = {"fixed": Fixed, "greedy": Greedy, "smallest": Smallest, "random": RandomChoice}


@cache
def measured(cluster: str, manager: str) -> dict:
    """{"rfet", "response" (geometric mean of response / own duration), "mean", "half": of the paired difference of
    ln(response / own duration) to Fixed, with its 95 % interval} over ten traces."""
    load, servers = CLUSTERS[cluster]
    mine, fixed = (scores(make, 840, "held out", load, servers) for make in (MANAGERS[manager], Fixed))
    mean, half = paired(mine["log_response"], fixed["log_response"]) if manager != "fixed" else (0.0, 0.0)
    return {
        "rfet": float(mine["rfet"].mean()),
        "response": float(np.exp(mine["log_response"].mean())),
        "mean": mean,
        "half": half,
    }


def proved_best(cluster: str) -> str:
    """Of the managers whose interval lies below 0 the one with the smallest mean; Fixed where there is none."""
    proved = [m for m in MANAGERS if m != "fixed" and sum(measured(cluster, m)[k] for k in ("mean", "half")) < 0]
    return min(proved, key=lambda manager: measured(cluster, manager)["mean"], default="fixed")


def _best(cluster):
    words, best, remarks = _words("decide")["slips"], proved_best(cluster), {}
    for manager in MANAGERS:
        if manager != best:
            found = measured(cluster, manager)
            proved = found["mean"] + found["half"] < 0
            key = "missed" if manager == "fixed" else "second" if proved else "not-proved"
            remarks[manager] = fill(words[key], found)
    return Choice(best, tuple(MANAGERS), remarks)


def _shorter():
    words, found = _words("decide")["slips"], measured("large", proved_best("large"))
    rfet, key = found["rfet"], 1 - np.exp(found["mean"])
    slips = {words["logarithm"]: -found["mean"], words["rfet"]: 1 - rfet, words["rest"]: 1 - key}
    return Number(float(key), "fraction", tolerance=0.01, slips=slips)


def _decide():
    example = {"mean": -0.2, "half": 0.05, "low": -0.25, "high": -0.15, "key": float(1 - np.exp(-0.2))}
    judges = [Deferred(f"one of {tuple(MANAGERS)}", partial(_best, cluster)) for cluster in CLUSTERS]
    return Task((*judges, Deferred("a number", _shorter)), None, example)
