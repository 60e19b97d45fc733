"""Event stream: records go to shards by their key; each shard is read in order, one batch at a time.

Chapter "A cloud on your laptop". The rules are those of the simulator's stream. A batch that does not complete is tried
again after retry_after_s and meanwhile blocks its shard, for records behind it must not overtake; after `retries`
retries, what AWS tells of such a batch (where it lies in the stream, not its data) goes to the dead-letter queue and
the shard moves on. Throttled attempts count too, as in the simulator; Lambda goes on with those until the records
expire. The checkpoint is stored after a batch; a platform that ends and begins again goes on there, with the attempts
that the batch under way has had.

Beside the simulator: a shard with nothing to read is woken by the next record, not by a clock; records are kept for
retention_s, those that are over only while they are among the last `keep` of the stream; what has not been read when it
expires is lost, and counted. Bisecting (off by default) tries the halves of a failed batch, each with retries of its
own, until one bad record is alone. Sources: AWS Lambda developer guide, "How Lambda processes records from Kinesis Data
Streams" and "Retain discarded batch records". Left out: several batches a shard at once, partial batch responses,
tumbling windows.
"""

import asyncio
import base64
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from faaslab.errors import InputError, member, number, whole
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.arn import REGION, arn
from faaslab.runtime.durable.full import StoreFull
from faaslab.runtime.durable.stream import STARTS, shard_id
from faaslab.runtime.triggers.trigger import Runner, Trigger, dead_letter_queue, name_or
from faaslab.units import BYTES_PER_MB, NS_PER_S, ns

MOST_BATCH = 10_000  # Lambda's limit
MOST_BATCH_BYTES = 4 * BYTES_PER_MB  # base64 adds a third, and 6 MB is what a call may carry
RECORD_BYTES = 400  # of a record besides its data and key
STORE_RETRY_S = 0.5
STORE_ERRORS = (sqlite3.Error, StoreFull)


@dataclass(frozen=True)
class Stream(Trigger):
    """name: the stream's. retries: of a failed batch, retry_after_s after each failure. batch_window_s: how long a full
    batch is waited for. dead_letter: the queue for what is given up, by default "<name>-dead-letters"; False: it is
    lost. starting_position: where a new consumer begins, at the oldest record ("TRIM_HORIZON") or the next ("LATEST").
    retention_s, keep: how long, and how many, records are kept."""

    function: str
    name: str
    shards: int = 2
    batch_size: int = 100
    batch_window_s: float = 0.0
    retries: int = 3
    retry_after_s: float = 1.0
    bisect: bool = False
    dead_letter: str | bool | None = True
    starting_position: str = "TRIM_HORIZON"
    retention_s: float = 86_400.0
    keep: int = 10_000

    kind: ClassVar[str] = "stream"

    def __post_init__(self):
        name_or(self.name, None, "stream, name")
        where = f"stream {self.name!r}"
        whole(self.shards, f"{where}, shards", minimum=1, maximum=1000)
        whole(self.batch_size, f"{where}, batch_size", minimum=1, maximum=MOST_BATCH)
        number(self.batch_window_s, f"{where}, batch_window_s", minimum=0, maximum=300)
        whole(self.retries, f"{where}, retries", maximum=10_000)
        number(self.retry_after_s, f"{where}, retry_after_s", minimum=0, maximum=1e6)
        if not isinstance(self.bisect, bool):
            raise InputError(f"{where}, bisect: expected true or false, got {self.bisect!r}")
        queue = dead_letter_queue(self.dead_letter, self.name, f"{where}, dead_letter")
        object.__setattr__(self, "dead_letter", queue or False)
        member(self.starting_position, f"{where}, starting_position", STARTS)
        number(self.retention_s, f"{where}, retention_s", above=0, maximum=1e7)
        whole(self.keep, f"{where}, keep")

    def runner(self, platform):
        return StreamRunner(self, platform)


class Batch:
    """Records that are tried together. deliveries: of its first record, before its first attempt as this batch."""

    def __init__(self, event, created_ns, records, attempts=0, deliveries=0):
        self.event = event
        self.created_ns = created_ns
        self.records = records
        self.attempts = attempts
        self.deliveries = deliveries


