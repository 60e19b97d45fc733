"""Blocked groups, found by what their next calls need: with a thousand of them nobody wants to ask each one whenever a
call ends.

A group stands in the line of its need, the least cores and bytes that one of its next calls would do with; each line is
in the order of arrival of the groups' first calls.
"""

import heapq
import math


class Blocked:
    def __init__(self, reserves):
        self._reserves = reserves
        self._lines = {}  # (cores, bytes) -> heap of (id of the group's first call, group's index, group)
        self._places = {}  # group -> its (need, id); any other entry of the group in a line is out of date

    def put(self, group):
        """The group has waiting calls; to be said again whenever its next calls, starts or ready containers are others.

        Where all that wait have a start under way and no container is ready, room alone helps nobody.
        """
        if not group.waiting or (group.uncovered <= 0 and not group.pool[0]):
            self._places.pop(group, None)
            return
        calls = group.next_calls()
        cores = min(call.need_cores for call in calls) if self._reserves else 0
        need = cores, min(call.need_memory for call in calls)
        place = need, calls[0].id
        if self._places.get(group) != place:
            self._places[group] = place
            heapq.heappush(self._lines.setdefault(need, []), (calls[0].id, group.index, group))

    def take(self, cores, memory, other=None):
        """Take out the group with the earliest first call among those that could do with so much, and `other`; None
        where there is none."""
        best = other if other in self._places else None
        earliest = self._places[best][1] if best is not None else math.inf
        for need, line in self._lines.items():
            if line and line[0][0] < earliest and need[0] <= cores and need[1] <= memory:
                while line and self._places.get(line[0][2]) != (need, line[0][0]):
                    heapq.heappop(line)
                if line and line[0][0] < earliest:
                    earliest, _, best = line[0]
        if best is not None:
            del self._places[best]
        return best
