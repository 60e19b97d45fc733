"""An invoker: one machine with memory and cpu, and the containers on it."""

import math
from collections import deque

from faaslab.units import BYTES_PER_MB, memory_bytes, microcores


class Invoker:
    """Accounts for memory (bytes) and cpu (millionths of a core); the controller decides.

    With dedicated cpu a running call reserves its cores; with shared cpu nothing is reserved (see cpu.py).
    `idle` holds the idle containers that may be evicted, the longest idle first; it is kept only where something asks
    for it: where memory is limited, or calls are bound to invokers (`tracks_idle`).
    """

    def __init__(self, id, memory_mb, cpu, tracks_idle):
        self.id = id
        self.memory = memory_bytes(memory_mb)
        self.memory_mb = memory_mb
        self.cpu = cpu
        self.cores = microcores(cpu)
        self.tracks_idle = tracks_idle or not math.isinf(memory_mb)
        self.used = 0
        self.reclaimable = 0
        self.committed = 0
        self.cores_used = 0
        self.running = 0
        self.idle = {}
        self.queue = deque()  # waiting calls, with early binding
        self.stems = []  # ready stem cells
        self.stems_missing = []  # kinds of stem cells that there was no room for
        self.sharing = {}  # the work that shares its cpu

    # --- views -------------------------------------------------------------------------------------------------------

    @property
    def free_mb(self):
        return (self.memory - self.used) / BYTES_PER_MB

    @property
    def reclaimable_mb(self):
        return self.reclaimable / BYTES_PER_MB

    @property
    def committed_mb(self):
        return self.committed / BYTES_PER_MB

    @property
    def cpu_free(self):
        return (self.cores - self.cores_used) / 1e6

    def idle_of(self, group):
        return sum(1 for c in self.idle if c.group.name == group)

    # --- accounts ----------------------------------------------------------------------------------------------------

    def hold_idle(self, container):
        """Note that the container is idle and may be evicted. Only where `tracks_idle`, like its counterpart."""
        if not container.provisioned:
            self.idle[container] = None
            self.reclaimable += container.memory

    def release_idle(self, container):
        """Note that the container is no longer idle."""
        if self.idle.pop(container, self) is None:
            self.reclaimable -= container.memory
