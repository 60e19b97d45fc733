"""Smallest: the fewest cores and the least memory that the safeguard allows.

A control: it takes all that the safeguard lets it take, and gives an under-provisioned function one core and one unit
more than it has been seen to use. Source: ours. Left out: that more would have been free.
"""

from faaslab.harvest.manager import SafeguardedManager


class Smallest(SafeguardedManager):
    name = "smallest within the mask"

    def pick(self, known, ranges, call, platform):
        if self.coupled:
            return int(self.mask(ranges).nonzero()[0][0])
        return self.options.at(ranges.cpu[0], ranges.memory[0])
