"""Writing a workload in the layout of the Azure Functions Trace 2019, so that whatever reads the trace can read it.

Source of the layout: the published trace's description (AzurePublicDataset, AzureFunctionsDataset2019.md). What the
layout
cannot hold is lost: cold starts, time-outs, the moment of a call within its minute, and of a duration all but seven
percentiles.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from faaslab.durations import Constant, Quantiles
from faaslab.errors import InputError, number
from faaslab.functions import Function
from faaslab.streams import stream
from faaslab.workload.azure2019_tables import DURATIONS, MEMORY_COLUMNS, PERCENTS
from faaslab.workload.spread import MINUTE_S
from faaslab.workload.workload import Workload

FILES = ("invocations.csv", "durations.csv", "memory.csv")
SAMPLES = 10_000


def write_azure2019(
    workload: Workload,
    folder,
    *,
    duration_s: float | None = None,
    triggers: Mapping[str, str] | None = None,
    seed: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write invocations.csv, durations.csv and memory.csv into `folder` (made where missing); return the folder.

    duration_s: the minutes to write, rounded up; by default to the last call's. triggers: function's name -> trigger;
    "others" where unknown. Percentiles of a duration are exact for Constant and for Quantiles, else those of 10,000
    draws made with `seed`, in milliseconds with six decimals. InputError where a file exists already (unless
    `overwrite`), a function's body has several steps, or a call lies beyond `duration_s`.
    """
    folder = Path(folder)
    taken = [name for name in FILES if (folder / name).exists()]
    if taken and not overwrite:
        raise InputError(f"{folder / taken[0]}: exists already; give overwrite=True or another folder")
    if not workload.functions:
        raise InputError("trace to write: expected at least one function, got none")
    minutes = _minutes(workload, duration_s)
    tables = {
        FILES[0]: ["Trigger", *range(1, minutes + 1)],
        FILES[1]: list(DURATIONS),
        FILES[2]: list(MEMORY_COLUMNS),
    }
    ids = ["HashApp", "HashFunction"] if any(f.app is not None for f in workload.functions) else ["HashFunction"]
    rows: dict[str, list] = {name: [] for name in FILES}
    for function in workload.functions:
        key = [function.app or "", function.name][-len(ids) :]
        times = workload.arrivals_s.get(function.name, np.empty(0))
        counts = np.bincount((times / MINUTE_S).astype(np.int64), minlength=minutes)
        rows[FILES[0]].append([*key, (triggers or {}).get(function.name, "others"), *counts.tolist()])
        rows[FILES[1]].append([*key, *_percentiles_ms(function, seed)])
        rows[FILES[2]].append([*key, *[repr(float(function.memory_mb))] * len(MEMORY_COLUMNS)])
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([[*ids, *tables[name]], *rows[name]])
    return folder


def _minutes(workload: Workload, duration_s) -> int:
    last = max((times[-1] for times in workload.arrivals_s.values() if len(times)), default=0.0)
    if duration_s is None:
        return int(last // MINUTE_S) + 1
    duration = number(duration_s, "duration_s", above=0)
    if last >= duration:
        raise InputError(f"duration_s: expected more than the last call's {last:g} s, got {duration:g}")
    return int(np.ceil(duration / MINUTE_S))


def _percentiles_ms(function: Function, seed: int) -> list[float]:
    if function.service is None:
        raise InputError(f"function {function.name!r}: its body has several steps, but the layout holds one duration")
    probabilities = np.array(PERCENTS) / 100
    service = function.service
    if isinstance(service, Constant):
        values = np.full(len(PERCENTS), service.value_s)
    elif isinstance(service, Quantiles):
        values = np.interp(probabilities, service.probabilities, service.values_s)
    else:
        values = np.quantile(service.sample(stream(seed, function.name, "percentiles"), SAMPLES), probabilities)
    return [round(ms, 6) for ms in (values * 1000).tolist()]
