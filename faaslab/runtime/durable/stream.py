"""Record stream: records with the same key stay in order, and reading one does not take it away.

Chapter "A cloud on your laptop". A shard is a range of the 128-bit MD5 of keys, all ranges equally long, as in Kinesis.
What a consumer has done with is told by its checkpoint in each shard. Source: Amazon Kinesis Data Streams, "Terminology
and concepts" and the API's "PutRecords". Left out: splitting and merging shards, their limits a second, explicit hash
keys, several consumers of one stream.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from faaslab.errors import InputError
from faaslab.units import BYTES_PER_MB

MOST_RECORD_BYTES = BYTES_PER_MB  # data and key together
MOST_KEY_CHARACTERS = 256
HASHES = 2**128
# Kinesis's sequence numbers have 56 digits and begin so; theirs have gaps, ours count.
FIRST_SEQUENCE_NUMBER = 4959 * 10**52
STARTS = ("TRIM_HORIZON", "LATEST")
TRIM_AT_ONCE = 256


class Record(NamedTuple):
    """number: its place in the order of putting, over all shards, from 0. arrived_ns: the store's clock."""

    number: int
    key: str
    data: bytes
    arrived_ns: int

    @property
    def sequence_number(self) -> str:
        return str(FIRST_SEQUENCE_NUMBER + self.number)


class Shard(NamedTuple):
    """Where the consumer is: the last record that is over (-1: none), and the end, attempts and deliveries (of its
    first record) of the batch that was begun after it (-1, 0, 0: none)."""

    checkpoint: int
    batch_end: int
    attempts: int
    deliveries: int


def shard_id(shard: int) -> str:
    return f"shardId-{shard:012d}"


