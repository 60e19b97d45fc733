"""A measured curve: the demand of a function that was run, at the cores that there were, and a law beyond them.

The time of a call at c cores is T = T1 * (1 - p + p * r(c)): T1 at one core; p, the share of it that is done in
parallel; r(c) = ceil(n / c) / n, what the longest of c workers does of n equal parts dealt out whole. For many parts
r(c) is 1 / c, which makes it Amdahl's law; beyond n cores nothing gets faster. p follows from the measured times at one
and two cores: at those the curve goes through what was measured, beyond them it is extrapolated (`is_measured`).
Between measured sizes of the input T1 and memory are interpolated on logarithmic scales, p and n on a linear one.

Memory does not make a call faster. A call that gets less than it needs is killed by the platform: ask `fits`.

Chapter "Does it work?". Source: G. Amdahl, AFIPS 1967; the measurements in data/demand.json, whose origin stands in
them. Left out: parallelism that narrows while a call runs (merge sort: the law is too good for it beyond two cores),
workers that share bandwidth and caches, and slow-downs: where two cores took longer than one, p is 0.
"""

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median

from faaslab.errors import InputError, member, number, whole

DATA = Path(__file__).resolve().parent / "data" / "demand.json"
UNIT_MB = 64.0


@dataclass(frozen=True)
class Cell:
    """What was measured with one input size at a number of cores: durations_s and cpu_s of every repetition, the most
    memory, and the independent parts of the work. others: cores that something else used meanwhile, the median."""

    size: float
    cores: int
    parts: int
    durations_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    memory_mb: float
    others: float = 0.0

    @property
    def duration_s(self) -> float:
        """The median of the repetitions."""
        return median(self.durations_s)

    @property
    def spread_s(self) -> float:
        """The longest repetition less the shortest."""
        return max(self.durations_s) - min(self.durations_s)

    @property
    def cores_used(self) -> float:
        """Mean over a call of the cores that it kept busy; the median of the repetitions."""
        return median(used / took for used, took in zip(self.cpu_s, self.durations_s, strict=True))


@dataclass(frozen=True)
class Law:
    """Demand at one size: seconds at one core, the parallel share, the parts, MB at one core and MB per worker more."""

    one_core_s: float
    share: float
    parts: int
    memory_mb: float
    worker_mb: float

    def rounds(self, cpu: float) -> float:
        """What the longest worker has to do of the parallel part, 1 at one core."""
        return math.ceil(self.parts / _workers(cpu, self.parts)) / self.parts

    def duration_s(self, cpu: float) -> float:
        return self.one_core_s * (1 - self.share + self.share * self.rounds(cpu))

    def needed_mb(self, cpu: float) -> float:
        return self.memory_mb + self.worker_mb * (_workers(cpu, self.parts) - 1)


