"""A source of calls: the part that all triggers share.

A source submits attempts and hears how each ended. An event is what it wants done; one event may take several attempts.
A source whose events are not one attempt each writes them into the ledger of events.
"""

from faaslab.errors import InputError
from faaslab.model.result import EventOutcome
from faaslab.platform.call import Call
from faaslab.platform.order import ARRIVAL, Alarm
from faaslab.units import ns


class Source:
    """Subclasses define `begin()` and, where the outcome of an attempt matters to them, `over(call, outcome)`.

    A source object describes; `attach` makes the copy of its state for one run. `pending` counts what it still wants to
    submit without any further outside arrival (a drained run waits for it).
    """

    pending = 0

    def __init__(self, function: str, name: str):
        self.function = function
        self.name = name

    def attach(self, sim, index):
        """Join a run: called once, before it begins."""
        self.sim = sim
        self.index = index
        self.pending = 0
        if self.function not in sim.deployed:
            raise InputError(f"{self.name}: expected one of the deployed functions, got {self.function!r}")
        self.deployed = sim.deployed[self.function]
        self._draws = self.deployed.draws(self.name)
        self._rows = iter(self._draws)
        self._next_event = 0
        self._attempts = {}  # event -> attempts submitted, for events that may have several

    def begin(self):
        """Schedule what comes first."""
        raise AssertionError(f"{type(self).__name__} does not say how it begins")

    def over(self, call, outcome):
        """An attempt of this source has ended and the platform has dealt with it: the next may be submitted at once."""

    def cut(self):
        """The run has reached its horizon: write what is still open into the ledgers."""

    def new_event(self):
        """The number of the next event of this source."""
        event = self._next_event
        self._next_event += 1
        return event

    def submit(self, event, attempt=0, batch=-1, draw=None):
        """Call the function now. draw: what chance decides about the attempt, where the source has put it together
        itself."""
        if draw is None:
            draw = self.draw(event, attempt)
        self._attempts[event] = attempt + 1
        call = Call(self.sim.next_id(), self.deployed, self, event, self.sim.env.now, draw)
        call.attempt = attempt
        call.batch = batch
        self.sim.arrive(call)

    def draw(self, ordinal, attempt):
        """What chance decides about an attempt; first attempts are asked for once each, in the order of their
        ordinals."""
        return next(self._rows) if attempt == 0 else self._draws.attempt(ordinal, attempt)

    def later(self, delay_s, act):
        """Do `act` after delay_s seconds, in the order of arrivals."""
        self.sim.schedule(Alarm(act), ARRIVAL, ns(delay_s))

    def later_ns(self, delay_ns, act):
        """The same with whole nanoseconds."""
        self.sim.schedule(Alarm(act), ARRIVAL, delay_ns)

    def attempts_so_far(self):
        """event -> attempts submitted, of the events that have no outcome yet."""
        return self._attempts

    def write_event(self, event, created, attempts, outcome: EventOutcome):
        """The event is over (or, with PENDING, still open at the horizon)."""
        if outcome != EventOutcome.PENDING:
            self._attempts.pop(event, None)
        ended = -1 if outcome == EventOutcome.PENDING else self.sim.env.now
        self.sim.ledger.events.append((self.index, event, created, ended, attempts, int(outcome)))

    def write_message(self, message, sent, deliveries, outcome: EventOutcome):
        """The message is over (or, with PENDING, still open at the horizon)."""
        ended = -1 if outcome == EventOutcome.PENDING else self.sim.env.now
        self.sim.ledger.messages.append((self.index, message, sent, ended, deliveries, int(outcome)))
