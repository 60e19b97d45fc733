"""Keys of the lab "FaaSRM": a decision of an untrained network, the safeguard's range, and two rewards.

Chapter "FaaSRM". No torch: the network's weights are drawn here, and rule-based managers are enough for the rest.
"""

from functools import cache, partial
from itertools import pairwise

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.words import fill, table
from faaslab.harvest.features import COUNT, Features
from faaslab.harvest.manager import SafeguardedManager
from faaslab.harvest.managers import Fixed, Largest, Smallest
from faaslab.harvest.managers.faasrm import FaaSRM
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Ranges
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.worlds.six_functions import UNDER_PROVISIONED, six_functions
from faaslab.streams import stream

OPTIONS = Options()
THRESHOLD = 0.9
HIDDEN = (32, 16)


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "read": _read(seed),
        "options": problem_task("allowed-options", seed),
        "range": _range(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/faasrm")["task"][task]


# --- a decision to be read -----------------------------------------------------------------------------------------


def untrained(seed: int) -> NumpyScores:
    """A score network of FaaSRM's shape with random weights, larger than one usually begins with, so that its scores
    differ clearly."""
    rng, layers = stream(seed, "untrained"), (COUNT, *HIDDEN, 1)
    weights = [(rng.normal(0, 3 / np.sqrt(a), (a, b)), rng.normal(0, 0.1, b)) for a, b in pairwise(layers)]
    return NumpyScores(weights, options=OPTIONS.n)


class _Watched(FaaSRM):
    """Keeps the first decision with a choice about each function: {"call", "mask", "scores"} by its name."""

    def reset(self, seed):
        super().reset(seed)
        self.first_choice = {}

    def pick(self, known, ranges, call, platform):
        mask = self.mask(ranges)
        if known.function.name not in self.first_choice and mask.sum() > 1:
            scores = self.policy.scores(Features(self.options).of(known, platform))
            self.first_choice[known.function.name] = {"call": call.id, "mask": mask, "scores": scores}
        return super().pick(known, ranges, call, platform)


@cache
def decision(seed: int) -> dict:
    """One decision about an under-provisioned function of the photo site, by an untrained network.

    {"function", "user" (cores and units), "rows" (allowed options: {"cores", "units", "score"}), "taken" (the row's
    number), "baseline_s", "took_s"}.
    """
    name = one(np.random.default_rng([seed, 31]), *UNDER_PROVISIONED)
    manager = _Watched(untrained(seed))
    six_functions(seed).run(manager, seed)
    found = manager.first_choice[name]
    decided, allowed = manager.decisions[found["call"]], found["mask"].nonzero()[0].tolist()
    rows = [
        {"cores": OPTIONS.cpu_of(n), "units": OPTIONS.memory_of(n), "score": round(float(found["scores"][n]), 4)}
        for n in allowed
    ]
    return {
        "function": name,
        "user": manager.known[name].cpu,
        "rows": rows,
        "taken": allowed.index(decided.option),
        "baseline_s": round(decided.baseline_s, 4),
        "took_s": round(decided.usage.duration_s, 4),
    }


def _read(seed):
    shown, slips = decision(seed), _words("read")["slips"]
    scores, taken = np.array([row["score"] for row in shown["rows"]]), shown["taken"]
    powers, n = np.exp(scores), len(scores)
    x = shown["took_s"] / shown["baseline_s"]
    judges = (
        Number(OPTIONS.n - n, "count", slips={slips["allowed"]: n}),
        Number(
            powers[taken] / powers.sum(),
            "fraction",
            tolerance=0.01,
            slips={
                slips["uniform"]: 1 / n,
                slips["power"]: powers[taken],
                slips["score"]: scores[taken],
                slips["forbidden"]: powers[taken] / (powers.sum() + OPTIONS.n - n),
            },
        ),
        Number(
            1 - 2 * x,
            tolerance=0.01,
            slips={
                slips["relative"]: x,
                slips["minus"]: -x,
                slips["bonus"]: 1 - x,
                slips["turned"]: 1 - 2 / x,
                slips["seconds"]: 1 - 2 * shown["took_s"],
            },
        ),
    )
    example = {"n": 10, "forbidden": 54, "power": 2.0, "sum": 25.0, "chance": 0.08, "took": 3.0, "own": 5.0,
               "x": 0.6, "reward": -0.2}  # fmt: skip
    return Task(judges, None, example)


# --- the range that is to be written -------------------------------------------------------------------------------


def _as_given(user, last, highest, most):
    """The function as the lab gives it: the user's configuration, for ever."""
    return user, user, True


def allowed(user, last, highest, most):
    """(least, most, calibrates): the safeguard's range for one resource, as the lab asks for it."""
    if last is None:
        return user, user, True
    given, peak = last
    if peak >= THRESHOLD * user:
        return min(int(highest) + 1, most), most, False
    if peak >= THRESHOLD * given:
        return user, user, True
    return min(int(highest) + 1, user), user, False


class FromRange(SafeguardedManager):
    """Takes any option that `rule(user, last, highest, most)` allows, for cores and for units of memory alike."""

    name = "from a range"

    def __init__(self, rule):
        self.rule = rule
        super().__init__()

    def reset(self, seed):
        super().reset(seed)
        self._rng = stream(seed, "from a range")

    def allowed(self, known):
        history, last = known.history, known.history.last
        cpu = self.rule(known.cpu, (last.cpu, last.cpu_peak), history.recent_cpu_peak, self.options.cores)
        memory = self.rule(
            known.memory, (last.memory, last.memory_peak), history.recent_memory_peak, self.options.units
        )
        calibrates = bool(cpu[2]), bool(memory[2])
        return Ranges((int(cpu[0]), int(cpu[1])), (int(memory[0]), int(memory[1])), *calibrates, any(calibrates))

    def pick(self, known, ranges, call, platform):
        return int(self._rng.choice(self.mask(ranges).nonzero()[0]))


def _situation(rng, most):
    """One resource of one function: (user, last, highest peak)."""
    user, given = int(rng.integers(1, most + 1)), int(rng.integers(1, most + 1))
    peak = round(float(rng.uniform(0.1, 1.0)) * given, 2) if rng.integers(3) else given
    return user, (given, peak), round(max(peak, float(rng.uniform(0, most))), 2)


def _clear(user, last, highest):
    """Whether no use lies so near to a limit that rounding could decide."""
    given, peak = last
    return min(abs(peak - THRESHOLD * user), abs(peak - THRESHOLD * given)) > 1e-3


def _case(about, user, last, highest, most=8):
    return Case(about, lambda code: tuple(code(user, last, highest, most)), allowed(user, last, highest, most))


@cache
def _range_cases(seed):
    words, rng = _words("range")["cases"], np.random.default_rng([seed, 37])
    up = int(rng.integers(0, 2))
    drawn = []
    while len(drawn) < 200:
        most = one(rng, 8, 8, 16)
        situation = _situation(rng, most)
        if _clear(*situation):
            drawn.append((*situation, most))
    expected = [allowed(*each) for each in drawn]

    def tell(at, got, wanted):
        return fill(words["difference"], {"what": str(drawn[at]), "got": repr(got), "expected": repr(wanted)})

    return (
        _case(words["first"], 4 + up, None, 0.0),
        _case(words["over"], 6 + up, (6, 2.4), 2.4),
        _case(words["highest"], 7 + up, (6, 1.5), 3.6),
        _case(words["fires"], 6 + up, (3, 3), 3),
        _case(words["nearly"], 6 + up, (4, 3.7), 3.7),
        _case(words["whole"], 6 + up, (4, 2), 2),
        _case(words["under"], 2 + up, (2 + up, 2 + up), 2 + up),
        _case(words["enough"], 5 + up, (5 + up, 4.9 + up), 4.9 + up),
        _case(words["more"], 2, (5 + up, 4 + up), 4 + up),
        _case(words["most"], 4, (8, 8), 8),
        _case(words["cap"], 3, (8, 1.0), 5.5 + up),
        Case(
            words["random"],
            lambda code: [tuple(code(*each)) for each in drawn],
            expected,
            first_difference(expected, tell),
        ),
    )


def _range(seed):
    what = _words("range")["what"]
    public, hidden = (Changed(Cases(what, _range_cases(s)), _as_given) for s in (seed, seed + 4001))
    example = {"user": 5, "given": 4, "peak": 2.2, "highest": 2.8, "least": 3}
    return Task((public,), None, example, (hidden,))


# --- two rewards ---------------------------------------------------------------------------------------------------

SEEDS = (1, 2, 3, 4, 5)
MANAGERS = {"fixed": Fixed, "largest": Largest, "smallest": Smallest}
SITES = {"crowded": 1, "roomy": 8}  # servers
RATE_PER_S = 0.08


@cache
def measured(site: str, manager: str, seed: int) -> dict:
    """One run of the six functions: {"duration", "response", "response_s"}: the mean reward of a call by either reward,
    1 - 2 × (duration or response) / baseline, and the mean response."""
    choice = MANAGERS[manager]()
    result = six_functions(seed, rate_per_s=RATE_PER_S, servers=SITES[site]).run(choice, seed)
    decided = [choice.decisions[call] for call in range(len(result))]
    baseline_s = np.array([each.baseline_s for each in decided])
    took_s = np.array([each.usage.duration_s for each in decided])
    response_s = (result.calls["end_ns"] - result.calls["arrival_ns"]) / 1e9
    return {
        "duration": float(np.mean(1 - 2 * took_s / baseline_s)),
        "response": float(np.mean(1 - 2 * response_s / baseline_s)),
        "response_s": float(response_s.mean()),
    }


@cache
def mean_of(site: str, manager: str) -> dict:
    """The means of `measured` over SEEDS."""
    runs = [measured(site, manager, seed) for seed in SEEDS]
    return {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}


def preferred(site: str, reward: str) -> str:
    """The manager that a reward ("duration" or "response") ranks first."""
    return max(MANAGERS, key=lambda manager: mean_of(site, manager)[reward])


def calls_a_day(seed: int) -> int:
    """Calls of the crowded site a day."""
    return one(np.random.default_rng([seed, 41]), 38_000, 40_000, 41_000, 43_000)


def _preferred(site, reward):
    words, remarks = _words("decide")["slips"], {}
    for manager in MANAGERS:
        values = {"reward": mean_of(site, manager)[reward], "best": mean_of(site, preferred(site, reward))[reward]}
        remarks[manager] = fill(words["less"], values)
    return Choice(preferred(site, reward), tuple(MANAGERS), remarks)


def _lost(seed):
    words, calls = _words("decide")["slips"], calls_a_day(seed)
    first, second = (mean_of("crowded", preferred("crowded", reward)) for reward in ("duration", "response"))
    fixed_s = mean_of("crowded", "fixed")["response_s"]
    lost_s = first["response_s"] - second["response_s"]
    slips = {
        words["a-call"]: lost_s,
        words["seconds"]: calls * lost_s,
        words["whole"]: calls * first["response_s"] / 3600,
        words["against-fixed"]: calls * (fixed_s - second["response_s"]) / 3600,
        words["rewards"]: calls * (second["response"] - first["response"]) / 3600,
    }
    return Number(calls * lost_s / 3600, "hours", tolerance=0.01, slips=slips)


def _decide(seed):
    example = {"calls": 10_000, "first": 5.0, "second": 3.2, "lost_s": 1.8, "lost_h": 5.0}
    asked = (("crowded", "duration"), ("crowded", "response"), ("roomy", "response"))
    judges = [Deferred(f"one of {tuple(MANAGERS)}", partial(_preferred, *which)) for which in asked]
    return Task((*judges, Deferred("a number of hours", partial(_lost, seed))), None, example)
