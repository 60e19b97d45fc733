"""Store: one SQLite file holds what must survive: the queues' messages, the streams' records, the asynchronous events.

Chapter "A cloud on your laptop". The file has a write-ahead log. A commit outlives the death of the process as soon as
it is made; it outlives the death of the machine only after fsync. So what a sender is promised (`sending`) is committed
with synchronous=FULL, which syncs the log before it returns. What consumers write (`writing`: receipts, deletions,
checkpoints) is committed with NORMAL: a power cut may undo the last of it, and then something is delivered once more,
which at-least-once allows and a lost message does not.

Capacity is SQLite's own limit on the number of pages, so that a full disk can be played: then `sending` fails as a
whole with StoreFull, and nothing that is stored changes. Consumers have some pages beyond the limit, for an update in a
full file may have to split a page, and a full queue that cannot be emptied would stay full. Where the disk itself is
full, consumers too meet StoreFull: nothing is lost, and they go on when there is room for the log again.

The file belongs to one process, by SQLite's lock. So whoever opens it knows that no earlier consumer is alive (workers
die with their controller): what was in flight is due again at once, and the delivery that was cut off counts.

Sources: sqlite.org, "Write-Ahead Logging", "PRAGMA synchronous", "PRAGMA max_page_count". Left out: several files or
machines; giving disk space back (pages are used again, the file does not shrink; its log takes some MB more).
"""

import os
import sqlite3
import time
from contextlib import contextmanager

from faaslab.errors import InputError, member, number
from faaslab.runtime.durable.full import StoreFull
from faaslab.runtime.durable.queue import MessageQueue
from faaslab.runtime.durable.schema import IN_FLIGHT_NS, STATEMENTS, VERSION
from faaslab.runtime.durable.stream import RecordStream
from faaslab.units import BYTES_PER_MB

PAGE_BYTES = 4096
MOST_PAGES = 2**32 - 2  # SQLite's own limit
SMALLEST_MB = 0.125  # the empty tables and a little
RESERVE_PAGES, RESERVE_SHARE = 64, 1 / 16  # beyond the capacity, for consumers
LOG_BYTES = 4 * BYTES_PER_MB  # what stays of the log's file after a burst
LOCK_WAIT_S = 1.0


