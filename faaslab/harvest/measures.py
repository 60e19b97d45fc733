"""What a run of a resource manager came to: every call's figures, and the run's.

Chapter "Does it work?". RFET, the relative function execution time, is a call's service time over a baseline. Two are
told apart: `rfet` is against the same call at its user's configuration, which a simulation knows exactly;
`measured_rfet` against what the platform took for the function's baseline when the call ended, as in H. Yu et al.,
arXiv 2108.12717. They differ where inputs or durations differ from call to call. Neither contains waiting and starting;
the response does.

Left out: changes of an allocation while a call runs (loans, in Libra): utilisation and shares go by the allocation at a
call's beginning.
"""

from itertools import islice

import numpy as np

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.harvest.worlds.world import World
from faaslab.model.policies import Allocator
from faaslab.model.result import Outcome, Result, Start
from faaslab.platform.draws import Draws
from faaslab.units import NS_PER_S, ns

NAN = float("nan")
SLACK = 1e-9  # relative: a duration that differs by less, or by a nanosecond, is the same

# name -> (what it is, its unit); in the order in which tables show them.
FIGURES = {
    "calls": ("calls that arrived", ""),
    "mean_rfet": ("mean RFET, exact", ""),
    "mean_measured_rfet": ("mean RFET, as the platform measures it", ""),
    "p98_rfet": ("98th percentile of the exact RFET", ""),
    "p99_rfet": ("99th percentile of the exact RFET", ""),
    "worst_rfet": ("largest exact RFET", ""),
    "mean_service_s": ("mean execution time", "s"),
    "p98_service_s": ("98th percentile of the execution time", "s"),
    "p99_service_s": ("99th percentile of the execution time", "s"),
    "mean_response_s": ("mean response time: wait, start and execution", "s"),
    "p98_response_s": ("98th percentile of the response time", "s"),
    "p99_response_s": ("99th percentile of the response time", "s"),
    "mean_wait_s": ("mean time from arrival to the handler's beginning", "s"),
    "mean_response_ratio": ("mean response time over the duration at the user's configuration", ""),
    "cold_fraction": ("calls that met a cold start", ""),
    "harvested_fraction": ("calls given less cpu or less memory than their user configured", ""),
    "accelerated_fraction": ("calls faster than at their user's configuration", ""),
    "slowed_fraction": ("calls slower than at their user's configuration", ""),
    "safeguard_fraction": ("calls for which the safeguard fired", ""),
    "cpu_allocated": ("core-seconds allocated to running calls over those there were", ""),
    "cpu_used": ("core-seconds used over those there were", ""),
    "span_s": ("from the beginning until the last call was over", "s"),
    "failed": ("calls that ended otherwise than completed", ""),
    "unfinished": ("calls that never ended", ""),
}


def measure(world: World, manager: Allocator, seed: int, progress=None) -> dict[str, float]:
    """Run the world under the manager and return the run's FIGURES. progress: function of the share done."""
    result = world.run(manager, seed, progress)
    return figures(world, result, call_columns(manager, result))


def call_columns(manager: Allocator, result: Result) -> dict[str, np.ndarray]:
    """Arrays of shape (calls,), in order of arrival, NaN or False for calls that did not complete.

    completed; service_s, wait_s, response_s; own_s: the same call's duration at its user's configuration; rfet,
    measured_rfet; harvested, accelerated, slowed: bool; safeguarded: the safeguard fired (bool). cpu, cpu_peak: cores
    that the call was given and that it uses with them (of all calls).
    """
    calls = result.calls
    completed = result.outcome(Outcome.COMPLETED)
    own_ns, peaks = _own_ns_and_peaks(result)
    arrival, begin, end = (calls[name] for name in ("arrival_ns", "begin_ns", "end_ns"))
    service_ns = np.where(completed, end - begin, NAN)
    tolerance = np.maximum(SLACK * own_ns, 1)
    cpu, memory_mb = (np.array([getattr(f, name) for f in result.functions]) for name in ("cpu", "memory_mb"))
    less = (calls["cpu"] < cpu[calls["function"]]) | (calls["memory_mb"] < memory_mb[calls["function"]])
    baseline_s, fired = _decided(manager, len(result))
    return {
        "completed": completed,
        "service_s": service_ns / NS_PER_S,
        "wait_s": np.where(completed, begin - arrival, NAN) / NS_PER_S,
        "response_s": np.where(completed, end - arrival, NAN) / NS_PER_S,
        "own_s": own_ns / NS_PER_S,
        "rfet": service_ns / own_ns,
        "measured_rfet": service_ns / NS_PER_S / baseline_s,
        "harvested": less & completed,
        "accelerated": service_ns < own_ns - tolerance,
        "slowed": service_ns > own_ns + tolerance,
        "safeguarded": fired,
        "cpu": calls["cpu"],
        "cpu_peak": peaks,
    }


