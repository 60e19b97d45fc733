"""A workload played on the real platform, so that its result can be laid beside a simulation's, call by call.

Chapter "From measurement to prediction". The calls come from a process of its own (open_loop.py), each at its instant.
They carry the source, number and instant that the simulator gives the same call, so that both results have the same
rows for `faaslab.model.diff`. Left out: calls that depend on answers (closed loops), and load from other machines.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.model.result import Result
from faaslab.runtime.machine_size import machine_cores
from faaslab.runtime.measuring.matching import SOURCE, matching
from faaslab.runtime.measuring.open_loop import LOST, NOT_SENT, UNANSWERED
from faaslab.units import NS_PER_S, ns
from faaslab.workload import Workload

GENERATOR = Path(__file__).with_name("open_loop.py")
MOST_CONNECTIONS = 64  # opened ahead; more are opened when all are busy
REFUSALS = (400, 401, 403, 404, 405)


@dataclass(frozen=True, eq=False)
class Seen:
    """What the client saw: arrays of shape (calls,), in the order of arrival, times in seconds from the run's zero.

    scheduled_s: when each call was due. sent_s, answered_s: NaN where it was not sent or not answered. status: of the
    HTTP answer, or UNANSWERED, LOST (the connection broke) or NOT_SENT. failed: the function reported an error. cpu_s:
    cpu-seconds that the platform reported for the call, NaN where it reported none.
    """

    scheduled_s: np.ndarray
    sent_s: np.ndarray
    answered_s: np.ndarray
    status: np.ndarray
    failed: np.ndarray
    cpu_s: np.ndarray

    @property
    def latency_s(self) -> np.ndarray:
        """From the scheduled instant, not from the sending, to the answer."""
        return self.answered_s - self.scheduled_s

    @property
    def lateness_s(self) -> np.ndarray:
        """How long after its instant each call was sent."""
        return self.sent_s - self.scheduled_s

    @cached_property
    def figures(self) -> dict:
        """Counts of calls, of answers by status, and lateness in seconds (p50, p99, max)."""
        values, counts = np.unique(self.status, return_counts=True)
        names = {UNANSWERED: "unanswered", LOST: "lost", NOT_SENT: "not sent"}
        late = self.lateness_s[~np.isnan(self.lateness_s)]
        p50, p99, most = np.percentile(late, [50, 99, 100]) if len(late) else (np.nan,) * 3
        return {
            "calls": len(self.status),
            "failed": int(np.count_nonzero(self.failed)),
            "answers": {names.get(int(v), int(v)): int(c) for v, c in zip(values, counts, strict=True)},
            "lateness_s": {"p50": float(p50), "p99": float(p99), "max": float(most)},
        }


@dataclass(frozen=True)
class Cpu:
    """cpu-seconds used while a workload was played: by the load generator, by the controller, by the calls in their
    workers (starts not counted), and by everything on the machine (NaN where the system does not tell), in span_s
    seconds on `cores` cores."""

    span_s: float
    cores: int
    load_s: float
    controller_s: float
    calls_s: float
    machine_s: float

    @property
    def overhead_s(self) -> float:
        """Load generator and controller together."""
        return self.load_s + self.controller_s

    @property
    def others(self) -> float:
        """Cores that everything else on the machine used in the mean: starts, the operating system, other programs."""
        return (self.machine_s - self.overhead_s - self.calls_s) / self.span_s

    def share(self, cpu_s: float) -> float:
        """The share of the machine that so many cpu-seconds are."""
        return cpu_s / (self.span_s * self.cores)


@dataclass(frozen=True, eq=False)
class Played:
    """A workload played: the platform's result, what the client saw, and the cpu that it took."""

    result: Result
    client: Seen
    cpu: Cpu

    @property
    def overhead_s(self) -> float:
        """cpu-seconds of load generator and controller a call."""
        return self.cpu.overhead_s / len(self.client.status)


