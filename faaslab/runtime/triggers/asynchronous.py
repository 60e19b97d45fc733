"""Asynchronous calls: an event is stored, its sender goes on, and the platform calls the function until it is done.

Chapter "A cloud on your laptop". The rules are those of the simulator's asynchronous calls. An attempt that ends in an
error (or a time-out) is repeated after one minute and again after two; one that is throttled, or cannot be made, is
tried again after 1, 2, 4, ... seconds, at most five minutes, until the event is six hours old. What fails for good goes
to the dead-letter queue: the payload as the body, and the attributes RequestID, ErrorCode and ErrorMessage. An attempt
that is cut off by the end of the platform is made again at once when the store is opened; it counts as an attempt, not
as an error.

Beside the simulator, at most `in_flight` attempts are with the platform at a time; other events wait in the store, so
that a flood takes disk and not memory. Sources: AWS Lambda developer guide, "How Lambda handles errors and retries with
asynchronous invocation" and "Adding a dead-letter queue". Left out: destinations; the attempts have request ids of
their own.
"""

import asyncio
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from faaslab.errors import InputError, number, whole
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.durable.backlog import Backlog
from faaslab.runtime.durable.full import StoreFull
from faaslab.runtime.triggers.trigger import Runner, Trigger, dead_letter_queue, name_or
from faaslab.units import NS_PER_S, ns

FIRST_BACKOFF_S, LAST_BACKOFF_S = 1.0, 300.0
STORE_RETRY_S = 0.5
ERROR_CHARACTERS = 1024  # of the message that goes with a dead letter
# What an AWS dead letter says of an event: the status that its last call would have had over HTTP.
CODES = {Outcome.FAILED: "200", Outcome.TIMED_OUT: "200", Outcome.THROTTLED: "429", Outcome.REJECTED: "429"}
STORE_ERRORS = (sqlite3.Error, StoreFull)


@dataclass(frozen=True)
class Asynchronous(Trigger):
    """How the events of a function are dealt with. retries: after errors; waits_s: seconds before each retry (the last
    repeats); max_age_s: older events are given up. dead_letter: the queue for what is given up, by default
    "<function>-dead-letters"; False: it is lost. in_flight: most attempts at a time."""

    function: str
    retries: int = 2
    waits_s: tuple[float, ...] = (60.0, 120.0)
    max_age_s: float = 21_600.0
    dead_letter: str | bool | None = True
    in_flight: int = 1000
    name: str | None = None

    kind: ClassVar[str] = "asynchronous"

    def __post_init__(self):
        name = name_or(self.name, f"asynchronous of {self.function}", "asynchronous, name")
        object.__setattr__(self, "name", name)
        whole(self.retries, f"{name}, retries", maximum=1000)
        if isinstance(self.waits_s, str) or not hasattr(self.waits_s, "__iter__"):
            raise InputError(f"{name}, waits_s: expected a list of seconds, got {self.waits_s!r}")
        waits = tuple(number(wait, f"{name}, waits_s", minimum=0, maximum=1e6) for wait in self.waits_s)
        if self.retries and not waits:
            raise InputError(f"{name}, waits_s: expected at least one wait for {self.retries} retries, got none")
        object.__setattr__(self, "waits_s", waits)
        number(self.max_age_s, f"{name}, max_age_s", above=0, maximum=1e6)
        whole(self.in_flight, f"{name}, in_flight", minimum=1, maximum=100_000)
        queue = dead_letter_queue(self.dead_letter, self.function, f"{name}, dead_letter")
        object.__setattr__(self, "dead_letter", queue or False)

    def runner(self, platform):
        return AsynchronousRunner(self, platform)


