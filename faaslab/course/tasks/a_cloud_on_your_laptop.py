"""Keys of the lab "A cloud on your laptop": computed from what the student's own machine has measured.

Chapter "A cloud on your laptop". The price of memory that is kept is that of capacity kept ready on AWS Lambda (the
sheet's); what a second of waiting costs is invented, as it must be. Left out: the memory that functions share among
containers that are kept warm; each is counted as if it were alone.
"""

import math
import statistics
from functools import partial

import numpy as np

from faaslab.course.check import Choice, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.own import Own
from faaslab.course.tasks.laptop_app import AppCases
from faaslab.course.words import fill, table
from faaslab.policies import NoKeepAlive
from faaslab.pricing import price_sheet
from faaslab.runtime import Report, Runtime, samples, start_modes

NAME = "a-cloud-on-your-laptop"
FUNCTIONS, CALLS_A_DAY = 20, 100  # of each function
SERVICES = {"reports": (1e-7, 5e-7), "gallery": (4e-4, 6e-4), "checkout": (0.5, 1.0)}  # USD for a second of waiting
WAYS = ("spawn", "zygote", "warm")
EVENT = {"width": 320, "height": 240}
REPEATS = 5
MEMORY_MB = 256
WINDOW_S = 0.5


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "report": _report(),
        "start-phases": problem_task("start-phases", seed),
        "app": Task((AppCases(_words("app"), seed),), hidden=(AppCases(_words("app"), seed, hidden=True),)),
        "ready": _ready(seed),
    }


def _words(task):
    return table(f"labs/{NAME}")["task"][task]


def available() -> list[str]:
    """The start modes that this system has."""
    return [mode for mode, missing in start_modes().items() if missing is None]


def _choice(seed, *values):
    """One of `values` for this seed, the same in every part of the lab."""
    return values[int(np.random.default_rng([seed, 4, len(values)]).integers(len(values)))]


# --- reading REPORT lines --------------------------------------------------------------------------------------------


def pauses(seed: int) -> tuple[float, ...]:
    """Seconds before each of six calls: short ones, and some that are longer than a window of WINDOW_S."""
    return _choice(seed, (0, 0.1, 0.9, 0.1, 0.2, 1.1), (0, 1.0, 0.1, 1.2, 0.2, 0.9), (0, 0.2, 0.1, 1.1, 0.1, 0.2))


def _report():
    words = _words("report")
    return Task((Own(words["what"], tuple(words["names"]), _read),), None, _example())


def _example():
    """Two calls of an invented function, for the worked example."""
    figures = {"duration_ms": 5.2, "init_ms": 93.4, "billed_ms": 99, "warm_ms": 4.7, "billed_warm_ms": 5, "sum_ms": 104}
    return figures | {"share": figures["init_ms"] / figures["sum_ms"]}


def _read(calls):
    """The judges of cold_calls, billed_ms and init_share, from a list of answers or reports."""
    reports = [call if isinstance(call, Report) else call.report for call in calls]
    slips = _words("report")["slips"]
    inits = [report.init_s for report in reports if report.init_s is not None]
    billed_ms = round(1000 * sum(report.billed_s for report in reports))
    durations_ms = 1000 * sum(report.duration_s for report in reports)
    init_ms = 1000 * sum(inits)
    rounded_ms = sum(math.ceil(1000 * report.duration_s) for report in reports)
    billed = {
        slips["not-rounded"]: durations_ms + init_ms,
        slips["duration"]: durations_ms,
        slips["init-left-out"]: rounded_ms,
        slips["init-twice"]: billed_ms + init_ms,
        slips["in-seconds"]: billed_ms / 1000,
    }
    # a whole number of ms, so exact; what is within rounding of it is not taken for the slip "not-rounded"
    count = Number(len(inits), "count", slips=_without({slips["warm"]: len(reports) - len(inits)}, len(inits)))
    whole = Number(billed_ms, "ms", 1e-6, _without(billed, billed_ms))
    cold_share = len(inits) / len(reports)
    share = Number(init_ms / billed_ms, "fraction", 0.01, _without({slips["calls"]: cold_share}, init_ms / billed_ms))
    return count, whole, share


