"""The control loop of an autoscaler: every tick, as many containers of each function as the policy wants.

Chapter "Autoscaling". Too few: new ones start where memory is unused (they evict nobody). Too many: containers drain,
idle ones first, then those still starting, then the busy ones.
"""

from faaslab.model.policies import Autoscaler, implements
from faaslab.model.result import Cause
from faaslab.runtime.dispatch.clock import TICK
from faaslab.units import ns


class Scaling:
    def __init__(self, dispatcher):
        self.dispatcher = dispatcher
        self.lifecycle = dispatcher.lifecycle
        self.policy = dispatcher.settings.autoscaler
        self._wakes = self.policy is not None and implements(self.policy, Autoscaler, "on_waiting")
        self._alarm = None
        self.begin()

    def begin(self):
        """The control loop begins now, anew where it ran."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self.policy is not None and self.policy.tick_s:
            self._due = self.dispatcher.clock.now
            self._next()

    def _next(self):
        period = ns(self.policy.tick_s)
        self._due += period
        if self._due <= self.dispatcher.clock.now:  # the machine slept
            self._due = self.dispatcher.clock.now + period
        self._alarm = self.dispatcher.alarm(self._tick, TICK, self._due)

    def _tick(self):
        self._next()
        for group in list(self.dispatcher.groups.values()):
            self.adjust(group, self.policy.desired(group, self.dispatcher.clock.now_s))

    def stand_ready(self, group):
        """The containers that a function has from its beginning."""
        for _ in range(self.policy.initial if self.policy is not None else 0):
            self._add(group)

    def wake(self, group):
        """A call waits and the group has no container: start what the policy wants at once. Returns the first, or
        None."""
        if self._wakes:
            for _ in range(self.policy.on_waiting(group, self.dispatcher.clock.now_s)):
                self._add(group)
        return next(iter(group.containers), None)

    def adjust(self, group, wanted):
        """Start or drain containers until the group has `wanted`."""
        while len(group.containers) < wanted and self._add(group):
            pass
        surplus = len(group.containers) - wanted
        if surplus > 0:
            # Among the idle the pool's order is the order of use, which the stable sort keeps.
            order = {container: i for i, container in enumerate(group.pool)}
            rank = lambda c: (0, order[c]) if c in order else (1, -c.id) if c.ready < 0 else (2, 0)  # noqa: E731
            for container in sorted(group.containers, key=rank)[:surplus]:
                self.lifecycle.drain(container)
            self.dispatcher.binding.retry()

    def _add(self, group):
        if not self.lifecycle.room(group, evict=False):
            self.dispatcher.note("containers wanted by the autoscaler without room")
            return False
        self.lifecycle.start(group, Cause.AUTOSCALER)
        return True
