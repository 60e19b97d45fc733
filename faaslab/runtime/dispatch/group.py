"""A group: the containers of one deployed function, and the calls that wait for them."""

import heapq

from faaslab.runtime.dispatch.container import STARTING
from faaslab.units import NS_PER_S, memory_bytes, ns

FEW = 8  # entries of calls that have left, which are let be


class Group:
    """`pool` holds the idle containers, the least recently used first."""

    def __init__(self, deployment, key, clock):
        function = deployment.function
        self.name = function.name
        self.deployment = deployment
        self.function = function
        self.functions = (function,)
        self.memory = memory_bytes(deployment.memory_mb)
        self.start_limit = None if deployment.init_timeout_s is None else ns(deployment.init_timeout_s)
        self.clock = clock
        self.pool = {}
        self.containers = {}  # all that are starting or ready and not draining
        self.starting = 0
        self.running = 0  # calls, also those in draining containers
        self.waiting = 0
        self.concurrent = 0  # calls that count against the concurrency limits
        self.prewarm = None  # the alarm of a pending pre-warm
        self._key = key  # order of waiting calls, None for first come first served
        self._line = []
        self._unclaimed = []  # those waiting calls that have no start of their own under way
        self.begin_area()

    # --- views -------------------------------------------------------------------------------------------------------

    @property
    def idle(self):
        return len(self.pool)

    @property
    def busy(self):
        return len(self.containers) - self.starting - len(self.pool)

    @property
    def concurrency_area_s(self):
        self.count_area()
        return self._area / NS_PER_S

    def begin_area(self):
        """The integral of running + waiting calls begins anew."""
        self._area = 0
        self._area_at = self.clock.now

    def count_area(self):
        """Bring the integral of running + waiting calls up to now; to be called before either changes."""
        now = self.clock.now
        self._area += (now - self._area_at) * (self.running + self.waiting)
        self._area_at = now

    # --- containers --------------------------------------------------------------------------------------------------

    def pick(self):
        """The most recently used idle container, a provisioned one before all others; None where there is none."""
        if self.deployment.provisioned:
            for container in reversed(self.pool):
                if container.provisioned:
                    return container
        return next(reversed(self.pool), None)

    @property
    def uncovered(self):
        """Waiting calls for which no start is under way."""
        return self.waiting - self.starting

    # --- the waiting line --------------------------------------------------------------------------------------------

    def enqueue(self, call):
        entry = self._entry(call)
        self.count_area()
        call.waiting = True
        self.waiting += 1
        heapq.heappush(self._line, entry)
        if call.trigger is None:
            heapq.heappush(self._unclaimed, entry)

    def unclaim(self, call):
        """The start that the waiting call triggered has come to nothing for it: it may trigger one more."""
        heapq.heappush(self._unclaimed, self._entry(call))

    def _entry(self, call):
        return 0 if self._key is None else self._key(call), call.id, call

    def head(self):
        """The next call to be served, left in the line; None where none waits."""
        return self._first(self._line, lambda call: call.waiting)

    def would_be_first(self, call):
        """Whether the new call would be served before all that wait."""
        head = self.head()
        return head is None or (self._key is not None and self._entry(call) < self._line[0])

    def leave(self, call):
        """Take a call out of the line: it begins, or its caller has left. (The heaps drop it when they meet it, or when
        they hold more such calls than waiting ones.)"""
        self.count_area()
        call.waiting = False
        self.waiting -= 1
        for heap in (self._line, self._unclaimed):
            if len(heap) > 2 * self.waiting + FEW:
                heap[:] = [entry for entry in heap if entry[2].waiting]
                heapq.heapify(heap)

    def first_unclaimed(self):
        """The next waiting call that has no start of its own under way; None where there is none."""
        return self._first(
            self._unclaimed, lambda call: call.waiting and (call.trigger is None or call.trigger.state != STARTING)
        )

    def waiting_calls(self):
        """All waiting calls, in no particular order."""
        return [call for _, _, call in self._line if call.waiting]

    @staticmethod
    def _first(heap, alive):
        while heap:
            if alive(heap[0][2]):
                return heap[0][2]
            heapq.heappop(heap)
        return None
