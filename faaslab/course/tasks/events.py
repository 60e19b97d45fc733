"""Keys of the lab "Events": an hour of a queue on the simulator, dead letters, a handler, triggers and a time-out.

Chapter "Events". The handler is tried on the small queue of events_batches. Left out: the time that its batches take.
"""

import math
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed
from faaslab.course.check import Choice, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.tasks.events_batches import careful, deliver, naive, named, new_store, record, weathered
from faaslab.course.words import fill, table
from faaslab.durations import Exponential
from faaslab.functions import Function
from faaslab.model.result import EventOutcome, Outcome
from faaslab.model.retries import delivered_twice
from faaslab.platform import Platform, simulate
from faaslab.platform.triggers import Queue
from faaslab.policies import FixedWindow
from faaslab.workload import Workload, poisson

TRIGGERS = ("http", "timer", "queue")
JOBS = {"price": "http", "invoice": "queue", "sales": "timer"}
TIMEOUTS_S = (30, 60, 120, 240, 300, 600)
MEANS_S = (5, 10, 15, 20, 40)
AT_MOST = 0.001
BAD_LUCK = 0.3  # in the hour of task 1


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "ledger": _ledger(seed),
        "dead-letters": problem_task("dead-letters", seed),
        "handler": _handler(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/events")["task"][task]


# --- an hour of the queue, to be read -------------------------------------------------------------------------------


@cache
def hour(seed: int) -> dict:
    """What the hour of task 1 is made of, drawn until no two ways of counting give the same number."""
    rng = np.random.default_rng([seed, 31])
    while True:
        arrivals_s = poisson(60 / 3600, 3600.0, int(rng.integers(1_000_000)))
        damaged = sorted(rng.choice(len(arrivals_s), 3, replace=False).tolist())
        given = {"arrivals_s": arrivals_s, "damaged": damaged, "mean_s": 4.0, "visibility_s": 8.0, "receives": 3}
        counts = counted(run_hour(given, seed))
        ways = [counts[way] for way in ("again", "delivered-again", "more-than-once", "dead")]
        if len(set(ways)) == len(ways) and counts["again"] >= 3 and counts["dead"] > len(damaged):
            return given


def run_hour(given, seed):
    """The Result of that hour: 30 % of the attempts fail by bad luck, the damaged always."""
    function = Function("thumbnail", Exponential(given["mean_s"]), memory_mb=256, failure=BAD_LUCK)
    queue = Queue(
        "thumbnail", given["arrivals_s"], batch_size=1, visibility_s=given["visibility_s"],
        max_receives=given["receives"], damaged=given["damaged"],
    )  # fmt: skip
    workload = Workload((function,))
    return simulate(Platform(FixedWindow(600)), workload, seed=seed, duration_s=3600, triggers=[queue], drain=True)


def counted(result):
    """Ways of counting what a queue has done more often than once."""
    messages = result.messages
    done = int((messages["outcome"] == EventOutcome.DONE).sum())
    completed = int(result.outcome(Outcome.COMPLETED).sum())
    return {
        "again": completed - done,
        "delivered-again": int((messages["deliveries"] - 1).sum()),
        "more-than-once": int((messages["deliveries"] > 1).sum()),
        "failed": int(result.outcome(Outcome.FAILED).sum()),
        "dead": int((messages["outcome"] == EventOutcome.DEAD_LETTERED).sum()),
        "done": done,
        "completed": completed,
    }


def _ledger(seed):
    given = hour(seed)
    counts, slips = counted(run_hour(given, seed)), _words("ledger")["slips"]
    dead = {slips["failed"]: counts["failed"], slips["damaged-only"]: len(given["damaged"])}
    again = {
        slips["delivered-again"]: counts["delivered-again"],
        slips["more-than-once"]: counts["more-than-once"],
        slips["completed"]: counts["completed"],
    }
    example = counted(run_hour(hour(seed + 500), seed + 500))
    return Task(
        (Number(counts["dead"], "count", slips=dead), Number(counts["again"], "count", slips=again)), None, example
    )


# --- the handler that is to be mended -------------------------------------------------------------------------------


def _outcome(store, dead):
    return {"dead": dead, "thumbnails": sorted(store["thumbnails"]), "uploads": dict(sorted(store["uploads"].items()))}


def _once(*batches, storm=()):
    """What a handler answers to batches one after another, and what is then in the store.

    storm: photos for which shrink raises OSError.
    """

    def run(handler):
        store, failed = new_store(), []
        for records in batches:
            event = {"Records": [dict(r) for r in records]}
            failed.append(named(handler(event, store, partial(weathered, storm)), records))
        return {"failed": failed, **{key: _outcome(store, [])[key] for key in ("thumbnails", "uploads")}}

    return run


def _evening(records, seed):
    def run(handler):
        return _outcome(*deliver(handler, records, seed))

    return run


def _handler_cases(seed, first):
    words = _words("handler")["cases"]
    a, b, c = (record(first + i, photo) for i, photo in enumerate(("ana/sea.jpg", "ben/cat.jpg", "ana/hill.jpg")))
    bad, same = record(first + 3, "ben/damaged.jpg"), record(first + 4, "ana/sea.jpg")
    rng = np.random.default_rng([seed, first])
    many = [
        record(i, f"{('ana', 'ben', 'cem')[int(rng.integers(3))]}/{i}{'-damaged' * int(rng.random() < 0.05)}.jpg")
        for i in range(300)
    ]
    runs = {
        "batch": _once([a, b, c]),
        "twice": _once([a, b], [a, c]),
        "same-photo": _once([a, same]),
        "damaged": _once([a, bad, c]),
        "damaged-again": _once([bad, a], [bad]),
        "storm": _once([a, b, c], storm=(b["body"],)),
        "evening": _evening(many, None),
        "bad-luck": _evening(many, seed + first),
    }
    cases = []
    for key, run in runs.items():
        expected = run(careful)
        about = fill(words[key], {"messages": len(many)})
        cases.append(Case(about, run, expected, _difference(expected)))
    return tuple(cases)


def _difference(wanted):
    """The first part of the end state that is wrong, in words: the whole would be too long to read."""
    words = _words("handler")["cases"]

    def short(value):
        return str(len(value)) if len(value) > 4 else repr(value)

    def explain(got):
        different = [key for key in wanted if got[key] != wanted[key]]
        if not different:
            return None
        key = different[0]
        if key == "failed" and any(len(g) > len(w) for g, w in zip(got[key], wanted[key], strict=True)):
            return fill(words["differs-all-failed"], {"expected": short(wanted[key])})
        return fill(words[f"differs-{key}"], {"got": short(got[key]), "expected": short(wanted[key])})

    return explain


def _handler(seed):
    what = _words("handler")["what"]
    public, hidden = (Changed(Cases(what, _handler_cases(seed, first)), naive) for first in (1, 40))
    return Task((public,), None, {}, (hidden,))


# --- triggers and a time-out ------------------------------------------------------------------------------------------


def videos(seed: int) -> dict:
    """The videos of task 4: their mean time, and the share that may be cut twice."""
    mean_s = MEANS_S[int(np.random.default_rng([seed, 41]).integers(len(MEANS_S)))]
    return {"mean_s": mean_s, "twice_at_most": AT_MOST, "timeouts_s": TIMEOUTS_S}


def _shortest(mean_s):
    return next(v for v in TIMEOUTS_S if delivered_twice(v, mean_s) <= AT_MOST)


def _decide(seed):
    words, mean_s = _words("decide"), videos(seed)["mean_s"]
    judges = [Choice(right, TRIGGERS, dict(words["jobs"][job])) for job, right in JOBS.items()]
    best = _shortest(mean_s)
    remarks = {
        v: fill(words["slips"]["too-long" if v > best else "too-short"],
                {"timeout_s": v, "mean_s": mean_s, "percent": 100 * delivered_twice(v, mean_s)})
        for v in TIMEOUTS_S
    }  # fmt: skip
    judges.append(Choice(best, TIMEOUTS_S, remarks))
    other_s = next(m for m in MEANS_S if _shortest(m) != best)
    example = {"mean_s": other_s, "needed_s": -other_s * math.log(AT_MOST), "timeout_s": _shortest(other_s)}
    return Task(tuple(judges), None, example)
