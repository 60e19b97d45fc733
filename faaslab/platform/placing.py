"""Placing: on which invoker a new container starts, and whom it evicts there.

A free place comes first: the first invoker in the placement's order with enough unused memory. Only where there is
none, the first in that order where evicting idle containers makes enough. Eviction is all or nothing: the victims are
taken in the keep-alive policy's order until they suffice, and if all of them would not, none is evicted.
"""

from faaslab.model.result import Gone


class Placing:
    def __init__(self, sim):
        self.sim = sim
        self.invokers = sim.invokers
        self.placement = sim.platform.placement
        self.eviction_key = sim.platform.keep_alive.eviction_key
        self._anywhere = None
        if len(self.invokers) == 1 and not self.invokers[0].tracks_idle and not sim.execution.reserves:
            self._anywhere = self.invokers[0]  # one machine without limits: there is nothing to decide

    def room(self, deployed, evict=True, call=None):
        """An invoker that has room for a container of the function, after evictions where they are needed; or None.

        call: the call that it is for, which may have an allocation of its own.
        """
        if self._anywhere is not None:
            return self._anywhere
        need = deployed.group.memory if call is None else call.need_memory
        cores = 0
        if self.sim.execution.reserves:
            cores = deployed.cores if call is None else call.need_cores
        candidates = []
        for invoker in self._order(deployed.function):
            if cores > invoker.cores - invoker.cores_used:
                continue
            if need <= invoker.memory - invoker.used or self.sim.lifecycle.stem_for(deployed, invoker, need):
                return invoker
            candidates.append(invoker)
        if evict:
            for invoker in candidates:
                if self.make_room(invoker, need):
                    return invoker
        return None

    def room_on(self, invoker, deployed):
        """Whether that invoker has room for a container of the function, after evictions where they are needed."""
        need = deployed.group.memory
        return bool(self.sim.lifecycle.stem_for(deployed, invoker, need)) or self.make_room(invoker, need)

    def most_room(self):
        """A bound, in bytes, on the container that some invoker has room for, after evictions where they are needed."""
        return max(
            max(invoker.memory - invoker.used + invoker.reclaimable, *(stem.memory for stem in invoker.stems), 0)
            for invoker in self.invokers
        )

    def _order(self, function):
        return self.invokers if self.placement is None else self.placement.order(function, self.invokers)

    def make_room(self, invoker, need):
        """Evict idle containers of the invoker until `need` bytes are free; False, and nothing evicted, if they can't
        be."""
        missing = need - (invoker.memory - invoker.used)
        if missing <= 0:
            return True
        if invoker.reclaimable < missing:
            return False
        # The sort is stable and `idle` has the longest idle first: that settles equal keys.
        for victim in sorted(invoker.idle, key=lambda c: self.eviction_key(c, c.group)):
            missing -= victim.memory
            self.sim.lifecycle.end(victim, Gone.EVICTED)
            if missing <= 0:
                return True
        raise AssertionError("reclaimable memory and idle containers disagree")
