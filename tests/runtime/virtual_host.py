"""A host for the dispatcher whose clock jumps from one event to the next, with the simulator's draws and order of
events at the same instant."""

import heapq
from itertools import count
from types import SimpleNamespace

from faaslab.model.result import Cause, Gone, Outcome, Start
from faaslab.platform.draws import Draws
from faaslab.runtime.dispatch import Call, Dispatcher
from faaslab.runtime.dispatch.clock import ARRIVAL, END, EXPIRY, READY
from faaslab.units import ns


def deployment(function, provisioned=0):
    """What the dispatcher reads of a deployment."""
    return SimpleNamespace(
        name=function.name,
        memory_mb=function.memory_mb,
        timeout_s=function.timeout_s,
        reserved_concurrency=function.reserved_concurrency,
        provisioned=provisioned,
        init_timeout_s=function.start_timeout_s,
        function=function,
    )


class Handle:
    def __init__(self, act):
        self.act = act

    def cancel(self):
        self.act = None


class VirtualHost:
    """Starts take the phases, calls the service that the simulator would draw for them with the same seed.

    finished: (call, outcome) in order. Subclasses may override what a process does: start, begin, end.
    """

    def __init__(self, settings, seed=0):
        self.now = 0
        self.seed = seed
        self.finished = []
        self.ended = []
        self._heap = []
        self._next = count().__next__
        self._draws = {}
        self._standing = None  # containers that are ready when the run begins, while it is being prepared
        self.dispatcher = Dispatcher(settings, self, seed)

    # --- what a host has ---------------------------------------------------------------------------------------------

    def now_ns(self):
        return self.now

    def call_at(self, at_ns, act):
        assert at_ns >= self.now
        return self.push(at_ns, act.order, act)

    def push(self, at_ns, order, act):
        handle = Handle(act)
        heapq.heappush(self._heap, (at_ns, order, self._next(), handle))
        return handle

    def start(self, container):
        if self._standing is not None:
            self._standing.append(container)
            return
        call = container.caller
        phases = call.draw[3] if container.cause == Cause.CALL else next(self.draws(container.function, "ahead"))[3]
        self.push(self.now + sum(phases), READY, lambda: self.dispatcher.ready(container, phases))

    def begin(self, call, container):
        assert container.call is call
        work, cold_work, failed, *_ = call.draw
        service = work if call.start != Start.COLD or cold_work is None else cold_work
        limit = call.function.timeout_s
        if limit is not None and service > ns(limit):
            self.push(
                self.now + ns(limit), END, lambda: self.dispatcher.gone(container, Gone.KILLED, Outcome.TIMED_OUT)
            )
        else:
            outcome = Outcome.FAILED if failed else Outcome.COMPLETED
            self.push(self.now + service, END, lambda: self.dispatcher.done(call, outcome))

    def end(self, container):
        assert container.call is None
        self.ended.append(container)

    def finish(self, call, outcome):
        self.finished.append((call, outcome))

    # --- a run -------------------------------------------------------------------------------------------------------

    def draws(self, function, source):
        key = function.name, source
        if key not in self._draws:
            self._draws[key] = iter(Draws(self.seed, function, source))
        return self._draws[key]

    def deploy(self, functions, provisioned=()):
        """Before a run: what stands ready is ready at once."""
        self._standing = []
        for function in functions:
            self.dispatcher.deploy(deployment(function, dict(provisioned).get(function.name, 0)))
        standing, self._standing = self._standing, None
        for container in standing:
            self.dispatcher.ready(container, (0, 0, 0, 0))

    def call(self, function, at_ns, event=None, source="open"):
        """Let a call arrive."""
        call = Call(function, source=source, event=event)
        call.draw = next(self.draws(function, source))
        self.push(at_ns, ARRIVAL, lambda: self._arrive(call))
        return call

    def _arrive(self, call):
        self.dispatcher.arrive(call)
        patience = call.function.patience_s
        if call.waiting and patience is not None:
            self.push(call.arrival + ns(patience), EXPIRY, lambda: self.dispatcher.abandon(call))

    def play(self, workload):
        """All arrivals of a workload."""
        for event, (at, index) in enumerate(zip(*workload.merged_ns(), strict=True)):
            self.call(workload.functions[index], int(at), event)

    def run(self, until_s, after_event=lambda: None):
        """To an instant: what ends or becomes ready then has done so, what would arrive then has not."""
        horizon = ns(until_s)
        while self._heap and self._heap[0][:2] < (horizon, ARRIVAL):
            at, _, _, handle = heapq.heappop(self._heap)
            if handle.act is not None:
                self.now = at
                handle.act()
                after_event()
        self.now = horizon
        return self.dispatcher.result()