class AsynchronousRunner(Runner):
    """Made by Asynchronous.runner. `submit` takes events of any source for the function."""

    def __init__(self, trigger: Asynchronous, platform):
        super().__init__(trigger, platform)
        self.backlog = Backlog(platform.store, trigger.function)
        self.dead_letters = self._dead_letter_queue()
        self._first = {}  # source -> number of the measurement's first event
        self._news = asyncio.Event()
        self._tasks = set()
        self.attempts = 0
        self.ended = dict.fromkeys(EventOutcome, 0)

    def _dead_letter_queue(self):
        name, store = self.trigger.dead_letter, self.platform.store
        if not name:
            return None
        return store.queues().get(name) or store.create_queue(name)

    def submit(self, payload: bytes, source: str | None = None) -> str:
        """Store an event of `source` (by default the trigger's name); returns its request id when it is safe. StoreFull
        where it has no room."""
        try:
            payload.decode()
        except UnicodeDecodeError:
            raise InputError(f"{self.trigger.name}, payload: expected JSON in UTF-8") from None
        return self.backlog.add(payload, source or self.trigger.name)

    async def run(self):
        deaf = self.platform.store.listen(self.backlog.topic, self._news.set)
        try:
            self.backlog.resume()
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._begin_due(group)
        finally:
            deaf()

    async def _begin_due(self, group):
        """Begin what is due and may begin, then wait until that may have changed."""
        self._news.clear()
        try:
            room = self.trigger.in_flight - len(self._tasks)
            events = self.backlog.begin(room) if room else []
            next_ns = self.backlog.next_due_ns() if room else None
        except STORE_ERRORS as error:
            self.note(error)
            await asyncio.sleep(STORE_RETRY_S)
            return
        for event in events:
            task = group.create_task(self._attempt(event))
            self._tasks.add(task)
            task.add_done_callback(self._over)
        wait_s = None if next_ns is None else max(0, next_ns - self.platform.store.now_ns()) / NS_PER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._news.wait()

    def _over(self, task):
        self._tasks.discard(task)
        if len(self._tasks) == self.trigger.in_flight - 1:
            self._news.set()

    async def _attempt(self, event):
        self.attempts += 1
        number_of_event = event.number - self._first.get(event.source, 0)
        try:
            call = await self.platform.invoke(
                self.trigger.function, event.payload, source=event.source, event=number_of_event,
                attempt=event.attempts - 1,
            )  # fmt: skip
            outcome, attributes = call.outcome, error_attributes(event, call)
        except Exception as error:  # the platform could not call: a system error, tried again like a throttled one
            self.note(error)
            outcome, attributes = None, {"RequestID": event.request_id, "ErrorCode": "500", "ErrorMessage": str(error)}
        while True:
            try:
                self._settle(event, outcome, attributes)
                return
            except STORE_ERRORS as error:
                self.note(error)
                await asyncio.sleep(STORE_RETRY_S)

    def _settle(self, event, outcome, attributes):
        """Write down what an attempt has come to."""
        if outcome == Outcome.COMPLETED:
            self.backlog.done(event)
            self._close(event, EventOutcome.DONE)
            return
        wait_s, errors, throttles = self._wait_s(event, outcome)
        age_ns = self.platform.store.now_ns() - event.created_ns
        if wait_s is not None and age_ns + ns(wait_s) <= ns(self.trigger.max_age_s):
            self.backlog.again(event, ns(wait_s), errors, throttles)
            self._news.set()
        elif self.dead_letters is None:
            self.backlog.done(event)
            self._close(event, EventOutcome.LOST)
        else:
            self.backlog.done(event, (self.dead_letters, attributes))
            self._close(event, EventOutcome.DEAD_LETTERED)

    def _wait_s(self, event, outcome):
        """How long before the next attempt (None: there is none), and the errors and throttles so far."""
        errors, throttles, waits_s = event.errors, event.throttles, self.trigger.waits_s
        if outcome in (Outcome.FAILED, Outcome.TIMED_OUT):
            errors += 1
            wait_s = waits_s[min(errors, len(waits_s)) - 1] if errors <= self.trigger.retries else None
        else:
            throttles += 1
            wait_s = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(throttles - 1, 30))
        return wait_s, errors, throttles

    # --- ledgers -----------------------------------------------------------------------------------------------------

    def _close(self, event, outcome):
        self.ended[outcome] += 1
        number_of_event = event.number - self._first.get(event.source, 0)
        if number_of_event >= 0:
            created, ended = self.since_zero(event.created_ns), self.platform.now_ns()
            self.platform.event(event.source, number_of_event, created, ended, event.attempts, outcome)

    def measure(self):
        super().measure()
        self._first = self.backlog.counts()

    def pending(self):
        rows = []
        for e in self.backlog.held():
            relative = e.number - self._first.get(e.source, 0)
            if relative >= 0:
                created = self.since_zero(e.created_ns)
                rows.append((e.source, relative, created, -1, e.attempts, EventOutcome.PENDING))
        return rows, []

    def stats(self):
        ended = {outcome.name.lower(): n for outcome, n in self.ended.items() if outcome != EventOutcome.PENDING}
        counts = {"waiting": self.backlog.waiting(), "in_flight": len(self._tasks), "attempts": self.attempts}
        return counts | ended | {"dead_letter": self.trigger.dead_letter or None} | super().stats()


def error_attributes(event, call) -> dict[str, str]:
    """What a dead letter says of the last attempt."""
    message = ""
    with suppress(ValueError, AttributeError, KeyError, TypeError):
        message = str(json.loads(call.reply)["errorMessage"])
    return {
        "RequestID": event.request_id,
        "ErrorCode": CODES.get(call.outcome, "500"),
        "ErrorMessage": (message or call.outcome.name.lower())[:ERROR_CHARACTERS],
    }
