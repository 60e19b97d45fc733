"""Eviction policies of the lab "Inside a platform": the one given, the one asked for, and one for each likely mistake.

Chapter "Inside a platform". Left out: uses by the other containers of a function, which greedy-dual counts as well.
"""

from faaslab.model.policies import Keep
from faaslab.policies import GreedyDual


class Oldest:
    """The policy as the lab gives it: the longest idle goes."""

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return Keep(float("inf"))

    def on_begin(self, container, call, group, now_s):
        pass

    def on_gone(self, container, group, now_s, evicted):
        pass

    def eviction_key(self, container, group):
        return container.idle_since_s


class OwnUses(Oldest):
    """The policy that is asked for: clock at the last use + the container's own uses * start / memory."""

    def reset(self, seed):
        self.clock, self.used_at = {}, {}

    def on_begin(self, container, call, group, now_s):
        self.used_at[container.id] = self.clock.get(container.invoker_id, 0.0)

    def on_gone(self, container, group, now_s, evicted):
        if evicted:
            machine = container.invoker_id
            self.clock[machine] = max(self.clock.get(machine, 0.0), self.eviction_key(container, group))

    def eviction_key(self, container, group):
        return self.used_at[container.id] + self.worth(container)

    def worth(self, container):
        return container.uses * container.start_s / container.memory_mb


class WithoutMemory(OwnUses):
    """Every container is as large as the next."""

    def worth(self, container):
        return container.uses * container.start_s / 256


class WithoutStart(OwnUses):
    """Every start takes as long as the next."""

    def worth(self, container):
        return container.uses / container.memory_mb


class WithoutUses(OwnUses):
    """A container is worth the same after many uses as after one."""

    def worth(self, container):
        return container.start_s / container.memory_mb


class WithoutClock(OwnUses):
    """Old uses count like new ones."""

    def eviction_key(self, container, group):
        return self.worth(container)


class OneClock(OwnUses):
    """One clock for all machines."""

    def on_begin(self, container, call, group, now_s):
        self.used_at[container.id] = self.clock.get(0, 0.0)

    def on_gone(self, container, group, now_s, evicted):
        if evicted:
            self.clock[0] = max(self.clock.get(0, 0.0), self.eviction_key(container, group))


class Falls(OwnUses):
    """The clock falls when a container of low priority goes."""

    def on_gone(self, container, group, now_s, evicted):
        if evicted:
            self.clock[container.invoker_id] = self.eviction_key(container, group)


# case -> the mistake that the case's calls must bring to light, machines, calls
MISTAKES = {
    "memory": (WithoutMemory, 1, 12), "start": (WithoutStart, 1, 12), "uses": (WithoutUses, 1, 12),
    "clock": (WithoutClock, 1, 24), "machines": (OneClock, 2, 40),
    "falls": (Falls, 1, 24), "own": (GreedyDual, 1, 24),
}  # fmt: skip