class Store:
    """path: the file, made if it is not there. capacity_mb: most MB of the file, None for no limit but the disk's.

    power_safe: whether what senders are promised outlives the machine's death too; False saves an fsync a send.
    now_ns: the store's clock in nanoseconds; by default the calendar's time at the opening plus what has passed since,
    so that setting the computer's clock does not move deadlines. InputError where the file is no store, or in use.
    """

    def __init__(self, path, *, capacity_mb=None, power_safe=True, now_ns=None):
        self.path = os.fspath(path)
        self.now_ns = now_ns or _steady_clock()
        self._listeners = {}  # topic -> callbacks
        self._sending = "FULL" if power_safe else "NORMAL"
        self._mode = None  # (synchronous, pages) in force
        self._queues, self._streams = {}, {}
        self.capacity_mb = capacity_mb
        self._pages = MOST_PAGES
        if capacity_mb is not None:
            self.capacity_mb = number(capacity_mb, "store, capacity_mb", minimum=SMALLEST_MB, maximum=1e7)
            self._pages = int(self.capacity_mb * BYTES_PER_MB / PAGE_BYTES)
        self._pages_of_consumers = min(MOST_PAGES, self._pages + max(RESERVE_PAGES, int(self._pages * RESERVE_SHARE)))
        try:
            self.db = sqlite3.connect(self.path, timeout=LOCK_WAIT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise InputError(f"store: expected a file that can be opened, got {self.path!r}: {error}") from None
        try:
            self._open()
        except (sqlite3.Error, StoreFull) as error:
            self.db.close()
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            why = "it is in use by another process" if busy else str(error)
            raise InputError(f"store: expected a store of this platform alone, got {self.path!r}: {why}") from None

    def _open(self):
        self.db.execute(f"PRAGMA page_size={PAGE_BYTES}")
        self.db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        with self.writing() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in STATEMENTS:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version={VERSION}")
            elif version != VERSION:
                raise sqlite3.DatabaseError(f"its version is {version}, expected {VERSION}")
            now = self.now_ns()
            db.execute(
                "UPDATE messages SET visible_ns = ? WHERE queue IN (SELECT id FROM queues) AND visible_ns > ?",
                (now, now),
            )
            db.execute("UPDATE events SET due_ns = ? WHERE due_ns = ?", (now, IN_FLIGHT_NS))
        for id_, name in self.db.execute("SELECT id, name FROM queues").fetchall():
            self._queues[name] = MessageQueue(self, id_, name)
        for id_, name, shards in self.db.execute("SELECT id, name, shards FROM streams").fetchall():
            self._streams[name] = RecordStream(self, id_, name, shards)

    # --- queues and streams ------------------------------------------------------------------------------------------

    def queue(self, name) -> MessageQueue:
        """The queue of that name; InputError where there is none."""
        return self._queues[member(name, "queue", tuple(self._queues) or ("(there is none yet)",))]

    def queues(self) -> dict[str, MessageQueue]:
        """Name -> queue, those for dead letters among them."""
        return dict(self._queues)

    def create_queue(self, name, *, max_receives=3, dead_letter=None, capacity_mb=None) -> MessageQueue:
        """The queue of that name with these settings, made or changed. dead_letter: the queue (made if it is not
        there) that takes messages received max_receives times; None: they are received without end. capacity_mb: most
        MB of bodies."""
        if dead_letter is not None and dead_letter not in self._queues:
            self.create_queue(dead_letter)
        if name not in self._queues:
            with self.sending() as db:
                id_ = db.execute("INSERT INTO queues (name, max_receives) VALUES (?, 1)", (name,)).lastrowid
            self._queues[name] = MessageQueue(self, id_, name)
        self._queues[name].configure(max_receives, dead_letter, capacity_mb)
        return self._queues[name]

    def stream(self, name) -> RecordStream:
        """The stream of that name; InputError where there is none."""
        return self._streams[member(name, "stream", tuple(self._streams) or ("(there is none yet)",))]

    def streams(self) -> dict[str, RecordStream]:
        """Name -> stream."""
        return dict(self._streams)

    def create_stream(self, name, shards) -> RecordStream:
        """The stream of that name, made if it is not there; InputError where it has another number of shards."""
        if name not in self._streams:
            with self.sending() as db:
                id_ = db.execute("INSERT INTO streams (name, shards) VALUES (?, ?)", (name, shards)).lastrowid
            self._streams[name] = RecordStream(self, id_, name, shards)
        stream = self._streams[name]
        if stream.shards != shards:
            raise InputError(f"stream {name!r}, shards: expected {stream.shards}, as it was made with, got {shards}")
        return stream

    # --- transactions ------------------------------------------------------------------------------------------------

    def sending(self):
        """A transaction that is safe when its block is left; StoreFull where there is no room."""
        return self._transaction(self._sending, self._pages)

    def writing(self):
        """A transaction that a death of the process cannot undo, but that of the machine can; may use the reserve."""
        return self._transaction("NORMAL", self._pages_of_consumers)

    @contextmanager
    def _transaction(self, synchronous, pages):
        db = self.db
        try:
            if self._mode != (synchronous, pages):
                db.execute(f"PRAGMA synchronous={synchronous}")
                db.execute(f"PRAGMA max_page_count={pages}")
                self._mode = (synchronous, pages)
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
                room = "the disk is full" if self.capacity_mb is None else f"its {self.capacity_mb:g} MB are full"
                raise StoreFull(f"store: expected room, but {room}; nothing was stored") from None
            raise

    # --- news --------------------------------------------------------------------------------------------------------

    def listen(self, topic, callback):
        """Call `callback()` after every commit that puts something into `topic`; returns what ends that."""
        callbacks = self._listeners.setdefault(topic, [])
        callbacks.append(callback)
        return lambda: callbacks.remove(callback)

    def heard(self, topic) -> bool:
        """Whether anybody listens to `topic`."""
        return bool(self._listeners.get(topic))

    def tell(self, topic):
        """Something new is in `topic`."""
        for callback in tuple(self._listeners.get(topic, ())):
            callback()

    def close(self):
        """Close the file. What is not finished is found at the next opening."""
        self.db.close()


def _steady_clock():
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: time.monotonic_ns() + offset


__all__ = ["Store", "StoreFull"]
