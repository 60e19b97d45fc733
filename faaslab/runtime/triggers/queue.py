"""Queue: messages wait in the store; pollers take them in batches; what is not finished in time becomes visible again.

Chapter "A cloud on your laptop". The rules are those of the simulator's queue. A poller takes up to batch_size visible
messages, which then are invisible for visibility_s, and calls the function with them. A completed batch deletes its
messages, except those that a handler with report_failures names. Any other outcome leaves them to reappear, a throttled
call too (on AWS that counts as a receive as well), and so does a call that outlives the visibility time-out: then a
message is processed twice. After max_receives deliveries it goes to the dead-letter queue when it would become visible
again. After a completed batch a poller looks again at once, after any other outcome poll_s later.

Two things differ from the simulator. A poller with nothing to do is woken by what becomes visible, as by long polling,
not by a clock; the wait for a full batch is the same. And a late answer does not delete a message that has been
received again meanwhile: its receipt is out of date, and the later delivery decides. A delivery that is cut off by the
end of the platform counts; the message is visible again when the store is opened.

Sources: AWS Lambda developer guide, "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source" (what
of a partial batch response counts as success and as failure). Left out: the scaling of pollers, order (FIFO queues).
"""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from faaslab.errors import InputError, number, whole
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.arn import REGION, arn
from faaslab.runtime.durable.full import StoreFull
from faaslab.runtime.durable.queue import MOST_BODY_BYTES
from faaslab.runtime.triggers.trigger import Runner, Trigger, dead_letter_queue, name_or
from faaslab.units import NS_PER_S, ns

MOST_BATCH = 10_000  # AWS's limit for standard queues
# Bodies of a batch together: JSON may take twice as much for quotes and newlines, and 6 MB is what a call may carry.
MOST_BATCH_BYTES = 5 * MOST_BODY_BYTES // 2
RECORD_BYTES = 500  # of a message besides its body
STORE_ERRORS = (sqlite3.Error, StoreFull)


@dataclass(frozen=True)
class Queue(Trigger):
    """name: the queue's. batch_window_s: how long a poller waits for a full batch. pollers: batches at once.
    dead_letter: name of the queue for what was received max_receives times, by default "<name>-dead-letters".
    capacity_mb: most MB of bodies in the queue; a sender beyond it is refused. report_failures: the handler names the
    messages that failed; the others are done."""

    function: str
    name: str
    batch_size: int = 10
    batch_window_s: float = 0.0
    visibility_s: float = 30.0
    max_receives: int = 3
    pollers: int = 2
    poll_s: float = 0.1
    report_failures: bool = False
    dead_letter: str | None = None
    capacity_mb: float | None = None

    kind: ClassVar[str] = "queue"

    def __post_init__(self):
        name_or(self.name, None, "queue, name")
        where = f"queue {self.name!r}"
        whole(self.batch_size, f"{where}, batch_size", minimum=1, maximum=MOST_BATCH)
        number(self.batch_window_s, f"{where}, batch_window_s", minimum=0, maximum=300)
        number(self.visibility_s, f"{where}, visibility_s", above=0, maximum=43_200)
        whole(self.max_receives, f"{where}, max_receives", minimum=1, maximum=1000)
        whole(self.pollers, f"{where}, pollers", minimum=1, maximum=1000)
        number(self.poll_s, f"{where}, poll_s", above=0, maximum=20)
        if not isinstance(self.report_failures, bool):
            raise InputError(f"{where}, report_failures: expected true or false, got {self.report_failures!r}")
        if self.dead_letter is False:
            raise InputError(f"{where}, dead_letter: expected the name of a queue, got False")
        object.__setattr__(self, "dead_letter", dead_letter_queue(self.dead_letter, self.name, f"{where}, dead_letter"))
        if self.capacity_mb is not None:
            number(self.capacity_mb, f"{where}, capacity_mb", above=0, maximum=1e6)

    def runner(self, platform):
        return QueueRunner(self, platform)


