"""Event stream: records go to shards by their key; each shard is read in order, one batch at a time.

Chapter "Events". A batch that fails is tried again and meanwhile blocks its shard, for records behind it must not
overtake; after `retries` retries it goes to the dead-letter queue and the shard moves on. Source:
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html. Left out: splitting a failed batch, several batches a
shard at once, the shards' own limits, retention. The handler's time is drawn per batch, whatever its size.
"""

from collections import deque

from faaslab.errors import InputError, number, whole
from faaslab.model.result import EventOutcome
from faaslab.platform.call import COMPLETED
from faaslab.platform.draws import uniform
from faaslab.platform.triggers.schedule import Schedule
from faaslab.platform.triggers.source import Source
from faaslab.units import ns


class Stream(Source):
    """Records at `times_s`. keys: the shard key of each record (whole numbers; key % shards is its shard), by default
    drawn at random. poll_s: how often a shard is read. retry_after_s: wait before a failed batch is tried again."""

    def __init__(
        self,
        function,
        times_s,
        *,
        shards=1,
        keys=None,
        batch_size=100,
        poll_s=1.0,
        retries=10,
        retry_after_s=1.0,
        name=None,
    ):
        super().__init__(function, name or f"stream of {function}")
        self.times_s = times_s
        self.shards = whole(shards, f"{self.name}, shards", minimum=1)
        self.keys = keys
        if keys is not None and len(keys) != len(times_s):
            raise InputError(f"{self.name}, keys: expected one a record ({len(times_s)}), got {len(keys)}")
        self.batch_size = whole(batch_size, f"{self.name}, batch_size", minimum=1)
        self.poll_s = number(poll_s, f"{self.name}, poll_s", above=0)
        self.retries = whole(retries, f"{self.name}, retries")
        self.retry_after_s = number(retry_after_s, f"{self.name}, retry_after_s", minimum=0)

    def begin(self):
        self._waiting = [deque() for _ in range(self.shards)]  # records: (number, when it was sent)
        self._reading = [False] * self.shards  # a look at the shard is due, or a batch of it is under way
        self._batches = {}  # event -> (created, shard, records)
        self._period = ns(self.poll_s)
        Schedule(self.sim, self.times_s, self.name, self._put)

    def _put(self, record):
        if self.keys is not None:
            shard = whole(self.keys[record], f"{self.name}, key of record {record}") % self.shards
        else:
            shard = int(uniform(self.sim.seed, self.name, "shard", record) * self.shards)
        self._waiting[shard].append((record, self.sim.env.now))
        self.pending += 1
        self._read_later(shard)

    def _read_later(self, shard):
        """The shard is read at whole multiples of poll_s."""
        if not self._reading[shard] and self._waiting[shard]:
            self._reading[shard] = True
            self.later_ns(-self.sim.env.now % self._period, lambda: self._read(shard))

    def _read(self, shard):
        waiting = self._waiting[shard]
        records = [waiting.popleft() for _ in range(min(self.batch_size, len(waiting)))]
        event = self.new_event()
        self._batches[event] = (self.sim.env.now, shard, records)
        self.submit(event, batch=event)

    def over(self, call, outcome):
        created, shard, records = self._batches[call.event]
        if outcome != COMPLETED and call.attempt < self.retries:
            self.later(self.retry_after_s, lambda: self.submit(call.event, call.attempt + 1, batch=call.event))
            return
        del self._batches[call.event]
        ending = EventOutcome.DONE if outcome == COMPLETED else EventOutcome.DEAD_LETTERED
        self.write_event(call.event, created, call.attempt + 1, ending)
        for record, sent in records:
            self.pending -= 1
            self.write_message(record, sent, call.attempt + 1, ending)
        self._reading[shard] = False
        self._read_later(shard)

    def cut(self):
        attempts = self.attempts_so_far()
        for event, (created, _, records) in self._batches.items():
            self.write_event(event, created, attempts.get(event, 0), EventOutcome.PENDING)
            for record, sent in records:
                self.write_message(record, sent, attempts.get(event, 0), EventOutcome.PENDING)
        for waiting in self._waiting:
            for record, sent in waiting:
                self.write_message(record, sent, 0, EventOutcome.PENDING)
