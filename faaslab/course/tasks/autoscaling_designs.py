"""Three services on three designs: what the last task of the lab "Autoscaling" chooses from.

Chapter "Autoscaling". Prices are the sheets' of AWS Lambda and of a c5.large, whose processors are cut into places as
large as a container of 256 MB gets on Lambda. Left out: what a cluster costs besides its servers.
"""

from functools import cache

import numpy as np

from faaslab.course.problems.drawing import one
from faaslab.durations import Exponential
from faaslab.functions import Function
from faaslab.model.summary import summary
from faaslab.platform import simulate
from faaslab.presets import aws_lambda, knative, vm_fleet
from faaslab.pricing import bill, price_sheet, server
from faaslab.workload import Workload, diurnal, poisson
from faaslab.workload.thumbnails import AMPLITUDE, CALLS_A_DAY, DAY_S, PEAK_HOUR, START, thumbnails

SEEDS = (1, 2, 3, 4, 5)
PEAK_PER_S = CALLS_A_DAY / DAY_S * (1 + AMPLITUDE)
CROWD_AT_S, CROWD_S = 14 * 3600, 600
DESIGNS = ("fleet", "request", "knative")
MOST_LATE = 0.01  # the share of the calls that may miss the goal
# service: mean seconds of a call, servers of the fleet, the goal that calls are to meet in seconds
SERVICES = {
    "thumbnails": {"service_s": 0.2, "servers": 7, "goal_s": 1.0},
    "frames": {"service_s": 0.25, "servers": 26, "goal_s": 1.5},
    "albums": {"service_s": 20.0, "servers": 9, "goal_s": 120.0},
}


def _arrivals(name, seed):
    """(arrivals, seconds they cover, the part of them that the goal is about)."""
    if name == "thumbnails":
        crowd_s = CROWD_AT_S + poisson(100 * PEAK_PER_S, CROWD_S, seed)
        usual = thumbnails(seed).arrivals_s["thumbnails"]
        return np.sort(np.concatenate([usual, crowd_s])), DAY_S, (CROWD_AT_S, CROWD_AT_S + CROWD_S)
    if name == "frames":
        return poisson(80.0, 180.0, seed), 180.0, (60.0, 180.0)
    return diurnal(0.2, AMPLITUDE, PEAK_HOUR, DAY_S, seed), DAY_S, (0.0, DAY_S)


@cache
def a_day(name: str, design: str, seed: int) -> dict:
    """One day of a service under a design: {"late", "container_hours", "busy_hours", "calls"}.

    late: share of the calls that miss the goal; of the thumbnails those of the crowd. frames, which are called evenly
    day and night, are simulated for three minutes, the first of which is left out.
    """
    service = SERVICES[name]
    platform = {"fleet": vm_fleet(service["servers"]), "request": aws_lambda(), "knative": knative()}[design]
    arrivals_s, duration_s, (first_s, last_s) = _arrivals(name, seed)
    function = Function(name, Exponential(service["service_s"]), memory_mb=256, cold_start=START)
    steady_s = 60.0 if name == "frames" else 0.0
    result = simulate(
        platform, Workload((function,), {name: arrivals_s}), seed=seed, duration_s=duration_s, warmup_s=steady_s
    )
    arrival, end = result.calls["arrival_ns"] / 1e9, result.calls["end_ns"] / 1e9
    end = np.where(result.calls["end_ns"] < 0, duration_s, end)
    counted = (arrival >= first_s) & (arrival < last_s)
    figures = summary(result)
    return {
        "late": float(np.mean((end - arrival)[counted] > service["goal_s"])),
        "container_hours": 24 * figures["containers_mean"],
        "busy_hours": 24 * figures["busy_mean"],
        "calls": figures["invocations"] * DAY_S / (duration_s - steady_s),
    }


@cache
def mean_day(name: str, design: str) -> dict:
    """The means of a_day over SEEDS."""
    days = [a_day(name, design, seed) for seed in SEEDS]
    return {key: sum(day[key] for day in days) / len(days) for key in days[0]}


def prices(seed: int) -> dict:
    """USD: of an hour of a place for one container on rented servers, of a busy hour and of a call as a function."""
    sheet, host = price_sheet("aws-lambda"), server("c5.large")
    second = bill(sheet, requests=1, duration_ms=1000, memory_mb=256, free_tier=False)
    place = host.hour_usd / host.vcpu * float(sheet.vcpu.of(256))
    return {
        "place_hour": round(place * one(np.random.default_rng([seed, 47]), 1.0, 1.05, 1.1, 1.15), 5),
        "function_hour": round(3600 * second.compute_usd, 5),
        "function_call": second.requests_usd,
    }


def day_usd(name: str, design: str, paid: dict) -> float:
    """USD of a mean day: places are paid for by the hour, functions by the busy hour and the call."""
    day = mean_day(name, design)
    if design == "request":
        return day["busy_hours"] * paid["function_hour"] + day["calls"] * paid["function_call"]
    return day["container_hours"] * paid["place_hour"]


def best_design(name: str, paid: dict) -> str:
    """The cheapest design that meets the service's goal."""
    return min((d for d in DESIGNS if mean_day(name, d)["late"] <= MOST_LATE), key=lambda d: day_usd(name, d, paid))
