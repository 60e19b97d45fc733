"""The control loop of an autoscaler: every tick, as many containers in each group as the policy wants.

Chapter "Autoscaling". Too few: new ones start where memory is unused (they evict nobody). Too many: containers drain,
idle ones first, then those still starting, then those with the fewest calls.
"""

from faaslab.model.decisions import Decision
from faaslab.model.policies import Autoscaler, implements
from faaslab.model.result import Cause
from faaslab.platform.order import TICK, Alarm
from faaslab.units import ns


class Scaling:
    def __init__(self, sim):
        self.sim = sim
        self.policy = sim.platform.autoscaler
        self.pauses = "tick" in sim.pause_at
        self._wakes = self.policy is not None and implements(self.policy, Autoscaler, "on_waiting")
        if self.policy is not None and self.policy.tick_s:
            self._period = ns(self.policy.tick_s)
            sim.schedule(Alarm(self._tick), TICK, self._period)

    def begin(self):
        """The containers that stand ready when the run begins."""
        if self.policy is None:
            return
        for group in self.sim.groups:
            for _ in range(self.policy.initial):
                self._add(group, ready=True)

    def _tick(self):
        self.sim.schedule(Alarm(self._tick), TICK, self._period)
        if self.sim.notify is not None:
            self.sim.notify(self.sim.env.now, "tick", None)
        for group in self.sim.groups:
            if self.pauses:
                self.sim.decisions.append(Decision("tick", self.sim, group=group))
            else:
                self.adjust(group, self.policy.desired(group, self.sim.now_s))

    def wake(self, group):
        """A call waits and the group has no container: start what the policy wants at once. Returns the first, or
        None."""
        if self._wakes:
            for _ in range(self.policy.on_waiting(group, self.sim.now_s)):
                self._add(group)
        return next(iter(group.containers), None)

    def adjust(self, group, wanted):
        """Start or drain containers until the group has `wanted`."""
        while len(group.containers) < wanted and self._add(group):
            pass
        surplus = len(group.containers) - wanted
        if surplus > 0:
            # Among the idle the pool's order is the order of use, which the stable sort keeps.
            order = {container: i for i, container in enumerate(group.pool[0])}
            rank = lambda c: (0, order[c]) if c in order else (1, -c.id) if c.ready < 0 else (2, c.calls)  # noqa: E731
            for container in sorted(group.containers, key=rank)[:surplus]:
                self.sim.lifecycle.drain(container)
            self.sim.binding.retry(None)

    def _add(self, group, ready=False):
        deployed = self.sim.deployed[group.functions[0].name]
        invoker = self.sim.placing.room(deployed, evict=False)
        if invoker is None:
            self.sim.note("containers wanted by the autoscaler without room")
            return False
        if ready:
            self.sim.lifecycle.ready_ahead(group, deployed, invoker, Cause.AUTOSCALER)
        else:
            self.sim.lifecycle.start(group, deployed, invoker, Cause.AUTOSCALER)
        return True
