"""HTTP: the caller waits for the answer, and an error is the caller's to deal with.

Chapter "Events". The platform never retries; the client may (`retries`, after `backoff_s` seconds each, doubling).
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html. Left out: the network between client and
platform.
"""

from faaslab.errors import number, whole
from faaslab.model.result import EventOutcome
from faaslab.platform.call import COMPLETED
from faaslab.platform.triggers.schedule import Schedule
from faaslab.platform.triggers.source import Source


class Http(Source):
    """Requests at `times_s`. An event is done when an attempt completes, and lost when the client gives up."""

    def __init__(self, function, times_s, *, retries=0, backoff_s=1.0, name=None):
        super().__init__(function, name or f"http of {function}")
        self.times_s = times_s
        self.retries = whole(retries, f"{self.name}, retries")
        self.backoff_s = number(backoff_s, f"{self.name}, backoff_s", minimum=0)

    def begin(self):
        self._open = {}  # event -> when it was created
        Schedule(self.sim, self.times_s, self.name, self._request)

    def _request(self, _):
        event = self.new_event()
        self._open[event] = self.sim.env.now
        self.submit(event)

    def over(self, call, outcome):
        if outcome != COMPLETED and call.attempt < self.retries:
            self.pending += 1
            self.later(self.backoff_s * 2**call.attempt, lambda: self._again(call))
            return
        ending = EventOutcome.DONE if outcome == COMPLETED else EventOutcome.LOST
        self.write_event(call.event, self._open.pop(call.event), call.attempt + 1, ending)

    def _again(self, call):
        self.pending -= 1
        self.submit(call.event, call.attempt + 1)

    def cut(self):
        attempts = self.attempts_so_far()
        for event, created in self._open.items():
            self.write_event(event, created, attempts.get(event, 0), EventOutcome.PENDING)
