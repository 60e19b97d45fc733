"""The options of a decision: a grid of whole cores by whole units of memory, decoupled from each other.

Chapter "FaaSRM". Source: H. Yu et al., "Harvesting Idle Resources in Serverless Computing via Reinforcement Learning",
arXiv 2108.12717: option a of 64 is a // 8 + 1 cores and a % 8 + 1 units of 64 MB. Left out: fractions of a core.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.functions import Function
from faaslab.model.policies import Allocation


@dataclass(frozen=True)
class Options:
    """1 to `cores` cores by 1 to `units` units of `unit_mb` MB; an option is its index, memory running fastest."""

    cores: int = 8
    units: int = 8
    unit_mb: float = 64.0

    def __post_init__(self):
        whole(self.cores, "options, cores", minimum=1)
        whole(self.units, "options, units", minimum=1)
        number(self.unit_mb, "options, unit_mb", above=0)

    @property
    def n(self) -> int:
        """How many options there are."""
        return self.cores * self.units

    @cached_property
    def cpus(self) -> np.ndarray:
        """Cores of each option, int array of shape (n,)."""
        return np.arange(self.n) // self.units + 1

    @cached_property
    def memories(self) -> np.ndarray:
        """Units of memory of each option, int array of shape (n,)."""
        return np.arange(self.n) % self.units + 1

    @cached_property
    def _allocations(self):
        pairs = zip(self.cpus.tolist(), self.memories.tolist(), strict=True)
        return tuple(Allocation(float(cpu), memory * self.unit_mb) for cpu, memory in pairs)

    def mask(self, cpu: tuple[int, int], memory: tuple[int, int], coupled: bool = False) -> np.ndarray:
        """bool array of shape (n,), True for the options within both ranges (ends included). Shared: read-only.

        coupled: only options whose memory is proportional to their cores, rounded up, and which reach the lower end of
        both ranges; the larger of the two ranges bounds them.
        """
        key = cpu, memory, coupled
        if key not in self._masks:
            mask = (self.cpus >= cpu[0]) & (self.memories >= memory[0])
            if coupled:
                most = max(cpu[1] * self.units, memory[1] * self.cores)
                mask &= self.memories == -(-self.cpus * self.units // self.cores)
                mask &= self.cpus * self.units <= max(most, int((self.cpus * self.units)[mask].min()))
            else:
                mask &= (self.cpus <= cpu[1]) & (self.memories <= memory[1])
            mask.setflags(write=False)
            self._masks[key] = mask
        return self._masks[key]

    @cached_property
    def _masks(self):
        return {}

    def allocation(self, option: int) -> Allocation:
        """Cores and MB of an option."""
        return self._allocations[option]

    def cpu_of(self, option: int) -> int:
        """Whole cores of an option."""
        return option // self.units + 1

    def memory_of(self, option: int) -> int:
        """Whole units of memory of an option."""
        return option % self.units + 1

    def index(self, cpu: int, memory: int) -> int:
        """The option of `cpu` whole cores and `memory` whole units; InputError where there is none."""
        whole(cpu, "option, cores", minimum=1, maximum=self.cores)
        whole(memory, "option, units of memory", minimum=1, maximum=self.units)
        return (cpu - 1) * self.units + memory - 1

    def at(self, cpu: int, memory: int) -> int:
        """As index, for what is known to be on the grid: not checked."""
        return (cpu - 1) * self.units + memory - 1

    def user(self, function: Function) -> int:
        """The option that is the function's own configuration; InputError where it is none of them."""
        memory = function.memory_mb / self.unit_mb
        if not (function.cpu == int(function.cpu) <= self.cores and memory == int(memory) <= self.units):
            raise InputError(
                f"function {function.name!r}: expected a configuration of 1 to {self.cores} whole cores and 1 to "
                f"{self.units} units of {self.unit_mb:g} MB, got {function.cpu:g} cores and {function.memory_mb:g} MB"
            )
        return self.index(int(function.cpu), int(memory))
