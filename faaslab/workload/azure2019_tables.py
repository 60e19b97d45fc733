"""The three tables of an Azure Functions Trace 2019 folder: calls a minute, duration percentiles, memory.

Source: the published trace's description (AzurePublicDataset, AzureFunctionsDataset2019.md, revision 2 of 18 June
2020).
Left out: the columns Average, Count, Minimum and Maximum (partly not recorded, by the same description), and any
other column.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faaslab.errors import InputError, member, whole
from faaslab.workload.trace_table import TraceTable, short_names

PERCENTS = (0, 1, 25, 50, 75, 99, 100)
DURATIONS = tuple(f"percentile_Average_{p}" for p in PERCENTS)
IDS = ("HashOwner", "HashApp", "HashFunction")
MEMORY = "AverageAllocatedMb"
MEMORY_COLUMNS = (MEMORY, *(f"{MEMORY}_pct{p}" for p in (1, 5, 25, 50, 75, 95, 99, 100)))


@dataclass
class CallsRow:
    """One function's row of the invocations file; counts: calls in each minute, int64, shape (minutes,)."""

    ids: dict[str, str]
    trigger: str
    counts: np.ndarray
    name: str = ""

    @property
    def app(self) -> str | None:
        return self.ids.get("HashApp") or None


def find_table(folder, kind: str, day: int | None) -> TraceTable:
    """The folder's one table of a kind (invocations, durations, memory), of one day where there are several."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with a trace, found none")
    pattern = f"*{kind}*.csv"
    found = sorted(folder.glob(pattern))
    if day is not None:
        mark = f".d{whole(day, 'day', minimum=1):02d}."
        chosen = [path for path in found if mark in path.name]
        if found and not chosen:
            raise InputError(f"{folder}: expected a file {pattern} of day {day} ({mark}), found {found[0].name}")
        found = chosen
    if not found:
        here = ", ".join(sorted(p.name for p in folder.glob("*"))[:6]) or "nothing"
        raise InputError(f"{folder}: expected a file {pattern}, found {here}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:3])
        raise InputError(f"{folder}: expected one file {pattern}, found {len(found)} (day= chooses): {names}")
    return TraceTable(found[0])


def read_calls(table: TraceTable, minutes: tuple[int, int] | None) -> list[CallsRow]:
    """The rows of the invocations file, in order, with the counts of the chosen minute columns."""
    first, last = _minute_columns(table, minutes)
    table.index("HashFunction")
    ids = {c: table.index(c) for c in IDS if table.has(c)}
    trigger = table.index("Trigger") if table.has("Trigger") else None
    rows, seen = [], {}
    for line, cells in table:
        values = {column: cells[i] for column, i in ids.items()}
        _once(table, seen, tuple(values.values()), line, ids["HashFunction"])
        counts = _counts(table, line, cells, first, last)
        rows.append(CallsRow(values, cells[trigger] if trigger is not None else "", counts))
    for row, name in zip(rows, short_names([tuple(row.ids.values()) for row in rows]), strict=True):
        row.name = name
    return rows


def _minute_columns(table: TraceTable, minutes) -> tuple[int, int]:
    """Positions of the first minute column to read and of the one after the last."""
    places = [i for i, c in enumerate(table.columns) if c.isdecimal()]
    if not places:
        raise InputError(f"{table.path}, line 1: expected columns named by minutes (1, 2, ...), got none")
    names = [int(table.columns[i]) for i in places]
    for k in range(1, len(places)):
        if names[k] != names[k - 1] + 1 or places[k] != places[k - 1] + 1:
            raise InputError(
                f"{table.at(1, places[k])}: expected consecutive minutes, got {names[k]} after {names[k - 1]}"
            )
    if minutes is None:
        return places[0], places[-1] + 1
    try:
        low, high = minutes
    except (TypeError, ValueError):
        raise InputError(f"minutes: expected the first and the last minute, got {minutes!r}") from None
    low, high = whole(low, "minutes, first"), whole(high, "minutes, last")
    if not names[0] <= low <= high <= names[-1]:
        within = f"{names[0]} to {names[-1]}, the columns of {table.path}"
        raise InputError(f"minutes: expected first <= last within {within}; got {low} to {high}")
    return places[low - names[0]], places[high - names[0]] + 1


def _counts(table: TraceTable, line: int, cells: list[str], first: int, last: int) -> np.ndarray:
    try:
        counts = np.array(list(map(int, cells[first:last])), dtype=np.int64)
        if (counts >= 0).all():
            return counts
    except (ValueError, OverflowError):
        pass
    # Slower, cell by cell: finds the culprit, and reads whole numbers written as 3.0.
    return np.array([table.count(line, cells, i) for i in range(first, last)], dtype=np.int64)


def _once(table: TraceTable, seen: dict, key: tuple, line: int, index: int) -> None:
    if not key[-1]:
        raise InputError(f"{table.at(line, index)}: expected an id, got an empty cell")
    if key in seen:
        raise InputError(
            f"{table.at(line, index)}: expected each id once, got {key[-1]!r} again (first on line {seen[key]})"
        )
    seen[key] = line


def read_percentiles(table: TraceTable, rows: list[CallsRow]) -> list[tuple[float, ...] | None]:
    """For each row its seven duration percentiles in ms, None where the table has no row for it; then rows not used."""
    places = [table.index(c) for c in DURATIONS]
    table.index("HashFunction")

    def percentiles(line, cells):
        values = tuple(table.number(line, cells, i) for i in places)
        for i in range(1, len(values)):
            if values[i] < values[i - 1]:
                where = table.at(line, places[i])
                raise InputError(
                    f"{where}: expected percentiles that never fall, got {values[i]:g} after {values[i - 1]:g}"
                )
        return values

    return _matched(table, rows, IDS, percentiles)


def read_memory(table: TraceTable, rows: list[CallsRow], column: str) -> list[tuple[float] | None]:
    """For each row the memory of its function or, where the table has no functions, of its app: MB; then rows not
    used."""
    place = table.index(member(column, "memory_column", MEMORY_COLUMNS))
    if not table.has("HashFunction") and not (table.has("HashApp") and "HashApp" in rows[0].ids):
        table.index("HashFunction")
    ids = IDS if table.has("HashFunction") else IDS[:2]
    return _matched(table, rows, ids, lambda line, cells: (table.number(line, cells, place, above=0),))


def _matched(table: TraceTable, rows: list[CallsRow], ids, read) -> tuple[list, int]:
    """What `read` makes of the line that belongs to each row (None without one), and how many lines belong to no
    row."""
    columns = [c for c in ids if table.has(c) and c in rows[0].ids]
    places = [table.index(c) for c in columns]
    values, seen = {}, {}
    for line, cells in table:
        key = tuple(cells[i] for i in places)
        _once(table, seen, key, line, places[-1])
        values[key] = read(line, cells)
    keys = [tuple(row.ids[c] for c in columns) for row in rows]
    unused = len(values.keys() - set(keys))
    if unused == len(values):
        raise InputError(
            f"{table.path}: expected rows for the functions of the invocations file, but none of them occurs in it"
        )
    return [values.get(key) for key in keys], unused
