"""The ledger: rows of what has happened, gathered into the columns of a result.

Rows go into flat buffers of integers and from there, some ten thousand at a time, into typed columns, so that a row
costs tens of bytes rather than an object.
"""

from array import array

import numpy as np

from faaslab.model.result import CALL_COLUMNS, CONTAINER_COLUMNS, EVENT_COLUMNS, MESSAGE_COLUMNS, RESIZE_COLUMNS
from faaslab.units import BYTES_PER_MB

ROWS_PER_CHUNK = 32_768


class Table:
    """Rows of integers under named columns; `add(row)` takes a tuple in the order of `columns`."""

    def __init__(self, columns):
        self._columns = columns
        self._buffer = array("q")
        self._chunks = []
        self._limit = ROWS_PER_CHUNK * len(columns)

    def add(self, row):
        buffer = self._buffer
        buffer.extend(row)
        if len(buffer) >= self._limit:
            self._flush()

    def _flush(self):
        block = np.frombuffer(self._buffer, dtype=np.int64).reshape(-1, len(self._columns))
        self._chunks.append([block[:, i].astype(t) for i, t in enumerate(self._columns.values())])
        self._buffer = array("q")

    def columns(self):
        """name -> array, in the order in which the rows were added."""
        if self._buffer or not self._chunks:
            self._flush()
        names = list(self._columns)
        whole = {}
        for i, name in enumerate(names):
            whole[name] = np.concatenate([chunk[i] for chunk in self._chunks])
            for chunk in self._chunks:
                chunk[i] = None  # the pieces go as the columns come, so that both never stand in memory together
        return whole


_CALL_ROW = {"id": np.int64} | {k: v for k, v in CALL_COLUMNS.items() if k not in ("memory_mb", "cpu")}
_CONTAINER_ROW = {"id": np.int64} | {k: np.int64 if k == "memory_mb" else v for k, v in CONTAINER_COLUMNS.items()}


class Ledger:
    """All tables of one run."""

    def __init__(self):
        self.calls = Table(_CALL_ROW)
        self._add_call = self.calls.add
        self.containers = Table(_CONTAINER_ROW)
        self.resizes = []
        self.allocations = {}  # call id -> (memory_mb, cpu), where an allocator gave them
        self.events = []
        self.messages = []

    def call(self, call, end, outcome):
        """One attempt is over (or still in the system at the horizon: end = -1)."""
        container = call.container
        self._add_call((
            call.id, call.deployed.index, call.source.index, call.event, call.attempt, call.batch, call.arrival,
            call.begin, end, outcome, call.start, -1 if container is None else container.id,
        ))  # fmt: skip
        if call.memory_mb is not None:
            self.allocations[call.id] = (call.memory_mb, call.cpu)

    def container(self, container):
        """One container has ended (or is alive at the horizon: gone = -1)."""
        group = container.group
        ready = container.ready if container.stocked < 0 else container.stocked  # first ready, for whatever
        self.containers.add((
            container.id, -1 if group is None else group.index, container.invoker.id, container.created, ready,
            container.gone, container.first_memory, container.cause, container.gone_why, container.uses,
            *container.phases,
        ))  # fmt: skip

    def call_columns(self, functions):
        """The calls in the order of their arrival, with allocations filled in from the functions."""
        columns = _by_id(self.calls.columns())
        index = columns["function"]
        memory = np.array([f.memory_mb for f in functions], dtype=float)[index]
        cpu = np.array([f.cpu for f in functions], dtype=float)[index]
        for row, (memory_mb, cores) in self.allocations.items():
            memory[row], cpu[row] = memory_mb, cores
        return columns | {"memory_mb": memory, "cpu": cpu}

    def container_columns(self):
        """The containers in the order of their creation."""
        columns = _by_id(self.containers.columns())
        return columns | {"memory_mb": columns["memory_mb"] / BYTES_PER_MB}

    def resize_columns(self):
        columns = _columns(self.resizes, RESIZE_COLUMNS)
        return columns | {"memory_mb": columns["memory_mb"] / BYTES_PER_MB}

    def event_columns(self):
        return _columns(self.events, EVENT_COLUMNS)

    def message_columns(self):
        return _columns(self.messages, MESSAGE_COLUMNS)


def _by_id(columns):
    """Rows are added as they end; ids count from 0 without a gap, so each row's place is its id."""
    order = np.argsort(columns.pop("id"))
    return {name: values[order] for name, values in columns.items()}


def _columns(rows, schema):
    table = list(zip(*rows, strict=True)) or [[] for _ in schema]
    return {name: np.array(values, dtype=dtype) for (name, dtype), values in zip(schema.items(), table, strict=True)}
