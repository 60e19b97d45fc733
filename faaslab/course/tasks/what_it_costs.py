"""Keys of the lab "What it costs": bills come from faaslab.pricing, the day of photos from the simulator.

Chapter "What it costs". Left out: everything around the functions; services whose calls are not all alike.
"""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.words import fill, table
from faaslab.durations import Exponential
from faaslab.functions import Function
from faaslab.model.result import Start
from faaslab.model.usage import usage_columns
from faaslab.platform import simulate
from faaslab.platform.triggers.http import Http
from faaslab.presets import aws_lambda
from faaslab.pricing import Usage, bill, price_sheet, provisioned_bill, server, server_bill
from faaslab.pricing.granularity import Granularity
from faaslab.workload import Workload, thumbnails
from faaslab.workload.thumbnails import DAY_S, MEMORY_MB, SERVICE_S, START

DAYS = 30
SERVER = "c5.large"
WAYS = ("on demand", "kept ready", "server")
VCPU_MB = 1769


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {"run": _run(seed), "rounding": problem_task("rounding", seed), "bill": _bill(seed), "decide": _decide(seed)}


def _words(task):
    return table("labs/what-it-costs")["task"][task]


# --- the bill of a run -----------------------------------------------------------------------------------------------


@cache
def a_day(seed: int):
    """One day of photos on the AWS preset: (Result, number of photos).

    Between 2 and 5 % of the photos, by the seed, are damaged; each attempt at them fails, and up to two retries follow.
    """
    rng = np.random.default_rng([seed, 11])
    damaged = rng.choice([0.02, 0.03, 0.04, 0.05])
    kinds = tuple(
        Function(name, Exponential(SERVICE_S), memory_mb=MEMORY_MB, cold_start=START, failure=failure, app="photos")
        for name, failure in (("thumbnails", 0.01), ("damaged", 1.0))
    )
    times_s = thumbnails(seed=seed).arrivals_s["thumbnails"]
    bad = rng.random(len(times_s)) < damaged
    callers = [Http("thumbnails", times_s[~bad], retries=2), Http("damaged", times_s[bad], retries=2)]
    return simulate(aws_lambda(), Workload(kinds), triggers=callers, seed=seed, duration_s=DAY_S), len(times_s)


def _reading(seed, name, unit):
    key, slips = _readings(seed)[name]
    return Number(key, unit, slips={_words("run")["slips"][slip]: value for slip, value in slips.items()})


@cache
def _readings(seed):
    result, photos = a_day(seed)
    usage = Usage(**usage_columns(result))
    paid = bill("aws-lambda", usage, free_tier=False)
    attempts = len(usage.service_s)
    start_s, work_s = float(usage.init_s.sum()), float(usage.service_s.sum())
    starts = start_s / (start_s + work_s)
    cold_s = float((result.calls["start"] == Start.COLD).sum()) * START.mean_s
    return {
        "attempts": (attempts / photos, {"inverted": photos / attempts, "extra": attempts / photos - 1}),
        "starts": (starts, {"of-bill": starts * paid.compute_usd / paid.total_usd,
                            "of-calls": float(np.mean(usage.init_s > 0)),
                            "cold-calls": cold_s / (cold_s + work_s)}),
        "month": (DAYS * paid.total_usd, {"compute-only": DAYS * paid.compute_usd, "day": paid.total_usd}),
    }  # fmt: skip


def _run(seed):
    units = {"attempts": "", "starts": "fraction", "month": "USD"}
    # the worked example has numbers of its own: an invented day
    example = {"photos": 2000, "attempts": 2150, "ratio": 2150 / 2000, "start_s": 12.0, "work_s": 500.0,
               "share": 12.0 / 512.0, "day_usd": 0.00256, "month_usd": 0.00256 * DAYS}  # fmt: skip
    judges = (Deferred(Number(1.0, unit).expected, partial(_reading, seed, name, unit)) for name, unit in units.items())
    return Task(tuple(judges), None, example)


# --- the bill function that is to be written -------------------------------------------------------------------------

