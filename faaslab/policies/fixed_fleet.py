"""A fixed fleet: a number of servers that are always there, and a queue before them - the traditional server.

Chapter "From servers to functions". With one call a server at once and a Poisson stream of exponential calls it is the
M/M/n queue. Source: queueing theory. Left out: that servers fail and are replaced by operators; one killed by a
time-out is replaced at the next check, or when a call finds none left.
"""

from faaslab.errors import number, whole

MOST_SERVERS = 1_000_000


class FixedFleet:
    """Holds `n` (>= 1) containers a group, ready when the run begins.

    check_s: period at which servers killed by a time-out are replaced; None for never. InputError where n or check_s is
    out of range.
    """

    owns_count = True

    def __init__(self, n, check_s=10.0):
        self.n = self.initial = whole(n, "fixed fleet, number of servers", minimum=1, maximum=MOST_SERVERS)
        self.tick_s = None if check_s is None else number(check_s, "fixed fleet, check_s", above=0)

    def reset(self, seed):
        pass

    def desired(self, group, now_s):
        return self.n

    def on_waiting(self, group, now_s):
        return self.n
