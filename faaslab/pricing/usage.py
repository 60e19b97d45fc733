"""Usage: what a bill is made of, in columns.

Chapter: What it costs. A simulated run, a real one or three plain numbers all become the same columns, so that one
way of billing serves them all. Which calls count (failed, timed out, throttled ones) is the caller's choice, because
providers differ.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.units import ns_array


@dataclass(frozen=True)
class Containers:
    """Containers, one row each; all columns are 1-d and of one length, or scalars.

    memory_mb    configured MB, > 0
    start_s      when it began to start (or, for provisioned capacity, when it was configured), seconds
    end_s        when it ended, seconds, >= start_s
    busy_s       seconds with at least one call in progress, <= end_s - start_s - init_s
    init_s       seconds of its start
    vcpu         vCPUs, or None for what comes with the memory
    count        how many containers the row stands for
    """

    memory_mb: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    busy_s: np.ndarray = 0.0
    init_s: np.ndarray = 0.0
    vcpu: np.ndarray | None = None
    count: np.ndarray = 1.0

    def __post_init__(self):
        _set_columns(self, "containers", signed=("start_s", "end_s"), positive=("memory_mb", "vcpu"))
        _no_row(self.end_s < self.start_s, "containers: end_s", "expected end_s >= start_s")
        too_busy = self.busy_s + self.init_s > self.life_s + 1e-6
        _no_row(too_busy, "containers: busy_s", "expected busy_s + init_s <= end_s - start_s")

    @property
    def life_s(self):
        """Seconds from start to end, per row."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class ActivePeriods:
    """Times during which an instance has at least one call in progress, one row each (see `active_periods`).

    memory_mb        configured MB of the instance, > 0
    start_s, end_s   seconds; the start of the instance is not in it
    init_s           seconds of the start directly before it (0 where the instance was warm)
    vcpu             vCPUs, or None for what comes with the memory
    on_provisioned   whether the instance is one of those kept ready by configuration
    """

    memory_mb: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    init_s: np.ndarray = 0.0
    vcpu: np.ndarray | None = None
    on_provisioned: np.ndarray = False

    def __post_init__(self):
        _set_columns(self, "active periods", signed=("start_s", "end_s"), positive=("memory_mb", "vcpu"))
        _no_row(self.end_s < self.start_s, "active periods: end_s", "expected end_s >= start_s")


@dataclass(frozen=True)
class Usage:
    """Billed calls, one row each (or one row for `count` equal calls), and where a provider bills by them, instances.

    memory_mb        configured MB, > 0 (for Azure Consumption: observed)
    service_s        seconds from the handler's start to its end
    init_s           seconds of start billed with the call (0 for a warm one)
    count            how many equal calls the row stands for, >= 0, need not be whole (an expectation)
    vcpu             vCPUs, or None for what comes with the memory
    ephemeral_mb     configured size of /tmp in MB
    used_memory_mb   MB that the call really used, <= memory_mb, or None where it is not known (for the waste)
    cpu_s            seconds of service_s during which the call computes (else it waits), or None (for the waste)
    on_provisioned   whether the call ran on capacity kept ready by configuration
    active           ActivePeriods, for providers that bill active instances; None: each call alone on its instance
    containers       Containers, for providers that bill the whole life of instances
    provisioned      Containers that were configured to be ready, from configuration to its end
    """

    memory_mb: np.ndarray
    service_s: np.ndarray
    init_s: np.ndarray = 0.0
    count: np.ndarray = 1.0
    vcpu: np.ndarray | None = None
    ephemeral_mb: np.ndarray = 512.0
    used_memory_mb: np.ndarray | None = None
    cpu_s: np.ndarray | None = None
    on_provisioned: np.ndarray = False
    active: ActivePeriods | None = None
    containers: Containers | None = None
    provisioned: Containers | None = None

    def __post_init__(self):
        _set_columns(self, "usage", signed=(), positive=("memory_mb", "vcpu"))
        if self.used_memory_mb is not None:
            too_large = self.used_memory_mb > self.memory_mb
            _no_row(too_large, "usage: used_memory_mb", "expected used_memory_mb <= memory_mb")
        if self.cpu_s is not None:
            _no_row(self.cpu_s > self.service_s * (1 + 1e-9), "usage: cpu_s", "expected cpu_s <= service_s")

    @classmethod
    def of_numbers(
        cls,
        requests,
        duration_ms,
        memory_mb,
        init_ms=None,
        cold_fraction=None,
        vcpu=None,
        ephemeral_mb=512.0,
        **columns,
    ):
        """Usage of `requests` equal calls, a `cold_fraction` of which (0 to 1) has a start of `init_ms` before it.

        `requests` is a whole number >= 0, `duration_ms` >= 0. A start needs both its length and its fraction, or
        neither.
        """
        if (init_ms is None) != (cold_fraction is None):
            raise InputError("init_ms and cold_fraction: expected both or neither, got one")
        requests = whole(requests, "requests")
        duration_s = number(duration_ms, "duration_ms", minimum=0) / 1000
        memory_mb = number(memory_mb, "memory_mb", above=0)
        vcpu = None if vcpu is None else number(vcpu, "vcpu", above=0)
        ephemeral_mb = number(ephemeral_mb, "ephemeral_mb", minimum=0)
        same = {"vcpu": vcpu, "ephemeral_mb": ephemeral_mb, **columns}
        if init_ms is None:
            return cls(memory_mb, duration_s, count=requests, **same)
        init_s = number(init_ms, "init_ms", minimum=0) / 1000
        cold = number(cold_fraction, "cold_fraction", minimum=0, maximum=1)
        count = np.array([requests * (1 - cold), requests * cold])
        return cls(memory_mb, duration_s, init_s=np.array([0.0, init_s]), count=count, **same)


