"""The ledger of one measurement: rows as things end, and from them a Result like a simulation's at any moment.

A measurement has its own zero of time. Containers that live when it begins get rows that begin at 0, without a start;
calls that are under way then belong to the measurement before and have no row. A row costs some hundred bytes.
"""

from array import array
from collections import Counter, deque

import numpy as np

from faaslab.functions import Function
from faaslab.model.result import (
    CALL_COLUMNS,
    CONTAINER_COLUMNS,
    EVENT_COLUMNS,
    MESSAGE_COLUMNS,
    RESIZE_COLUMNS,
    EventOutcome,
    Outcome,
    Result,
)
from faaslab.units import BYTES_PER_MB, NS_PER_S

ROWS_PER_CHUNK = 4096
RESPONSES_KEPT = 1000  # completed calls of a function that its percentiles are taken from


class Table:
    """Rows of integers under named columns: a flat buffer, and typed chunks of what has left it."""

    def __init__(self, columns):
        self._types = columns
        self._buffer = array("q")
        self._chunks = []
        self._limit = ROWS_PER_CHUNK * len(columns)

    def add(self, row):
        self._buffer.extend(row)
        if len(self._buffer) >= self._limit:
            self._chunks.append(self._typed(self._buffer))
            self._buffer = array("q")

    def _typed(self, buffer):
        block = np.frombuffer(buffer, dtype=np.int64).reshape(-1, len(self._types))
        return [block[:, i].astype(t) for i, t in enumerate(self._types.values())]

    def columns(self, more=()):
        """name -> array, in the order in which the rows were added, and then `more` rows, which are not kept."""
        tail = array("q", self._buffer)
        for row in more:
            tail.extend(row)
        chunks = [*self._chunks, self._typed(tail)]
        return {name: np.concatenate([chunk[i] for chunk in chunks]) for i, name in enumerate(self._types)}


_CALL_ROW = {"id": np.int64} | {k: np.int64 if k == "memory_mb" else v for k, v in CALL_COLUMNS.items() if k != "cpu"}
_CONTAINER_ROW = {"id": np.int64} | {k: np.int64 if k == "memory_mb" else v for k, v in CONTAINER_COLUMNS.items()}