@dataclass(frozen=True)
class MeasuredCurve:
    """The demand of one application, for `Demand`. cells: what was measured. most_cpu, most_memory: the largest
    allocation that is offered, in cores and in units of unit_mb."""

    name: str
    cells: tuple[Cell, ...]
    most_cpu: int = 8
    most_memory: int = 8
    unit_mb: float = UNIT_MB
    _laws: dict = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self):
        whole(self.most_cpu, f"{self.name}, most_cpu", minimum=1)
        whole(self.most_memory, f"{self.name}, most_memory", minimum=1)
        number(self.unit_mb, f"{self.name}, unit_mb", above=0)
        for size in self.sizes:
            if {1, 2} - {cell.cores for cell in self.cells if cell.size == size}:
                raise InputError(f"{self.name}, size {size:g}: expected measurements at 1 and 2 cores")
        if not self.cells:
            raise InputError(f"{self.name}: expected measurements, got none")

    # --- the protocol ------------------------------------------------------------------------------------------------

    def duration_s(self, cpu: float, memory: float, size: float = 1.0) -> float:
        """Seconds of a call, whatever the memory, as long as it fits."""
        return self.at(size).duration_s(cpu)

    def saturation(self, size: float = 1.0) -> tuple[int, int]:
        """The fewest cores that are as fast as the most, and the whole units that the call needs with them."""
        law = self.at(size)
        best = law.duration_s(self.most_cpu)
        cpu = next(cores for cores in range(1, self.most_cpu + 1) if law.duration_s(cores) <= best)
        return cpu, min(self.most_memory, math.ceil(law.needed_mb(cpu) / self.unit_mb))

    def peak(self, cpu: float, memory: float, size: float = 1.0) -> tuple[float, float]:
        """Cores that its parallel part keeps busy, and units (not rounded) that it needs, at most what it has."""
        law = self.at(size)
        cores = _workers(cpu, law.parts) if law.share > 0 else 1
        return float(cores), min(memory, law.needed_mb(cpu) / self.unit_mb)

    # --- more than the protocol --------------------------------------------------------------------------------------

    def fits(self, cpu: float, memory: float, size: float = 1.0) -> bool:
        """Whether the call needs no more than `memory` units; if it does, a platform kills it."""
        return self.at(size).needed_mb(cpu) <= memory * self.unit_mb

    def memory_mb(self, cpu: float, size: float = 1.0) -> float:
        """The most memory of a call, in MB: more workers need more."""
        return self.at(size).needed_mb(cpu)

    def pieces(self, cpu: float, size: float = 1.0) -> list[tuple[float, float]]:
        """(seconds, cores in use) of a call, the serial part first; for `windows.window_peak`."""
        law, workers = self.at(size), _workers(cpu, self.at(size).parts)
        part_s = law.one_core_s * law.share / law.parts
        full, rest = divmod(law.parts, workers)
        given = [(law.one_core_s * (1 - law.share), 1.0), (full * part_s, float(workers)), (part_s * (rest > 0), rest)]
        return [(seconds, float(cores)) for seconds, cores in given if seconds > 0]

    def is_measured(self, cpu: float, size: float = 1.0) -> bool:
        """Whether this point was measured; otherwise it is interpolated or extrapolated."""
        law = self.at(size)
        return size in self.sizes and _workers(cpu, law.parts) <= self.measured_up_to

    @property
    def measured_up_to(self) -> int:
        """The most cores that were measured at every size."""
        return min(max(cell.cores for cell in self.cells if cell.size == size) for size in self.sizes)

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """The measured sizes, in order."""
        return tuple(sorted({cell.size for cell in self.cells}))

    def cell(self, cores: int, size: float = 1.0) -> Cell:
        """What was measured there; InputError where nothing was."""
        cells = {(cell.size, cell.cores): cell for cell in self.cells}
        return cells[member((size, cores), f"{self.name}, (size, cores)", list(cells))]

    def at(self, size: float) -> Law:
        """The law at a size; InputError outside the measured sizes."""
        law = self._laws.get(size)
        if law is None:
            low, high = self.sizes[0], self.sizes[-1]
            number(size, f"{self.name}, input size", minimum=low, maximum=high)
            law = self._laws[size] = self._interpolated(size)
        return law

    def _interpolated(self, size):
        if size in self.sizes:
            return self._measured[size]
        low, high = next(pair for pair in pairwise(self.sizes) if pair[0] < size < pair[1])
        a, b = self._measured[low], self._measured[high]
        log = (math.log(size) - math.log(low)) / (math.log(high) - math.log(low))
        line = (size - low) / (high - low)
        return Law(
            a.one_core_s ** (1 - log) * b.one_core_s**log,
            a.share + line * (b.share - a.share),
            round(a.parts + line * (b.parts - a.parts)),
            a.memory_mb ** (1 - log) * b.memory_mb**log,
            a.worker_mb + line * (b.worker_mb - a.worker_mb),
        )

    @cached_property
    def _measured(self):
        shares = {size: self._share(size) for size in self.sizes}
        known = [size for size, share in shares.items() if share is not None]
        laws = {}
        for size in self.sizes:
            nearest = min(known, key=lambda other: abs(math.log(other / size)), default=None)
            one, two = self.cell(1, size), self.cell(2, size)
            laws[size] = Law(
                one.duration_s,
                0.0 if nearest is None else shares[nearest],
                one.parts,
                one.memory_mb if one.parts > 1 else max(one.memory_mb, two.memory_mb),
                max(0.0, two.memory_mb - one.memory_mb) if one.parts > 1 else 0.0,
            )
        return laws

    def _share(self, size):
        """The parallel share that one and two cores show, None where there is nothing to share out."""
        one, two = self.cell(1, size), self.cell(2, size)
        if one.parts == 1:
            return None
        gain = 1 - two.duration_s / one.duration_s
        return min(1.0, max(0.0, gain / (1 - math.ceil(one.parts / 2) / one.parts)))


def _workers(cpu, parts):
    """Whole workers that a call starts: one a core, and no more than there are parts."""
    return min(int(number(cpu, "demand, cpu", minimum=1)), parts)


def read(path=DATA, **limits) -> dict[str, MeasuredCurve]:
    """The measured curves by name of the application. limits: most_cpu, most_memory, unit_mb."""
    measured = json.loads(Path(path).read_text())["applications"]
    return {
        name: MeasuredCurve(name, tuple(Cell(**{k: _tuple(v) for k, v in row.items()}) for row in rows), **limits)
        for name, rows in measured.items()
    }


def provenance(path=DATA) -> dict:
    """How, on what and with what versions the curves were measured."""
    return json.loads(Path(path).read_text())["provenance"]


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value
