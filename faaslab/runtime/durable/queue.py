"""Message queue: a message that was received is invisible for a while, and is there again unless it was deleted.

Chapter "A cloud on your laptop". A receipt belongs to one delivery: with an old one, a message that has been received
again cannot be deleted. Messages go in the order in which they became visible. Source: Amazon SQS developer guide,
"Amazon SQS visibility timeout" and "Using dead-letter queues in Amazon SQS". Left out: the retention period (messages
stay until they are deleted), delays, order by groups (FIFO queues).
"""

import json
import secrets
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from faaslab.errors import InputError
from faaslab.runtime.durable.full import StoreFull
from faaslab.units import BYTES_PER_MB, seconds

MOST_BODY_BYTES = BYTES_PER_MB
# A receipt is one random number of 63 bits, whose first bit is set so that it always takes the same space.
RECEIPT_BITS = 62


class Message(NamedTuple):
    """One delivery. number: its place in the order of sending, from 0. receives: deliveries so far, this one included.
    attributes: names and texts that came with the body. Times are the store's, in ns."""

    id: str
    number: int
    body: str
    attributes: dict[str, str]
    sent_ns: int
    first_ns: int  # first received
    receives: int
    receipt: str


class DeadLetter(NamedTuple):
    """A message that has left for the dead-letter queue; number as in the queue that it left."""

    number: int
    sent_ns: int
    receives: int


