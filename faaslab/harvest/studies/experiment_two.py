"""Experiment two: every resource manager on ten measured applications, 268 calls a seed, beside the published figures.

Chapter "Does it work?". Source of the experiment: H. Yu et al., arXiv 2108.12717, section 6.3. A run is one seed of one
world under one manager; intervals are 95 % by the t distribution over seeds.

The paper's RFET is against a baseline that the platform measured, so that it contains the scatter of durations; the
exact one is against the same call at its user's configuration. A call that fails for want of memory has no RFET;
`mean_rfet_repeated` counts it as one that is done again at its user's configuration, after the time that was lost.

Left out: Libra, whose profiler runs copies of inputs far outside the measured sizes; utilisation, since the servers
stand idle between traces.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from faaslab.errors import InputError, member
from faaslab.harvest import curve
from faaslab.harvest.managers import MANAGERS, FaaSRM
from faaslab.harvest.measures import call_columns, figures
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.experiment_two import experiment_two, is_extrapolated
from faaslab.model.summary import t_interval
from faaslab.units import NS_PER_S

NAME = "experiment-two"
SEEDS = range(1, 11)
QUICK = {"seeds": (1, 2), "worlds": ("paper", "scarce")}
# Names of policies that take part, and the safeguard's threshold that each was trained with.
TRAINED = {"faasrm": 0.9, "faasrm-unguarded": None, "faasrm-response": 0.9}

# name -> (what it is, settings of `experiment_two`)
WORLDS = {
    "paper": ("10 servers of 8 cores and 32 GB, a restart before each trace, inputs of one size", {}),
    "two cores": ("as paper, at most two cores a call: nothing is extrapolated", {"options": Options(cores=2)}),
    "no restart": ("as paper, what was learnt in a trace is known in the next", {"restart": False}),
    "varying inputs": ("as paper, inputs of a quarter to twice the ordinary size", {"inputs": "varying"}),
    "scarce": (
        "2 servers of 8 cores and 2 GB, no restart, traces so short that the users' configurations ask for all cores",
        {"servers": 2, "server_memory_mb": 2048.0, "load": 1.0, "restart": False},
    ),
}

# What the paper's OpenWhisk cluster gave with 268 calls; harvested, accelerated: shares of calls, of FaaSRM alone.
PUBLISHED = {
    "faasrm": {
        "mean_measured_rfet": 0.89,
        "p98_measured_rfet": 1.28,
        "p98_service_s": 16.91,
        "harvested_fraction": 0.3878,
        "accelerated_fraction": 0.3918,
    },
    "fixed": {"mean_measured_rfet": 1.09, "p98_measured_rfet": 1.27, "p98_service_s": 32.16},
    "greedy": {"mean_measured_rfet": 0.93, "p98_measured_rfet": 2.52, "p98_service_s": 25.80},
    "ensure": {"mean_measured_rfet": 1.12, "p98_measured_rfet": 5.2, "p98_service_s": 27.39},
}

_SHARED = (
    *("calls", "mean_measured_rfet", "mean_rfet", "p98_rfet", "worst_rfet", "mean_service_s", "p98_service_s"),
    *("mean_response_s", "p98_response_s", "cold_fraction", "harvested_fraction", "accelerated_fraction"),
    *("slowed_fraction", "safeguard_fraction", "failed", "unfinished"),
)
# Beyond measures.FIGURES: name -> what it is; shares are of the calls that began, and of the core-seconds they held.
OWN = {
    "p98_measured_rfet": "98th percentile of the RFET as the platform measures it",
    "mean_rfet_repeated": "mean exact RFET, failed calls done again at their users' configurations",
    "failed_fraction": "calls that failed for want of memory",
    "extrapolated_fraction": "calls on more cores than were measured",
    "extrapolated_core_s_fraction": "core-seconds held by calls on more cores than were measured",
}


def run(
    policy: str | Path | None = None,
    seeds: Sequence[int] = SEEDS,
    *,
    policies: str | Path | None = None,
    worlds: Sequence[str] = tuple(WORLDS),
    progress: Callable[[float, str], None] | None = None,
) -> dict:
    """The study's result, as plain values for JSON.

    policy: the file of a policy for FaaSRM. policies: a folder of policies, instead; of those with the names of TRAINED
    (NAME.npz, NAME-2.npz, ...: the same training with other seeds) the trainings take turns, one a seed. With neither,
    FaaSRM is left out. progress: function of the share done and of what was run last.

    {"name", "settings", "published", "figures", "rows": one a run, "table": world -> manager -> figure -> {"mean",
    "half_width"}}. figures: those of OWN, beside those of faaslab.harvest.measures.
    """
    for name in worlds:
        member(name, "experiment two, world", tuple(WORLDS))
    trained = _trained(policy, policies)
    rows, names, done = [], {}, 0
    for name in worlds:
        for turn, seed in enumerate(seeds):
            world = experiment_two(seed, **WORLDS[name][1])
            names[name] = world.name
            for manager, made in _managers(trained, turn, world.options).items():
                rows.append({"world": name, "manager": manager, "seed": seed} | _figures(world, made, seed))
            done += 1
            if progress is not None:
                progress(done / (len(worlds) * len(seeds)), f"{name}, seed {seed}")
    managers = list(dict.fromkeys(row["manager"] for row in rows))
    return {
        "name": NAME,
        "settings": {
            "seeds": list(seeds),
            "worlds": {name: {"what": WORLDS[name][0], "world": names[name]} for name in worlds},
            "policies": {name: [file.stem for file in files] for name, files in trained.items()},
            "demand": curve.provenance(),
        },
        "published": PUBLISHED,
        "figures": OWN,
        "table": {name: {made: _intervals(rows, name, made) for made in managers} for name in worlds},
        "rows": rows,
    }


def _trained(policy, policies):
    """The files of policies by name, each with those of its other seeds."""
    if policies is None:
        return {} if policy is None else {"faasrm": [Path(policy)]}
    if policy is not None:
        raise InputError("experiment two: expected either policy or policies, got both")
    there = sorted(Path(policies).glob("*.npz"), key=lambda file: (len(file.stem), file.stem))
    found = {name: [file for file in there if re.fullmatch(rf"{name}(-\d+)?", file.stem)] for name in TRAINED}
    return {name: files for name, files in found.items() if files}


def _managers(trained, turn, options):
    """Every manager by name, the learnt ones with the policy whose turn it is."""
    managers = {name: kind(options) for name, kind in MANAGERS.items() if name != "libra"}
    for name, files in trained.items():
        managers[name] = FaaSRM(files[turn % len(files)], options, threshold=TRAINED[name])
    return managers


def _figures(world, manager, seed):
    """A run's row: six significant digits, None where there is no number."""
    result = world.run(manager, seed)
    columns = call_columns(manager, result)
    shared = figures(world, result, columns)
    done = columns["completed"]
    served_s = (result.calls["end_ns"] - result.calls["begin_ns"]) / NS_PER_S  # of failed calls, too
    served = result.calls["begin_ns"] >= 0
    core_s = columns["cpu"] * served_s
    beyond = is_extrapolated(result) & served
    repeated = served_s / columns["own_s"] + ~done
    row = {name: shared[name] for name in _SHARED} | {
        "p98_measured_rfet": np.percentile(columns["measured_rfet"][done], 98),
        "mean_rfet_repeated": repeated[served].mean(),
        "failed_fraction": shared["failed"] / shared["calls"],
        "extrapolated_fraction": beyond.sum() / served.sum(),
        "extrapolated_core_s_fraction": core_s[beyond].sum() / core_s[served].sum(),
    }
    return {name: float(f"{value:.6g}") if np.isfinite(value) else None for name, value in row.items()}


def _intervals(rows, world, manager):
    chosen = [row for row in rows if (row["world"], row["manager"]) == (world, manager)]
    return {name: _interval([row[name] for row in chosen]) for name in (*_SHARED, *OWN)}


def _interval(values):
    """Over seeds; half_width None with one."""
    if len(values) < 2 or None in values:
        return {"mean": None if None in values else float(np.mean(values)), "half_width": None}
    return {name: float(value) for name, value in t_interval(np.array(values)).items()}