def play(
    client,
    workload: Workload,
    payloads: Mapping | Callable | None = None,
    *,
    warm: bool = True,
    warmup_s: float = 0.0,
    drain_s: float = 60.0,
    connections: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Played:
    """Play the workload's arrivals on a running platform and wait for the answers.

    client: what speaks with it (`address`, `token`, `measure`, `stats`, `result`). payloads: None for {}, a mapping
    from a function's name to a JSON value or bytes, or a function of (name, number of the call) that returns one.
    warm: False ends idle containers first. warmup_s: what summaries of the result leave out. drain_s: how long to wait
    for answers after the last call. connections: opened ahead. progress: function of the share of calls sent.

    The result is cut at the workload's end, as a simulation of the same duration and warm-up is; `client` has every
    answer.
    """
    if workload.duration_s is None:
        raise InputError("play: expected a workload with duration_s, the time that its arrivals cover")
    if not workload.calls:
        raise InputError("play: expected a workload with at least one call")
    number(drain_s, "play, drain_s", minimum=0)
    number(warmup_s, "play, warmup_s", minimum=0, maximum=workload.duration_s)
    plan = _plan(client, workload, payloads, connections, drain_s)
    seen, span_s, machine_s, before = _run(plan, lambda: client.measure(warm=warm), client.stats, progress)
    after = client.stats()
    load_s = seen.pop("load_ns") / NS_PER_S
    view = _seen(plan["times_ns"], **seen)
    _check_refused(view.status, plan)
    controller_s = after["controller_cpu_s"] - before["controller_cpu_s"]
    cpu = Cpu(span_s, machine_cores(), load_s, controller_s, float(np.nansum(view.cpu_s)), machine_s)
    return Played(matching(client.result(), workload, warmup_s), view, cpu)


def _plan(client, workload, payloads, connections, drain_s):
    """What the generator is told: see open_loop.main."""
    times, functions = workload.merged_ns()
    inside = times < ns(workload.duration_s)  # the simulator, too, leaves out what arrives at its horizon or later
    times, functions = times[inside], functions[inside]
    table, payload_of = _payloads(workload, functions, payloads)
    if connections is None:
        connections = min(MOST_CONNECTIONS, len(times))
    host, _, port = client.address.rpartition(":")
    return {
        "address": [host, int(port)],
        "token": client.token,
        "source": SOURCE,
        "functions": [f.name for f in workload.functions],
        "payloads": [base64.b64encode(payload).decode() for payload in table],
        "connections": whole(connections, "play, connections", maximum=10_000),
        "drain_ns": ns(drain_s),
        "times_ns": times.tolist(),
        "function": functions.tolist(),
        "payload": payload_of,
    }


def _run(plan, measure, stats, progress):
    """Start the generator, begin the measurement, and read what it says until it ends."""
    command = [sys.executable, "-I", "-S", str(GENERATOR)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise _broken(process)
        machine, before = machine_cpu_s(), stats()
        zero = measure()
        process.stdin.write(f"{zero}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        while line.startswith("sent "):
            if progress is not None:
                progress(int(line[5:]) / len(plan["times_ns"]))
            line = process.stdout.readline()
        span_s = (time.monotonic_ns() - zero) / NS_PER_S
        machine = machine_cpu_s() - machine
        if not line:
            raise _broken(process)
        return json.loads(line), span_s, machine, before
    finally:
        process.kill()
        process.communicate()


def _broken(process):
    process.kill()
    last = (process.communicate()[1].strip().splitlines() or ["no reason given"])[-1]
    return RuntimeError(f"the load generator ended before its work was done: {last}")


def _payloads(workload, functions, payloads):
    """The payloads that differ, as bytes, and for each call the index of its own."""
    names = [f.name for f in workload.functions]
    if isinstance(payloads, Mapping):
        for name in payloads:
            if name not in names:
                raise InputError(f"play, payloads: expected names of the workload's functions, got {name!r}")
    if payloads is None or isinstance(payloads, Mapping):
        given = payloads or {}
        return [_encoded(given.get(name, {}), name) for name in names], functions.tolist()
    table, payload_of = {}, []
    for call, function in enumerate(functions.tolist()):
        payload = _encoded(payloads(names[function], call), names[function])
        payload_of.append(table.setdefault(payload, len(table)))
    return list(table), payload_of


def _encoded(value, name):
    if isinstance(value, bytes):
        return value
    try:
        return json.dumps(value).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"play, payload of {name!r}: expected bytes or a JSON value, {error}") from None


def _seen(times, sent_ns, answered_ns, status, failed, cpu_s):
    def in_seconds(values):
        values = np.asarray(values, dtype=np.int64)
        return np.where(values < 0, np.nan, values / NS_PER_S)

    return Seen(
        np.asarray(times) / NS_PER_S,
        in_seconds(sent_ns),
        in_seconds(answered_ns),
        np.asarray(status, dtype=np.int32),
        np.asarray(failed, dtype=bool),
        np.where(np.asarray(cpu_s) < 0, np.nan, cpu_s),
    )


def _check_refused(status, plan):
    refused = np.isin(status, REFUSALS)
    if refused.any():
        at = int(refused.argmax())
        raise InputError(
            f"play: the platform refused {int(refused.sum())} of {len(status)} calls, the first, of "
            f"{plan['functions'][plan['function'][at]]!r}, with HTTP status {status[at]}"
        )


def machine_cpu_s() -> float:
    """cpu-seconds that the machine's cores have been busy since it started; NaN without Linux's /proc/stat."""
    try:
        with open("/proc/stat") as stat:
            fields = [int(field) for field in stat.readline().split()[1:9]]
    except OSError:
        return float("nan")
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # all but idle and waiting for input
