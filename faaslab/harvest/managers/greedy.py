"""Greedy: a resource that was used up gets one step more, one that was not gets one step less.

A baseline of H. Yu et al., arXiv 2108.12717, section 6.2: for cpu and for memory separately, by the last call that has
finished; a step is one core or one unit. It has no safeguard: where demand varies from call to call, or calls are
shorter than the monitor's windows, it takes what is needed. Where demand never varies it goes to and fro between the
saturation point and one step more. Left open by the source, chosen here: calls that arrive before the next one has
finished get the same option; a failed call counts as any other.
"""

from faaslab.errors import number, whole
from faaslab.harvest.manager import ResourceManager


class Greedy(ResourceManager):
    """threshold: the share of an allocation up to which its use calls for less. step: cores and units at a time."""

    name = "Greedy"

    def __init__(self, options=None, threshold=0.9, step=1):
        self.threshold = number(threshold, "Greedy, threshold", above=0, maximum=1)
        self.step = whole(step, "Greedy, step", minimum=1)
        super().__init__(options)

    def decide(self, known, call, platform):
        last = known.history.last
        cpu = self._next(last.cpu_peak, last.cpu, self.options.cores)
        return self.options.at(cpu, self._next(last.memory_peak, last.memory, self.options.units))

    def _next(self, peak, given, most):
        if peak <= self.threshold * given:
            return max(1, given - self.step)
        return min(most, given + self.step)
