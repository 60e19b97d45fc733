"""Timer: asynchronous calls at the times of a cron expression, or every so many seconds.

Chapter "Events". Time 0 of the run is a Monday at 00:00 UTC. Cron expressions are read by croniter: five fields, or six
with seconds last. Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html. Left
out: the providers' own cron dialects, and the minute within which AWS promises to fire.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
from croniter import croniter

from faaslab.errors import InputError, number
from faaslab.platform.triggers.asynchronous import Asynchronous
from faaslab.units import seconds

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


class Timer(Asynchronous):
    """Give either `cron` or `every_s` (first call after every_s seconds); the rest is as for asynchronous calls."""

    kind = "timer"

    def __init__(self, function, *, cron=None, every_s=None, **options):
        super().__init__(function, (), **options)
        if (cron is None) == (every_s is None):
            raise InputError(f"{self.name}: expected either cron or every_s, got cron={cron!r}, every_s={every_s!r}")
        if cron is not None and not croniter.is_valid(cron):
            raise InputError(f"{self.name}, cron: expected an expression such as '*/5 * * * *', got {cron!r}")
        self.cron = cron
        self.every_s = None if every_s is None else number(every_s, f"{self.name}, every_s", above=0)

    def begin(self):
        self.times_s = self._times(seconds(self.sim.horizon))
        super().begin()

    def _times(self, horizon_s):
        if self.every_s is not None:
            return np.arange(1, int(horizon_s / self.every_s) + 1) * self.every_s
        times = []
        # One second earlier, so that a call due at time 0 is not skipped.
        for moment in croniter(self.cron, MONDAY - timedelta(seconds=1), ret_type=datetime):
            second = (moment - MONDAY).total_seconds()
            if second >= horizon_s:
                return times
            times.append(second)
        return times
