"""Least recently used: containers never expire by themselves; when memory is needed, the longest idle goes first.

Keep-alive seen as caching, without regard to what a function's start costs or how large it is. Source: A. Fuerst and P.
Sharma, "FaasCache", ASPLOS 2021, section 4, where it is the baseline of greedy-dual. Without a limit of memory nothing
is ever evicted, and each container lives to the end of the run.
"""

import math

from faaslab.model.policies import Keep

UNTIL_EVICTED = Keep(math.inf)


class LRU:
    """Keeps every container until its memory is needed."""

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return UNTIL_EVICTED

    def eviction_key(self, container, group):
        return container.idle_since_s
