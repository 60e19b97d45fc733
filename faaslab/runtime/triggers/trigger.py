"""Trigger: what makes something that happens outside call a function.

Chapter "A cloud on your laptop". A trigger is a description (a dataclass); its runner does the work, in the
controller's loop, until it is cancelled. A cancelled runner loses nothing: what it had not finished is in the store.
Times and numbers in the ledgers are those of the measurement under way, as the platform's clock tells them. Left out:
filters of events, several versions of a function.
"""

import json
from dataclasses import MISSING, asdict, fields
from typing import ClassVar, Protocol

from faaslab.errors import InputError, member
from faaslab.model.result import EventOutcome


class Platform(Protocol):
    """What a runner needs of the platform. `store` is a faaslab.runtime.durable.store.Store."""

    store: object

    def now_ns(self) -> int:
        """Nanoseconds since the beginning of the measurement."""

    async def invoke(self, function, payload: bytes, *, source, event=None, attempt=0, batch=-1):
        """The call when it is over: `outcome` (model.result.Outcome), `reply` (bytes: what the handler returned, or
        the error), `request_id`. InputError where there is no such function."""

    def asynchronous(self, function, payload: bytes, source=None) -> str:
        """Store an event for an asynchronous call; returns its request id."""

    def event(self, source, event, created_ns, ended_ns, attempts, outcome: EventOutcome):
        """A row for the ledger of events."""

    def message(self, source, message, sent_ns, ended_ns, deliveries, outcome: EventOutcome):
        """A row for the ledger of messages."""


class Trigger:
    """Base of the descriptions: frozen dataclasses with a `kind`, a `function` and a `name`."""

    kind: ClassVar[str]
    kinds: ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        Trigger.kinds[cls.kind] = cls

    def runner(self, platform: Platform) -> "Runner":
        """What does the work of this trigger; InputError where the platform cannot."""
        raise AssertionError(f"{type(self).__name__} does not say what runs it")

    def to_dict(self) -> dict:
        """{"kind": ..., fields}: what `from_dict` reads."""
        return {"kind": self.kind} | asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @staticmethod
    def from_json(text: str | bytes) -> "Trigger":
        """The trigger that {"kind": ..., fields} describes; InputError names what is wrong with it."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise InputError(f"trigger: expected JSON, got {text[:40]!r} ({error})") from None
        return Trigger.from_dict(given)

    @staticmethod
    def from_dict(given: dict) -> "Trigger":
        """The same of what the JSON says."""
        if not isinstance(given, dict):
            raise InputError(f"trigger: expected an object with a kind, got {given!r}")
        given = dict(given)
        cls = Trigger.kinds[member(given.pop("kind", None), "trigger, kind", tuple(Trigger.kinds))]
        allowed = {field.name: field for field in fields(cls)}
        for name in given:
            member(name, f"field of a trigger of kind {cls.kind!r}", tuple(allowed))
        needed = [n for n, field in allowed.items() if field.default is MISSING and field.default_factory is MISSING]
        missing = [name for name in needed if name not in given]
        if missing:
            raise InputError(f"trigger of kind {cls.kind!r}: expected {', '.join(needed)}; {missing[0]} is missing")
        if not isinstance(given["function"], str):
            raise InputError(f"trigger of kind {cls.kind!r}, function: expected a name, got {given['function']!r}")
        return cls(**given)


class Runner:
    """Base of the runners. `measure` begins a new measurement: numbers in the ledgers start again at 0, and what was
    there before has no row."""

    def __init__(self, trigger, platform: Platform):
        self.trigger = trigger
        self.platform = platform
        self.failures = 0  # of the platform or the store, not of the function
        self.last_failure = None
        self._next_event = 0

    async def run(self):
        """Work until cancelled."""
        raise AssertionError(f"{type(self).__name__} does not say what it does")

    def stats(self) -> dict:
        return {"failures": self.failures, "last_failure": self.last_failure}

    def measure(self):
        """A new measurement begins now."""
        self._next_event = 0

    def pending(self):
        """What is not over: arguments for `platform.event` and `platform.message` as two lists, with ended_ns -1."""
        return [], []

    def new_event(self) -> int:
        """The number of the next event of this source."""
        self._next_event += 1
        return self._next_event - 1

    def since_zero(self, stored_ns: int) -> int:
        """The platform's time of an instant of the store's clock."""
        return self.platform.now_ns() - (self.platform.store.now_ns() - stored_ns)

    def note(self, failure: Exception):
        """Something beside the function did not work; it will be tried again."""
        self.failures += 1
        self.last_failure = f"{type(failure).__name__}: {failure}"


def name_or(name, default, where):
    """`name`, or the default where it is None; InputError where it is not a text that may stand in a URL's path."""
    name = default if name is None else name
    if not isinstance(name, str) or not name or "/" in name or len(name) > 128 or not name.isprintable():
        raise InputError(f"{where}: expected 1 to 128 printable characters without '/', got {name!r}")
    return name


def dead_letter_queue(given, name, where):
    """The name of the queue for what is given up: None and True stand for one of its own, False for none."""
    if given is False:
        return None
    return name_or(None if given is True else given, f"{name}-dead-letters", where)
