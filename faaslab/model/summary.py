"""A run in a few numbers: fractions, waits and responses, means of populations, memory.

Which calls count: attempts that arrived at or after the warm-up. Means of populations and areas (containers, calls in
the system, memory) are taken over [warm-up, horizon] from everything that was there then. NaN where there is nothing to
divide by. Fractions of starts are over started calls (those that began); wait includes the start; response is wait plus
service.

Chapter "Cold and warm starts"; the definitions are on the book's page of the semantics. Source of Little's law: J. D.
C. Little, "A Proof for the Queuing Formula L = lambda W", Operations Research 1961. Left out: confidence within one
run, since its calls depend on one another; intervals are over seeds.
"""

import math
from collections.abc import Iterable

import numpy as np

from faaslab.errors import InputError
from faaslab.model.occupancy import busy_areas, clip_areas, exact_sum, memory_area
from faaslab.model.result import Gone, Outcome, Result, Start
from faaslab.units import NS_PER_S

NAN = float("nan")


def summary(result: Result) -> dict:
    """The figures of one run: numbers, except `wait_s`, `response_s` (mean, p50, p95, p99) and `outcomes` (counts by
    name).

    invocations: attempts that arrived. retries: those among them that were not the first. cold_fraction,
    joined_fraction, prewarmed_fraction, warm_fraction: over started calls, by kind of start. rejected_, throttled_,
    timed_out_, failed_, abandoned_fraction: over invocations. wait_s: of begun calls. response_s: of completed calls.
    containers_mean, busy_mean, calls_in_system_mean: containers alive (also while they start), containers with a call
    in them, calls arrived and not ended. container_seconds, memory_mb_seconds: areas over the window, with resizes.
    idle_memory_fraction: the share of memory_mb_seconds held by ready containers without a call; starts count in the
    whole, not in the idle part. evictions, expirations, containers_started: within the window.
    """
    counted = result.calls["arrival_ns"] >= result.warmup_ns
    calls = result.calls if counted.all() else {name: values[counted] for name, values in result.calls.items()}
    outcomes = np.bincount(calls["outcome"], minlength=len(Outcome))
    n = len(calls["outcome"])
    figures = {"invocations": n, "retries": int(np.count_nonzero(calls["attempt"])), **_starts(calls)}
    for outcome in (Outcome.REJECTED, Outcome.THROTTLED, Outcome.TIMED_OUT, Outcome.FAILED, Outcome.ABANDONED):
        figures[f"{outcome.name.lower()}_fraction"] = int(outcomes[outcome]) / n if n else NAN
    begun = calls["begin_ns"] >= 0
    figures["wait_s"] = _spread(_between(calls, "begin_ns", begun))
    figures["response_s"] = _spread(_between(calls, "end_ns", calls["outcome"] == Outcome.COMPLETED))
    figures["outcomes"] = {outcome.name.lower(): int(outcomes[outcome]) for outcome in Outcome}
    return figures | _populations(result)


def littles_law(result: Result) -> tuple[int, int]:
    """Both sides of Little's law as areas in call-nanoseconds: always equal, exactly.

    The first is the integral of the number of calls in the system over [0, horizon], swept event by event; the second
    the sum of the times that each call spent in it, cut at the horizon.
    """
    begin, end = _stays(result, 0)
    times = np.concatenate([begin, end])
    times.sort(kind="stable")
    begin_sorted, end_sorted = np.sort(begin), np.sort(end)
    present = np.searchsorted(begin_sorted, times, "right") - np.searchsorted(end_sorted, times, "right")
    steps = np.diff(times)
    most = int(present.max(initial=0))
    if most * result.horizon_ns < 2**63:
        swept = int(np.dot(present[:-1], steps)) if len(steps) else 0
    else:
        swept = sum(int(count) * int(step) for count, step in zip(present, steps, strict=False))
    return swept, exact_sum(end - begin)


