"""Asynchronous calls: the caller goes on at once, the platform retries, and what fails for good goes to a dead-letter
queue.

Chapter "Events". An attempt that ends in an error is repeated after one minute and again after two; one that is
throttled goes back to the platform's queue and is tried again after 1, 2, 4, ... seconds, at most five minutes, until
it is six hours old. Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. Left
out: the delay of the queue.
"""

from faaslab.errors import InputError, number, whole
from faaslab.model.result import EventOutcome
from faaslab.platform.call import COMPLETED, FAILED, TIMED_OUT
from faaslab.platform.triggers.schedule import Schedule
from faaslab.platform.triggers.source import Source
from faaslab.units import ns

FIRST_BACKOFF_S, LAST_BACKOFF_S = 1.0, 300.0


class Asynchronous(Source):
    """Events at `times_s`. retries: after errors; waits_s: seconds before each retry (the last repeats); max_age_s:
    older events are given up. dead_letter: whether what is given up is kept (dead-lettered) or lost."""

    kind = "asynchronous"

    def __init__(
        self, function, times_s, *, retries=2, waits_s=(60.0, 120.0), max_age_s=21_600.0, dead_letter=True, name=None
    ):
        super().__init__(function, name or f"{self.kind} of {function}")
        self.times_s = times_s
        self.retries = whole(retries, f"{self.name}, retries")
        self.waits_s = tuple(number(wait, f"{self.name}, waits_s", minimum=0) for wait in waits_s)
        if self.retries and not self.waits_s:
            raise InputError(f"{self.name}, waits_s: expected at least one wait for {self.retries} retries, got none")
        self.max_age_s = number(max_age_s, f"{self.name}, max_age_s", above=0)
        self.dead_letter = bool(dead_letter)

    def begin(self):
        self._open = {}  # event -> (when it was created, errors so far, throttles so far)
        Schedule(self.sim, self.times_s, self.name, self.arrived)

    def arrived(self, number_of_arrival):
        """Something has happened outside: one event."""
        self.fire()

    def fire(self):
        """A new event, called for the first time now; returns its number."""
        event = self.new_event()
        self._open[event] = (self.sim.env.now, 0, 0)
        self.submit(event)
        return event

    def over(self, call, outcome):
        created, errors, throttles = self._open[call.event]
        if outcome == COMPLETED:
            self._close(call, created, EventOutcome.DONE)
            return
        if outcome in (FAILED, TIMED_OUT):
            errors += 1
            wait = self.waits_s[min(errors, len(self.waits_s)) - 1] if errors <= self.retries else None
        else:
            throttles += 1
            wait = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(throttles - 1, 30))
        too_old = wait is not None and self.sim.env.now + ns(wait) - created > ns(self.max_age_s)
        if wait is None or too_old:
            self._close(call, created, EventOutcome.DEAD_LETTERED if self.dead_letter else EventOutcome.LOST)
            return
        self._open[call.event] = (created, errors, throttles)
        self.pending += 1
        self.later(wait, lambda: self._again(call))

    def _again(self, call):
        self.pending -= 1
        self.submit(call.event, call.attempt + 1)

    def _close(self, call, created, outcome):
        del self._open[call.event]
        self.write_event(call.event, created, call.attempt + 1, outcome)
        self.event_over(call.event, outcome)

    def event_over(self, event, outcome):
        """The event has its outcome; for triggers that follow more than events."""

    def cut(self):
        attempts = self.attempts_so_far()
        for event, (created, _, _) in self._open.items():
            self.write_event(event, created, attempts.get(event, 0), EventOutcome.PENDING)
