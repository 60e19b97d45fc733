"""Early binding, as in OpenWhisk: on arrival a call goes to an invoker and waits there, strictly in order of arrival.

The controller promises each call its memory on the invoker that it chooses: the first in the placement's order where
the promises still fit, else the placement's overflow. On the invoker the head of the queue takes a warm container, else
a place and, if needed, an eviction, else it waits, and all behind it wait too. A call is bound to the start that it
triggered.
"""

from faaslab.model.policies import Placement, implements
from faaslab.model.result import Cause
from faaslab.platform.call import PREWARMED, REJECTED, WARM


class EarlyBinding:
    def __init__(self, sim):
        self.sim = sim
        self.placement = sim.platform.placement
        self._overflows = implements(self.placement, Placement, "overflow")
        self.queue_limit = sim.platform.queue_limit
        self.reserves = sim.execution.reserves
        self.invokers = sim.invokers
        self._held_back = {}  # invokers whose first call waits for a concurrency limit

    def arrive(self, call):
        """Bind the call to an invoker and let it wait there."""
        need = call.deployed.group.memory
        function = call.function
        for invoker in self.placement.order(function, self.invokers):
            if need <= invoker.memory - invoker.committed:
                break
        else:
            if self._overflows:
                invoker = self.placement.overflow(function, self.invokers)
            else:
                invoker = next(iter(self.placement.order(function, self.invokers)))
        if self.queue_limit is not None and self._cannot_wait(invoker, call):
            self.sim.turn_away(call, REJECTED)
            return
        call.bound = invoker
        invoker.committed += need
        invoker.queue.append(call)
        self.sim.wait(call)
        self._serve(invoker)

    def _cannot_wait(self, invoker, call):
        """Whether the call would have to wait without a start, and the invoker's queue is full."""
        waiting = sum(other.waiting for other in invoker.queue)
        if waiting < self.queue_limit:
            return False
        group, free = call.deployed.group, invoker.memory - invoker.used + invoker.reclaimable
        warm = group.pick(lambda c: c.invoker is invoker and self._has_cpu(call, invoker))
        return waiting > 0 or (warm is None and free < group.memory)

    @staticmethod
    def _alive(invoker):
        """The invoker's queue without the calls at its head whose callers have left."""
        queue = invoker.queue
        while queue and not queue[0].waiting:
            queue.popleft()
        return queue

    def retry(self, invoker):
        """Something has become free on the invoker: serve its queue, and those that a concurrency limit held back."""
        self._serve(invoker)
        for other in list(self._held_back):
            del self._held_back[other]
            self._serve(other)

    def _serve(self, invoker):
        """Serve the invoker's queue as far as its head can be served."""
        while self._alive(invoker):
            call = invoker.queue[0]
            if not self._has_cpu(call, invoker):
                return
            if not call.holding and not self.sim.admits(call):
                self._held_back[invoker] = None
                return
            container = call.deployed.group.pick(lambda c: c.invoker is invoker)
            if container is not None:
                invoker.queue.popleft()
                first = self.sim.lifecycle.first_start(container) if call.trigger is container else PREWARMED
                self._begin(call, container, WARM if container.uses else first)
            elif self.sim.placing.room_on(invoker, call.deployed):
                invoker.queue.popleft()
                self._start(call, invoker)
            else:
                return

    def _has_cpu(self, call, invoker):
        return not self.reserves or call.deployed.cores <= invoker.cores - invoker.cores_used

    def _start(self, call, invoker):
        self.sim.hold(call)
        deployed = call.deployed
        container = self.sim.lifecycle.start(deployed.group, deployed, invoker, Cause.CALL, call)
        call.trigger = container
        if container.ready >= 0:
            self._begin(call, container, self.sim.lifecycle.first_start(container))

    def _begin(self, call, container, start):
        call.deployed.group.leave(call)
        self.sim.execution.begin(call, container, start)

    def freed(self, container):
        """A call has left the container."""
        if not container.calls:
            self.sim.lifecycle.idle(container)
        self.retry(container.invoker)

    def ready(self, container):
        """The container's start is over: it serves the call that it was started for, if that still waits."""
        call = container.caller
        if call is not None and call.waiting:
            if self._has_cpu(call, container.invoker):
                self._begin(call, container, self.sim.lifecycle.first_start(container))
            else:
                container.invoker.queue.appendleft(call)
        if not container.calls:
            self.sim.lifecycle.idle(container)
        self.retry(container.invoker)

    def start_failed(self, container):
        """The container's start was given up."""
        self.retry(container.invoker)