class Ledger:
    """zero: ns of the host's clock at which the measurement begins."""

    def __init__(self, zero, notes=()):
        self.zero = zero
        self.functions = []  # of each name the latest
        self.sources = []
        self.notes = Counter(notes)
        self.arrived = Counter()  # by index of the function; likewise the next three
        self.outcomes = Counter()  # by (index, outcome)
        self.starts = Counter()  # by (index, start)
        self.responses = {}
        self._indices = {}
        self._next_event = Counter()
        self._calls, self._containers = Table(_CALL_ROW), Table(_CONTAINER_ROW)
        self._events, self._messages = Table(EVENT_COLUMNS), Table(MESSAGE_COLUMNS)
        self._call_rows = self._container_rows = 0

    # --- names -------------------------------------------------------------------------------------------------------

    def function(self, function: Function) -> int:
        """The index of a function, which becomes the one that stands for its name."""
        index = self._indices.setdefault(function.name, len(self.functions))
        self.functions[index : index + 1] = [function]
        return index

    def index(self, function: Function) -> int:
        """The index of a function's name."""
        index = self._indices.get(function.name)
        return self.function(function) if index is None else index

    def _source(self, name):
        if name not in self.sources:
            self.sources.append(name)
        return self.sources.index(name)

    # --- rows --------------------------------------------------------------------------------------------------------

    def arrive(self, call):
        """Give the call its row and, where it has none, its number within its source."""
        call.row = self._call_rows
        self._call_rows += 1
        self.arrived[self.index(call.function)] += 1
        self._source(call.source)
        if call.event is None:
            call.event = self._next_event[call.source]
        self._next_event[call.source] = max(call.event + 1, self._next_event[call.source])
        if call.arrival < self.zero:
            call.arrival = self.zero
            self.notes["calls due before the measurement began, counted from its beginning"] += 1

    def call(self, call, end, outcome):
        """One attempt is over."""
        if call.row < 0:
            return
        index = self.index(call.function)
        self.outcomes[index, outcome] += 1
        self.starts[index, call.start] += 1
        if outcome == Outcome.COMPLETED:
            if index not in self.responses:
                self.responses[index] = deque(maxlen=RESPONSES_KEPT)
            self.responses[index].append((end - call.arrival) / NS_PER_S)
        self._calls.add(self._call_row(call, end, outcome))

    def _call_row(self, call, end, outcome):
        return (
            call.row, self.index(call.function), self._source(call.source), call.event, call.attempt, call.batch,
            self._at(call.arrival), self._at(call.begin), self._at(end), outcome, call.start,
            -1 if call.container is None else call.container.row, call.group.memory,
        )  # fmt: skip

    def began(self, container):
        """Give the container its row."""
        container.row = self._container_rows
        self._container_rows += 1

    def adopt(self, container):
        """A row for a container from before the measurement."""
        self.began(container)
        container.counted = 0

    def container(self, container):
        """One container has ended."""
        self._containers.add(self._container_row(container))

    def _container_row(self, container):
        before = 0 <= container.ready < self.zero
        return (
            container.row, self.index(container.function), 0, self._since(container.created),
            self._since(container.ready), self._at(container.gone), container.memory, container.cause,
            container.gone_why, container.counted, *((0, 0, 0, 0) if before else container.phases),
        )  # fmt: skip

    def event(self, source, event, created, ended, attempts, outcome):
        """An event is over: done, dead-lettered or lost."""
        self._ended(self._events, self._thing(source, event, created, ended, attempts, outcome))

    def message(self, source, message, sent, ended, deliveries, outcome):
        """A message is over."""
        self._ended(self._messages, self._thing(source, message, sent, ended, deliveries, outcome))

    def _ended(self, table, row):
        if row is not None:
            table.add(row)

    def _thing(self, source, number, begun, ended, count, outcome):
        if begun < self.zero:
            self.notes["events and messages from before the measurement, left out"] += 1
            return None
        return (self._source(source), number, self._at(begun), self._at(ended), count, int(outcome))

    def _at(self, time):
        return -1 if time < 0 else time - self.zero

    def _since(self, time):
        return -1 if time < 0 else max(0, time - self.zero)

    # --- the result --------------------------------------------------------------------------------------------------

    def result(self, *, now, seed, machine, calls, containers, events=(), messages=()) -> Result:
        """The Result up to `now`. calls: those under way; containers: those alive. events, messages: what is pending,
        as (source, number, begun in ns of the host's clock, attempts so far)."""
        open_calls = [self._call_row(call, -1, Outcome.IN_SYSTEM) for call in calls if call.row >= 0]
        alive = [self._container_row(container) for container in containers]
        columns = _by_id(self._calls.columns(open_calls))
        order = np.argsort(columns["arrival_ns"], kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        cpu = np.array([f.cpu for f in self.functions], dtype=float)[columns["function"]]
        return Result(
            seed=seed,
            horizon_ns=now - self.zero,
            warmup_ns=0,
            functions=tuple(self.functions),
            groups=tuple(f.name for f in self.functions),
            sources=tuple(self.sources),
            invokers_memory_mb=(machine.memory_mb,),
            invokers_cpu=(float(machine.cpu),),
            calls=_in_mb(columns) | {"cpu": cpu},
            containers=_in_mb(_by_id(self._containers.columns(alive))),
            resizes={name: np.empty(0, dtype) for name, dtype in RESIZE_COLUMNS.items()},
            events=self._events.columns(self._pending(events)),
            messages=self._messages.columns(self._pending(messages)),
            notes=dict(self.notes),
        )

    def _pending(self, things):
        rows = (self._thing(source, n, begun, -1, count, EventOutcome.PENDING) for source, n, begun, count in things)
        return [row for row in rows if row is not None]


def _by_id(columns):
    """Rows are added as they end; ids count from 0 without a gap, so each row's place is its id."""
    order = np.argsort(columns.pop("id"))
    return {name: values[order] for name, values in columns.items()}


def _in_mb(columns):
    return columns | {"memory_mb": columns["memory_mb"] / BYTES_PER_MB}
