"""Backlog: the asynchronous events that have been accepted and are not over.

Chapter "A cloud on your laptop". An event is due at once, in flight while an attempt is under way, and due again after
a wait. The attempt is counted before it begins, so that none runs unseen. Source: AWS Lambda developer guide,
"How Lambda handles errors and retries with asynchronous invocation".
"""

import uuid
from typing import NamedTuple

from faaslab.runtime.durable.schema import IN_FLIGHT_NS


class Event(NamedTuple):
    """number: of the event within its source. attempts: begun so far, the one under way included. created_ns: the
    store's clock."""

    id: int
    source: str
    request_id: str
    number: int
    created_ns: int
    attempts: int
    errors: int
    throttles: int
    payload: bytes


class Backlog:
    """The events of one function in a store."""

    def __init__(self, store, function):
        self.store = store
        self.function = function
        self.topic = ("events", function)

    def add(self, payload: bytes, source: str) -> str:
        """Store an event; returns its request id when it is safe. StoreFull where it has no room."""
        now, request_id = self.store.now_ns(), str(uuid.uuid4())
        with self.store.sending() as db:
            number = self.count(source)
            db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (source, number + 1))
            db.execute(
                "INSERT INTO events (function, due_ns, created_ns, attempts, errors, throttles, source, "
                "request_id, number, payload) VALUES (?, ?, ?, 0, 0, 0, ?, ?, ?, ?)",
                (self.function, now, now, source, request_id, number, payload),
            )
        self.store.tell(self.topic)
        return request_id

    def count(self, source: str) -> int:
        """Events of the source so far."""
        row = self.store.db.execute("SELECT events FROM sources WHERE name = ?", (source,)).fetchone()
        return row[0] if row else 0

    def counts(self) -> dict[str, int]:
        """Events so far, of every source."""
        return dict(self.store.db.execute("SELECT name, events FROM sources"))

    def begin(self, limit: int) -> list[Event]:
        """Begin an attempt of up to `limit` events that are due, the longest due first."""
        rows = self.store.db.execute(
            "SELECT id, source, request_id, number, created_ns, attempts + 1, errors, throttles, payload FROM events "
            "WHERE function = ? AND due_ns <= ? ORDER BY due_ns, id LIMIT ?",
            (self.function, self.store.now_ns(), limit),
        ).fetchall()
        if rows:
            with self.store.writing() as db:
                db.executemany(
                    "UPDATE events SET due_ns = ?, attempts = attempts + 1 WHERE id = ?",
                    [(IN_FLIGHT_NS, row[0]) for row in rows],
                )
        return [Event(*row) for row in rows]

    def resume(self):
        """What is in flight is due: whoever began those attempts has ended."""
        with self.store.writing() as db:
            db.execute(
                "UPDATE events SET due_ns = ? WHERE function = ? AND due_ns = ?",
                (self.store.now_ns(), self.function, IN_FLIGHT_NS),
            )

    def again(self, event: Event, wait_ns: int, errors: int, throttles: int):
        """The event is due again after a wait."""
        with self.store.writing() as db:
            db.execute(
                "UPDATE events SET due_ns = ?, errors = ?, throttles = ? WHERE id = ?",
                (self.store.now_ns() + wait_ns, errors, throttles, event.id),
            )

    def done(self, event: Event, dead_letter=None):
        """The event is over. dead_letter: (queue, attributes) where its payload goes in the same transaction."""
        with self.store.writing() as db:
            db.execute("DELETE FROM events WHERE id = ?", (event.id,))
            if dead_letter is not None:
                queue, attributes = dead_letter
                queue.insert(db, [(event.payload.decode(), len(event.payload))], attributes)
        if dead_letter is not None:
            self.store.tell(queue.topic)

    def next_due_ns(self) -> int | None:
        """When the next event is due, on the store's clock; None where all are in flight."""
        return self.store.db.execute(
            "SELECT min(due_ns) FROM events WHERE function = ? AND due_ns < ?", (self.function, IN_FLIGHT_NS)
        ).fetchone()[0]

    def waiting(self) -> int:
        """Events that are not over."""
        return self.store.db.execute("SELECT count(*) FROM events WHERE function = ?", (self.function,)).fetchone()[0]

    def held(self) -> list[Event]:
        """The events that are not over, without their payloads."""
        rows = self.store.db.execute(
            "SELECT id, source, request_id, number, created_ns, attempts, errors, throttles, x'' FROM events "
            "WHERE function = ? ORDER BY id",
            (self.function,),
        )
        return [Event(*row) for row in rows]
