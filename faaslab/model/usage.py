"""Usage: the columns of a result that a bill is made of.

Chapter "What it costs". Names and units are those of faaslab.pricing's Usage, so that a run is billed with
bill(provider, Usage(**usage_columns(result))).
"""

import numpy as np

from faaslab.functions import PHASES
from faaslab.model.occupancy import busy_ns
from faaslab.model.result import Cause, Outcome, Result
from faaslab.units import NS_PER_S

PAID = (Outcome.COMPLETED, Outcome.TIMED_OUT, Outcome.FAILED)


def usage_columns(result: Result) -> dict[str, np.ndarray]:
    """memory_mb, service_s and init_s of the calls that a provider bills, one row each.

    Billed are calls whose handler ended, well or not, at or after the warm-up; throttled and rejected calls cost
    nothing. init_s (seconds) is the start that some call caused, in the row of the first call that its container
    served, which need not be the call that caused it. Starts ahead of calls, and those of containers that served
    nobody, have no row here.
    """
    calls = _billed(result)
    return {
        "memory_mb": calls["memory_mb"],
        "service_s": (calls["end_ns"] - calls["begin_ns"]) / NS_PER_S,
        "init_s": _init_s(result, calls),
    }


def active_columns(result: Result) -> dict[str, np.ndarray]:
    """container, start_s, end_s, memory_mb and init_s of the same calls, for providers that bill active instances:
    Usage(**usage_columns(result), active=active_periods(**active_columns(result)))."""
    calls = _billed(result)
    return {
        "container": calls["container"],
        "start_s": calls["begin_ns"] / NS_PER_S,
        "end_s": calls["end_ns"] / NS_PER_S,
        "memory_mb": calls["memory_mb"],
        "init_s": _init_s(result, calls),
    }


def container_columns(result: Result) -> dict[str, np.ndarray]:
    """memory_mb, start_s, end_s, busy_s and init_s of the containers, for providers that bill their whole life:
    Usage(**usage_columns(result), containers=Containers(**container_columns(result))).

    A container alive at the horizon ends there. busy_s counts a moment once, however many calls run in it.
    """
    containers, horizon = result.containers, result.horizon_ns
    created = containers["created_ns"]
    end = np.where(containers["gone_ns"] < 0, horizon, containers["gone_ns"])
    ready = np.where(containers["ready_ns"] < 0, end, containers["ready_ns"])
    return {
        "memory_mb": containers["memory_mb"],
        "start_s": created / NS_PER_S,
        "end_s": end / NS_PER_S,
        "busy_s": busy_ns(result) / NS_PER_S,
        "init_s": (ready - created) / NS_PER_S,
    }


def _billed(result):
    calls = {**result.calls, "first": _first_in_container(result.calls)}
    billed = np.isin(calls["outcome"], PAID) & (calls["begin_ns"] >= 0) & (calls["arrival_ns"] >= result.warmup_ns)
    return {name: column[billed] for name, column in calls.items()}


def _first_in_container(calls):
    """For each call, whether it is the first that its container served."""
    served = np.flatnonzero(calls["begin_ns"] >= 0)
    order = served[np.argsort(calls["begin_ns"][served], kind="stable")]
    first = np.zeros(len(calls["begin_ns"]), dtype=bool)
    first[order[np.unique(calls["container"][order], return_index=True)[1]]] = True
    return first


def _init_s(result, calls):
    """Seconds of the start that goes with each call."""
    containers = result.containers
    start_ns = sum(containers[f"{phase}_ns"] for phase in PHASES)
    caused = calls["first"] & (containers["cause"][calls["container"]] == Cause.CALL)
    return np.where(caused, start_ns[calls["container"]], 0) / NS_PER_S
