"""Late binding: one queue; a waiting call goes to whichever container is ready first.

On arrival: a warm container, else room and, if needed, an eviction, else the queue, else rejection. Within a function
calls are served in the queueing policy's order; a blocked function does not block others.
"""

from faaslab.model.policies import Autoscaler, implements
from faaslab.model.result import Cause, Outcome, Start
from faaslab.runtime.dispatch.clock import TICK
from faaslab.units import ns

WARM, PREWARMED, COLD, JOINED = (int(s) for s in (Start.WARM, Start.PREWARMED, Start.COLD, Start.JOINED))


class Binding:
    def __init__(self, dispatcher):
        self.dispatcher = dispatcher
        self.lifecycle = dispatcher.lifecycle
        settings = dispatcher.settings
        self.queue_limit = settings.queue_limit
        self.owns_count = settings.owns_count
        scaler = settings.autoscaler
        self._may_start = scaler.may_start if scaler and implements(scaler, Autoscaler, "may_start") else None
        self._waits = getattr(scaler, "waits", False)
        self._ask_again_s = getattr(scaler, "ask_again_s", None)
        self._asking = False  # a retry is scheduled because the scaling rate said no
        self.blocked = {}  # groups whose waiting calls something else than a start under way may serve
        self._retrying = False

    # --- arrival -----------------------------------------------------------------------------------------------------

    def arrive(self, call):
        """Serve an admitted call, start a container for it, let it wait, or turn it away."""
        group = call.group
        if not group.waiting or group.would_be_first(call):
            container = group.pick()
            if container is not None:
                self.dispatcher.begin(call, container, WARM if container.uses else PREWARMED)
                return
        if self.owns_count:
            self._wait_for_scaler(call, group)
        elif group.starting > group.waiting:
            self._wait_for_start(call, group)  # it joins one that is under way
        elif self._too_fast(group):
            if self._waits:
                self._queue(call, group)
            else:
                self.dispatcher.close(call, Outcome.THROTTLED)
        elif not self._start_for(call):
            self._queue(call, group)

    def _too_fast(self, group):
        """Whether there would be room for a container, and the scaling rate does not allow it."""
        if self._may_start is None or group.memory > self.dispatcher.machine.most_room:
            return False
        if self._may_start(group, self.dispatcher.clock.now_s):
            return False
        if self._ask_again_s is not None and not self._asking:
            self._asking = True
            self.dispatcher.alarm(self._ask_again, TICK, self.dispatcher.clock.now + ns(self._ask_again_s))
        return True

    def _ask_again(self):
        self._asking = False
        self.retry()

    def _start_for(self, call):
        """Start a container for the call; False where there is no room."""
        if not self.lifecycle.room(call.group):
            return False
        self.dispatcher.hold(call)
        call.trigger = self.lifecycle.start(call.group, Cause.CALL, call)
        if not call.waiting:
            self._wait_for_start(call, call.group)
        return True

    def _wait_for_start(self, call, group):
        self.dispatcher.hold(call)
        group.enqueue(call)

    def _wait_for_scaler(self, call, group):
        woken = None if group.containers else self.dispatcher.scaling.wake(group)
        if group.starting > group.waiting:
            self._wait_for_start(call, group)
        elif not self._queue(call, group):
            return
        if woken is not None:
            call.trigger = woken
            woken.caller = call

    def _queue(self, call, group):
        if self.queue_limit is not None and self.queued() >= self.queue_limit:
            self.dispatcher.close(call, Outcome.REJECTED)
            return False
        group.enqueue(call)
        self.blocked[group] = None
        return True

    def queued(self):
        """Waiting calls for which no start is under way."""
        return sum(max(0, group.uncovered) for group in self.blocked)

    # --- what happens to containers ----------------------------------------------------------------------------------

    def freed(self, container):
        """A call has left the container."""
        self.dispatch(container.group)
        if container.call is None:
            self.lifecycle.idle(container)
        self.retry()

    def ready(self, container):
        """The container's start is over."""
        group = container.group
        self.dispatch(group)
        if container.caller is not None and container.caller.waiting:
            group.unclaim(container.caller)
        container.caller = None  # a container outlives the payload of the call that it was started for
        if container.call is None:
            self.lifecycle.idle(container)
        if group.uncovered > 0:
            self.blocked[group] = None
        self.retry()

    def start_failed(self, group):
        """A start has come to nothing: those that waited for it may trigger one of their own."""
        if group.uncovered > 0:
            self.blocked[group] = None
        self.retry()

    def dispatch(self, group):
        """Let waiting calls begin while there are idle containers."""
        while group.waiting:
            call = group.head()
            container = group.pick()
            if container is None or not self._admits(call):
                return
            group.leave(call)
            self.dispatcher.begin(call, container, self._start_of(call, container))

    def _start_of(self, call, container):
        if call.trigger is container:
            return PREWARMED if container.from_stem else COLD
        if call.arrival < container.ready and (not container.uses or container.ready == self.dispatcher.clock.now):
            return JOINED
        return WARM if container.uses else PREWARMED

    def retry(self):
        """Memory or a container has become free: serve blocked groups, the one with the earliest head first."""
        if not self.blocked or self._retrying:
            return
        self._retrying = True
        # Only a group with an idle container, or one small enough for the room there is, can be helped.
        room = self.dispatcher.machine.most_room
        helped = [g for g in self.blocked if g.waiting and (g.memory <= room or g.pool)]
        try:
            for group in sorted(helped, key=lambda g: g.head().id):
                self.dispatch(group)
                while not self.owns_count and group.uncovered > 0 and self._start_waiting(group):
                    pass
        finally:
            self.blocked = {group: None for group in self.blocked if group.waiting}
            self._retrying = False

    def _admits(self, call):
        """Whether a waiting call may begin or have a start: for a queued one the concurrency limits are asked again."""
        return call.holding or self.dispatcher.admits(call)

    def _start_waiting(self, group):
        call = group.first_unclaimed()
        if call is None or not self._admits(call):
            return False
        return not self._too_fast(group) and self._start_for(call)