class QueueRunner(Runner):
    """Made by Queue.runner, which makes the queue in the platform's store."""

    def __init__(self, trigger: Queue, platform):
        super().__init__(trigger, platform)
        self.queue = platform.store.create_queue(
            trigger.name, max_receives=trigger.max_receives, dead_letter=trigger.dead_letter,
            capacity_mb=trigger.capacity_mb,
        )  # fmt: skip
        self._first = 0  # number of the measurement's first message
        self._visibility_ns = ns(trigger.visibility_s)
        self._open = {}  # event -> (created_ns, messages), of the measurement under way
        self._news = asyncio.Event()  # something may have become visible
        self._deadline = asyncio.Event()  # something is in flight
        self.batches = 0
        self.redelivered = 0

    async def run(self):
        deaf = self.platform.store.listen(self.queue.topic, self._news.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_deadlines())
                for _ in range(self.trigger.pollers):
                    group.create_task(self._poll())
        finally:
            deaf()

    def send(self, bodies) -> list[str]:
        """Store messages; returns their ids when they are safe. StoreFull where they have no room."""
        return self.queue.send(bodies)

    # --- pollers -----------------------------------------------------------------------------------------------------

    async def _poll(self):
        while True:
            try:
                messages = await self._next_batch()
            except STORE_ERRORS as error:
                self.note(error)
                await asyncio.sleep(self.trigger.poll_s)
                continue
            if not await self._deliver(messages):
                await asyncio.sleep(self.trigger.poll_s)

    async def _next_batch(self):
        """A batch as soon as there is one: full, or as full as it is when the window ends."""
        size, window_s = self.trigger.batch_size, self.trigger.batch_window_s
        loop, until = asyncio.get_running_loop(), None
        while True:
            self._news.clear()
            if window_s and (until is None or loop.time() < until):
                waiting = self.queue.visible(size)
                until = (until or loop.time() + window_s) if waiting else None
                ready = waiting == size
            else:
                ready, until = True, None
            messages = self._receive() if ready else []
            if messages:
                return messages
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._news.wait()

    def _receive(self):
        messages = self.queue.receive(self.trigger.batch_size, self._visibility_ns, MOST_BATCH_BYTES, RECORD_BYTES)
        if messages:
            self.redelivered += sum(message.receives > 1 for message in messages)
            self._deadline.set()
        return messages

    async def _deliver(self, messages) -> bool:
        """Call the function with a batch and delete what it has done; whether the call completed."""
        self.batches += 1
        event, created = self.new_event(), self.platform.now_ns()
        batches = self._open
        batches[event] = (created, messages)
        try:
            payload = json.dumps(to_event(messages, self.queue.name), ensure_ascii=False).encode()
            call = await self.platform.invoke(
                self.trigger.function, payload, source=self.trigger.name, event=event, batch=event
            )
            completed = call.outcome == Outcome.COMPLETED
            failed = failures(call.reply, messages) if completed and self.trigger.report_failures else set()
        except Exception as error:  # whatever it is, the batch is not done, and the poller goes on
            self.note(error)
            completed, failed = False, None
        done = [m for m in messages if m.id not in failed] if completed and failed is not None else []
        deleted = await self._delete(done)
        if batches is self._open:
            del batches[event]
            ending = EventOutcome.DONE if completed and failed is not None else EventOutcome.LOST
            self.platform.event(self.trigger.name, event, created, self.platform.now_ns(), 1, ending)
        self._rows(deleted, EventOutcome.DONE)
        return completed

    async def _delete(self, messages):
        """The messages that were deleted. Where the store cannot delete, once more a little later: they are done."""
        while messages:
            try:
                deleted = self.queue.delete([message.receipt for message in messages])
                return [message for message, gone in zip(messages, deleted, strict=True) if gone]
            except STORE_ERRORS as error:
                self.note(error)
                await asyncio.sleep(self.trigger.poll_s)
        return []

    # --- visibility --------------------------------------------------------------------------------------------------

    async def _watch_deadlines(self):
        """Wake the pollers when messages become visible again, and move those that have had all their deliveries."""
        while True:
            self._deadline.clear()
            looked_ns = self.platform.store.now_ns()  # what becomes visible while this is done is not missed
            try:
                self._rows(self.queue.redrive(), EventOutcome.DEAD_LETTERED)
                next_ns = self.queue.next_visible_ns(looked_ns)
            except STORE_ERRORS as error:
                self.note(error)
                await asyncio.sleep(self.trigger.poll_s)
                continue
            self._news.set()
            if next_ns is None:
                await self._deadline.wait()
            else:  # what is received meanwhile becomes visible later than that
                await asyncio.sleep(max(0, next_ns - self.platform.store.now_ns()) / NS_PER_S)

    # --- ledgers -----------------------------------------------------------------------------------------------------

    def _rows(self, messages, outcome):
        now = self.platform.now_ns()
        for m in messages:
            if m.number >= self._first:
                sent = self.since_zero(m.sent_ns)
                self.platform.message(self.trigger.name, m.number - self._first, sent, now, m.receives, outcome)

    def measure(self):
        super().measure()
        self._open = {}
        self._first = self.queue.counts()["sent"]

    def pending(self):
        name, still = self.trigger.name, EventOutcome.PENDING
        events = [(name, event, created, -1, 1, still) for event, (created, _) in self._open.items()]
        messages = [
            (name, m.number - self._first, self.since_zero(m.sent_ns), -1, m.receives, still)
            for m in self.queue.held()
            if m.number >= self._first
        ]
        return events, messages

    def stats(self):
        counts = self.queue.counts() | {"batches": self.batches, "redelivered": self.redelivered}
        return counts | {"dead_letter": self.queue.dead_letter} | super().stats()


def to_event(messages, queue: str) -> dict:
    """The event of a batch, as Lambda hands over messages of SQS."""
    return {"Records": [_record(message, queue) for message in messages]}


def _record(m, queue):
    return {
        "messageId": m.id,
        "receiptHandle": m.receipt,
        "body": m.body,
        "attributes": {
            "ApproximateReceiveCount": str(m.receives),
            "SentTimestamp": str(m.sent_ns // 1_000_000),
            "SenderId": "faaslab",
            "ApproximateFirstReceiveTimestamp": str(m.first_ns // 1_000_000),
        },
        "messageAttributes": {
            name: {"stringValue": text, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, text in m.attributes.items()
        },
        "md5OfBody": hashlib.md5(m.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn("sqs", queue),
        "awsRegion": REGION,
    }


def failures(reply: bytes, messages) -> set[str] | None:
    """The ids that a partial batch response names; None where the whole batch counts as failed: the response is neither
    a JSON object nor null, or names what is not in the batch. No list of failures, or an empty one, is success."""
    try:
        response = json.loads(reply)
    except ValueError:
        return None
    if response is None:
        return set()
    items = response.get("batchItemFailures") if isinstance(response, dict) else False
    if items is None:
        return set()
    if not isinstance(items, list):
        return None
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in items]
    known = {message.id for message in messages}
    return set(named) if all(isinstance(name, str) and name in known for name in named) else None
