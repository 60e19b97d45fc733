"""Heuristic: one more than was ever needed; twice as much while the need is not known and nobody waits.

Ours, no learning; what a learnt manager has to beat. For cpu and for memory separately:
- a function that did not use up what its last call got has shown what it needs: it gets its recent peak and one more,
  so that the next call shows again whether that is still enough;
- one that did use it up could use more, nobody knows how much: it gets twice as much as the last time, so that its
  saturation point is passed after few calls;
- but while calls wait for capacity nothing is spent on finding out: everyone gets the least that is allowed.
All within the safeguard's ranges, where there is one. Left out: how long calls are, and what is free on which server.
"""

from faaslab.errors import number
from faaslab.harvest.manager import SafeguardedManager


class Heuristic(SafeguardedManager):
    """used_up: the share of an allocation from which it counts as used up."""

    name = "heuristic"

    def __init__(self, options=None, threshold=0.9, coupled=False, used_up=0.9):
        self.used_up = number(used_up, "heuristic, used_up", above=0, maximum=1)
        super().__init__(options, threshold, coupled)

    def pick(self, known, ranges, call, platform):
        history, last = known.history, known.history.last
        crowded = platform.in_system - 1 > platform.concurrent  # calls besides this one that nothing serves yet
        cpu = self._one(ranges.cpu, last.cpu_peak, last.cpu, history.recent_cpu_peak, crowded)
        memory = self._one(ranges.memory, last.memory_peak, last.memory, history.recent_memory_peak, crowded)
        if self.coupled:
            return self._coupled(ranges, cpu, memory)
        return self.options.at(cpu, memory)

    def _one(self, allowed, peak, given, recent_peak, crowded):
        unknown = peak >= self.used_up * given
        wanted = 2 * given if unknown and not crowded else int(recent_peak) + 1
        return min(max(wanted, allowed[0]), allowed[1])

    def _coupled(self, ranges, cpu, memory):
        """The smallest allowed option with at least so much of both, or the largest allowed."""
        allowed = self.mask(ranges).nonzero()[0]
        enough = allowed[(self.options.cpus[allowed] >= cpu) & (self.options.memories[allowed] >= memory)]
        return int(enough[0] if len(enough) else allowed[-1])
