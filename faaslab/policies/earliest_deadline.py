"""Earliest deadline first: the waiting call whose wanted response time runs out first is served first.

Source: C. L. Liu and J. W. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment", JACM
1973. A call's deadline is its arrival plus its function's deadline_s; calls without one come last. Left out:
preemption, and dropping calls whose deadline has passed.
"""

import math


class EarliestDeadline:
    """Orders by arrival + deadline_s."""

    def reset(self, seed):
        pass

    def key(self, call):
        deadline_s = call.function.deadline_s
        return math.inf if deadline_s is None else call.arrival_s + deadline_s
