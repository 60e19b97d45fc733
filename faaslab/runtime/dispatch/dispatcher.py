"""The dispatcher: what becomes of each call, which containers live, and who is told. It decides; a host does.

Its decisions are those of the simulator with late binding on one machine, by the same policy objects: driven by a
virtual clock it agrees with a simulation call by call. Chapter "A cloud on your laptop"; the rules are on the book's
page of the semantics.

The host has `now_ns()`, a clock that never goes back; `call_at(ns, act)`, which calls act() at that instant of the
clock and returns something with cancel(); and it carries out `start(container)`, `begin(call, container)`,
`end(container)` (kill its process) and `finish(call, outcome)` (the call is over: tell its caller). It may answer at
once or later with `ready`, `done` and `gone`.

Left out: several calls in one container, groups of several functions, placement, early binding, allocators, stem cells
as the simulator counts them (prewarmed processes belong to the host: they hold memory outside the budget, and a
container made of one begins with its start), processors reserved for a call, starts that take no time. Other than in
the simulator, a provisioned container that has died is started again, it may evict others, and a start may fail by
itself: its caller fails with it.
"""

from collections import deque

from faaslab.errors import member
from faaslab.model.policies import KeepAlive, Queueing, implements
from faaslab.model.result import Gone, Outcome, Result
from faaslab.runtime.dispatch import figures
from faaslab.runtime.dispatch.binding import Binding
from faaslab.runtime.dispatch.clock import Alarm, Clock
from faaslab.runtime.dispatch.container import STARTING
from faaslab.runtime.dispatch.functions import Functions
from faaslab.runtime.dispatch.ledger import Ledger
from faaslab.runtime.dispatch.lifecycle import Lifecycle
from faaslab.runtime.dispatch.machine import Machine
from faaslab.runtime.dispatch.provisioned import Provisioned
from faaslab.runtime.dispatch.scaling import Scaling
from faaslab.units import NS_PER_S


