"""A group: the containers that may serve one another's calls, and the calls that wait for them.

Usually one function; on Azure the functions of one app; on a fixed fleet everything.
"""

import heapq

from faaslab.errors import InputError
from faaslab.platform.container import STARTING
from faaslab.units import NS_PER_S, memory_bytes


class Group:
    """`pool[k]` holds the ready containers with k calls and room for more, the least recently used first."""

    def __init__(self, index, name, functions, key, clock):
        self.index = index
        self.name = name
        self.functions = functions
        self.concurrency = functions[0].concurrency
        for function in functions:
            if function.concurrency != self.concurrency:
                raise InputError(
                    f"group {name!r}: expected one concurrency for all its functions, got {self.concurrency} and "
                    f"{function.concurrency} ({function.name!r})"
                )
        self.memory = memory_bytes(max(f.memory_mb for f in functions))
        self.pool = [{} for _ in range(self.concurrency)]
        self.containers = {}  # all that are starting or ready and not draining
        self.provisioned = False  # whether some containers stand ready from the beginning
        self.starting = 0
        self.running = 0
        self.waiting = 0
        self.prewarm = None  # the alarm of a pending pre-warm
        self._key = key  # order of waiting calls, None for first come first served
        self._line = []
        self._unclaimed = []  # those waiting calls that have no start of their own under way
        self._clock = clock
        self._area = 0
        self._area_at = 0

    # --- views -------------------------------------------------------------------------------------------------------

    @property
    def idle(self):
        return len(self.pool[0])

    @property
    def busy(self):
        return len(self.containers) - self.starting - len(self.pool[0])

    @property
    def concurrency_area_s(self):
        self.count_area()
        return self._area / NS_PER_S

    def count_area(self):
        """Bring the integral of running + waiting calls up to now; to be called before either changes."""
        now = self._clock()
        self._area += (now - self._area_at) * (self.running + self.waiting)
        self._area_at = now

    # --- containers --------------------------------------------------------------------------------------------------

    def pick(self, fits=None):
        """The fullest ready container with room, among those the most recently used; None where there is none.

        Provisioned containers come before all others. fits: a test that a container must pass, where the cpu of its
        invoker may not be free.
        """
        if self.provisioned:
            kept = self._pick(lambda container: container.provisioned and (fits is None or fits(container)))
            if kept is not None:
                return kept
        return self._pick(fits)

    def _pick(self, fits):
        for containers in reversed(self.pool):
            if containers:
                if fits is None:
                    return next(reversed(containers))
                for container in reversed(containers):
                    if fits(container):
                        return container
        return None

    @property
    def starting_room(self):
        """Calls that the containers now starting will take."""
        return self.starting * self.concurrency

    @property
    def uncovered(self):
        """Waiting calls for which no start is under way."""
        return self.waiting - self.starting * self.concurrency

    # --- the waiting line --------------------------------------------------------------------------------------------

    def enqueue(self, call):
        call.waiting = True
        self.waiting += 1
        entry = self._entry(call)
        heapq.heappush(self._line, entry)
        if call.trigger is None:
            heapq.heappush(self._unclaimed, entry)

    def unclaim(self, call):
        """The start that the waiting call triggered is over and served another: it may trigger one more."""
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
        """Take a call out of the line: it begins, or its caller has left. (The heaps drop it when they meet it.)"""
        self.count_area()
        call.waiting = False
        self.waiting -= 1

    def first_unclaimed(self):
        """The next waiting call that has no start of its own under way; None where there is none."""
        return self._first(
            self._unclaimed, lambda call: call.waiting and (call.trigger is None or call.trigger.state != STARTING)
        )

    def next_calls(self):
        """The head, and the next call that would trigger a start where it is another."""
        head, unclaimed = self.head(), self.first_unclaimed()
        return (head,) if unclaimed is None or unclaimed is head else (head, unclaimed)

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
