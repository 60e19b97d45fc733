"""Calibration: a function is measured on this machine and becomes the simulator's `Function`.

Chapter "From measurement to prediction". Each cold start is begun with no container there and gives its four phases;
warm calls, one at a time, give the handler's time and the cpu-seconds in it, the rest being waiting; calls from the
load generator at a low rate give the cpu that the platform itself and the generator take. What the model leaves out:
that compute and waiting of one call go together (they are drawn apart), that first calls in a container are slower,
caches that calls at once take from each other, and a platform that is not idle while it is measured.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from faaslab.durations import Constant, Empirical, LogNormal
from faaslab.errors import InputError, member, whole
from faaslab.functions import PHASES, ColdStart, Function, Step
from faaslab.runtime.measuring.load import machine_cpu_s, play
from faaslab.runtime.sandbox.process_usage import cpu_clock_s
from faaslab.streams import stream
from faaslab.workload import Workload

DISTRIBUTIONS = ("measured", "lognormal", "constant")
BOOTSTRAPS, CONFIDENCE = 2000, 0.95
CPU_SHARE = 0.25  # of a phase that counts as computing
SEVERAL_CORES = 1.1  # from so many cpu-seconds a second on, a call is taken to run on several cores
LONGEST_LOAD_S, LEAST_CALLS = 8.0, 20
GONE_WITHIN_S, LOOK_S = 5.0, 0.005
QUIET_LOOK_S, QUIET_CORES = 0.25, 0.2


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was measured.

    samples: arrays in seconds by name. Of shape (starts,): the PHASES, `cold start` (their sum) and `first call` (the
    handler's time in a new container). Of shape (calls,): `call` and `cpu`, the handler's time and the cpu-seconds in
    it. `path`: from a call's instant to the beginning of its handler in a warm container, at a low rate.

    deployed: the function as the platform knows it. start: the start mode. cpu_phases: phases that use cpu rather than
    wait. cores: how many a call uses while it computes. used_mb: most memory seen. overhead_s: cpu-seconds of
    controller and load generator a call. others: cores that something else on the machine used just before (NaN where
    the system does not tell). seed: of the intervals.
    """

    deployed: Function
    start: str
    samples: dict[str, np.ndarray]
    cpu_phases: frozenset[str]
    cores: float
    used_mb: float
    overhead_s: float
    others: float
    seed: int

    @property
    def function(self) -> Function:
        """The simulator's Function, every duration drawn from what was measured."""
        return self.as_function()

    def as_function(self, distribution: str = "measured") -> Function:
        """distribution: "measured" draws from the samples, "lognormal" from fits to them (a sample with a zero in it
        stays as measured), "constant" always takes their means."""
        member(distribution, "calibration, distribution", DISTRIBUTIONS)
        phases = {f"{phase}_s": _duration(self.samples[phase], distribution) for phase in PHASES}
        steps = [
            Step(_duration(self.samples["path"], distribution)),
            Step(_duration(self.samples["cpu"], distribution)),
            Step(_duration(self.waiting_s, distribution), "wait"),
        ]
        return replace(
            self.deployed,
            service=None,
            cpu=self.cores,
            body=tuple(step for step in steps if step.duration.mean_s > 0),
            cold_start=ColdStart(**phases, cpu_phases=self.cpu_phases),
        )

    @property
    def waiting_s(self) -> np.ndarray:
        """What each warm call took beyond its computing, shape (calls,)."""
        return np.maximum(0.0, self.samples["call"] - self.samples["cpu"] / self.cores)

    def table(self):
        """Median with its 95 % bootstrap interval, mean and number of each sample, a pandas DataFrame, in seconds."""
        import pandas as pd

        rows = {name: self._row(name, values) for name, values in self.samples.items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def _row(self, name, values):
        rng = stream(self.seed, "bootstrap", name)
        medians = np.median(values[rng.integers(len(values), size=(BOOTSTRAPS, len(values)))], axis=1)
        low, high = np.quantile(medians, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return {
            "median_s": float(np.median(values)),
            "low_s": float(low),
            "high_s": float(high),
            "mean_s": float(values.mean()),
            "count": len(values),
        }

    def __str__(self):
        mean = {name: float(values.mean()) for name, values in self.samples.items()}
        parts = " + ".join(f"{_ms(mean[phase])} {phase}" for phase in PHASES)
        noise = f"  others used {self.others:.3g} cores: repeat it when they do not"
        return "\n".join(
            [
                f"{self.deployed.name}, started by {self.start}; means:",
                f"  cold start {_ms(mean['cold start'])} ms = {parts}",
                f"  warm call {_ms(mean['call'])} ms, {_ms(mean['cpu'])} ms of cpu in it; first call "
                f"{_ms(mean['first call'])} ms",
                f"  memory {self.used_mb:.3g} MB of {self.deployed.memory_mb:g}",
                f"  platform and load generator {_ms(self.overhead_s)} ms of cpu a call",
                *([noise] if self.others > QUIET_CORES else []),
            ]
        )


def calibrate(
    cloud,
    name: str,
    event=None,
    *,
    starts: int = 20,
    calls: int = 200,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Measure a deployed function on a running platform, on which nothing else should run meanwhile.

    event: the JSON value that every call gets, None for {}; or a function of the call's number that returns one, where
    calls are to differ as they do in use. starts, calls: how many cold starts and warm calls. It
    begins new measurements, so that earlier rows of the platform's result are gone. InputError where a call fails.
    """
    whole(starts, "calibrate, starts", minimum=2)
    whole(calls, "calibrate, calls", minimum=2)
    event_of = event if callable(event) else lambda call: {} if event is None else event
    deployment = _deployment(cloud, name)
    told = (lambda share: None) if progress is None else progress
    others = _busy_cores()
    _cold_call(cloud, name, event_of(0), deployment)  # the first of all reads files that later ones find in memory
    cold = []
    for i in range(starts):
        cold.append(_cold_call(cloud, name, event_of(i), deployment))
        told(0.4 * (i + 1) / starts)
    warm = []
    for i in range(calls):
        warm.append(_completed(cloud.invoke(name, event_of(i)), name).report)
        told(0.4 + 0.4 * (i + 1) / calls)
    samples = {phase: np.array([start.report.phases[phase] for start in cold]) for phase in PHASES}
    samples["cold start"] = sum(samples[phase] for phase in PHASES)
    samples["first call"] = np.array([start.report.duration_s for start in cold])
    samples["call"] = np.array([report.duration_s for report in warm])
    samples["cpu"] = np.array([report.cpu_s for report in warm])
    played = _play_slowly(cloud, name, event_of, calls, float(samples["call"].mean()))
    calls_seen = played.result.calls
    begun = calls_seen["begin_ns"] >= 0  # on a busy machine the last one may begin after the end of the workload
    samples["path"] = (calls_seen["begin_ns"] - calls_seen["arrival_ns"])[begun] / 1e9
    told(1.0)
    reports = [start.report for start in cold] + warm
    ratio = samples["cpu"].sum() / samples["call"].sum()
    return Calibration(
        deployment.function,
        deployment.start,
        samples,
        _cpu_phases(samples, cold, played.cpu.controller_s / len(calls_seen["event"])),
        max(1.0, ratio) if ratio > SEVERAL_CORES else 1.0,
        max(report.used_mb for report in reports),
        played.overhead_s,
        others,
        seed,
    )


# --- measuring -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _ColdCall:
    """The report of the first call in a container; cpu-seconds of the worker's start (NaN where the system does not
    tell) and of the controller in all."""

    report: object
    worker_cpu_s: float
    controller_cpu_s: float


def _cold_call(cloud, name, event, deployment):
    """One call that finds no container; the containers that are there end first."""
    cloud.measure(warm=False)
    _await(lambda: not [row for row in cloud.ps() if row["function"] == name], f"idle containers of {name!r} to end")
    if deployment.start == "prewarmed":
        time.sleep(0.3)  # the stock fills up again
    before = cloud.stats()["controller_cpu_s"]
    answer = _completed(cloud.invoke(name, event), name)
    controller = cloud.stats()["controller_cpu_s"] - before
    if answer.report.phases is None:
        raise InputError(f"calibrate {name!r}: expected a cold start, got a {answer.start} one (is it provisioned?)")
    pids = [row["pid"] for row in cloud.ps() if row["function"] == name]
    worker = cpu_clock_s(pids[0]) if len(pids) == 1 else 0.0
    return _ColdCall(answer.report, worker - answer.report.cpu_s if worker else float("nan"), controller)


def _busy_cores():
    """Cores in use now, while we do nothing."""
    before = machine_cpu_s()
    time.sleep(QUIET_LOOK_S)
    return (machine_cpu_s() - before) / QUIET_LOOK_S


def _completed(answer, name):
    if answer.error is not None or answer.report is None:
        raise InputError(f"calibrate {name!r}: expected calls that complete, got {answer.error or answer.outcome}")
    return answer


def _play_slowly(cloud, name, event_of, calls, call_s):
    """Calls from the load generator, each after the one before it is long over."""
    gap_s = max(0.01, 3 * call_s)
    count = min(calls, max(LEAST_CALLS, int(LONGEST_LOAD_S / gap_s)))
    times = gap_s * np.arange(1, count + 1)
    workload = Workload((Function(name, service=0.0),), {name: times}, duration_s=gap_s * (count + 1))
    return play(cloud, workload, lambda _, call: event_of(call))


def _deployment(cloud, name):
    deployments = {deployment.name: deployment for deployment in cloud.functions()}
    return deployments[member(name, "calibrate, function", tuple(deployments))]


def _await(condition, what):
    deadline = time.monotonic() + GONE_WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise InputError(f"calibrate: waited {GONE_WITHIN_S:g} s for {what}")
        time.sleep(LOOK_S)


def _cpu_phases(samples, cold, warm_controller_s):
    """Phases that use cpu: that of the controller in `allocate`, of the worker in the others.

    A phase that waits uses next to none. One that computes uses all of its time on a quiet machine, and on one that
    others use a part of it; hence a quarter of the shortest.
    """
    controller = np.median([start.controller_cpu_s for start in cold]) - warm_controller_s
    worker = np.median([start.worker_cpu_s for start in cold])
    chosen = {"allocate"} if controller > samples["allocate"].min() * CPU_SHARE else set()
    inside = (samples["cold start"] - samples["allocate"]).min()
    if np.isnan(worker) or worker > inside * CPU_SHARE:
        chosen |= set(PHASES) - {"allocate"}
    return frozenset(chosen)


# --- what it becomes -------------------------------------------------------------------------------------------------


def _duration(values, distribution):
    if distribution == "constant" or not values.any():
        return Constant(float(values.mean()))
    if distribution == "measured" or not values.all():
        return Empirical(tuple(values.tolist()))
    logs = np.log(values)
    return LogNormal(float(logs.mean()), float(logs.std()))


def _ms(seconds):
    return f"{seconds * 1e3:.3g}"
