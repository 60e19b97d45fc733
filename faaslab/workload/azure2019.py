"""Azure Functions Trace 2019: calls a minute, durations and memory of real functions, read from a folder of CSV files.

Source: Shahrad et al., "Serverless in the Wild", ATC 2020; the published trace's description (AzurePublicDataset,
AzureFunctionsDataset2019.md, revision 2 of 18 June 2020). Three layouts are read: the published one (a day a file,
memory by application), samples that carry owner and app with minutes that begin anywhere, and samples without owner
and app.

What the trace leaves out, and so does this reader: cold starts (durations exclude them; a start model is given by the
caller), the moment of a call within its minute (see spread.py), and single durations. The duration percentiles are
weighted percentiles of averages over intervals of 30 seconds, in milliseconds, so they hide the spread within an
interval. Straight lines between the seven percentiles usually make the mean longer than the recorded average, because
the piece from 75 to 99 spans a bent tail. Durations below 1 ms stand as 0. Memory is committed memory, and the
published trace has it for whole applications only.
"""

from collections.abc import Collection

import numpy as np

from faaslab.durations import Quantiles
from faaslab.errors import InputError, member, whole
from faaslab.functions import ColdStart, Function
from faaslab.streams import check_seed, stream
from faaslab.workload.azure2019_tables import (
    MEMORY,
    PERCENTS,
    CallsRow,
    find_table,
    read_calls,
    read_memory,
    read_percentiles,
)
from faaslab.workload.iat import check_calls
from faaslab.workload.spread import RULES, spread
from faaslab.workload.workload import Workload


def read_azure2019(
    folder,
    *,
    cold_start: ColdStart | None,
    seed: int = 1,
    rule: str = "uniform",
    day: int | None = None,
    minutes: tuple[int, int] | None = None,
    triggers: Collection[str] | None = None,
    functions: Collection[str] | None = None,
    max_functions: int | None = None,
    memory_column: str = MEMORY,
    by_app: bool = True,
) -> Workload:
    """The workload in `folder`, which holds one file each of *invocations*.csv, *durations*.csv and *memory*.csv.

    cold_start: every function's start; None means starts that take no time.
    seed, rule: how calls are spread over their minute ("uniform", "even" or "start").
    day: which file to take where the folder holds several (the NN of .dNN.).
    minutes: first and last minute column to read, both included; all by default. Time 0 is the first minute's
    beginning.
    triggers, functions: keep functions with one of these triggers; keep functions of these names.
    max_functions: keep the most called in the minutes read (ties: first in the file).
    memory_column: AverageAllocatedMb or one of its percentiles (AverageAllocatedMb_pct50), MB.
    by_app: functions of one app share containers, as on Azure; else each function has its own, each with the memory
    of the whole app where the file has no other.

    A function is named by its HashFunction, or app/function where two apps use the same one. A function without a row
    of durations gets the median of each percentile over the functions that have one; without a row of memory, the
    median memory. Workload.notes counts these, the functions left out, those without a call, and rows that belong to
    no function. InputError names file, line and column of what cannot be read.
    """
    member(rule, "rule", RULES)
    check_seed(seed)
    tables = [find_table(folder, kind, day) for kind in ("invocations", "durations", "memory")]
    rows = read_calls(tables[0], minutes)
    percentiles, spare_durations = read_percentiles(tables[1], rows)
    memory, spare_memory = read_memory(tables[2], rows, memory_column)
    kept = _choose(rows, triggers, functions, max_functions)
    check_calls(float(sum(rows[i].counts.sum(dtype=float) for i in kept)), str(tables[0].path))
    notes = {
        "functions left out": len(rows) - len(kept),
        "functions without a call": sum(not rows[i].counts.any() for i in kept),
        "durations filled in": sum(percentiles[i] is None for i in kept),
        "memory filled in": sum(memory[i] is None for i in kept),
        "rows of durations without a function": spare_durations,
        "rows of memory without a function": spare_memory,
    }
    percentiles, memory = _filled(percentiles), _filled(memory)
    start = ColdStart() if cold_start is None else cold_start
    result, arrivals = [], {}
    for i in kept:
        row = rows[i]
        service = Quantiles(tuple(p / 100 for p in PERCENTS), tuple(ms / 1000 for ms in percentiles[i]))
        app = row.app if by_app else None
        result.append(Function(row.name, service, memory_mb=memory[i][0], cold_start=start, app=app))
        arrivals[row.name] = spread(row.counts, rule, stream(seed, row.name, "arrivals"))
    duration_s = 60.0 * len(rows[0].counts)
    return Workload(tuple(result), arrivals, {note: count for note, count in notes.items() if count}, duration_s)


def _filled(values: list[tuple[float, ...] | None]) -> list[tuple[float, ...]]:
    """Column-wise medians in place of None. Medians of percentiles that never fall never fall."""
    median = tuple(np.median([v for v in values if v is not None], axis=0).tolist())
    return [median if v is None else v for v in values]


def _choose(rows: list[CallsRow], triggers, functions, max_functions) -> list[int]:
    """Positions of the rows to keep, in the file's order."""
    kept = range(len(rows))
    if triggers is not None:
        wanted = [triggers] if isinstance(triggers, str) else list(triggers)
        known = sorted({row.trigger for row in rows if row.trigger})
        if not known:
            raise InputError("triggers: the trace has no triggers to choose from (no column 'Trigger', or empty)")
        for trigger in wanted:
            member(trigger, "triggers", known)
        kept = [i for i in kept if rows[i].trigger in wanted]
    if functions is not None:
        names = {functions} if isinstance(functions, str) else set(functions)
        unknown = sorted(names - {row.name for row in rows})
        if unknown:
            raise InputError(f"functions: expected names of functions in the trace, got {unknown[0]!r}")
        kept = [i for i in kept if rows[i].name in names]
    if max_functions is not None:
        most = sorted(kept, key=lambda i: -rows[i].counts.sum())
        kept = sorted(most[: whole(max_functions, "max_functions", minimum=1)])
    if not len(kept):
        raise InputError("trace: expected at least one function, but the chosen triggers and functions leave none")
    return list(kept)
