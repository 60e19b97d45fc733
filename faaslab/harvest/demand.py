"""Demand: what a function could use, and how long a call takes with what it gets.

Chapter "Why resources idle". A demand has saturation points, one for cpu and one for memory: beyond them nothing gets
faster, below them a call takes longer. What an allocation leaves unused is what can be harvested.
Left out: functions that get slower with more cores, and interference between calls on one server.
"""

from dataclasses import dataclass, field
from typing import Protocol

from faaslab.durations import Constant, Duration
from faaslab.errors import InputError, number, whole
from faaslab.functions import ColdStart, Function
from faaslab.harvest.options import Options

MOST_CACHED = 10_000  # sizes of inputs whose demand is remembered


class Demand(Protocol):
    """What the calls of one function could use. cpu in whole cores, memory in units of the options, size: the call's
    input, without a unit, 1 for an ordinary one."""

    def duration_s(self, cpu: float, memory: float, size: float = 1.0) -> float:
        """Seconds that a call takes with this allocation; never more with a larger one."""
        ...

    def saturation(self, size: float = 1.0) -> tuple[int, int]:
        """The cores and units beyond which nothing gets faster."""
        ...

    def peak(self, cpu: float, memory: float, size: float = 1.0) -> tuple[float, float]:
        """Cores and units that a call uses while it runs with this allocation."""
        ...


@dataclass(frozen=True)
class Saturating:
    """The duration falls linearly from longest_s at one core and one unit to shortest_s at the saturation point.

    shortest_s, longest_s: seconds, 0 < shortest_s <= longest_s. cpu, memory: saturation points, whole cores and units.
    cpu_weight: k, the part of the difference that cpu explains is k / (k + 1), memory the rest. A saturation point of 1
    leaves its part out. Source: the simulator of Freyr (H. Yu et al., WWW 2022), whose formula rounds up to whole
    seconds; here it does not.
    """

    shortest_s: float
    longest_s: float
    cpu: int
    memory: int
    cpu_weight: float = 2.0

    def __post_init__(self):
        number(self.shortest_s, "demand, shortest_s", above=0)
        number(self.longest_s, "demand, longest_s", minimum=self.shortest_s)
        whole(self.cpu, "demand, cpu", minimum=1)
        whole(self.memory, "demand, memory", minimum=1)
        number(self.cpu_weight, "demand, cpu_weight", minimum=0)

    def duration_s(self, cpu, memory, size=1.0):
        return self.shortest_s + self._excess_s(cpu, memory)

    def _excess_s(self, cpu, memory):
        spread, k = self.longest_s - self.shortest_s, self.cpu_weight
        return spread * (k * _missing(self.cpu, cpu) + _missing(self.memory, memory)) / (k + 1)

    def saturation(self, size=1.0):
        return self.cpu, self.memory

    def peak(self, cpu, memory, size=1.0):
        return min(cpu, self.cpu), min(memory, self.memory)


def _missing(ideal: float, given: float) -> float:
    """The share of the way from one unit to the ideal that is missing, 0 to 1."""
    return max(0.0, (ideal - given) / (ideal - 1)) if ideal > 1 else 0.0


