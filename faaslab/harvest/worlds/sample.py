"""A sample of functions to harvest from: calls a minute, durations and memory, and how they become a demand.

Chapter "Does it work?". The rules by which a trace's columns become the parameters of a function are those of FaaSRM's
simulation (H. Yu et al., arXiv 2108.12717, section 6, and the authors' published sample): the user's cores and units of
memory are the mean memory over 64 MB, whole, 1 to 8; the saturation points likewise from one of the app's memory
percentiles; shortest and longest duration are percentiles 1 and 100 of the durations, the start the shortest duration
on record, each in whole seconds, one added. So cpu follows memory in this workload, for users and for saturation points
alike, and all durations are at least a second: both are conventions, not facts about Azure.

Left out: functions without a row of durations or of memory.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

import faaslab
from faaslab.errors import InputError, member, whole
from faaslab.functions import ColdStart, Function
from faaslab.harvest.demand import Saturating, harvested
from faaslab.harvest.options import Options
from faaslab.workload.azure2019_tables import (
    MEMORY,
    MEMORY_COLUMNS,
    find_table,
    read_calls,
    read_memory,
    read_percentiles,
)
from faaslab.workload.trace_table import TraceTable

TRACE = "azure2019-faasrm-1000x60"
UNIT_MB, MOST = 64, 8
SPLITS = ("all", "train", "held out")
HELD_OUT = 0.25  # of the functions, by their hash, and of the minutes, the last


@dataclass(frozen=True)
class Sample:
    """Functions as rows; times in seconds, arrays of shape (functions,) unless said.

    counts: calls in each minute, shape (functions, minutes). shortest_s, longest_s, cold_s: whole seconds. mean_s: mean
    duration on record. user: cores, and units of memory, of the user's configuration. ideals: what may be the
    saturation point, shape (functions, 8). recorded_ideal: the one that the sample's authors drew, where recorded.
    source: where it comes from.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    shortest_s: np.ndarray
    longest_s: np.ndarray
    cold_s: np.ndarray
    mean_s: np.ndarray
    user: np.ndarray
    ideals: np.ndarray
    recorded_ideal: np.ndarray | None
    source: str

    def __post_init__(self):
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    def __len__(self):
        return len(self.names)

    @property
    def minutes(self) -> int:
        return self.counts.shape[1]

    def rows(self, chosen) -> "Sample":
        """The functions at these positions (or where a bool array is True)."""
        at = np.arange(len(self))[chosen]
        arrays = {name: v[at] for name, v in vars(self).items() if isinstance(v, np.ndarray)}
        return replace(self, names=tuple(self.names[i] for i in at), **arrays)

    def columns(self, first: int, last: int) -> "Sample":
        """The minutes from `first` to before `last`, counted from 0."""
        return replace(self, counts=self.counts[:, first:last])

    def split(self, split: str) -> "Sample":
        """Three quarters of the functions in the first three quarters of the minutes ("train"), the other quarter of
        the functions in the last quarter of the minutes ("held out"): they have neither in common."""
        if member(split, "split", SPLITS) == "all":
            return self
        held_out = np.array([_share(name) < HELD_OUT for name in self.names])
        border = self.minutes - int(HELD_OUT * self.minutes)
        if split == "train":
            return self.rows(~held_out).columns(0, border)
        return self.rows(held_out).columns(border, self.minutes)

    def draw_ideal(self, rng: np.random.Generator) -> np.ndarray:
        """For each function one of its ideals."""
        return self.ideals[np.arange(len(self)), rng.integers(self.ideals.shape[1], size=len(self))]

    def function(self, i: int, ideal: int, options: Options) -> Function:
        """Function i with this saturation point, for cores and units alike."""
        demand = Saturating(float(self.shortest_s[i]), float(self.longest_s[i]), int(ideal), int(ideal))
        user = int(self.user[i])
        return harvested(self.names[i], demand, user, user, options, cold_start=ColdStart(float(self.cold_s[i])))


