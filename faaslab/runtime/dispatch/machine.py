"""The machine: the budget of memory that all containers share, and who is evicted where it does not suffice.

Eviction is all or nothing: idle containers go in the keep-alive policy's order, equal ones longest idle first, until
the memory suffices; if all of them would not, none goes. Processors are shared by the operating system and never
refused.
"""

from faaslab.model.result import Gone
from faaslab.units import BYTES_PER_MB, memory_bytes


class Machine:
    """What policies see as the one invoker. `idle`: idle containers that may be evicted, the longest idle first."""

    id = 0
    committed_mb = 0.0

    def __init__(self, memory_mb, cores):
        self.memory_mb = memory_mb
        self.memory = memory_bytes(memory_mb)
        self.cpu = cores
        self.used = 0
        self.reclaimable = 0
        self.running = 0
        self.idle = {}

    @property
    def free_mb(self):
        return (self.memory - self.used) / BYTES_PER_MB

    @property
    def reclaimable_mb(self):
        return self.reclaimable / BYTES_PER_MB

    @property
    def cpu_free(self):
        return self.cpu

    @property
    def most_room(self):
        """Bytes of the largest container that there is room for, after evictions where they are needed."""
        return self.memory - self.used + self.reclaimable

    def idle_of(self, group):
        return sum(1 for c in self.idle if c.group.name == group)

    def hold_idle(self, container):
        """Note that the container is idle and may be evicted."""
        if not container.provisioned:
            self.idle[container] = None
            self.reclaimable += container.memory

    def release_idle(self, container):
        """Note that the container is no longer idle."""
        if self.idle.pop(container, self) is None:
            self.reclaimable -= container.memory

    def make_room(self, need, eviction_key, end):
        """Whether there are `need` bytes free, after end(container, why) of idle ones where that is needed."""
        missing = need - (self.memory - self.used)
        if missing <= 0:
            return True
        if self.reclaimable < missing:
            return False
        # The sort is stable and `idle` has the longest idle first: that settles equal keys.
        for victim in sorted(self.idle, key=lambda c: eviction_key(c, c.group)):
            missing -= victim.memory
            end(victim, Gone.EVICTED)
            if missing <= 0:
                break
        return True
