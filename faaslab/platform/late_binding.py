"""Late binding: one queue at the controller; a waiting call goes to whichever container is ready first.

On arrival: a warm container, else a place and, if needed, an eviction, else the queue, else rejection. Within a group
calls are served in the queueing policy's order; a blocked group does not block others.
"""

from faaslab.model.policies import Autoscaler, implements
from faaslab.model.result import Cause
from faaslab.platform.call import JOINED, PREWARMED, REJECTED, THROTTLED, WARM
from faaslab.platform.order import TICK, Alarm
from faaslab.units import ns


class LateBinding:
    def __init__(self, sim):
        self.sim = sim
        platform = sim.platform
        self.reserves = sim.execution.reserves
        self._begin = sim.execution.begin
        self.queue_limit = platform.queue_limit
        self.owns_count = platform.owns_count
        scaler = platform.autoscaler
        self._may_start = scaler.may_start if scaler and implements(scaler, Autoscaler, "may_start") else None
        self._waits = getattr(scaler, "waits", False)
        self._ask_again_s = getattr(scaler, "ask_again_s", None)
        self._asking = False  # a retry is scheduled because the scaling rate said no
        self.blocked = {}  # groups whose waiting calls something else than a start under way may serve
        self._retrying = False

    # --- arrival -----------------------------------------------------------------------------------------------------

    def arrive(self, call):
        """Serve an admitted call, start a container for it, let it wait, or turn it away."""
        group = call.deployed.group
        if not group.waiting or group.would_be_first(call):
            container = group.pick(self._fits(call))
            if container is not None:
                self._begin(call, container, WARM if container.uses else PREWARMED)
                return
        if self.owns_count:
            self._wait_for_scaler(call, group)
        elif group.starting_room > group.waiting:
            self._wait_for_start(call, group)  # it joins one that is under way
        elif self._too_fast(group):
            if self._waits:
                self._queue(call, group)
            else:
                self.sim.turn_away(call, THROTTLED)
        elif not self._start_for(call):
            self._queue(call, group)

    def _too_fast(self, group):
        """Whether there would be room for a container, and the scaling rate does not allow it."""
        if self._may_start is None or group.memory > self.sim.placing.most_room():
            return False
        if self._may_start(group, self.sim.now_s):
            return False
        if self._ask_again_s is not None and not self._asking:
            self._asking = True
            self.sim.schedule(Alarm(self._ask_again), TICK, ns(self._ask_again_s))
        return True

    def _ask_again(self):
        self._asking = False
        self.retry(None)

    def _fits(self, call):
        """A test of an idle container: whether its invoker has what the call needs; None where all have."""
        if call.choice is not None:
            return self._fits_choice(call)
        if not self.reserves:
            return None
        cores = call.deployed.cores
        return lambda container: cores <= container.invoker.cores - container.invoker.cores_used

    def _fits_choice(self, call):
        """The same for a call with an allocation of its own: its container may have to grow, idle ones to make room."""
        memory, cores = call.need_memory, call.need_cores if self.reserves else 0

        def fits(container):
            invoker = container.invoker
            if cores > invoker.cores - invoker.cores_used:
                return False
            free = invoker.memory - invoker.used + invoker.reclaimable
            own = container.memory if container not in invoker.idle else 0  # else it is reclaimable already
            return memory <= free + own

        return fits

    def _start_for(self, call):
        """Start a container for the call; False where there is no room. A start that takes no time serves it at
        once."""
        deployed = call.deployed
        invoker = self.sim.placing.room(deployed, call=call)
        if invoker is None:
            return False
        self.sim.hold(call)
        container = self.sim.lifecycle.start(deployed.group, deployed, invoker, Cause.CALL, call)
        call.trigger = container
        if container.ready >= 0:
            if call.waiting:
                deployed.group.leave(call)
            self._begin(call, container, self.sim.lifecycle.first_start(container))
            self.dispatch(deployed.group)  # with container concurrency > 1 it has room for more
        elif not call.waiting:
            self._wait_for_start(call, deployed.group)
        return True

    def _wait_for_start(self, call, group):
        self.sim.hold(call)
        self.sim.wait(call)
        if self.reserves:
            self.blocked[group] = None  # cpu may become free at a warm container before the start is over

    def _wait_for_scaler(self, call, group):
        woken = None if group.containers else self.sim.scaling.wake(group)
        if group.starting_room > group.waiting:
            self._wait_for_start(call, group)
        elif not self._queue(call, group):
            return
        if woken is not None:
            call.trigger = woken
            woken.caller = call

    def _queue(self, call, group):
        if self.queue_limit is not None and self._queued() >= self.queue_limit:
            self.sim.turn_away(call, REJECTED)
            return False
        self.sim.wait(call)
        self.blocked[group] = None
        return True

    def _queued(self):
        return sum(max(0, group.uncovered) for group in self.blocked)

    # --- what happens to containers ----------------------------------------------------------------------------------

    def freed(self, container):
        """A call has left the container."""
        if container.group.waiting:
            self.dispatch(container.group)
        if not container.calls:
            self.sim.lifecycle.idle(container)
        if self.blocked:
            self.retry(container.invoker)

    def ready(self, container):
        """The container's start is over."""
        group = container.group
        self.dispatch(group)
        if container.caller is not None and container.caller.waiting:
            group.unclaim(container.caller)
        if not container.calls and self.sim.execution.restored(container):
            self.sim.lifecycle.idle(container)
        if group.uncovered > 0:
            self.blocked[group] = None
        if self.blocked:
            self.retry(container.invoker)

    def start_failed(self, container):
        """The container's start was given up."""
        if container.group.uncovered > 0:
            self.blocked[container.group] = None
        self.retry(container.invoker)

    def dispatch(self, group):
        """Let waiting calls begin while there are ready containers with room."""
        while group.waiting:
            call = group.head()
            container = group.pick(self._fits(call))
            if container is None or not self._admits(call):
                return
            group.leave(call)
            self._begin(call, container, self._start_of(call, container))

    def _start_of(self, call, container):
        if call.trigger is container:
            return self.sim.lifecycle.first_start(container)
        if call.arrival < container.ready and (not container.uses or container.ready == self.sim.env.now):
            return JOINED
        return WARM if container.uses else PREWARMED

    def retry(self, invoker):
        """Memory, cpu or a container has become free: serve blocked groups, the one with the earliest head first."""
        if not self.blocked or self._retrying:
            return
        self._retrying = True
        for group in sorted(self._helpable(), key=lambda g: g.head().id):
            self.dispatch(group)
            while not self.owns_count and group.uncovered > 0 and self._start_waiting(group):
                pass
        self.blocked = {group: None for group in self.blocked if group.waiting}
        self._retrying = False

    def _helpable(self):
        """The blocked groups of which a call may begin or have a start with what is free now."""
        room = self.sim.placing.most_room()
        if not self.sim.execution.adjusts:
            # Only a group with a ready container, or one small enough for the room there is, can be helped.
            return [g for g in self.blocked if g.waiting and (g.memory <= room or any(g.pool))]
        cores = self.sim.placing.most_cores() if self.reserves else None
        return [g for g in self.blocked if g.waiting and any(self._may(c, g, room, cores) for c in g.next_calls())]

    @staticmethod
    def _may(call, group, room, cores):
        chosen = call.choice is not None
        if cores is not None and (call.need_cores if chosen else call.deployed.cores) > cores:
            return False
        return bool(group.pool[0]) or (call.need_memory if chosen else group.memory) <= room

    def _admits(self, call):
        """Whether a waiting call may begin or have a start: for a queued one the concurrency limits are asked again."""
        return call.holding or self.sim.admits(call)

    def _start_waiting(self, group):
        call = group.first_unclaimed()
        if call is None or not self._admits(call):
            return False
        return not self._too_fast(group) and self._start_for(call)