def figures(world: World, result: Result, columns: dict[str, np.ndarray]) -> dict[str, float]:
    """The FIGURES of a run by its call columns; fractions are over completed calls (cold starts: over started ones)."""
    done = columns["completed"]
    number_done = int(np.count_nonzero(done))
    kept = {name: values[done] for name, values in columns.items()}
    starts = np.bincount(result.calls["start"], minlength=len(Start))
    started = int(starts[Start.WARM :].sum())
    capacity = world.servers * world.server_cpu * result.horizon_s
    figures = {
        "calls": len(result),
        "mean_measured_rfet": _mean(kept["measured_rfet"]),
        "worst_rfet": float(kept["rfet"].max()) if number_done else NAN,
        "mean_wait_s": _mean(kept["wait_s"]),
        "mean_response_ratio": _mean(kept["response_s"] / kept["own_s"]),
        "cold_fraction": int(starts[Start.COLD]) / started if started else NAN,
        "safeguard_fraction": _mean(kept["safeguarded"]),
        "cpu_allocated": float(kept["service_s"] @ kept["cpu"]) / capacity,
        "cpu_used": float(kept["service_s"] @ kept["cpu_peak"]) / capacity,
        "span_s": result.horizon_s,
        "failed": len(result) - number_done - int(np.count_nonzero(result.outcome(Outcome.IN_SYSTEM))),
        "unfinished": int(np.count_nonzero(result.outcome(Outcome.IN_SYSTEM))),
    }
    for name in ("rfet", "service_s", "response_s"):
        figures[f"mean_{name}"] = _mean(kept[name])
        figures[f"p98_{name}"], figures[f"p99_{name}"] = _percentiles(kept[name])
    for name in ("harvested", "accelerated", "slowed"):
        figures[f"{name}_fraction"] = _mean(kept[name])
    return {name: figures[name] for name in FIGURES}


def _mean(values):
    return float(values.mean()) if len(values) else NAN


def _percentiles(values):
    return tuple(np.percentile(values, [98, 99]).tolist()) if len(values) else (NAN, NAN)


def _decided(manager, calls):
    """Of each call the baseline when it ended (NaN: none), and whether the safeguard fired."""
    decisions = getattr(manager, "decisions", None)
    if decisions is None or len(decisions) != calls:
        got = "none" if decisions is None else f"{len(decisions)} for {calls} calls"
        raise InputError(f"manager {type(manager).__name__}: expected the decisions of this run, got {got}")
    ordered = [decisions[i] for i in range(calls)]
    baselines = np.array([NAN if d.baseline_s is None else d.baseline_s for d in ordered])
    return baselines, np.array([d.ranges is not None and d.ranges.fires for d in ordered], dtype=bool)


def _rows(result):
    """For each function the rows of its calls, in order of arrival."""
    index = result.calls["function"]
    order = np.argsort(index, kind="stable")
    return np.split(order, np.searchsorted(index[order], np.arange(1, len(result.functions))))


def _own_ns_and_peaks(result):
    """Of each call the nanoseconds that it takes at its user's configuration, by the draws that the run used, and the
    cores that it uses with its allocation."""
    own_ns, peaks = np.empty(len(result)), np.empty(len(result))
    cpu, memory_mb = result.calls["cpu"], result.calls["memory_mb"]
    for function, rows in zip(result.functions, _rows(result), strict=True):
        speed, sizes = function.speed, [1.0] * len(rows)
        if isinstance(function.service, Constant) and function.input_size is None:
            own_ns[rows] = ns(function.service.value_s)
        else:
            draws = Draws(result.seed, function, result.sources[0])
            drawn = [(work, size) for work, _, _, _, size in islice(draws, len(rows))]
            sizes = [size for _, size in drawn]
            own_ns[rows] = [work * speed.own_duration_s(size) / speed.own_s for work, size in drawn]
        keys = list(zip(cpu[rows].tolist(), memory_mb[rows].tolist(), sizes, strict=True))
        known = {key: speed.demand.peak(key[0], key[1] / speed.options.unit_mb, key[2])[0] for key in set(keys)}
        peaks[rows] = [known[key] for key in keys]
    return own_ns, peaks