def summary_over_seeds(results: Iterable[Result]) -> dict:
    """For every number of the summary {"mean", "half_width"} over runs that differ in their seeds, with the same
    nesting.

    half_width: of the 95 % interval by the t distribution. NaN in one run makes both NaN. InputError for fewer than two
    runs, for two runs of one seed, or for runs of different horizons or warm-ups.
    """
    results = list(results)
    if len(results) < 2:
        raise InputError(f"summary over seeds: expected at least 2 runs, got {len(results)}")
    if len({r.seed for r in results}) < len(results):
        raise InputError(f"summary over seeds: expected different seeds, got {[r.seed for r in results]}")
    if len({(r.horizon_ns, r.warmup_ns) for r in results}) > 1:
        raise InputError("summary over seeds: expected runs of one horizon and warm-up, got several")
    return interval_of([summary(r) for r in results])


def interval_of(figures: list[dict]) -> dict:
    """Mean and half-width of the 95 % t interval for each number in dictionaries of one shape (at least two of
    them)."""
    first = figures[0]
    return {
        key: interval_of([f[key] for f in figures])
        if isinstance(value, dict)
        else t_interval([f[key] for f in figures])
        for key, value in first.items()
    }


def t_interval(values, confidence: float = 0.95) -> dict:
    """{"mean", "half_width"} of the t interval for the mean of at least two independent values."""
    from scipy.stats import t

    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        raise InputError(f"interval: expected at least 2 values, got {len(values)}")
    error = values.std(ddof=1) / math.sqrt(len(values))
    return {"mean": float(values.mean()), "half_width": float(t.ppf((1 + confidence) / 2, len(values) - 1) * error)}


def _starts(calls):
    kinds = np.bincount(calls["start"], minlength=len(Start))
    started = int(kinds[Start.WARM :].sum())
    return {
        f"{kind.name.lower()}_fraction": int(kinds[kind]) / started if started else NAN
        for kind in (Start.COLD, Start.WARM, Start.JOINED, Start.PREWARMED)
    }


def _between(calls, until, chosen):
    """Seconds from arrival until the named time, of the chosen calls."""
    if chosen.all():
        return (calls[until] - calls["arrival_ns"]) / NS_PER_S
    return (calls[until][chosen] - calls["arrival_ns"][chosen]) / NS_PER_S


def _spread(values):
    if not len(values):
        return {"mean": NAN, "p50": NAN, "p95": NAN, "p99": NAN}
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {"mean": float(values.mean()), "p50": float(p50), "p95": float(p95), "p99": float(p99)}


def _stays(result, start):
    """Arrival and end of every call, cut to [start, horizon]. A call turned away at once stays for no time."""
    calls, horizon = result.calls, result.horizon_ns
    unended = np.where(calls["outcome"] == Outcome.IN_SYSTEM, horizon, calls["arrival_ns"])
    end = np.where(calls["end_ns"] < 0, unended, calls["end_ns"])
    return np.clip(calls["arrival_ns"], start, horizon), np.clip(end, start, horizon)


def _populations(result):
    start, horizon = result.warmup_ns, result.horizon_ns
    window = horizon - start
    containers = result.containers
    lives = clip_areas(containers["created_ns"], containers["gone_ns"], start, horizon)
    ready = clip_areas(containers["ready_ns"], containers["gone_ns"], start, horizon)
    alive = exact_sum(lives)
    arrival, end = _stays(result, start)
    in_system = exact_sum(end - arrival)
    busy, busy_memory = busy_areas(result, start)
    memory = memory_area(result, containers["created_ns"], start)
    idle_memory = memory_area(result, containers["ready_ns"], start) - busy_memory
    ended = (containers["gone_ns"] >= start) & (containers["gone_ns"] <= horizon)
    started = (containers["created_ns"] >= start) & (containers["created_ns"] <= horizon)
    return {
        "containers_mean": alive / window if window else NAN,
        "busy_mean": busy / window if window else NAN,
        "calls_in_system_mean": in_system / window if window else NAN,
        "utilisation": busy / exact_sum(ready) if ready.any() else NAN,
        "container_seconds": alive / NS_PER_S,
        "memory_mb_seconds": memory / NS_PER_S,
        "idle_memory_fraction": max(0.0, idle_memory / memory) if memory else NAN,
        "containers_started": int(np.count_nonzero(started)),
        "evictions": int(np.count_nonzero(ended & (containers["gone"] == Gone.EVICTED))),
        "expirations": int(np.count_nonzero(ended & (containers["gone"] == Gone.EXPIRED))),
    }