@dataclass(frozen=True)
class InputDependent:
    """A function whose demand grows with its input: `base` describes an input of size 1.

    The work, and with it both durations, grows as size ** work_power; the saturation points as size ** cpu_power and
    size ** memory_power, rounded up and cut at `most_cpu` and `most_memory`. Source: ours, after Libra's observation
    (H. Yu et al., HPDC 2023) that demand of many functions depends on the size of the input.
    """

    base: Saturating
    work_power: float = 1.0
    cpu_power: float = 0.5
    memory_power: float = 1.0
    most_cpu: int = 8
    most_memory: int = 8
    _cache: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self):
        if not isinstance(self.base, Saturating):
            raise InputError(f"demand, base: expected a Saturating, got {self.base!r}")
        for name in ("work_power", "cpu_power", "memory_power"):
            number(getattr(self, name), f"demand, {name}", minimum=0)
        whole(self.most_cpu, "demand, most_cpu", minimum=self.base.cpu)
        whole(self.most_memory, "demand, most_memory", minimum=self.base.memory)

    def at(self, size: float) -> Saturating:
        """The demand of a call with this input."""
        if size not in self._cache:
            number(size, "input size", above=0)
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            base, grown = self.base, size**self.work_power
            self._cache[size] = Saturating(
                base.shortest_s * grown,
                base.longest_s * grown,
                _grown(base.cpu, size**self.cpu_power, self.most_cpu),
                _grown(base.memory, size**self.memory_power, self.most_memory),
                base.cpu_weight,
            )
        return self._cache[size]

    def duration_s(self, cpu, memory, size=1.0):
        return self.at(size).duration_s(cpu, memory)

    def saturation(self, size=1.0):
        return self.at(size).saturation()

    def peak(self, cpu, memory, size=1.0):
        return self.at(size).peak(cpu, memory)


def _grown(point: int, factor: float, most: int) -> int:
    return min(most, max(1, -int(-point * factor // 1)))


class Speed:
    """The rate of progress that an allocation gives a call, 1 at the user's configuration and input size 1.

    What the engine asks of a function (`Function.speed`); `demand`, `options` and `own_s` are for who monitors it.
    `fits` is None where the demand does not say what a call needs: then every call has enough memory.
    """

    def __init__(self, demand: Demand, options: Options, cpu: float, memory: float):
        self.demand = demand
        self.options = options
        self.cpu, self.memory = cpu, memory
        self.own_s = demand.duration_s(cpu, memory)
        self.fits = self._fits if hasattr(demand, "fits") else None
        self._rates = {}

    def __call__(self, cpu, memory_mb, size=1.0):
        if size != 1.0:  # sizes seldom come twice
            return self.own_s / self.demand.duration_s(cpu, memory_mb / self.options.unit_mb, size)
        key = cpu, memory_mb
        rate = self._rates.get(key)
        if rate is None:
            rate = self._rates[key] = self.own_s / self.demand.duration_s(cpu, memory_mb / self.options.unit_mb)
        return rate

    def _fits(self, cpu, memory_mb, size):
        return self.demand.fits(cpu, memory_mb / self.options.unit_mb, size)

    def own_duration_s(self, size: float = 1.0) -> float:
        """Seconds that a call with this input takes at the user's configuration."""
        return self.own_s if size == 1.0 else self.demand.duration_s(self.cpu, self.memory, size)


def harvested(
    name: str,
    demand: Demand,
    cpu: int,
    memory: int,
    options: Options,
    *,
    cold_start: ColdStart,
    input_size: Duration | None = None,
    scatter: Duration | None = None,
) -> Function:
    """A function with this demand, configured by its user with `cpu` cores and `memory` units.

    input_size: distribution of the calls' inputs, where the demand depends on them. scatter: distribution of mean 1 of
    what multiplies the duration of every call, whatever it gets (None: none). InputError where the configuration is no
    option.
    """
    options.index(cpu, memory)
    speed = Speed(demand, options, cpu, memory)
    service = Constant(speed.own_s) if scatter is None else _Scaled(scatter, speed.own_s)
    return Function(
        name,
        service,
        memory_mb=memory * options.unit_mb,
        cpu=cpu,
        cold_start=cold_start,
        speed=speed,
        input_size=input_size,
    )


@dataclass(frozen=True)
class _Scaled:
    """A distribution times a constant."""

    of: Duration
    factor: float

    def __post_init__(self):
        if abs(self.of.mean_s - 1) > 1e-6:
            raise InputError(f"scatter: expected a distribution of mean 1, got mean {self.of.mean_s:g}")

    @property
    def mean_s(self):
        return self.of.mean_s * self.factor

    def sample(self, rng, n):
        return self.of.sample(rng, n) * self.factor