FLAT = {"request_usd": 0.0, "gb_s_usd": 0.0, "step_ms": 1, "minimum_ms": 0, "free_requests": 0, "free_gb_s": 0}


def simple_bill(calls, memory_mb, sheet):
    """The function as the lab gives it: two lines, nothing rounded, nothing free."""
    requests = sum(calls.values())
    seconds = sum(duration_ms / 1000 * count for duration_ms, count in calls.items())
    gb_s = seconds * memory_mb / 1024
    return requests * sheet["request_usd"] + gb_s * sheet["gb_s_usd"]


def sheet_of(provider, **changes) -> dict:
    """A provider's price sheet as the lab's dictionary."""
    sheet = price_sheet(provider)
    read = {
        "request_usd": sheet.measure_price_usd("requests"),
        "gb_s_usd": sheet.measure_price_usd("memory_gb_s"),
        "step_ms": round(1000 * sheet.granularity.step_s),
        "minimum_ms": round(1000 * sheet.granularity.minimum_s),
        "free_requests": round(sheet.meter_of("requests").free_per_month),
        "free_gb_s": round(sheet.meter_of("memory_gb_s").free_per_month),
    }
    return {**FLAT, **read, **changes}


def priced(provider, calls, memory_mb, sheet):
    """What faaslab.pricing says of `calls` (ms -> how many) under the provider's sheet with the dictionary's rules."""
    base = price_sheet(provider)
    free = {"requests": sheet["free_requests"], "memory_gb_s": sheet["free_gb_s"]}
    meters = tuple(replace(m, free_per_month=free.get(next(iter(m.measures)), m.free_per_month)) for m in base.meters)
    grain = Granularity(sheet["step_ms"] / 1000, sheet["minimum_ms"] / 1000)
    durations_s = np.array(list(calls)) / 1000
    usage = Usage(memory_mb, durations_s, count=np.array(list(calls.values()), dtype=float))
    return bill(replace(base, granularity=grain, meters=meters), usage).total_usd


def _case(about, provider, calls, memory_mb, **changes):
    sheet = sheet_of(provider, **changes)
    expected = round(priced(provider, calls, memory_mb, sheet), 4)
    return Case(about, lambda code: round(float(code(dict(calls), memory_mb, dict(sheet))), 4), expected)


@cache
def _bill_cases(seed, shift):
    words = _words("bill")["cases"]
    rng = np.random.default_rng([seed, 3, shift])

    def million(low, high):
        return int(rng.integers(10 * low, 10 * high)) * 100_000

    nothing_free = {"free_requests": 0, "free_gb_s": 0}
    short, long_ms = 4 + shift, 217 + 10 * shift
    mixed = {short: million(5, 9), 60 + shift: million(2, 4), long_ms: million(1, 3)}
    return (
        _case(words["exact"], "aws-lambda", {long_ms: million(2, 6)}, 512, **nothing_free),
        _case(words["step"], "aws-lambda", {long_ms: million(2, 6)}, 512, step_ms=100, **nothing_free),
        _case(words["minimum"], "azure-consumption", {short: million(5, 9)}, 256, **nothing_free),
        _case(words["both"], "azure-flex", {short: million(5, 9), 1301 + shift: million(1, 2)}, 512, **nothing_free),
        _case(words["each"], "aws-lambda", mixed, 1024, step_ms=100, **nothing_free),
        _case(words["free-requests"], "aws-lambda", {long_ms: million(2, 6)}, 512, free_gb_s=0),
        _case(words["free-time"], "aws-lambda", {1000 + long_ms: million(2, 4)}, 1024, free_requests=0),
        _case(words["under"], "azure-consumption", {long_ms: 300_000}, 256),
        _case(words["one-side"], "azure-consumption", {short: million(5, 9)}, 256),
    )


def _bill(seed):
    what = _words("bill")["what"]
    public, hidden = (Changed(Cases(what, _bill_cases(seed, shift)), simple_bill) for shift in (0, 3))
    return Task((public,), None, {}, (hidden,))


