"""Greedy-dual keep-alive (FaasCache): keep what is used often, costly to start and small.

A container's priority is clock + frequency * cost / size. Frequency counts the uses of all containers of its group and
is forgotten when the last of them is gone; cost is the time that a warm start saves, in seconds; size is in MB. The
clock is the invoker's age: it rises to the largest priority evicted, and a container takes its value at each use, so
that what was used long ago falls behind what is used now, however often it was used once.

Source: A. Fuerst and P. Sharma, "FaasCache: Keeping Serverless Computing Alive with Greedy-Dual Caching", ASPLOS 2021,
section 4. Left out: their background eviction of a batch down to a threshold of free memory.
"""

import math

from faaslab.errors import InputError, number
from faaslab.model.policies import Keep

UNTIL_EVICTED = Keep(math.inf)


class GreedyDual:
    """Keeps every container until its memory is needed; the lowest priority goes first.

    cost_s: what a cold start of a function costs, a mapping from the function's name to seconds; by default what the
    container's own start took, which is the difference of a cold and a warm call. It is needed where that difference
    lies in the service time instead. InputError where a cost is negative or a function has none.
    """

    def __init__(self, cost_s=None):
        if cost_s is not None:
            cost_s = {
                name: number(cost, f"greedy-dual, cost of {name!r} in seconds", minimum=0)
                for name, cost in cost_s.items()
            }
        self.cost_s = cost_s
        self.reset(0)

    def reset(self, seed):
        self._clock = {}  # invoker -> the largest priority evicted there
        self._frequency = {}  # group -> uses
        self._used_at = {}  # container -> the clock at its last use
        self._function = {}  # container -> the function that used it last

    def clock(self, invoker_id):
        """The clock of an invoker: 0 at first, it never falls."""
        return self._clock.get(invoker_id, 0.0)

    def on_begin(self, container, call, group, now_s):
        self._frequency[group.name] = self._frequency.get(group.name, 0) + 1
        self._used_at[container.id] = self._clock.get(container.invoker_id, 0.0)
        if self.cost_s is not None:
            self._function[container.id] = call.function.name

    def on_idle(self, container, group, now_s):
        if container.id not in self._used_at:  # started ahead: it takes its place before its first use
            self._used_at[container.id] = self.clock(container.invoker_id)
        return UNTIL_EVICTED

    def eviction_key(self, container, group):
        """The priority: clock at the last use + frequency * cost / size."""
        worth = self._frequency.get(group.name, 0) * self._cost(container, group) / container.memory_mb
        return self._used_at.get(container.id, 0.0) + worth

    def on_gone(self, container, group, now_s, evicted):
        if evicted:
            invoker = container.invoker_id
            self._clock[invoker] = max(self.clock(invoker), self.eviction_key(container, group))
        self._used_at.pop(container.id, None)
        self._function.pop(container.id, None)
        if not group.starting + group.idle + group.busy:
            self._frequency.pop(group.name, None)

    def _cost(self, container, group):
        if self.cost_s is None:
            return container.start_s
        name = self._function.get(container.id, group.functions[0].name)
        if name not in self.cost_s:
            raise InputError(f"greedy-dual: expected a cost in seconds for every function, got none for {name!r}")
        return self.cost_s[name]
