"""Random: any option that the safeguard allows, each as likely as any other.

A control: what a manager reaches that has the safeguard and has learnt nothing. Source: ours; the authors' code can
choose so before training.
"""

from faaslab.harvest.manager import SafeguardedManager
from faaslab.streams import stream


class RandomChoice(SafeguardedManager):
    name = "random within the mask"

    def reset(self, seed):
        super().reset(seed)
        self._uniform = stream(seed, "random within the mask").random

    def pick(self, known, ranges, call, platform):
        if self.coupled:
            allowed = self.mask(ranges).nonzero()[0]
            return int(allowed[int(self._uniform() * len(allowed))])
        (least_cpu, most_cpu), (least_memory, most_memory) = ranges.cpu, ranges.memory
        cpu = least_cpu + int(self._uniform() * (most_cpu - least_cpu + 1))
        memory = least_memory + int(self._uniform() * (most_memory - least_memory + 1))
        return self.options.at(cpu, memory)
