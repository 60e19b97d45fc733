"""A closed loop: a number of users who call, wait for the answer, think, and call again.

Chapter "Autoscaling". Load falls when answers are slow, which open arrivals never do. Each event is one attempt;
whatever its outcome, the user thinks and goes on. Source: the interactive system of every book on queueing.
"""

from faaslab.durations import Constant, Duration
from faaslab.errors import number, whole
from faaslab.model.result import EventOutcome
from faaslab.platform.call import COMPLETED
from faaslab.platform.triggers.source import Source
from faaslab.streams import stream

THOUGHTS_PER_CHUNK = 64


class ClosedLoop(Source):
    """`users` users with `think` seconds (a number or a Duration) between an answer and the next call; all begin by
    thinking."""

    def __init__(self, function, users, think: Duration | float, *, name=None):
        super().__init__(function, name or f"closed loop of {function}")
        self.users = whole(users, f"{self.name}, users", minimum=1)
        self.think = think if hasattr(think, "sample") else Constant(number(think, f"{self.name}, think", minimum=0))

    def begin(self):
        self._user_of = {}
        self._created = {}
        self._thoughts = [self._thinking(user) for user in range(self.users)]
        for user in range(self.users):
            self._think(user)

    def _thinking(self, user):
        rng = stream(self.sim.seed, self.name, "think", user)
        while True:
            yield from self.think.sample(rng, THOUGHTS_PER_CHUNK).tolist()

    def _think(self, user):
        self.later(next(self._thoughts[user]), lambda: self._call(user))

    def _call(self, user):
        if self.sim.finished:
            return
        event = self.new_event()
        self._user_of[event] = user
        self._created[event] = self.sim.env.now
        self.submit(event)

    def over(self, call, outcome):
        done = EventOutcome.DONE if outcome == COMPLETED else EventOutcome.LOST
        self.write_event(call.event, self._created.pop(call.event), 1, done)
        self._think(self._user_of.pop(call.event))

    def cut(self):
        for event, created in self._created.items():
            self.write_event(event, created, 1, EventOutcome.PENDING)