class StreamRunner(Runner):
    """Made by Stream.runner, which makes the stream in the platform's store."""

    def __init__(self, trigger: Stream, platform):
        super().__init__(trigger, platform)
        store = platform.store
        self.stream = store.create_stream(trigger.name, trigger.shards)
        self.stream.attach(trigger.function, trigger.starting_position)
        self.dead_letters = None
        if trigger.dead_letter:
            name = trigger.dead_letter
            self.dead_letters = store.queues().get(name) or store.create_queue(name)
        self._first = 0  # number of the measurement's first record
        self._open = {}  # shard -> its batch
        self._news = [asyncio.Event() for _ in range(trigger.shards)]
        self.batches = self.attempts = self.lost = self.dead = 0

    async def run(self):
        deaf = self.platform.store.listen(self.stream.topic, self._wake)
        try:
            async with asyncio.TaskGroup() as group:
                for shard in range(self.trigger.shards):
                    group.create_task(self._consume(shard))
        finally:
            deaf()

    def put(self, records) -> list[str]:
        """Store records, (key, data) each; returns their sequence numbers when they are safe. StoreFull where they have
        no room."""
        return [sequence_number for _, sequence_number in self.stream.put(records)]

    def _wake(self):
        for news in self._news:
            news.set()

    # --- a shard -----------------------------------------------------------------------------------------------------

    async def _consume(self, shard):
        while True:
            try:
                await self._next(shard)
            except STORE_ERRORS as error:
                self.note(error)
                batch = self._open.pop(shard, None)
                if batch is not None:  # its records will come in a new event
                    self._event_row(batch, EventOutcome.LOST)
                await asyncio.sleep(STORE_RETRY_S)

    async def _next(self, shard):
        """The next batch of the shard, when there is one, from its first attempt to its end."""
        self._trim(shard)
        state = self.stream.shard(shard)
        size, batch = self.trigger.batch_size, None
        if state.attempts:  # a batch was under way when the platform ended
            records = self.stream.read(shard, state.checkpoint, MOST_BATCH, last=state.batch_end)
            batch = (records, state.attempts, state.deliveries)
        else:
            await self._wait(shard, state.checkpoint)
            batch = (
                self.stream.read(shard, state.checkpoint, size, MOST_BATCH_BYTES, overhead_bytes=RECORD_BYTES),
                0,
                0,
            )
        records, attempts, deliveries = batch
        if records:
            await self._process(shard, records, attempts, deliveries)
        elif state.attempts:  # its records have expired
            self.stream.done(shard, state.checkpoint)

    async def _wait(self, shard, checkpoint):
        """Until the shard has a full batch behind the checkpoint, or any when the window is over."""
        news, window_s, until = self._news[shard], self.trigger.batch_window_s, None
        while True:
            news.clear()
            waiting = self.stream.behind(shard, checkpoint, self.trigger.batch_size)
            now = asyncio.get_running_loop().time()
            if waiting:
                until = until or now + window_s
                if waiting == self.trigger.batch_size or now >= until:
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await news.wait()

    async def _process(self, shard, records, attempts, deliveries):
        """Try a batch until it is over; deliveries: what its first record has had before this batch."""
        self.batches += 1
        batch = Batch(self.new_event(), self.platform.now_ns(), records, attempts, deliveries)
        self._open[shard] = batch
        while True:
            batch.attempts += 1
            batch.deliveries += 1
            self.stream.begin(shard, records[-1].number, batch.attempts, batch.deliveries)
            call = await self._attempt(shard, batch)
            completed = call is not None and call.outcome == Outcome.COMPLETED
            error = call is not None and call.outcome in (Outcome.FAILED, Outcome.TIMED_OUT)
            if completed:
                await self._over(shard, batch, EventOutcome.DONE, None)
                return
            if error and self.trigger.bisect and len(records) > 1:
                await asyncio.sleep(self.trigger.retry_after_s)
                await self._bisect(shard, batch)
                return
            if batch.attempts > self.trigger.retries:
                letter = (self.dead_letters, self._letter(shard, batch, call)) if self.dead_letters else None
                ending = EventOutcome.DEAD_LETTERED if letter else EventOutcome.LOST
                await self._over(shard, batch, ending, letter)
                return
            await asyncio.sleep(self.trigger.retry_after_s)

    async def _attempt(self, shard, batch):
        """The call when it is over, None where the platform could not make it."""
        self.attempts += 1
        payload = json.dumps(to_event(batch.records, self.stream.name, shard)).encode()
        try:
            return await self.platform.invoke(
                self.trigger.function, payload, source=self.trigger.name, event=batch.event,
                attempt=batch.attempts - 1, batch=batch.event,
            )  # fmt: skip
        except Exception as error:  # whatever it is, the batch is not done
            self.note(error)
            return None

    async def _bisect(self, shard, batch):
        """The batch as such is given up; its halves follow one another."""
        self._event_row(batch, EventOutcome.LOST)
        half = len(batch.records) // 2
        await self._process(shard, batch.records[:half], 0, batch.deliveries)
        await self._process(shard, batch.records[half:], 0, batch.deliveries)

    async def _over(self, shard, batch, ending, letter):
        """Store that the batch is over; where the store cannot, once more a little later."""
        while True:
            try:
                self.stream.done(shard, batch.records[-1].number, letter)
                break
            except STORE_ERRORS as error:
                self.note(error)
                await asyncio.sleep(STORE_RETRY_S)
        if ending != EventOutcome.DONE:
            self.dead += len(batch.records)
        self._event_row(batch, ending)
        self._message_rows(batch.records, batch.deliveries, ending)
        self._open.pop(shard, None)

    def _trim(self, shard):
        oldest_ns = self.platform.store.now_ns() - ns(self.trigger.retention_s)
        lost = self.stream.trim(shard, oldest_ns, self.trigger.keep)
        self.lost += len(lost)
        self._message_rows(lost, 0, EventOutcome.LOST)

    def _letter(self, shard, batch, call):
        """What AWS sends to a destination for failures: where the batch lies, and how its last attempt ended."""
        first, last = batch.records[0], batch.records[-1]
        letter = {
            "requestContext": {
                "requestId": str(getattr(call, "request_id", "-")),
                "functionArn": arn("lambda", f"function:{self.trigger.function}"),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": batch.attempts,
            },
            "responseContext": {
                "statusCode": 200 if call is not None else 500,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": _iso(self.platform.store.now_ns()),
            "KinesisBatchInfo": {
                "shardId": shard_id(shard),
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": _iso(first.arrived_ns),
                "approximateArrivalOfLastRecord": _iso(last.arrived_ns),
                "batchSize": len(batch.records),
                "streamArn": arn("kinesis", f"stream/{self.stream.name}"),
            },
        }
        return json.dumps(letter)

    # --- ledgers -----------------------------------------------------------------------------------------------------

    def _event_row(self, batch, outcome):
        if batch.event >= 0:
            now = self.platform.now_ns()
            self.platform.event(self.trigger.name, batch.event, batch.created_ns, now, batch.attempts, outcome)

    def _message_rows(self, records, deliveries, outcome):
        now = self.platform.now_ns()
        for r in records:
            if r.number >= self._first:
                sent = self.since_zero(r.arrived_ns)
                self.platform.message(self.trigger.name, r.number - self._first, sent, now, deliveries, outcome)

    def measure(self):
        super().measure()
        self._first = self.stream.count()
        for batch in self._open.values():
            batch.event = -1  # of the measurement before

    def pending(self):
        name, still = self.trigger.name, EventOutcome.PENDING
        events = [(name, b.event, b.created_ns, -1, b.attempts, still) for b in self._open.values() if b.event >= 0]
        deliveries = {r.number: b.deliveries for b in self._open.values() for r in b.records}
        messages = [
            (name, r.number - self._first, self.since_zero(r.arrived_ns), -1, deliveries.get(r.number, 0), still)
            for r in self.stream.unread()
            if r.number >= self._first
        ]
        return events, messages

    def stats(self):
        counts = {"batches": self.batches, "attempts": self.attempts, "lost": self.lost, "given_up": self.dead}
        return self.stream.counts() | counts | {"dead_letter": self.trigger.dead_letter or None} | super().stats()


def to_event(records, stream: str, shard: int) -> dict:
    """The event of a batch, as Lambda hands over records of Kinesis."""
    return {"Records": [_record(record, stream, shard) for record in records]}


def _record(r, stream, shard):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": r.key,
            "sequenceNumber": r.sequence_number,
            "data": base64.b64encode(r.data).decode("ascii"),
            "approximateArrivalTimestamp": r.arrived_ns // 1_000_000 / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id(shard)}:{r.sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": arn("iam", "role/faaslab"),
        "awsRegion": REGION,
        "eventSourceARN": arn("kinesis", f"stream/{stream}"),
    }


def _iso(stored_ns):
    moment = datetime.fromtimestamp(stored_ns / NS_PER_S, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