def _without(slips, key):
    """Slips that do not lead to the key by chance."""
    return {sentence: value for sentence, value in slips.items() if abs(value - key) > 0.015 * abs(key)}


# --- what is to be kept ready ----------------------------------------------------------------------------------------


def measure_ways() -> dict:
    """Each way to be ready for a function that imports NumPy -> {"start_s": mean of five starts, "kept_mb": memory
    that is held all day for FUNCTIONS of them, in MB}.

    spawn: nothing is kept. zygote: one prepared process for all of them, which holds as much as one container. warm:
    one container each, never ended. Where the system has no fork there is no zygote; where it does not tell what a
    process holds, MEMORY_MB is taken.
    """
    starts_s, used_mb = {}, 0.0
    with Runtime(keep_alive=NoKeepAlive()) as cloud:
        for mode, preload in (("spawn", ()), ("zygote", ("numpy",))):
            if mode in available():
                source = samples.path("thumbnails")
                cloud.deploy("thumbnails", source, memory_mb=MEMORY_MB, start=mode, preload=preload)
                reports = [cloud.invoke("thumbnails", EVENT, check=True).report for _ in range(REPEATS)]
                starts_s[mode] = statistics.mean(report.init_s for report in reports)
                used_mb = max(used_mb, statistics.mean(report.used_mb for report in reports))
    used_mb = used_mb or MEMORY_MB
    kept_mb = {"spawn": 0.0, "zygote": used_mb, "warm": FUNCTIONS * used_mb}
    starts_s["warm"] = 0.0
    return {way: {"start_s": starts_s[way], "kept_mb": kept_mb[way]} for way in WAYS if way in starts_s}


def prices(seed: int) -> dict:
    """USD: of a GB-hour kept ready, and of a second that a caller of each service waits for a start."""
    rng = np.random.default_rng([seed, 78])
    return {
        "memory_gb_h": round(price_sheet("aws-lambda").measure_price_usd("ready_gb_s") * 3600, 4),
        **{f"{name}_second": choices[int(rng.integers(len(choices)))] for name, choices in SERVICES.items()},
    }


def day_usd(way: dict, second_usd: float, memory_usd: float) -> float:
    """USD a day of one way: memory that is kept for 24 hours, and seconds that callers wait.

    Every call of the twenty functions comes after a long silence, so unless a container is kept warm it is cold.
    """
    return way["kept_mb"] / 1024 * 24 * memory_usd + FUNCTIONS * CALLS_A_DAY * way["start_s"] * second_usd


def _cheapest(seed, ways):
    paid, words = prices(seed), _words("ready")["slips"]
    for name in SERVICES:
        usd = {way: day_usd(row, paid[f"{name}_second"], paid["memory_gb_h"]) for way, row in ways.items()}
        best = min(usd, key=usd.get)
        remarks = {}
        for way, row in ways.items():
            values = {
                "way": way, "usd": usd[way], "least": usd[best], "wait_s": FUNCTIONS * CALLS_A_DAY * row["start_s"],
                "gb_h": row["kept_mb"] / 1024 * 24,
            }  # fmt: skip
            remarks[way] = fill(words["memory" if row["kept_mb"] > ways[best]["kept_mb"] else "waiting"], values)
        yield Choice(best, tuple(ways), remarks)


def _ready(seed):
    words = _words("ready")
    example = {"start_ms": 300, "calls": 500, "wait_s": 150, "second_usd": 0.001, "wait_usd": 0.15, "kept_mb": 64,
               "gb_h": 1.5, "memory_usd": 0.02, "kept_usd": 0.03}  # fmt: skip
    return Task((Own(words["what"], tuple(words["names"]), partial(_cheapest, seed)),), None, example)
