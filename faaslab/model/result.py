"""The result of a run, in columns: one row an attempt, one row a container, and the ledgers of events and messages.

Times are whole nanoseconds from the run's beginning; -1 stands for "never" (not begun, not ended, no container).
Whoever writes a reader of results needs only this schema, never the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from faaslab.errors import InputError, member
from faaslab.functions import Function
from faaslab.units import seconds


class Outcome(IntEnum):
    """How an attempt ended. The number of arrivals is the sum over all outcomes."""

    COMPLETED = 0
    TIMED_OUT = 1
    THROTTLED = 2
    REJECTED = 3
    FAILED = 4
    ABANDONED = 5
    IN_SYSTEM = 6


class Start(IntEnum):
    """What kind of start an attempt had, told by the container that served it; NONE where none served it."""

    NONE = 0
    WARM = 1
    PREWARMED = 2
    COLD = 3
    JOINED = 4


class Cause(IntEnum):
    """Why a container was started."""

    CALL = 0
    PREWARM = 1
    AUTOSCALER = 2
    PROVISIONED = 3
    STEM = 4


class Gone(IntEnum):
    """Why a container ended."""

    ALIVE = 0
    EXPIRED = 1
    EVICTED = 2
    DRAINED = 3
    KILLED = 4
    START_TIMED_OUT = 5


class EventOutcome(IntEnum):
    """How an event or a message ended: what the caller or the sender cares about, after all attempts."""

    DONE = 0
    DEAD_LETTERED = 1
    LOST = 2
    PENDING = 3


CALL_COLUMNS = {
    "function": np.int32,  # index into Result.functions
    "source": np.int32,  # index into Result.sources
    "event": np.int64,  # number of the event within its source
    "attempt": np.int32,  # 0 for the first
    "batch": np.int64,  # number of the batch that the attempt carries, -1 for none
    "arrival_ns": np.int64,
    "begin_ns": np.int64,  # the handler begins
    "end_ns": np.int64,
    "outcome": np.int8,  # Outcome
    "start": np.int8,  # Start
    "container": np.int64,  # row of Result.containers
    "memory_mb": np.float64,  # allocation at the beginning
    "cpu": np.float64,
}

CONTAINER_COLUMNS = {
    "group": np.int32,  # index into Result.groups, -1 for a stem cell that was never specialised
    "invoker": np.int32,
    "created_ns": np.int64,  # begins to hold memory
    "ready_ns": np.int64,
    "gone_ns": np.int64,
    "memory_mb": np.float64,  # at its creation; later changes are in Result.resizes
    "cause": np.int8,  # Cause
    "gone": np.int8,  # Gone
    "uses": np.int64,  # calls that began in it
    "allocate_ns": np.int64,
    "runtime_ns": np.int64,
    "dependencies_ns": np.int64,
    "code_ns": np.int64,
}

RESIZE_COLUMNS = {"container": np.int64, "time_ns": np.int64, "memory_mb": np.float64}
EVENT_COLUMNS = {
    "source": np.int32,
    "event": np.int64,
    "created_ns": np.int64,
    "ended_ns": np.int64,
    "attempts": np.int64,
    "outcome": np.int8,
}
MESSAGE_COLUMNS = {
    "source": np.int32,
    "message": np.int64,
    "sent_ns": np.int64,
    "ended_ns": np.int64,
    "deliveries": np.int64,
    "outcome": np.int8,
}

SCHEMA = {
    "calls": CALL_COLUMNS,
    "containers": CONTAINER_COLUMNS,
    "resizes": RESIZE_COLUMNS,
    "events": EVENT_COLUMNS,
    "messages": MESSAGE_COLUMNS,
}

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Result:
    """What happened in one run.

    calls, containers, resizes, events, messages: mappings from the column names above to arrays of equal length.
    Rows of `calls` are in the order in which the attempts arrived; `containers` in the order in which they were
    created. horizon_ns: the end of the run, where areas are cut; warmup_ns: summaries leave out what lies before it.
    functions, groups, sources, invokers_memory_mb, invokers_cpu: what the indices in the columns mean.
    """

    seed: int
    horizon_ns: int
    warmup_ns: int
    functions: tuple[Function, ...]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    invokers_memory_mb: tuple[float, ...]
    invokers_cpu: tuple[float, ...]
    calls: Columns
    containers: Columns
    resizes: Columns
    events: Columns
    messages: Columns
    notes: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self):
        for table, schema in SCHEMA.items():
            check_columns(getattr(self, table), schema, f"result, {table}")

    def __len__(self):
        return len(self.calls["arrival_ns"])

    @property
    def horizon_s(self) -> float:
        return seconds(self.horizon_ns)

    def outcome(self, outcome: Outcome) -> np.ndarray:
        """Boolean array over the calls: which ended so."""
        return self.calls["outcome"] == outcome

    def frame(self, table: str):
        """One of the tables as a pandas DataFrame with times in seconds (never is NaN) and names in place of codes."""
        import pandas as pd

        member(table, "table of a result", tuple(SCHEMA))
        columns = getattr(self, table)
        names = {"function": [f.name for f in self.functions], "group": self.groups, "source": self.sources}
        outcomes = Outcome if table == "calls" else EventOutcome
        codes = {"outcome": outcomes, "start": Start, "cause": Cause, "gone": Gone}
        frame = {}
        for name, values in columns.items():
            if name.endswith("_ns"):
                frame[name.removesuffix("_ns") + "_s"] = np.where(values < 0, np.nan, values / 1e9)
            elif name in names:
                frame[name] = pd.Categorical.from_codes(values, [*dict.fromkeys(names[name])])
            elif name in codes:
                frame[name] = pd.Categorical.from_codes(values, [m.name.lower() for m in codes[name]])
            else:
                frame[name] = values
        return pd.DataFrame(frame)


def check_columns(columns: Columns, schema: Mapping[str, type], where: str) -> None:
    """InputError where a table does not have exactly the schema's columns, all of one length."""
    if set(columns) != set(schema):
        raise InputError(f"{where}: expected columns {', '.join(schema)}; got {', '.join(columns)}")
    lengths = {len(v) for v in columns.values()}
    if len(lengths) > 1:
        raise InputError(f"{where}: expected columns of one length, got lengths {sorted(lengths)}")
