"""A function and its cold start: what the developer deploys, as the platform sees it.

Chapters "From servers to functions" and "Cold and warm starts". Left out: packages larger than a number of seconds,
networks that a function must join, and state that a function keeps outside.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from faaslab.durations import Constant, Duration
from faaslab.errors import InputError, number, whole
from faaslab.units import LONGEST_S, MOST_MB

MOST_CORES, MOST_CALLS = 1e6, 100_000  # far beyond any container
PHASES = ("allocate", "runtime", "dependencies", "code")


@dataclass(frozen=True)
class ColdStart:
    """The phases of a cold start, in order, in seconds; they add up to the start.

    allocate: find a place and make the sandbox. runtime: start the interpreter. dependencies: import libraries.
    code: load the function and run its initialisation. Each is a number of seconds or a Duration, drawn per start.
    `cpu_phases` names the phases that use cpu and slow down where cpu is shared; the others are waiting.
    """

    allocate_s: float | Duration = 0.0
    runtime_s: float | Duration = 0.0
    dependencies_s: float | Duration = 0.0
    code_s: float | Duration = 0.0
    cpu_phases: frozenset[str] = frozenset({"runtime", "dependencies", "code"})

    def __post_init__(self):
        for phase in PHASES:
            value = getattr(self, f"{phase}_s")
            if not hasattr(value, "sample"):
                object.__setattr__(self, f"{phase}_s", Constant(number(value, f"cold start, {phase}_s", minimum=0)))
        unknown = set(self.cpu_phases) - set(PHASES)
        if unknown:
            raise InputError(
                f"cold start, cpu_phases: expected names from {', '.join(PHASES)}; got {sorted(unknown)[0]!r}"
            )
        object.__setattr__(self, "cpu_phases", frozenset(self.cpu_phases))

    @property
    def phases(self) -> tuple[Duration, ...]:
        """The four durations in the order of PHASES."""
        return (self.allocate_s, self.runtime_s, self.dependencies_s, self.code_s)

    @property
    def mean_s(self) -> float:
        """Mean of the whole start, seconds."""
        return sum(phase.mean_s for phase in self.phases)


@dataclass(frozen=True)
class Step:
    """One step of a call's body: `compute` uses cpu and obeys the allocation, `wait` (I/O, sleep) does neither."""

    duration: Duration
    kind: str = "compute"

    def __post_init__(self):
        if self.kind not in ("compute", "wait"):
            raise InputError(f"step of a body: expected kind 'compute' or 'wait', got {self.kind!r}")


@dataclass(frozen=True)
class Function:
    """A deployed function.

    service: the handler's time at the configured allocation (a Duration or a number, seconds); with shared cpu, its
        work in cpu-seconds.
    body: the steps of a call, instead of `service`, where a call is more than one computation.
    cold_service: where given, the whole service time of a call served by a cold start is drawn from it.
    cold_start: the phases of a start. memory_mb: memory of its container. cpu: cores it may use (dedicated: reserves).
    timeout_s: limit on the handler's time; reaching it kills the container, ending exactly at it completes.
    start_timeout_s: limit on a start. patience_s: how long after its arrival a caller waits for its service to begin.
    deadline_s: wanted response time (earliest deadline first orders by it; nothing is cut off).
    concurrency: calls that one container serves at once. reserved_concurrency: the most calls of this function at once.
    failure: probability that an attempt fails at its end (the container survives).
    app: functions of one app share containers (Azure); by default each function is its own group.
    runtime: what a stem cell must match. speed: rate of progress of compute steps for (cpu, memory_mb) in place of the
    configured allocation; None means that an allocation changes nothing when cpu is dedicated. Where it has a method
    `fits(cpu, memory_mb, size)` that says False of what a call holds at its end, the call fails for want of memory.
    input_size: distribution of the sizes of calls' inputs (above 0, without a unit; sampled as durations are), where
    the speed depends on them: it is then asked for (cpu, memory_mb, size).
    """

    name: str
    service: Duration | float | None = None
    memory_mb: float = 128.0
    cpu: float = 1.0
    cold_start: ColdStart = field(default_factory=ColdStart)
    cold_service: Duration | float | None = None
    body: tuple[Step, ...] = ()
    timeout_s: float | None = None
    start_timeout_s: float | None = None
    patience_s: float | None = None
    deadline_s: float | None = None
    concurrency: int = 1
    reserved_concurrency: int | None = None
    failure: float = 0.0
    app: str | None = None
    runtime: str = "python"
    speed: Callable[..., float] | None = None
    input_size: Duration | None = None

    def __post_init__(self):
        where = f"function {self.name!r}"
        if not isinstance(self.name, str) or not self.name:
            raise InputError(f"function: expected a name, got {self.name!r}")
        if (self.service is None) == (not self.body):
            raise InputError(f"{where}: expected either service or body")
        for name in ("service", "cold_service"):
            given = getattr(self, name)
            if given is not None and not hasattr(given, "sample"):
                object.__setattr__(
                    self, name, Constant(number(given, f"{where}, {name}", minimum=0, maximum=LONGEST_S))
                )
        number(self.memory_mb, f"{where}, memory_mb", above=0, maximum=MOST_MB)
        number(self.cpu, f"{where}, cpu", above=0, maximum=MOST_CORES)
        for limit in ("timeout_s", "start_timeout_s", "patience_s", "deadline_s"):
            if getattr(self, limit) is not None:
                number(getattr(self, limit), f"{where}, {limit}", above=0, maximum=LONGEST_S)
        whole(self.concurrency, f"{where}, concurrency", minimum=1, maximum=MOST_CALLS)
        if self.reserved_concurrency is not None:
            whole(self.reserved_concurrency, f"{where}, reserved_concurrency", minimum=0)
        number(self.failure, f"{where}, failure", minimum=0, maximum=1)
        if self.input_size is not None and not (hasattr(self.input_size, "sample") and self.speed is not None):
            raise InputError(
                f"{where}, input_size: expected a distribution, beside a speed that depends on it; got "
                f"{self.input_size!r} and speed {self.speed!r}"
            )
        if self.body and self.cold_service is not None:
            raise InputError(f"{where}: cold_service goes with service, not with body")

    @property
    def group(self) -> str:
        """The name that its containers carry: the app, or the function itself."""
        return self.app if self.app is not None else self.name

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of a call: the body, or one computation that takes the service."""
        return self.body or (Step(self.service),)

    @property
    def mean_service_s(self) -> float:
        """Mean of a whole call at the configured allocation, seconds."""
        return sum(step.duration.mean_s for step in self.steps)
