"""Instance sizes: which memory can be bought, and which share of processors comes with it.

Chapter: What it costs. Providers couple the processor to the memory: AWS Lambda in proportion (one vCPU for 1,769
MB), Google and Azure by a table, Alibaba within a ratio. Source: each sheet's tables `memory` and `vcpu`.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError
from faaslab.units import MB_PER_GB


@dataclass(frozen=True)
class MemorySizes:
    """The memory sizes on sale in MB: a list, or a range in steps. With `round_up` the provider rounds what it sees."""

    sizes_mb: tuple[float, ...] = ()
    minimum_mb: float = 0.0
    maximum_mb: float = np.inf
    step_mb: float = 1.0
    round_up: bool = False

    def smallest_mb(self, memory_mb, where="memory_mb"):
        """The smallest size on sale that holds `memory_mb` (same shape); InputError where none does."""
        wanted = np.asarray(memory_mb, dtype=float)
        largest = self.sizes_mb[-1] if self.sizes_mb else self.maximum_mb
        bad = ~((wanted > 0) & (wanted <= largest))
        if bad.any():
            raise InputError(f"{where}: expected MB > 0 and <= {largest:g}, got {wanted[bad].flat[0]:g}")
        if self.sizes_mb:
            return np.asarray(self.sizes_mb, dtype=float)[np.searchsorted(self.sizes_mb, wanted)]
        return np.maximum(np.ceil(wanted / self.step_mb) * self.step_mb, self.minimum_mb)

    def billed_mb(self, memory_mb, where="memory_mb"):
        """Billed MB (same shape) of a configured (with `round_up`: observed) memory; InputError where it isn't sold."""
        smallest = self.smallest_mb(memory_mb, where)
        wanted = np.asarray(memory_mb, dtype=float)
        bad = smallest != wanted
        if bad.any() and not self.round_up:
            raise InputError(f"{where}: expected {self}, got {wanted[bad].flat[0]:g}")
        return smallest

    def __str__(self):
        if self.sizes_mb:
            return "one of " + ", ".join(f"{size:g}" for size in self.sizes_mb) + " MB"
        return f"{self.minimum_mb:g} to {self.maximum_mb:g} MB in steps of {self.step_mb:g} MB"


@dataclass(frozen=True)
class ProportionalVcpu:
    """Processors in proportion to memory: one vCPU for `mb_per_vcpu` MB. Nothing else can be configured."""

    mb_per_vcpu: float

    def of(self, memory_mb):
        """vCPUs (same shape) that come with `memory_mb`."""
        return np.asarray(memory_mb, dtype=float) / self.mb_per_vcpu

    def memory_of_one_mb(self):
        """MB of the size whose processor share is one vCPU."""
        return self.mb_per_vcpu

    def check(self, memory_mb, vcpu, where):
        """InputError where `vcpu` is not what comes with the memory (to 1 %)."""
        _check_near(self.of(memory_mb), vcpu, where, "this provider couples vCPU to memory")


@dataclass(frozen=True)
class TableVcpu:
    """Processors by a table: those of the smallest listed memory that is enough; others only if `configurable`."""

    memory_mb: tuple[float, ...]
    vcpu: tuple[float, ...]
    configurable: bool = False

    def of(self, memory_mb):
        """vCPUs (same shape) that come with `memory_mb`, which must not exceed the table."""
        return np.asarray(self.vcpu)[np.searchsorted(self.memory_mb, np.asarray(memory_mb, dtype=float))]

    def memory_of_one_mb(self):
        """MB of the size whose processor share is one vCPU."""
        return self.memory_mb[self.vcpu.index(1.0)]

    def check(self, memory_mb, vcpu, where):
        """InputError where `vcpu` exceeds the table, or, if not configurable, is not what comes with the memory."""
        if not self.configurable:
            _check_near(self.of(memory_mb), vcpu, where, "this provider couples vCPU to memory")
        bad = np.asarray(vcpu) > self.vcpu[-1]
        if bad.any():
            raise InputError(f"{where}: expected at most {self.vcpu[-1]:g}, got {np.asarray(vcpu)[bad].flat[0]:g}")


@dataclass(frozen=True)
class RatioVcpu:
    """Processors chosen freely, with memory per vCPU inside a range; by default the least that the memory allows."""

    gb_per_vcpu_minimum: float
    gb_per_vcpu_maximum: float
    step_vcpu: float
    maximum_vcpu: float

    def of(self, memory_mb):
        """The least vCPUs (same shape) allowed beside `memory_mb`, in whole steps."""
        least = np.asarray(memory_mb, dtype=float) / MB_PER_GB / self.gb_per_vcpu_maximum
        return np.ceil(np.round(least / self.step_vcpu, 9)) * self.step_vcpu

    def memory_of_one_mb(self):
        """MB beside one vCPU where no more memory is bought than must be."""
        return self.gb_per_vcpu_minimum * MB_PER_GB

    def check(self, memory_mb, vcpu, where):
        """InputError where memory per vCPU lies outside the range or there are more vCPUs than are sold."""
        gb_per_vcpu = np.asarray(memory_mb, dtype=float) / MB_PER_GB / vcpu
        low, high = self.gb_per_vcpu_minimum, self.gb_per_vcpu_maximum
        # the upper end is judged by whole steps: the least processor on sale may give less than `high` a vCPU
        bad = (gb_per_vcpu < low) | (vcpu > self.maximum_vcpu) | (vcpu < self.of(memory_mb) - 1e-9)
        if bad.any():
            raise InputError(
                f"{where}: expected {low:g} to {high:g} GB of memory a vCPU and at most {self.maximum_vcpu:g} vCPU, "
                f"got {np.asarray(vcpu, dtype=float)[bad].flat[0]:g} vCPU"
            )


def _check_near(expected, vcpu, where, reason):
    bad = np.abs(np.asarray(vcpu) - expected) > 0.01 * expected
    if bad.any():
        raise InputError(
            f"{where}: expected {expected[bad].flat[0]:.3g} ({reason}), got {np.asarray(vcpu)[bad].flat[0]:g}"
        )
