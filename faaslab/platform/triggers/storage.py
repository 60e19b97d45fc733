"""Storage: an object has changed; the notification comes at least once, so sometimes twice.

Chapter "Events". Each notification is an asynchronous event. With probability `duplicates` a second one follows after
`duplicate_after_s`: a handler that is not idempotent does its work twice. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html ("at least once"; it gives no
probability).
"""

from faaslab.errors import number
from faaslab.model.result import EventOutcome
from faaslab.platform.draws import uniform
from faaslab.platform.triggers.asynchronous import Asynchronous


class Storage(Asynchronous):
    """Changes at `times_s`. The ledger of messages has a row a change: it is done when one of its notifications is."""

    kind = "storage"

    def __init__(self, function, times_s, *, duplicates=0.0, duplicate_after_s=1.0, **options):
        super().__init__(function, times_s, **options)
        self.duplicates = number(duplicates, f"{self.name}, duplicates", minimum=0, maximum=1)
        self.duplicate_after_s = number(duplicate_after_s, f"{self.name}, duplicate_after_s", minimum=0)

    def begin(self):
        self._change_of = {}  # event -> change
        self._changes = {}  # change -> [sent, deliveries, notifications still to end, best outcome so far]
        super().begin()

    def arrived(self, change):
        twice = uniform(self.sim.seed, self.name, "duplicate", change) < self.duplicates
        self._changes[change] = [self.sim.env.now, 0, 1 + twice, None]
        if twice:
            self.pending += 1
            self.later(self.duplicate_after_s, lambda: self._second(change))
        self._notify(change)

    def _second(self, change):
        self.pending -= 1
        self._notify(change)

    def _notify(self, change):
        self._changes[change][1] += 1
        # The event may be over before `fire` returns (a throttled call), so its change is noted first.
        self._change_of[self._next_event] = change
        self.fire()

    def event_over(self, event, outcome):
        change = self._change_of.pop(event)
        state = self._changes[change]
        state[2] -= 1
        if state[3] != EventOutcome.DONE:
            state[3] = outcome
        if state[2] == 0:
            sent, deliveries, _, best = self._changes.pop(change)
            self.write_message(change, sent, deliveries, best)

    def cut(self):
        super().cut()
        for change, (sent, deliveries, _, _) in self._changes.items():
            self.write_message(change, sent, deliveries, EventOutcome.PENDING)
