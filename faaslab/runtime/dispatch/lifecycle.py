"""The life of a container: started, ready, idle, expired, evicted, or dead by itself.

Chapter "Cold and warm starts". The rules of keep-alive, pre-warming and eviction are on the book's page of the
semantics.
"""

from faaslab.errors import InputError
from faaslab.model.policies import Keep, KeepAlive, implements
from faaslab.model.result import Cause, Gone, Outcome
from faaslab.runtime.dispatch.clock import EXPIRY, READY
from faaslab.runtime.dispatch.container import GONE, STARTING, Container
from faaslab.runtime.dispatch.container import READY as IS_READY
from faaslab.units import ns


class Lifecycle:
    def __init__(self, dispatcher):
        self.dispatcher = dispatcher
        self.clock = dispatcher.clock
        self.machine = dispatcher.machine
        self.keep_alive = dispatcher.settings.keep_alive
        self.owns_count = dispatcher.settings.owns_count
        self._on_gone = self.keep_alive.on_gone if implements(self.keep_alive, KeepAlive, "on_gone") else None
        self._count = 0
        self.alive = {}  # all containers that are not gone

    # --- starting ----------------------------------------------------------------------------------------------------

    def room(self, group, evict=True):
        """Whether there is room for a container of the group, after evictions where they are needed and allowed."""
        if evict:
            return self.machine.make_room(group.memory, self.keep_alive.eviction_key, self.end)
        return group.memory <= self.machine.memory - self.machine.used

    def start(self, group, cause, call=None):
        """Begin a start of a container for `group`, for which there is room."""
        container = Container(self._count, group, cause, self.clock.now)
        self._count += 1
        container.caller = call
        container.provisioned = cause == Cause.PROVISIONED
        self.machine.used += container.memory
        self.alive[container] = None
        self.dispatcher.ledger.began(container)
        group.containers[container] = None
        group.starting += 1
        self.dispatcher.order(self._begin_start, container)
        return container

    def _begin_start(self, container):
        if container.state != STARTING:
            return  # given up within the event that began it
        container.asked = True
        self.dispatcher.host.start(container)
        limit = container.group.start_limit
        if limit is not None and container.state == STARTING:
            container.start_limit = self.dispatcher.alarm(
                lambda: self._start_timed_out(container), READY, container.created + limit
            )

    def ready(self, container, phases_ns):
        """The start is over, after so many ns in each of its four phases; the last takes what is left of the start, so
        that they add up."""
        *first, _ = (int(phase) for phase in phases_ns)
        container.phases = (*first, max(0, self.clock.now - container.created - sum(first)))
        container.state = IS_READY
        container.ready = self.clock.now
        container.group.starting -= 1
        if container.start_limit is not None:
            container.start_limit.cancel()
        container.group.pool[container] = None

    def _start_timed_out(self, container):
        if container.state != STARTING:
            return
        call = container.caller
        self.end(container, Gone.START_TIMED_OUT)
        if call is not None and call.waiting and call.trigger is container:
            call.failed_start = container
            container.group.leave(call)
            self.dispatcher.close(call, Outcome.TIMED_OUT)
        self.dispatcher.binding.start_failed(container.group)

    # --- idling ------------------------------------------------------------------------------------------------------

    def idle(self, container):
        """The container is ready and has no call: hold it for eviction and ask keep-alive how long it stays."""
        if container.draining:
            self.end(container, Gone.DRAINED)
            return
        now = self.clock.now
        container.idle_since = now
        self.machine.hold_idle(container)
        if self.owns_count or container.provisioned:
            return
        group = container.group
        keep, container.keep = container.keep, None
        if keep is None:
            keep = self.keep_alive.on_idle(container, group, self.clock.now_s)
        if not isinstance(keep, Keep):
            policy = type(self.keep_alive).__name__
            raise InputError(f"keep-alive policy {policy}, on_idle: expected a Keep, got {keep!r}")
        self._expire_after(container, keep.keep_ns)
        if keep.whole_group:
            for other in group.pool:
                if not other.provisioned:
                    self._expire_after(other, keep.keep_ns)
        if keep.prewarm_after_s is not None and not group.running and not group.waiting:
            self._prewarm_later(group, keep)

    def _expire_after(self, container, keep_ns):
        if keep_ns is None:
            container.expires = None
            return
        container.expires = self.clock.now + keep_ns
        if container.rings is None or container.rings > container.expires:
            self._ring_at(container, container.expires)

    def _ring_at(self, container, at_ns):
        """Its alarms are not cancelled when a call comes, but asked when they ring whether they still mean anything."""
        container.rings = at_ns
        self.dispatcher.alarm(lambda: self._on_ring(container, at_ns), EXPIRY, at_ns)

    def _on_ring(self, container, at_ns):
        if container.rings != at_ns or container.state == GONE:
            return
        container.rings = None
        if container.call is not None or container.expires is None:
            return
        if container.expires > self.clock.now:
            self._ring_at(container, container.expires)
            return
        self.end(container, Gone.EXPIRED)
        self.dispatcher.binding.retry()

    def expire_overdue(self, group):
        """End what should have ended before now: on a busy machine an alarm rings late, and a call must not meet it."""
        now = self.clock.now
        for container in [c for c in group.pool if c.expires is not None and c.expires < now and not c.provisioned]:
            self._on_ring(container, container.rings)

    # --- pre-warming -------------------------------------------------------------------------------------------------

    def _prewarm_later(self, group, keep):
        self.cancel_prewarm(group)
        at_ns = self.clock.now + ns(keep.prewarm_after_s)
        group.prewarm = self.dispatcher.alarm(lambda: self._prewarm(group, keep.prewarm_keep_s), EXPIRY, at_ns)

    def cancel_prewarm(self, group):
        if group.prewarm is not None:
            group.prewarm.cancel()
            group.prewarm = None

    def _prewarm(self, group, keep_s):
        group.prewarm = None
        if group.containers:
            return
        if not self.room(group, evict=False):
            self.dispatcher.note("prewarms without room")
            return
        self.start(group, Cause.PREWARM).keep = Keep(keep_s)

    # --- ending ------------------------------------------------------------------------------------------------------

    def drain(self, container):
        """Take the container out of service: it ends as soon as no call is in it."""
        if container.call is None:
            self.end(container, Gone.DRAINED)
            return
        container.group.containers.pop(container, None)
        container.draining = True

    def end(self, container, why, alive=True):
        """The container is gone: its memory is free, its row is written. alive: its process is still to be killed."""
        group = container.group
        if container.state == STARTING:
            group.starting -= 1
            if container.start_limit is not None:
                container.start_limit.cancel()
        elif container.call is None:
            self.machine.release_idle(container)
            group.pool.pop(container, None)
        container.state = GONE
        container.gone = self.clock.now
        container.gone_why = int(why)
        group.containers.pop(container, None)
        self.machine.used -= container.memory
        del self.alive[container]
        self.dispatcher.ledger.container(container)
        if alive:
            self.dispatcher.order(self._end_process, container)
        if self._on_gone is not None:
            self._on_gone(container, group, self.clock.now_s, why == Gone.EVICTED)

    def _end_process(self, container):
        if container.asked:
            self.dispatcher.host.end(container)
