"""Fixed: every call gets what its user configured.

What today's platforms do (H. Yu et al., arXiv 2108.12717, section 6.2). The baseline of all managers: its exact RFET is
1. Left out: nothing.
"""

from faaslab.harvest.manager import ResourceManager


class Fixed(ResourceManager):
    name = "Fixed"

    def decide(self, known, call, platform):
        return known.user
