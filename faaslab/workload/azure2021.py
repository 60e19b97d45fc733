"""Azure Functions Invocation Trace 2021: every single call of two weeks, with its own duration, from one CSV file.

Source: Zhang et al., "Faster and Cheaper Serverless Computing on Harvested Resources", SOSP 2021; the published trace's
description (AzurePublicDataset, AzureFunctionsInvocationTrace2021.md, revision 1 of 30 November 2021). Columns: app,
func, end_timestamp and duration in seconds; rows are in no particular order. A call arrived at end_timestamp -
duration.

Left out by the trace: cold starts (durations exclude them), memory, triggers, and any waiting before the function
ran, which is why the arrival may have been earlier than what is computed here. The publishers shifted the time stamps.
"""

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.functions import ColdStart, Function
from faaslab.workload.recorded import Recorded
from faaslab.workload.trace_table import TraceTable, short_names
from faaslab.workload.workload import Workload


def read_azure2021(
    path,
    *,
    cold_start: ColdStart | None,
    memory_mb: float,
    window_s: tuple[float, float] | None = None,
    max_functions: int | None = None,
    by_app: bool = True,
) -> Workload:
    """The workload in the CSV file `path`: each function's service is its Recorded durations, in the order of its
    arrivals.

    cold_start: every function's start; None means starts that take no time. memory_mb: every container's memory.
    window_s: keep calls that arrive at (from) <= t < (to), in the file's time; the run's time 0 is then `from`.
    max_functions: keep the most called (ties: first in the file). by_app: functions of one app share containers, as
    on Azure.

    A function is named by its func, or app/func where two apps use the same one. Where the first call would arrive
    before 0 (its end is recorded early in the file's time), the whole trace moves so that it arrives at 0.
    Workload.notes counts the moved calls, the calls outside the window and the functions left out. InputError names
    file, line and column.
    """
    number(memory_mb, "memory_mb", above=0)
    keys, function, arrival, duration = _read(TraceTable(path))
    notes = {}
    if window_s is not None:
        start, end = _window(window_s)
        inside = (arrival >= start) & (arrival < end)
        notes["calls outside the window"] = int((~inside).sum())
        function, arrival, duration = function[inside], arrival[inside] - start, duration[inside]
        if not len(arrival):
            raise InputError(f"{path}: expected calls that arrive in [{start:g}, {end:g}) s, found none")
    elif arrival.min() < 0:
        notes["calls moved so that the first arrives at 0"] = len(arrival)
        arrival = arrival - arrival.min()
    counts = np.bincount(function, minlength=len(keys))
    kept = np.flatnonzero(counts)
    if max_functions is not None:
        most = np.argsort(-counts, kind="stable")[: whole(max_functions, "max_functions", minimum=1)]
        kept = np.intersect1d(kept, most)
    notes["functions left out"] = len(keys) - len(kept)
    names = short_names(keys)
    # By function, then by arrival; equal arrivals stay in the file's order.
    order = np.lexsort((arrival, function))
    ends = np.cumsum(counts)
    functions, arrivals = [], {}
    for i in kept:
        calls = order[ends[i] - counts[i] : ends[i]]
        app = keys[i][0] if by_app else None
        start_model = ColdStart() if cold_start is None else cold_start
        functions.append(
            Function(names[i], Recorded(duration[calls]), memory_mb=memory_mb, cold_start=start_model, app=app)
        )
        arrivals[names[i]] = arrival[calls]
    return Workload(tuple(functions), arrivals, {note: count for note, count in notes.items() if count})


def _window(window_s) -> tuple[float, float]:
    try:
        start, end = window_s
    except (TypeError, ValueError):
        raise InputError(f"window_s: expected two times in seconds, got {window_s!r}") from None
    start = number(start, "window_s, from")
    return start, number(end, "window_s, to", above=start)


def _read(table: TraceTable):
    """The (app, func) pairs in order of appearance, and for each call its pair's index, arrival and duration in
    seconds."""
    app, func, end, duration = (table.index(c) for c in ("app", "func", "end_timestamp", "duration"))
    index: dict[tuple[str, str], int] = {}
    functions, ends, durations = [], [], []
    for line, cells in table:
        key = (cells[app], cells[func])
        if not all(key):
            raise InputError(f"{table.at(line, app if not key[0] else func)}: expected an id, got an empty cell")
        functions.append(index.setdefault(key, len(index)))
        ends.append(table.number(line, cells, end))
        durations.append(table.number(line, cells, duration))
    return list(index), np.array(functions), np.array(ends) - np.array(durations), np.array(durations)