class Dispatcher:
    """`settings`: Settings. `host`: see above. seed: what the policies' random choices begin from."""

    def __init__(self, settings, host, seed=0):
        self.settings = settings
        self.host = host
        self.seed = seed
        self.clock = Clock(host)
        self.machine = Machine(settings.memory_mb, settings.cores)
        self.ledger = Ledger(self.clock.now)
        self.groups = {}  # name -> Group of a deployed function
        self.concurrent = 0
        self.running = {}  # calls in containers
        self._orders = deque()  # what the host is to do once everything is decided
        self._call_count = 0
        for policy in settings.policies():
            policy.reset(seed)
        self.lifecycle = Lifecycle(self)
        self.binding = Binding(self)
        self.provisioned = Provisioned(self)
        self.scaling = Scaling(self)
        self.deployed = Functions(self)
        self.admission = settings.admission
        keep_alive, queueing = settings.keep_alive, settings.queueing
        self._on_arrival = keep_alive.on_arrival if implements(keep_alive, KeepAlive, "on_arrival") else None
        self._on_begin = keep_alive.on_begin if implements(keep_alive, KeepAlive, "on_begin") else None
        self._learn = queueing.on_end if queueing and implements(queueing, Queueing, "on_end") else None

    # --- what policies see of the platform ---------------------------------------------------------------------------

    @property
    def now_s(self):
        return self.clock.now_s

    @property
    def functions(self):
        return tuple(group.function for group in self.groups.values())

    @property
    def invokers(self):
        return (self.machine,)

    def concurrent_of(self, function):
        group = self.groups.get(function)
        return 0 if group is None else group.concurrent

    # --- functions ---------------------------------------------------------------------------------------------------

    def deploy(self, deployment):
        """Take calls of a function from now; its provisioned containers start. An earlier deployment of that name is
        replaced: its containers take no more calls, what waits for them is served by new ones.

        InputError where its containers do not fit the budget, or the settings contradict it. Admission policies begin
        anew, since they may depend on what is deployed.
        """
        self.deployed.check(deployment)
        self._event(self.deployed.deploy, deployment)

    def remove(self, name):
        """Take no more calls of a function: idle containers end, busy ones after their call, waiting calls fail."""
        member(name, "remove: name of a function", self.groups)
        self._event(self.deployed.remove, name)

    # --- what the host tells -----------------------------------------------------------------------------------------

    def arrive(self, call):
        """A call has arrived; host.finish(call, outcome) says how it ends. InputError where nothing of its name is
        deployed. An error of a policy comes out here as it is; the call has failed then, without finish."""
        member(call.function.name, "call: name of a function", self.groups)
        self._event(self._arrive, call)

    def abandon(self, call):
        """The caller has left. A call that waits ends; one that runs goes on."""
        if call.waiting:
            self._event(self._abandon, call)

    def ready(self, container, phases_ns):
        """The container's start is over; phases_ns: ns of its four phases."""
        if container.state == STARTING:
            self._event(self._ready, container, phases_ns)

    def done(self, call, outcome):
        """The call has ended (COMPLETED or FAILED), and its container lives."""
        if call.container is not None and call.container.call is call:
            self._event(self._done, call, int(outcome))

    def gone(self, container, why=Gone.KILLED, outcome=Outcome.FAILED):
        """The container has died by itself or been killed by the host; outcome: that of the call in it. Where it was
        starting, the call that had triggered it fails, or else the next that nothing else would serve."""
        if container in self.lifecycle.alive:
            self._event(self._gone, container, why, int(outcome))

    def event(self, source, event, created_ns, ended_ns, attempts, outcome):
        """An event of a trigger is over; times in ns of the host's clock."""
        self.ledger.event(source, event, created_ns, ended_ns, attempts, outcome)

    def message(self, source, message, sent_ns, ended_ns, deliveries, outcome):
        """A message is over; times in ns of the host's clock."""
        self.ledger.message(source, message, sent_ns, ended_ns, deliveries, outcome)

    # --- a call's way through ----------------------------------------------------------------------------------------

    def _arrive(self, call):
        group = self.groups[call.function.name]
        call.group, call.function = group, group.function
        call.id = self._call_count
        self._call_count += 1
        if call.arrival is None:
            call.arrival = self.clock.now
        self.ledger.arrive(call)
        self.lifecycle.expire_overdue(group)
        self.lifecycle.cancel_prewarm(group)
        try:
            if self._on_arrival is not None:
                self._on_arrival(call, group, self.clock.now_s)
            if self.admits(call):
                self.binding.arrive(call)
            else:
                self.close(call, Outcome.THROTTLED)
        except Exception:
            if call.container is None and not call.waiting:
                self.close(call, Outcome.FAILED, tell=False)  # the host hears of the error instead
            raise

    def admits(self, call):
        """Whether the concurrency limits allow one call more."""
        return self.admission is None or self.admission.admit(call, self)

    def hold(self, call):
        """The call counts against the concurrency limits from now: it runs, or a start is under way for it."""
        if not call.holding:
            call.holding = True
            self.concurrent += 1
            call.group.concurrent += 1

    def begin(self, call, container, start):
        """The call takes its place in an idle container. `start`: the kind of start that it had."""
        group = container.group
        group.count_area()
        self.machine.release_idle(container)
        group.pool.pop(container, None)
        container.call = call
        container.uses += 1
        container.counted += call.row >= 0
        container.keep = None  # it was for the idle time before this first call
        group.running += 1
        self.machine.running += 1
        self.running[call] = None
        self.hold(call)
        call.begin = self.clock.now
        call.container = container
        call.start = start
        self.order(self.host.begin, call, container)
        if self._on_begin is not None:
            self._on_begin(container, call, group, self.clock.now_s)

    def _leave(self, call):
        """Undo what `begin` took."""
        container, group = call.container, call.group
        group.count_area()
        if not container.draining:
            group.pool[container] = None
        container.call = None
        group.running -= 1
        self.machine.running -= 1
        del self.running[call]

    def _done(self, call, outcome):
        container = call.container
        self._leave(call)
        if outcome == Outcome.COMPLETED:
            self.provisioned.served(container)
            if self._learn is not None:
                self._learn(call, (self.clock.now - call.begin) / NS_PER_S)
        self.close(call, outcome)
        self.binding.freed(container)

    def _abandon(self, call):
        call.group.leave(call)
        self.close(call, Outcome.ABANDONED)
        self.binding.retry()

    def close(self, call, outcome, tell=True):
        """The call is over: write its row, give back what it held, tell its caller."""
        if call.holding:
            call.holding = False
            self.concurrent -= 1
            call.group.concurrent -= 1
        self.ledger.call(call, self.clock.now, int(outcome))
        if tell:
            self.order(self.host.finish, call, Outcome(outcome))

    # --- containers --------------------------------------------------------------------------------------------------

    def _ready(self, container, phases_ns):
        self.lifecycle.ready(container, phases_ns)
        self.binding.ready(container)

    def _gone(self, container, why, outcome):
        if container.state == STARTING:
            self._start_failed(container, why)
        else:
            call = container.call
            if call is not None:
                self._leave(call)
                self.close(call, outcome)
            self.lifecycle.end(container, why, alive=False)
            self.binding.retry()
        self.provisioned.lost(container)

    def _start_failed(self, container, why):
        group, call = container.group, container.caller
        self.lifecycle.end(container, why, alive=False)
        if call is None or not call.waiting or call.trigger is not container:
            call = group.head() if group.uncovered > 0 else None
        if call is not None:
            call.failed_start = container
            group.leave(call)
            self.close(call, Outcome.FAILED)
        self.binding.start_failed(group)

    # --- measurements and figures ------------------------------------------------------------------------------------

    @property
    def zero_ns(self):
        """ns of the host's clock at which the present measurement began."""
        return self.ledger.zero

    def measure(self, warm=True):
        """A new measurement begins now. warm=False ends idle containers (not provisioned ones) before it and makes
        policies forget what they have learnt, as at the beginning of a simulation."""
        self._event(self._measure, warm)

    def _measure(self, warm):
        if not warm:
            for container in list(self.machine.idle):
                self.lifecycle.end(container, Gone.DRAINED)
        under_way = self._calls_under_way()
        self.ledger = Ledger(self.clock.now)
        for function in self.functions:
            self.ledger.function(function)
        for call in under_way:
            call.row = -1
            self.ledger.notes["calls under way when the measurement began, left out"] += 1
        for container in self.lifecycle.alive:
            self.ledger.adopt(container)
        if not warm:
            self._begin_anew()

    def _begin_anew(self):
        self.clock.zero = self.clock.now
        for policy in self.settings.policies():
            policy.reset(self.seed)
        for group in self.groups.values():
            self.lifecycle.cancel_prewarm(group)
            group.begin_area()
            self.scaling.stand_ready(group)
        self.scaling.begin()
        self.binding.retry()

    def _calls_under_way(self):
        return [*self.running, *(call for group in self.groups.values() for call in group.waiting_calls())]

    def result(self, events=(), messages=()) -> Result:
        """The present measurement up to now. events, messages: what triggers have pending, as (source, number, created
        in ns of the host's clock, attempts so far)."""
        self.clock.look()
        return self.ledger.result(
            now=self.clock.now, seed=self.seed, machine=self.machine, calls=self._calls_under_way(),
            containers=self.lifecycle.alive, events=events, messages=messages,
        )  # fmt: skip

    def ps(self) -> list[dict]:
        """The containers that live, one dict each."""
        self.clock.look()
        return figures.ps(self)

    def stats(self) -> dict:
        """Figures of the present measurement by function, and what waits and runs now."""
        return figures.stats(self)

    # --- events ------------------------------------------------------------------------------------------------------

    def _event(self, act, *arguments):
        """Decide everything that follows at this instant, then let the host do it."""
        self.clock.look()
        try:
            act(*arguments)
        finally:
            self._carry_out()

    def _carry_out(self):
        """All orders, also those after one that goes wrong; its error comes out in the end."""
        wrong = None
        while self._orders:
            do, subjects = self._orders.popleft()
            try:
                do(*subjects)
            except Exception as error:
                wrong = wrong or error
        if wrong is not None:
            raise wrong

    def order(self, do, *subjects):
        """Something for the host to do once this event is decided, in order."""
        self._orders.append((do, subjects))

    def alarm(self, act, order, at_ns):
        """Let act() happen as an event of its own at an instant."""
        return Alarm(self.host, lambda: self._event(act), order, at_ns)

    def note(self, what):
        """Count something that the result's notes shall mention."""
        self.ledger.notes[what] += 1
