"""Late binding: one queue at the controller; a waiting call goes to whichever container is ready first.

On arrival: a warm container, else a place and, if needed, an eviction, else the queue, else rejection. Within a group
calls are served in the queueing policy's order; a blocked group does not block others.
"""

from faaslab.model.policies import Autoscaler, implements
from faaslab.model.result import Cause
from faaslab.platform.blocked import Blocked
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
        # Where nothing but room on invokers can hold up calls, what becomes free on one helps calls that fit there.
        others = (platform.admission, scaler, platform.starter)
        local = sim.execution.adjusts and not platform.provisioned and not any(others)
        self._by_need = Blocked(self.reserves) if local else None
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
        elif self._too_fast(group, call):
            if self._waits:
                self._queue(call, group)
            else:
                self.sim.turn_away(call, THROTTLED)
        elif not self._start_for(call):
            self._queue(call, group)

    def _too_fast(self, group, call):
        """Whether there would be room for the call's container, and the scaling rate does not allow it."""
        if self._may_start is None:
            return False
        if call.need_memory > self.sim.placing.most_room():
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
        cores = call.need_cores
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
            self._block(group)  # cpu may become free at a warm container before the start is over

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
        self._block(group)
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
            self.retry(container.invoker, container.group)

    def ready(self, container):
        """The container's start is over."""
        group = container.group
        self.dispatch(group)
        if container.caller is not None and container.caller.waiting:
            group.unclaim(container.caller)
        if not container.calls and self.sim.execution.restored(container):
            self.sim.lifecycle.idle(container)
        if group.uncovered > 0:
            self._block(group)
        if self.blocked:
            self.retry(container.invoker, group)

    def start_failed(self, container):
        """The container's start was given up."""
        if container.group.uncovered > 0:
            self._block(container.group)
        self.retry(container.invoker, container.group)

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

    def retry(self, invoker, group=None):
        """Memory, cpu or a container has become free: serve blocked groups, the one with the earliest head first.

        invoker: where, None for anywhere. group: the one whose next call may be another than before.
        """
        if not self.blocked or self._retrying:
            return
        self._retrying = True
        if self._by_need is not None and invoker is not None:
            self._retry_on(invoker, group)
        else:
            for other in sorted(self._helpable(), key=lambda g: g.head().id):
                self._serve(other)
            self.blocked = {other: None for other in self.blocked if other.waiting}
            if self._by_need is not None:
                for other in self.blocked:
                    self._by_need.put(other)
        self._retrying = False

    def _retry_on(self, invoker, changed):
        """The same where only calls that fit the invoker can be helped, and the next call of the changed group."""
        if changed in self.blocked:
            self._by_need.put(changed)
        tried = []
        while True:
            cores = invoker.cores - invoker.cores_used if self.reserves else 0
            room = invoker.memory - invoker.used + invoker.reclaimable
            group = self._by_need.take(cores, room, changed)
            if group is None:
                break
            self._serve(group)
            tried.append(group)
        for group in tried:
            self._by_need.put(group)
            if not group.waiting:
                self.blocked.pop(group, None)
        if changed is not None and not changed.waiting:
            self.blocked.pop(changed, None)

    def _serve(self, group):
        """Let as many calls of the group begin, or have a start, as can."""
        self.dispatch(group)
        while not self.owns_count and group.uncovered > 0 and self._start_waiting(group):
            pass

    def _block(self, group):
        self.blocked[group] = None
        if self._by_need is not None:
            self._by_need.put(group)

    def _helpable(self):
        """The blocked groups of which a call may begin or have a start with what is free now."""
        room = self.sim.placing.most_room()
        # Only a group with a ready container, or with a call small enough for the room there is, can be helped.
        return [g for g in self.blocked if g.waiting and (any(g.pool) or self._least(g) <= room)]

    def _least(self, group):
        """Bytes of the smallest container that one of its next calls would start."""
        if not self.sim.execution.adjusts:
            return group.memory
        return min(call.need_memory for call in group.next_calls())

    def _admits(self, call):
        """Whether a waiting call may begin or have a start: for a queued one the concurrency limits are asked again."""
        return call.holding or self.sim.admits(call)

    def _start_waiting(self, group):
        call = group.first_unclaimed()
        if call is None or not self._admits(call):
            return False
        return not self._too_fast(group, call) and self._start_for(call)