def shard_of(key: str, shards: int) -> int:
    """The shard in whose range the key's hash lies."""
    hashed = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")
    return min(hashed // (HASHES // shards), shards - 1)


class RecordStream:
    """Made by Store.create_stream."""

    def __init__(self, store, id_, name, shards):
        self.store = store
        self.id = id_
        self.name = name
        self.shards = shards
        self.topic = ("stream", name)

    # --- senders -----------------------------------------------------------------------------------------------------

    def put(self, records: Sequence[tuple[str, str | bytes]]) -> list[tuple[str, str]]:
        """Store records, (key, data) each, all or none; returns (shard id, sequence number) of each when they are
        safe. StoreFull where they have no room."""
        if not records:
            return []
        checked = [_checked(record, f"stream {self.name!r}, record {i}") for i, record in enumerate(records)]
        now = self.store.now_ns()
        with self.store.sending() as db:
            first = self.count()
            places = [(shard_of(key, self.shards), first + i) for i, (key, _) in enumerate(checked)]
            db.executemany(
                "INSERT INTO records (stream, shard, number, arrived_ns, key, data) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (self.id, shard, number, now, key, data)
                    for (shard, number), (key, data) in zip(places, checked, strict=True)
                ],
            )
            db.execute("UPDATE streams SET put = put + ? WHERE id = ?", (len(checked), self.id))
        self.store.tell(self.topic)
        return [(shard_id(shard), str(FIRST_SEQUENCE_NUMBER + number)) for shard, number in places]

    # --- the consumer ------------------------------------------------------------------------------------------------

    def attach(self, consumer: str, start: str):
        """`consumer` reads from now on: where it stopped, if it was the last to read; else from the oldest record
        ("TRIM_HORIZON") or from the next that comes ("LATEST")."""
        db = self.store.db
        (before,) = db.execute("SELECT consumer FROM streams WHERE id = ?", (self.id,)).fetchone()
        if before == consumer:
            return
        checkpoint = self.count() - 1 if start == "LATEST" else -1
        with self.store.writing() as db:
            db.execute("UPDATE streams SET consumer = ? WHERE id = ?", (consumer, self.id))
            db.execute("DELETE FROM shards WHERE stream = ?", (self.id,))
            db.executemany(
                "INSERT INTO shards VALUES (?, ?, ?, -1, 0, 0)",
                [(self.id, shard, checkpoint) for shard in range(self.shards)],
            )

    def shard(self, shard: int) -> Shard:
        row = self.store.db.execute(
            "SELECT checkpoint, batch_end, attempts, deliveries FROM shards WHERE stream = ? AND shard = ?",
            (self.id, shard),
        ).fetchone()
        return Shard(*row)

    def read(self, shard: int, after: int, limit: int, most_bytes=None, last=None, overhead_bytes=0):
        """Up to `limit` records of the shard that come after record `after`, none beyond `last`. most_bytes: of their
        keys and data together, with overhead_bytes for each; one comes whatever its size."""
        rows = self.store.db.execute(
            "SELECT number, key, data, arrived_ns FROM records WHERE stream = ? AND shard = ? AND number > ? "
            "AND number <= ? ORDER BY number LIMIT ?",
            (self.id, shard, after, 2**62 if last is None else last, limit),
        )
        records, size = [], 0
        for row in rows:
            record = Record(*row)
            size += len(record.data) + len(record.key) + overhead_bytes
            if records and most_bytes is not None and size > most_bytes:
                break
            records.append(record)
        return records

    def begin(self, shard: int, batch_end: int, attempts: int, deliveries: int):
        """An attempt of the batch that ends with record `batch_end` begins, its attempts-th."""
        with self.store.writing() as db:
            db.execute(
                "UPDATE shards SET batch_end = ?, attempts = ?, deliveries = ? WHERE stream = ? AND shard = ?",
                (batch_end, attempts, deliveries, self.id, shard),
            )

    def done(self, shard: int, number: int, dead_letter=None):
        """Records up to `number` are over. dead_letter: (queue, text) to be stored with it."""
        with self.store.writing() as db:
            db.execute(
                "UPDATE shards SET checkpoint = ?, batch_end = -1, attempts = 0, deliveries = 0 "
                "WHERE stream = ? AND shard = ?",
                (number, self.id, shard),
            )
            if dead_letter is not None:
                queue, text = dead_letter
                queue.insert(db, [(text, len(text.encode()))])
        if dead_letter is not None:
            self.store.tell(queue.topic)

    def trim(self, shard: int, oldest_ns: int, keep: int) -> list[Record]:
        """Remove records that arrived before oldest_ns, and those that are over except the last `keep` of the stream;
        returns the ones that were not over (without their data): they are lost."""
        checkpoint, last, lost = self.shard(shard).checkpoint, self.count() - 1, []
        limit = 1  # most often there is nothing to remove
        while True:
            rows = self.store.db.execute(
                "SELECT number, key, arrived_ns FROM records WHERE stream = ? AND shard = ? ORDER BY number LIMIT ?",
                (self.id, shard, limit),
            ).fetchall()
            limit = TRIM_AT_ONCE
            old = [row for row in rows if row[2] < oldest_ns or row[0] <= min(checkpoint, last - keep)]
            if not old:
                return lost
            with self.store.writing() as db:
                db.execute(
                    "DELETE FROM records WHERE stream = ? AND shard = ? AND number <= ?", (self.id, shard, old[-1][0])
                )
            lost += [Record(number, key, b"", arrived) for number, key, arrived in old if number > checkpoint]

    # --- looking -----------------------------------------------------------------------------------------------------

    def count(self) -> int:
        """Records put so far."""
        return self.store.db.execute("SELECT put FROM streams WHERE id = ?", (self.id,)).fetchone()[0]

    def behind(self, shard: int, after: int, enough: int) -> int:
        """How many records of the shard come after record `after`, counted up to `enough`."""
        return self.store.db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM records WHERE stream = ? AND shard = ? AND number > ? LIMIT ?)",
            (self.id, shard, after, enough),
        ).fetchone()[0]

    def unread(self) -> list[Record]:
        """The records behind the checkpoints, without their data."""
        rows = self.store.db.execute(
            "SELECT number, key, x'', arrived_ns FROM records JOIN shards USING (stream, shard) "
            "WHERE stream = ? AND number > checkpoint ORDER BY number",
            (self.id,),
        )
        return [Record(*row) for row in rows]

    def counts(self) -> dict:
        """Records put so far, still stored, and not over yet; checkpoints by shard."""
        db = self.store.db
        stored, waiting = db.execute(
            "SELECT count(*), total(number > checkpoint) FROM records LEFT JOIN shards USING (stream, shard) "
            "WHERE stream = ?",
            (self.id,),
        ).fetchone()
        checkpoints = db.execute("SELECT shard, checkpoint FROM shards WHERE stream = ?", (self.id,)).fetchall()
        return {
            "shards": self.shards, "put": self.count(), "stored": stored, "waiting": int(waiting),
            "checkpoints": dict(checkpoints),
        }  # fmt: skip


def _checked(record, where):
    """(key, data as bytes) of a record; InputError where it is none."""
    if not isinstance(record, Sequence) or isinstance(record, (str, bytes)) or len(record) != 2:
        raise InputError(f"{where}: expected a key and data, got {record!r}")
    key, data = record
    if not isinstance(key, str) or not 1 <= len(key) <= MOST_KEY_CHARACTERS:
        raise InputError(f"{where}, key: expected a text of 1 to {MOST_KEY_CHARACTERS} characters, got {key!r}")
    if not isinstance(data, (str, bytes)):
        raise InputError(f"{where}, data: expected a text or bytes, got {type(data).__name__}")
    try:
        data, key_bytes = data.encode() if isinstance(data, str) else data, key.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: expected a text of Unicode characters, got a lone surrogate in it") from None
    if len(data) + len(key_bytes) > MOST_RECORD_BYTES:
        raise InputError(f"{where}: expected at most {MOST_RECORD_BYTES} bytes, got {len(data) + len(key_bytes)}")
    return key, data
