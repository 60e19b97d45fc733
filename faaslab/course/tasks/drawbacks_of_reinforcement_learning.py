"""Keys of the lab "The drawbacks of reinforcement learning": from the stored trainings of the chapter, and by counting.

Chapter "The drawbacks of reinforcement learning". Left out: training itself, which needs torch.
"""

import math
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.words import fill, table
from faaslab.harvest.studies.stored import read_study
from faaslab.model.summary import t_interval

MINUTES_AN_EPISODE = 18  # 150 hours for 500 episodes, as published
NORMAL = 1.96  # what 95 % takes with the normal distribution


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "read": _read(seed),
        "unseen": problem_task("failures-unseen", seed),
        "tuned": _tuned(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/drawbacks-of-reinforcement-learning")["task"][task]


# --- eight trainings that are to be read -----------------------------------------------------------------------------


def trainings(seed: int) -> list[dict]:
    """Eight stored trainings that differ in their seed only, at one point of their way: {"training" (its seed),
    "episodes", "relative" (mean relative duration on held-out episodes, options drawn), "slowed" (share of calls)}."""
    rng = np.random.default_rng([seed, 71])
    group, episodes = one(rng, "published", "scaled"), one(rng, 320, 480, 640)
    rows = []
    for entry in _stored()["trainings"]:
        if entry["group"] == group:
            point = next(p for p in entry["points"] if p["episodes"] == episodes)
            figures = {name: round(point["drawn"][name], 4) for name in ("relative", "slowed")}
            rows.append({"training": entry["seed"], "episodes": episodes, **figures})
    return rows


def largest_rule() -> float:
    """The mean relative duration of "take the largest option" on the same held-out episodes, without a safeguard."""
    rows = [row for row in _stored()["rules"] if row["rule"] == "Largest" and not row["safeguard"]]
    return round(rows[0]["relative"], 4)


@cache
def _stored():
    return read_study("drawbacks")


def _read(seed):
    slips, rows = _words("read")["slips"], trainings(seed)
    values = np.array([row["relative"] for row in rows])
    found, n, s = t_interval(values), len(values), values.std(ddof=1)
    hours = n * rows[0]["episodes"] * MINUTES_AN_EPISODE / 60
    factor = found["half_width"] / s * math.sqrt(n)
    judges = (
        Number(values.mean(), tolerance=0.002, slips={slips["best"]: values.min(), slips["worst"]: values.max()}),
        Number(
            found["half_width"],
            tolerance=0.02,
            slips={
                slips["deviation"]: s,
                slips["error"]: s / math.sqrt(n),
                slips["whole"]: 2 * found["half_width"],
                slips["population"]: factor * values.std() / math.sqrt(n),
                slips["no-root"]: factor * s,
                slips["normal"]: NORMAL * s / math.sqrt(n),
            },
        ),
        Number(hours, "hours", slips={slips["one"]: hours / n, slips["minutes"]: 60 * hours}),
    )
    example = {"first": 1.2, "second": 1.3, "third": 1.1, "mean": 1.2, "s": 0.1, "n": 3, "t": 4.303,
               "half": 4.303 * 0.1 / math.sqrt(3), "episodes": 100, "hours": 90}  # fmt: skip
    return Task(judges, None, example)


# --- tuning that does not deceive itself ----------------------------------------------------------------------------


def lucky(validation: dict, held_out: dict) -> tuple:
    """What the lab shows as a bad example: the setting with the best single training, and that training's figure."""
    name = min(held_out, key=lambda setting: min(held_out[setting]))
    return name, min(held_out[name])


def tuned(validation: dict, held_out: dict) -> tuple:
    """What the lab asks for: the setting that is best on average in validation, and its mean on the held-out."""
    name = min(validation, key=lambda setting: np.mean(validation[setting]))
    return name, float(np.mean(held_out[name]))


def noise(rng, settings: int = 12, seeds: int = 5) -> tuple[dict, dict]:
    """Made-up figures of settings that are all equally good, (validation, held-out): mean 1, s 0.1."""
    return tuple(
        {f"setting {i}": (1 + 0.1 * rng.standard_normal(seeds)).tolist() for i in range(1, settings + 1)}
        for _ in range(2)
    )


def _grid(rng, settings, seeds):
    """Made-up figures: {setting: figures of its trainings}, for validation and for held-out."""
    names = [f"rate {rate:g}" for rate in rng.choice([0.0003, 0.001, 0.002, 0.003, 0.005, 0.01], settings, False)]
    centre = {name: 1 + 0.2 * rng.random() for name in names}
    counts = {name: int(rng.integers(3, seeds + 1)) for name in names}
    return tuple(
        {name: (centre[name] + 0.1 * rng.standard_normal(counts[name])).round(3).tolist() for name in names}
        for _ in range(2)
    )


def _called(code, validation, held_out):
    given = {k: list(v) for k, v in validation.items()}, {k: list(v) for k, v in held_out.items()}
    found = code(*given)
    if given != (validation, held_out):
        return "changed"
    if not isinstance(found, tuple | list) or len(found) != 2:
        return repr(found)
    return str(found[0]), round(float(found[1]), 6)


@cache
def _tuned_cases(seed):
    words, rng = _words("tuned")["cases"], np.random.default_rng([seed, 72])
    shift = seed % 5 / 100

    def case(key, validation, held_out):
        expected = _called(tuned, validation, held_out)
        return Case(words[key], lambda code: _called(code, validation, held_out), expected)

    grids = [_grid(rng, 5, 6) for _ in range(30)]
    expected = [_called(tuned, *grid) for grid in grids]

    def tell(at, got, expected):
        return fill(words["difference"], {"number": at + 1, "got": repr(got), "expected": repr(expected)})

    return (
        case(
            "lucky",
            {"calm": [0.97 + shift, 0.99, 0.98], "wild": [0.9, 1.3 + shift, 1.2]},
            {"calm": [0.98, 1.0, 0.99 + shift], "wild": [0.8 + shift, 1.4, 1.1]},
        ),
        case(
            "peeking",
            {"slow": [1.0, 1.02 + shift, 1.01], "fast": [0.95, 0.97, 0.96]},
            {"slow": [0.96, 0.94, 0.95], "fast": [1.01 + shift, 1.0, 1.02]},
        ),
        case(
            "counts",
            {"few": [1.1, 1.15 + shift], "many": [1.0, 1.05, 1.1, 1.0, 0.95]},
            {"few": [1.0, 1.1], "many": [1.1, 1.0, 1.05, 1.15 + shift, 1.2]},
        ),
        Case(
            words["random"],
            lambda code: [_called(code, *grid) for grid in grids],
            expected,
            first_difference(expected, tell),
        ),
    )


def _as_given(validation, held_out):
    return None


def _tuned(seed):
    what = _words("tuned")["what"]
    public, hidden = (Changed(Cases(what, _tuned_cases(s)), _as_given) for s in (seed, seed + 5003))
    return Task((public,), None, {"first": 1.05, "second": 1.0, "report": 1.02}, (hidden,))


# --- a rule, or which way of learning --------------------------------------------------------------------------------

WAYS = ("rule", "live", "simulator")
PRICE_USD_S = 1e-4
SERVICES = {
    "kiosk": {"calls": 50_000, "seconds": 1.0},
    "shop": {"calls": 2_000_000, "seconds": 2.0},
    "chain": {"calls": 2_000_000_000, "seconds": 2.0},
}
HOURS = 80
RULE, LEARNT, SIMULATED = 0.95, 0.85, 0.80


def terms(seed: int) -> dict:
    """What the lab's last task states: training calls and their relative duration, the wage of an hour."""
    rng = np.random.default_rng([seed, 73])
    return {
        "training_calls": one(rng, 15_000, 20_000, 25_000),
        "during": one(rng, 1.5, 1.6, 1.7),
        "wage": one(rng, 50.0, 60.0, 70.0, 80.0),
    }


def total_usd(name: str, way: str, seed: int) -> float:
    """What a service pays in all: for the time of its calls, and for work."""
    service, given = SERVICES[name], terms(seed)
    calls, training = service["calls"], given["training_calls"]
    relative = {
        "rule": RULE * calls,
        "live": given["during"] * training + LEARNT * (calls - training),
        "simulator": SIMULATED * calls,
    }
    work = HOURS * given["wage"] if way == "simulator" else 0.0
    return relative[way] * service["seconds"] * PRICE_USD_S + work


def _cheapest(name, seed):
    words = _words("decide")["slips"]
    usd = {way: total_usd(name, way, seed) for way in WAYS}
    best = min(usd, key=usd.get)
    remarks = {way: fill(words[f"{way}-dearer"], {"usd": usd[way], "less": usd[best]}) for way in WAYS if way != best}
    return Choice(best, WAYS, remarks)


def _break_even(seed):
    """Calls in all, training included, from which learning live beats the rule."""
    words, given = _words("decide")["slips"], terms(seed)
    n, during = given["training_calls"], given["during"]
    after = n * (during - RULE) / (RULE - LEARNT)
    slips = {
        words["after"]: after,
        words["user"]: n + n * (during - 1) / (1 - LEARNT),
        words["whole"]: n + n * during / (RULE - LEARNT),
        words["user-saving"]: n + n * (during - RULE) / (1 - LEARNT),
    }
    return Number(after + n, "calls", tolerance=0.01, slips=slips)


def _decide(seed):
    example = {"n": 1000, "during": 1.4, "rule": 0.9, "learnt": 0.7, "lost": 500, "saved": 0.2, "after": 2500,
               "all": 3500}  # fmt: skip
    judges = [Deferred(f"one of {WAYS}", partial(_cheapest, name, seed)) for name in SERVICES]
    return Task((*judges, Deferred("a number of calls", partial(_break_even, seed))), None, example)