def active_periods(container, start_s, end_s, memory_mb, init_s=0.0, vcpu=None):
    """ActivePeriods of calls: the times of overlapping (or touching) calls on one container, merged.

    `container` holds whole numbers, one a call; `start_s`, `end_s` are the handler's times in seconds; `memory_mb`,
    `init_s` and `vcpu` are per call (a scalar or 1-d). A period takes the columns of its first call.
    """
    container, start, end = np.atleast_1d(container), ns_array(np.atleast_1d(start_s)), ns_array(np.atleast_1d(end_s))
    if not len(container) == len(start) == len(end):
        raise InputError("active_periods: expected container, start_s and end_s of one length")
    n = len(container)
    order = np.lexsort((start, container))
    container, start, end = container[order], start[order], end[order]
    group = np.concatenate([[0], np.cumsum(container[1:] != container[:-1])]) if n else np.zeros(0, int)
    # running maximum of the end within a group: ranks of ends, lifted by the group, so that one maximum serves all
    ends, rank = np.unique(end, return_inverse=True)
    latest = ends[np.maximum.accumulate(rank + group * n) - group * n] if n else end
    first = np.ones(n, dtype=bool)
    first[1:] = (group[1:] != group[:-1]) | (start[1:] > latest[:-1])
    last = np.roll(first, -1)
    if n:
        last[-1] = True

    def of_first(column):
        return None if column is None else np.broadcast_to(np.asarray(column, dtype=float), n)[order][first]

    return ActivePeriods(of_first(memory_mb), start[first] / 1e9, latest[last] / 1e9, of_first(init_s), of_first(vcpu))


def _set_columns(record, where, signed, positive):
    """Turn the fields that hold columns into 1-d arrays of one length and check their values."""
    names = [n for n in record.__dataclass_fields__ if n not in ("active", "containers", "provisioned")]
    columns = {n: np.atleast_1d(np.asarray(getattr(record, n))) for n in names if getattr(record, n) is not None}
    lengths = {n: c.shape for n, c in columns.items() if c.shape != (1,)}
    if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
        raise InputError(f"{where}: expected columns of one length, got shapes {lengths}")
    length = next(iter(lengths.values()), (1,))
    for name, column in columns.items():
        if column.dtype.kind not in "iufb":
            raise InputError(f"{where}: {name}: expected numbers, got {column.dtype}")
        column = column.astype(bool if name == "on_provisioned" else float)
        if name != "on_provisioned":
            expected = "a finite number" + ("" if name in signed else " > 0" if name in positive else " >= 0")
            bad = ~np.isfinite(column)
            if name not in signed:
                bad |= (column <= 0) if name in positive else (column < 0)
            _no_row(bad, f"{where}: {name}", f"expected {expected}", column)
        object.__setattr__(record, name, np.broadcast_to(column, length))


def _no_row(bad, where, expected, column=None):
    """InputError that names the first row where `bad` is true."""
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        got = "" if column is None else f", got {column[row]:g}"
        raise InputError(f"{where}: {expected}{got} (row {row})")
