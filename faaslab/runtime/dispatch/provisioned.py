"""Provisioned concurrency: containers that always stand ready, started at the deployment and again when they die.

They may evict idle containers of others. The pause before a container is started again grows with each death and is
forgotten when one of them has completed a call, so that a function that cannot start does not keep the machine busy.
Left out: schedules of provisioned concurrency.
"""

from faaslab.model.result import Cause
from faaslab.runtime.dispatch.clock import EXPIRY
from faaslab.units import NS_PER_S

FIRST_PAUSE_NS, LONGEST_PAUSE_NS = NS_PER_S // 10, 60 * NS_PER_S


class Provisioned:
    def __init__(self, dispatcher):
        self.dispatcher = dispatcher
        self.lifecycle = dispatcher.lifecycle
        self._pause = {}  # group -> ns before its next start

    def fill(self, group):
        """Start what is missing; where there is no room, try again later."""
        if self.dispatcher.groups.get(group.name) is not group:
            return  # removed meanwhile
        wanted = group.deployment.provisioned - sum(c.provisioned for c in group.containers)
        for _ in range(wanted):
            if not self.lifecycle.room(group):
                self.dispatcher.note("provisioned containers without room")
                self._later(group)
                return
            self.lifecycle.start(group, Cause.PROVISIONED)

    def lost(self, container):
        """The container has died, or its start has failed."""
        if container.provisioned:
            self._later(container.group)

    def served(self, container):
        """A call has completed in the container."""
        if container.provisioned and self._pause:
            self._pause.pop(container.group, None)

    def _later(self, group):
        pause = self._pause.get(group, FIRST_PAUSE_NS)
        self._pause[group] = min(2 * pause, LONGEST_PAUSE_NS)
        self.dispatcher.alarm(lambda: self.fill(group), EXPIRY, self.dispatcher.clock.now + pause)
