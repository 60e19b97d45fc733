"""One container a request: a call that finds no warm container starts one, as fast as the scaling rate allows.

Chapter "From servers to functions". Source: AWS Lambda developer guide, "Understanding Lambda function scaling" (since
November 2023): each function may gain 1,000 concurrent executions every 10 seconds, refilled continuously, and unused
rate does not accumulate. That is a token bucket for each group. Left out: the limit of 10,000 requests a second that
goes with it.
"""

from faaslab.errors import InputError, number, whole
from faaslab.units import NS_PER_S, ns


class OnePerRequest:
    """Starts a container for each call that needs one, at most `burst` at once and `per_s` a second after that, by
    group.

    burst: capacity of the bucket, full at first (1,000 on Lambda). per_s: tokens a second (100 on Lambda). Without both
    there is no limit. most: containers of a group at the most. waits: a call that may not start one waits for another
    container (Azure) rather than being throttled (Lambda). InputError where only one of burst and per_s is given, burst
    < 1, per_s < 0 or most < 1.
    """

    owns_count = False
    tick_s = None
    initial = 0

    def __init__(self, burst=None, per_s=None, most=None, waits=False):
        if (burst is None) != (per_s is None):
            raise InputError(
                f"one container a request: expected both burst and per_s or neither, got {burst!r} and {per_s!r}"
            )
        self.burst = None if burst is None else number(burst, "one container a request, burst", minimum=1)
        self.per_s = None if per_s is None else number(per_s, "one container a request, per_s", minimum=0)
        self.most = None if most is None else whole(most, "one container a request, most", minimum=1)
        self.waits = bool(waits)
        self.ask_again_s = 1 / self.per_s if self.waits and self.per_s else None  # until the bucket has one token more
        self.reset(0)

    def reset(self, seed):
        self._buckets = {}  # group -> (tokens in units of 1e-9, time in ns): exact where rates are whole

    def may_start(self, group, now_s):
        """Take a token, where there is one and the group is not yet as large as it may be."""
        if self.most is not None and group.starting + group.idle + group.busy >= self.most:
            return False
        if self.burst is None:
            return True
        now = ns(now_s)
        full = self.burst * NS_PER_S
        level, at = self._buckets.get(group.name, (full, now))
        level = min(full, level + (now - at) * self.per_s)
        allowed = level >= NS_PER_S
        self._buckets[group.name] = level - NS_PER_S if allowed else level, now
        return allowed