def _share(name: str) -> float:
    """A number from 0 to 1 that belongs to a name, for good."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32


def units(memory_mb) -> np.ndarray:
    """Whole cores and units of 64 MB that the sample's authors derive from MB."""
    return np.clip((np.asarray(memory_mb) / UNIT_MB).astype(int), 1, MOST)


def whole_seconds(milliseconds) -> np.ndarray:
    """Whole seconds, one added, of milliseconds: float array."""
    return np.floor(np.asarray(milliseconds, dtype=float) / 1000) + 1


@lru_cache(maxsize=4)
def read_sample(folder: str | Path) -> Sample:
    """The sample in a folder of the Azure 2019 layout. InputError names file, line and column of what is wrong."""
    tables = [find_table(folder, kind, None) for kind in ("invocations", "durations", "memory")]
    rows = read_calls(tables[0], None)
    percentiles, _ = read_percentiles(tables[1], rows)
    columns = [c for c in MEMORY_COLUMNS if c == MEMORY or tables[2].has(c)]
    if len(columns) == 1:
        raise InputError(f"{tables[2].path}, line 1: expected percentiles ({MEMORY_COLUMNS[1]}, ...), got none")
    memory = [read_memory(tables[2], rows, column)[0] for column in columns]
    kept = [i for i in range(len(rows)) if percentiles[i] is not None and memory[0][i] is not None]
    if not kept:
        raise InputError(f"{folder}: expected functions with calls, durations and memory, got none")
    extra = {name: _column(tables[1], rows, name) for name in ("Minimum", "Average")}
    durations = np.array([percentiles[i] for i in kept])
    mb = np.array([[column[i][0] for column in memory] for i in kept])
    ideal = _column(tables[2], rows, "Ideal") if tables[2].has("Ideal") else None
    left_out = len(rows) - len(kept)
    return Sample(
        names=tuple(rows[i].name for i in kept),
        counts=np.array([rows[i].counts for i in kept]),
        shortest_s=whole_seconds(durations[:, 1]),
        longest_s=whole_seconds(durations[:, 6]),
        cold_s=whole_seconds([extra["Minimum"][i] for i in kept]),
        mean_s=np.array([extra["Average"][i] for i in kept]) / 1000,
        user=units(mb[:, 0]),
        ideals=units(mb[:, 1:]),
        recorded_ideal=None if ideal is None else units([ideal[i] for i in kept]),
        source=f"trace {Path(folder).name}" + f", without durations or memory: {left_out} left out" * bool(left_out),
    )


def _column(table: TraceTable, rows, column: str) -> list[float]:
    """One more column of numbers, for each row that of its function (0 where there is none)."""
    names = [c for c in rows[0].ids if table.has(c)]
    places, place = [table.index(c) for c in names], table.index(column)
    values = {tuple(cells[i] for i in places): table.number(line, cells, place) for line, cells in table}
    return [values.get(tuple(row.ids[c] for c in names), 0.0) for row in rows]


def trace_folder(name: str = TRACE) -> Path | None:
    """Where the trace of this name lies: in the folder that FAASLAB_TRACES names; None where it is not there."""
    checkout = Path(faaslab.__file__).resolve().parents[1]
    folder = Path(os.environ.get("FAASLAB_TRACES", checkout.parent / "shared" / "traces")) / name
    return folder if folder.is_dir() else None


def find_sample(folder: str | Path | None = None) -> Sample:
    """The sample in `folder`; by default FaaSRM's own where it is present, else one from the generator."""
    from faaslab.harvest.worlds.generated import generated_sample

    folder = trace_folder() if folder is None else folder
    return generated_sample() if folder is None else read_sample(str(folder))


def first(sample: Sample, functions: int | None) -> Sample:
    """The first so many functions; all by default."""
    if functions is None:
        return sample
    return sample.rows(slice(whole(functions, "functions", minimum=1, maximum=len(sample))))
