"""Timer: asynchronous calls at the times of a cron expression, or every so many seconds, by this machine's clock.

Chapter "A cloud on your laptop". Cron expressions are read by croniter: minute, hour, day of month, month, day of week,
and seconds as a sixth field, in UTC. AWS writes them otherwise: cron(minute hour day month weekday year), where one of
the two days must be "?", and rate(5 minutes); such expressions are refused here. The event is the one that EventBridge
sends for a schedule. A call that is still running does not hold up the next, as on AWS: slow handlers overlap.

Times that pass while the machine sleeps are made up for by one call when it wakes, for the latest of them; times that
pass while the platform is not running are not made up for. Where the clock is set back, no time comes twice.
Sources: AWS, EventBridge user guide, "Scheduled events" and "Cron expressions"; crontab(5). Left out: time zones, the
minute within which AWS promises to fire, EventBridge Scheduler's flexible windows and dates of beginning and end.
"""

import asyncio
import json
import re
import sqlite3
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from croniter import CroniterError, croniter

from faaslab.errors import InputError, number
from faaslab.runtime.arn import ACCOUNT, REGION, arn
from faaslab.runtime.triggers.trigger import Runner, Trigger, name_or

# A wait ends by a clock that stands still while the machine sleeps; so the calendar's clock is looked at this often.
LONGEST_WAIT_S = 5.0
SHORTEST_EVERY_S = 0.01


@dataclass(frozen=True)
class Timer(Trigger):
    """Give either `cron` or `every_s` (the first call comes after every_s seconds)."""

    kind: ClassVar[str] = "timer"

    function: str
    cron: str | None = None
    every_s: float | None = None
    name: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "name", name_or(self.name, f"timer of {self.function}", "timer, name"))
        if (self.cron is None) == (self.every_s is None):
            raise InputError(
                f"{self.name}: expected either cron or every_s, got cron={self.cron!r}, every_s={self.every_s!r}"
            )
        if self.every_s is not None:
            number(self.every_s, f"{self.name}, every_s", minimum=SHORTEST_EVERY_S)
        else:
            check_cron(self.cron, f"{self.name}, cron")

    def runner(self, platform):
        return TimerRunner(self, platform)

    def schedule(self, start_s: float):
        """Its times, for a timer that was started at `start_s` (seconds since 1970)."""
        return Cron(self.cron) if self.every_s is None else Every(self.every_s, start_s)


def check_cron(expression, where) -> None:
    """InputError for what is no cron expression of five or six fields, and for one whose time never comes."""
    expected = "expected an expression such as '*/5 * * * *'"
    if not isinstance(expression, str) or not croniter.is_valid(expression):
        raise InputError(f"{where}: {expected}, got {expression!r}")
    if "?" in expression:
        raise InputError(f"{where}: {expected}, without AWS's '?' and year, got {expression!r}")
    # R and H stand for a time drawn by croniter, another one in every process.
    if len(expression.split()) > 6 or re.search(r"(^|\s)[RrHh]([(/\s]|$)", expression):
        raise InputError(f"{where}: {expected} of five fields, or six with seconds last, got {expression!r}")
    try:
        Cron(expression).after(time.time())
    except CroniterError:
        raise InputError(f"{where}: expected a time that comes, got {expression!r}") from None


@dataclass(frozen=True)
class Cron:
    """The times of a cron expression, in UTC."""

    expression: str

    def after(self, now_s: float) -> float:
        """The first time later than now_s."""
        return croniter(self.expression, now_s).get_next(float)

    def latest(self, now_s: float) -> float:
        """The last time that is not later than now_s."""
        # get_prev goes back from a time that is itself one of the schedule's.
        return croniter(self.expression, int(now_s) + 1).get_prev(float)


@dataclass(frozen=True)
class Every:
    """start_s + k * every_s for k = 1, 2, ..."""

    every_s: float
    start_s: float

    def after(self, now_s: float) -> float:
        return self.start_s + (self._count(now_s) + 1) * self.every_s

    def latest(self, now_s: float) -> float:
        return self.start_s + self._count(now_s) * self.every_s

    def _count(self, now_s):
        # The added share keeps a time that was computed here from counting as not yet come, by rounding.
        return max(0, int((now_s - self.start_s) / self.every_s + 1e-4))


def scheduled_event(name: str, time_s: float) -> dict:
    """EventBridge's event of a schedule; time_s: seconds since 1970, told in whole seconds."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [arn("events", f"rule/{name}")],
        "detail": {},
    }


class TimerRunner(Runner):
    """Hands an event to the asynchronous path at each time. clock: the calendar's time in seconds since 1970."""

    def __init__(self, timer, platform, clock=time.time):
        super().__init__(timer, platform)
        self._clock = clock
        self._fired = self._late = 0
        self._due_s = None

    async def run(self):
        schedule = self.trigger.schedule(self._clock())
        self._due_s = schedule.after(self._clock())
        while True:
            await self._until(self._due_s)
            now_s = self._clock()
            latest_s = max(self._due_s, schedule.latest(now_s))
            self._late += latest_s > self._due_s
            self._fire(latest_s)
            self._due_s = schedule.after(max(latest_s, now_s))

    async def _until(self, due_s):
        while (left_s := due_s - self._clock()) > 0:
            await asyncio.sleep(min(left_s, LONGEST_WAIT_S))

    def _fire(self, time_s):
        payload = json.dumps(scheduled_event(self.trigger.name, time_s)).encode()
        try:
            self.platform.asynchronous(self.trigger.function, payload, source=self.trigger.name)
        except (InputError, sqlite3.Error) as error:  # no room in the store: the next time comes all the same
            self.note(error)
        else:
            self._fired += 1

    def stats(self):
        """fired: events handed over. late: those that made up for times which had passed. next_s: seconds to the next
        time."""
        next_s = None if self._due_s is None else max(0.0, self._due_s - self._clock())
        return super().stats() | {"fired": self._fired, "late": self._late, "next_s": next_s}