class MessageQueue:
    """Made by Store.create_queue."""

    def __init__(self, store, id_, name):
        self.store = store
        self.name = name
        self.id = id_
        self.topic = ("queue", name)
        row = store.db.execute("SELECT max_receives, dead_letter, capacity_bytes FROM queues WHERE id = ?", (id_,))
        self.max_receives, self.dead_letter, self.capacity_bytes = row.fetchone()

    def configure(self, max_receives, dead_letter, capacity_mb):
        """Change its settings, also for the messages that it holds."""
        capacity_bytes = None if capacity_mb is None else int(capacity_mb * BYTES_PER_MB)
        if dead_letter == self.name:
            raise InputError(f"queue {self.name!r}, dead_letter: expected another queue than itself")
        if (max_receives, dead_letter, capacity_bytes) == (self.max_receives, self.dead_letter, self.capacity_bytes):
            return
        with self.store.writing() as db:
            db.execute(
                "UPDATE queues SET max_receives = ?, dead_letter = ?, capacity_bytes = ? WHERE id = ?",
                (max_receives, dead_letter, capacity_bytes, self.id),
            )
            spent = max_receives if dead_letter else 2**62
            db.execute("UPDATE messages SET last = receives >= ? WHERE queue = ?", (spent, self.id))
        self.max_receives, self.dead_letter, self.capacity_bytes = max_receives, dead_letter, capacity_bytes

    # --- senders -----------------------------------------------------------------------------------------------------

    def send(self, bodies: Sequence[str]) -> list[str]:
        """Store messages, all or none; returns their ids when they are safe. StoreFull where they have no room."""
        if not bodies:
            return []
        sizes = [_size(body, f"queue {self.name!r}, message {i}") for i, body in enumerate(bodies)]
        with self.store.sending() as db:
            if self.capacity_bytes is not None:
                (used,) = db.execute("SELECT bytes FROM queues WHERE id = ?", (self.id,)).fetchone()
                if used + sum(sizes) > self.capacity_bytes:
                    raise StoreFull(
                        f"queue {self.name!r}: expected room for {sum(sizes)} bytes, but {used} of its "
                        f"{self.capacity_bytes} are taken; nothing was stored"
                    )
            ids = self.insert(db, list(zip(bodies, sizes, strict=True)))
        self.store.tell(self.topic)
        return ids

    def insert(self, db, bodies, attributes=None) -> list[str]:
        """The same within a transaction, without limits; bodies: (text, bytes) pairs. The caller tells the topic."""
        now = self.store.now_ns()
        (first,) = db.execute("SELECT sent FROM queues WHERE id = ?", (self.id,)).fetchone()
        text = json.dumps(attributes) if attributes else None
        ids = [str(uuid.uuid4()) for _ in bodies]
        db.executemany(
            "INSERT INTO messages (queue, visible_ns, last, receives, receipt, first_ns, number, sent_ns, bytes, uuid, "
            "attributes, body) VALUES (?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (self.id, now, _new_receipt(), now, first + i, now, size, ids[i], text, body)
                for i, (body, size) in enumerate(bodies)
            ],
        )
        db.execute("UPDATE queues SET sent = sent + ? WHERE id = ?", (len(bodies), self.id))
        return ids

    # --- consumers ---------------------------------------------------------------------------------------------------

    def receive(self, limit: int, visibility_ns: int, most_bytes=None, overhead_bytes=0) -> list[Message]:
        """Up to `limit` visible messages, the longest visible first, which then are invisible for visibility_ns.
        most_bytes: of their bodies together, with overhead_bytes for each; one message comes whatever its size."""
        now = self.store.now_ns()
        rows = self.store.db.execute(
            "SELECT id, uuid, number, body, attributes, sent_ns, first_ns, receives, bytes FROM messages "
            "WHERE queue = ? AND visible_ns <= ? AND NOT last ORDER BY visible_ns, id LIMIT ?",
            (self.id, now, limit),
        ).fetchall()
        if not rows:
            return []
        messages, changes, size = [], [], 0
        for id_, name, number, body, attributes, sent_ns, first_ns, receives, bytes_ in rows:
            size += bytes_ + overhead_bytes
            if messages and most_bytes is not None and size > most_bytes:
                break
            receipt = _new_receipt()
            first_ns = first_ns if receives else now
            receives += 1
            last = self.dead_letter is not None and receives >= self.max_receives
            changes.append((now + visibility_ns, last, receives, receipt, first_ns, id_))
            given = json.loads(attributes) if attributes else {}
            messages.append(Message(name, number, body, given, sent_ns, first_ns, receives, f"{id_}-{receipt:x}"))
        with self.store.writing() as db:
            db.executemany(
                "UPDATE messages SET visible_ns = ?, last = ?, receives = ?, receipt = ?, first_ns = ? WHERE id = ?",
                changes,
            )
            db.execute("UPDATE queues SET received = received + ? WHERE id = ?", (len(changes), self.id))
        return messages

    def delete(self, receipts: Sequence[str]) -> list[bool]:
        """Delete messages; False for those that have been received again since, are gone or dead-lettered."""
        deleted = []
        with self.store.writing() as db:
            for receipt in receipts:
                id_, random = _read_receipt(receipt, self.name)
                found = db.execute(
                    "DELETE FROM messages WHERE id = ? AND queue = ? AND receipt = ?", (id_, self.id, random)
                )
                deleted.append(found.rowcount == 1)
            db.execute("UPDATE queues SET deleted = deleted + ? WHERE id = ?", (sum(deleted), self.id))
        return deleted

    def redrive(self) -> list[DeadLetter]:
        """Move what would become visible again after its last delivery to the dead-letter queue."""
        if self.dead_letter is None:
            return []
        now = self.store.now_ns()
        rows = self.store.db.execute(
            "SELECT id, number, sent_ns, receives FROM messages WHERE queue = ? AND visible_ns <= ? AND last "
            "ORDER BY visible_ns, id",
            (self.id, now),
        ).fetchall()
        if not rows:
            return []
        target = self.store.queue(self.dead_letter)
        with self.store.writing() as db:
            (first,) = db.execute("SELECT sent FROM queues WHERE id = ?", (target.id,)).fetchone()
            db.executemany(
                "UPDATE messages SET queue = ?, visible_ns = ?, last = 0, receives = 0, receipt = ?, number = ? "
                "WHERE id = ?",
                [(target.id, now, _new_receipt(), first + i, row[0]) for i, row in enumerate(rows)],
            )
            db.execute("UPDATE queues SET sent = sent + ? WHERE id = ?", (len(rows), target.id))
            db.execute("UPDATE queues SET dead = dead + ? WHERE id = ?", (len(rows), self.id))
        self.store.tell(target.topic)
        return [DeadLetter(number, sent_ns, receives) for _, number, sent_ns, receives in rows]

    # --- looking -----------------------------------------------------------------------------------------------------

    def visible(self, enough: int) -> int:
        """How many messages could be received, counted up to `enough`."""
        return self.store.db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM messages WHERE queue = ? AND visible_ns <= ? AND NOT last LIMIT ?)",
            (self.id, self.store.now_ns(), enough),
        ).fetchone()[0]

    def next_visible_ns(self, after_ns: int | None = None) -> int | None:
        """When the next message becomes visible after an instant of the store's clock, by default now."""
        return self.store.db.execute(
            "SELECT min(visible_ns) FROM messages WHERE queue = ? AND visible_ns > ?",
            (self.id, self.store.now_ns() if after_ns is None else after_ns),
        ).fetchone()[0]

    def counts(self) -> dict:
        """sent = visible + in_flight + done + dead. received counts deliveries; bytes are those of the bodies;
        waiting_s is how long the first message has been visible."""
        db, now = self.store.db, self.store.now_ns()
        bytes_, sent, received, deleted, dead = db.execute(
            "SELECT bytes, sent, received, deleted, dead FROM queues WHERE id = ?", (self.id,)
        ).fetchone()
        (in_flight,) = db.execute(
            "SELECT count(*) FROM messages WHERE queue = ? AND visible_ns > ?", (self.id, now)
        ).fetchone()
        (first,) = db.execute("SELECT min(visible_ns) FROM messages WHERE queue = ?", (self.id,)).fetchone()
        return {
            "visible": sent - deleted - dead - in_flight, "in_flight": in_flight, "sent": sent, "received": received,
            "done": deleted, "dead": dead, "bytes": bytes_,
            "waiting_s": 0.0 if first is None else max(0.0, seconds(now - first)),
        }  # fmt: skip

    def held(self) -> list[DeadLetter]:
        """Number, time of sending and deliveries of every message in it."""
        rows = self.store.db.execute(
            "SELECT number, sent_ns, receives FROM messages WHERE queue = ? ORDER BY number", (self.id,)
        )
        return [DeadLetter(*row) for row in rows]

    def peek(self, limit: int) -> list[dict]:
        """The first messages with body and attributes, without receiving them: for looking at dead letters."""
        rows = self.store.db.execute(
            "SELECT uuid, body, attributes, receives, sent_ns FROM messages WHERE queue = ? ORDER BY visible_ns, id "
            "LIMIT ?",
            (self.id, limit),
        )
        names = ("id", "body", "attributes", "receives", "sent_ns")
        return [dict(zip(names, row, strict=True)) | {"attributes": json.loads(row[2] or "{}")} for row in rows]


def _size(body, where):
    """Bytes of a body; InputError where it is not a text that a queue takes."""
    if not isinstance(body, str):
        raise InputError(f"{where}: expected a text, got {type(body).__name__}")
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise InputError(f"{where}: expected a text of Unicode characters, got a lone surrogate in it") from None
    if not 1 <= size <= MOST_BODY_BYTES:
        raise InputError(f"{where}: expected 1 to {MOST_BODY_BYTES} bytes, got {size}")
    return size


def _new_receipt():
    return secrets.randbits(RECEIPT_BITS) | 1 << RECEIPT_BITS


def _read_receipt(receipt, name):
    id_, _, random = str(receipt).partition("-")
    try:
        return int(id_), int(random, 16)
    except ValueError:
        raise InputError(f"queue {name!r}: expected the receipt of a delivery, got {receipt!r}") from None