# --- the place of three services -------------------------------------------------------------------------------------


def services(seed: int) -> dict:
    """Three services: what a call needs, how many come in a month, and what capacity each way would take.

    containers and hours_a_day: kept ready, so that no call waits. servers: of type SERVER, for the same peak.
    """
    rng = np.random.default_rng([seed, 17])
    call = {"duration_ms": 500, "memory_mb": VCPU_MB}
    at_night = {"containers": int(rng.choice([12, 16, 20])), "hours_a_day": int(rng.choice([2, 3]))}
    busy = float(rng.choice([0.75, 0.8, 0.85, 0.9]))
    night = int(busy * at_night["containers"] * at_night["hours_a_day"] * 3600 / 0.5) * DAYS
    steady = int(rng.choice([4, 6, 8]))
    all_day = int(float(rng.choice([0.7, 0.75, 0.8])) * steady * 24 * 3600 / 0.5) * DAYS
    cores = server(SERVER).vcpu
    return {
        "gallery": {"requests": 300_000, "duration_ms": 200, "memory_mb": 256, "containers": 1, "hours_a_day": 24,
                    "servers": 1},
        "night": {"requests": night, **call, **at_night, "servers": -(-at_night["containers"] // int(cores))},
        "sensors": {"requests": all_day, **call, "containers": steady, "hours_a_day": 24,
                    "servers": -(-steady // int(cores))},
    }  # fmt: skip


def usd(service: dict) -> dict:
    """USD of a month in each of WAYS, at list prices."""
    call = {name: service[name] for name in ("requests", "duration_ms", "memory_mb")}
    configured_s = DAYS * service["hours_a_day"] * 3600
    kept = provisioned_bill("aws-lambda", concurrency=service["containers"], configured_s=configured_s, **call)
    return {
        "on demand": bill("aws-lambda", free_tier=False, **call).total_usd,
        "kept ready": kept.total_usd,
        "server": server_bill(SERVER, count=service["servers"]).total_usd,
    }


def _decide(seed):
    words, choices = _words("decide")["slips"], []
    every = services(seed)
    for service in every.values():
        paid = usd(service)
        best = min(paid, key=paid.get)
        values = {"best_usd": paid[best], "best": best}
        remarks = {way: fill(words[way], {**values, "usd": paid[way]}) for way in WAYS if way != best}
        choices.append(Choice(best, WAYS, remarks))
    night = every["night"]
    call = {name: night[name] for name in ("requests", "duration_ms", "memory_mb")}
    key = usd(night)["kept ready"]
    ready, busy, on_demand = (
        price_sheet("aws-lambda").measure_price_usd(n) for n in ("ready_gb_s", "ready_busy_gb_s", "memory_gb_s")
    )
    paid = bill("aws-lambda", free_tier=False, **call)
    gb_s = paid.compute_usd / on_demand
    fee = key - paid.requests_usd - gb_s * busy
    slips = {
        words["fee-only"]: fee,
        words["work-left-out"]: fee + paid.requests_usd,
        words["requests-left-out"]: key - paid.requests_usd,
        words["as-on-demand"]: fee + paid.total_usd,
        words["all-day"]: key + fee * (24 / night["hours_a_day"] - 1),
        words["one-container"]: key - fee * (1 - 1 / night["containers"]),
    }
    number = Number(key, "USD", slips=slips)
    # the worked example has numbers of its own: 5 containers of 1 GB for one hour a day
    fee_gb_s, work_gb_s = 5 * DAYS * 3600.0, 5 * DAYS * 3600.0 * 0.7
    example = {"fee_gb_s": fee_gb_s, "work_gb_s": work_gb_s, "fee_usd": fee_gb_s * ready, "work_usd": work_gb_s * busy,
               "demand_usd": work_gb_s * on_demand, "requests_usd": 0.15}  # fmt: skip
    example |= {"kept_usd": example["fee_usd"] + example["work_usd"] + 0.15, "total_usd": example["demand_usd"] + 0.15}
    return Task((number, *choices), None, example)
