"""Open arrivals: calls at given times, whatever becomes of the earlier ones. Each event is one attempt."""

import numpy as np

from faaslab.platform.call import Call
from faaslab.platform.order import ARRIVAL

ARRIVALS_PER_CHUNK = 16_384


class OpenArrivals:
    """All open arrivals of a workload, merged into one sequence, so that one scheduled thing serves for all of them."""

    pending = 0
    name = "open"
    _ok = True  # it is itself what SimPy's environment runs at the next arrival

    def __init__(self, workload):
        self._times, self._functions = workload.merged_ns()

    def attach(self, sim, index):
        self.sim = sim
        self.index = index
        self._deployed = list(sim.deployed.values())
        self._rows = [None] * len(self._deployed)
        self._end = int(np.searchsorted(self._times, sim.horizon, side="left"))

    def begin(self):
        self._arrivals = self._in_order()
        self._arrived = (self._on_arrival,)
        self._schedule, self._next_id, self._arrive = self.sim.env.schedule, self.sim.next_id, self.sim.arrive
        self._event = 0
        self._due = next(self._arrivals, None)
        if self._due is not None:
            self.callbacks = self._arrived
            self.sim.env.schedule(self, ARRIVAL, self._due[0])

    def _in_order(self):
        for first in range(0, self._end, ARRIVALS_PER_CHUNK):
            last = min(first + ARRIVALS_PER_CHUNK, self._end)
            yield from zip(self._times[first:last].tolist(), self._functions[first:last].tolist(), strict=True)

    def _on_arrival(self, _):
        now, index = self._due
        due = self._due = next(self._arrivals, None)
        if due is not None:
            self.callbacks = self._arrived
            self._schedule(self, ARRIVAL, due[0] - now)
        deployed = self._deployed[index]
        rows = self._rows[index]
        if rows is None:
            rows = self._rows[index] = iter(deployed.draws(self.name))
        event = self._event
        self._event = event + 1
        self._arrive(Call(self._next_id(), deployed, self, event, now, next(rows)))

    def over(self, call, outcome):
        """Nothing follows from an outcome."""

    def cut(self):
        """Nothing is left open besides the calls themselves."""
