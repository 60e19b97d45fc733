"""A run: a platform, a workload and a seed, from time 0 to a horizon; the result in columns.

Chapter "Inside a platform"; its rules are on the book's page of the semantics. The event loop is SimPy's environment
(https://simpy.readthedocs.io), used with callbacks rather than processes.
"""

import math
from itertools import count

import simpy

from faaslab.errors import InputError, member, number, whole
from faaslab.functions import MOST_CORES
from faaslab.model.decisions import POINTS, Choice, Decision
from faaslab.model.policies import Allocation, Allocator, KeepAlive, implements
from faaslab.model.result import Cause, Result
from faaslab.platform.call import ABANDONED, IN_SYSTEM, THROTTLED
from faaslab.platform.deployed import Deployed
from faaslab.platform.early_binding import EarlyBinding
from faaslab.platform.execution import Execution
from faaslab.platform.garbage import rare_searches
from faaslab.platform.group import Group
from faaslab.platform.invoker import Invoker
from faaslab.platform.late_binding import LateBinding
from faaslab.platform.ledger import Ledger
from faaslab.platform.lifecycle import Lifecycle
from faaslab.platform.order import EXPIRY, HORIZON, TICK, Alarm
from faaslab.platform.placing import Placing
from faaslab.platform.platform import Platform
from faaslab.platform.progress import Progress
from faaslab.platform.scaling import Scaling
from faaslab.platform.triggers.open_arrivals import OpenArrivals
from faaslab.units import BYTES_PER_MB, LONGEST_S, NS_PER_S, memory_bytes, microcores, ns
from faaslab.workload.workload import Workload


def simulate(platform: Platform, workload: Workload, *, seed: int, duration_s: float, **options) -> Result:
    """Run `workload` on `platform` for duration_s seconds and return the Result; options as for Simulation."""
    return Simulation(platform, workload, seed=seed, duration_s=duration_s, **options).run()


class Simulation:
    """One run. Use `run()`; or `advance()` and `choose()` in turn to stand at its decision points.

    seed: whole number; equal seeds give equal results. duration_s: the horizon. warmup_s: what summaries leave out.
    triggers: sources of calls besides the workload's open arrivals.
    observers: functions (now_ns, kind, subject) that hear of every event: "arrival", "wait", "begin", "resize", "over"
        (a call), "start", "ready", "gone" (a container), "tick".
    drain: go on after the horizon, without new arrivals, until every call is over.
    pause_at: decision points at which `advance` stops ("arrival", "tick").
    progress: function of the share done, called a hundred times.
    """

    def __init__(
        self,
        platform,
        workload,
        *,
        seed,
        duration_s,
        warmup_s=0.0,
        triggers=(),
        observers=(),
        drain=False,
        pause_at=(),
        progress=None,
    ):
        self.platform = platform
        self.seed = whole(seed, "seed")
        self.horizon = ns(number(duration_s, "duration_s", minimum=1 / NS_PER_S, maximum=LONGEST_S))
        self.warmup = ns(number(warmup_s, "warmup_s", minimum=0))
        if self.warmup >= self.horizon:
            raise InputError(f"warmup_s: expected less than the duration of {duration_s:g} s, got {warmup_s:g}")
        self.pause_at = tuple(member(point, "pause_at", POINTS) for point in pause_at)
        self.pauses_at_arrivals = "arrival" in self.pause_at
        if "tick" in self.pause_at and (platform.autoscaler is None or not platform.autoscaler.tick_s):
            raise InputError("pause_at 'tick': expected a platform with an autoscaler that ticks, got none")
        self.drain = drain
        self.env = simpy.Environment(initial_time=0)
        self.ledger = Ledger()
        self.notify = _combine(observers)
        self.notes = dict(workload.notes)
        self.concurrent = 0
        self.in_system = 0
        self.decisions = []
        self._result = None
        self.next_id = count().__next__
        self._deploy(workload.functions)
        self._build()
        self.sources = [OpenArrivals(workload), *triggers]
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise InputError(f"triggers: expected names that differ, got {max(names, key=names.count)!r} twice")
        self._begin(progress)

    # --- building ----------------------------------------------------------------------------------------------------

    def _deploy(self, functions):
        platform = self.platform
        if not functions:
            raise InputError("workload: expected at least one function, got none")
        members = {}
        for function in functions:
            members.setdefault("fleet" if platform.one_group else function.group, []).append(function)
        key = None if platform.queueing is None else platform.queueing.key
        clock = lambda: self.env.now  # noqa: E731
        self.groups = [Group(i, name, tuple(fs), key, clock) for i, (name, fs) in enumerate(members.items())]
        by_name = {f.name: group for group in self.groups for f in group.functions}
        self.deployed = {f.name: Deployed(i, f, by_name[f.name], self.seed) for i, f in enumerate(functions)}
        for function in functions:
            self._check_fits(function)
        for name in platform.provisioned:
            if name not in self.deployed:
                raise InputError(f"platform, provisioned: expected one of the deployed functions, got {name!r}")

    def _check_fits(self, function):
        platform = self.platform
        if function.memory_mb > platform.invoker_memory_mb:
            raise InputError(
                f"function {function.name!r}, memory_mb: expected at most an invoker's {platform.invoker_memory_mb:g}, "
                f"got {function.memory_mb:g}"
            )
        if platform.cpu == "dedicated" and function.cpu > platform.invoker_cpu:
            raise InputError(
                f"function {function.name!r}, cpu: expected at most an invoker's {platform.invoker_cpu:g} cores, "
                f"got {function.cpu:g}"
            )
        if (platform.allocator is not None or self.pauses_at_arrivals) and function.concurrency > 1:
            raise InputError(
                f"function {function.name!r}, concurrency: expected 1 where allocations are chosen for each call, "
                f"got {function.concurrency}"
            )

    def _build(self):
        platform = self.platform
        for policy in platform.policies():
            policy.reset(self.seed)
        early = platform.binding == "early"
        self.limited_cpu = platform.invoker_cpu != float("inf")
        self.invokers = [
            Invoker(i, platform.invoker_memory_mb, platform.invoker_cpu, early) for i in range(platform.invokers)
        ]
        self.progress = Progress(self)
        self.execution = Execution(self)
        self.lifecycle = Lifecycle(self)
        self.placing = Placing(self)
        self.binding = EarlyBinding(self) if early else LateBinding(self)
        self.scaling = Scaling(self)
        self.admission = platform.admission
        allocator = platform.allocator
        self._choose = allocator.choose if allocator and implements(allocator, Allocator, "choose") else None
        self._sizes = {}
        keep_alive = platform.keep_alive
        self._on_arrival = keep_alive.on_arrival if implements(keep_alive, KeepAlive, "on_arrival") else None

    def _begin(self, progress):
        self._over = self.env.event()
        self.schedule(Alarm(self._over.succeed), HORIZON, self.horizon)
        if progress is not None:
            for percent in range(1, 101):
                self.schedule(Alarm(lambda p=percent: progress(p / 100)), TICK, self.horizon * percent // 101)
        for name, number_ready in self.platform.provisioned.items():
            deployed = self.deployed[name]
            for _ in range(number_ready):
                invoker = self.placing.room(deployed, evict=False)
                if invoker is None:
                    raise InputError(
                        f"platform, provisioned: {number_ready} containers of {name!r} do not fit its invokers"
                    )
                self.lifecycle.ready_ahead(deployed.group, deployed, invoker, Cause.PROVISIONED)
        self.scaling.begin()
        self.lifecycle.stock()
        for index, source in enumerate(self.sources):
            source.attach(self, index)
        for source in self.sources:
            source.begin()

    def schedule(self, alarm, priority, delay):
        """Let `alarm` ring `delay` ns from now, in the order of `priority` among what happens then."""
        self.env.schedule(alarm, priority, delay)

    # --- views -------------------------------------------------------------------------------------------------------

    @property
    def now_s(self):
        return self.env.now / NS_PER_S

    @property
    def functions(self):
        return tuple(deployed.function for deployed in self.deployed.values())

    def concurrent_of(self, function):
        return self.deployed[function].concurrent

    @property
    def finished(self):
        """Whether the horizon has been reached: no further event may be submitted."""
        return self._over.triggered

    # --- a call's way through ----------------------------------------------------------------------------------------

    def arrive(self, call):
        """A call reaches the controller."""
        self.in_system += 1
        group = call.deployed.group
        if self.notify is not None:
            self.notify(self.env.now, "arrival", call)
        if group.prewarm is not None:
            self.lifecycle.cancel_prewarm(group)
        if self._on_arrival is not None:
            self._on_arrival(call, group, self.env.now / NS_PER_S)
        if self.pauses_at_arrivals:
            self.decisions.append(Decision("arrival", self, call=call))
        elif self.admission is None or self.admission.admit(call, self):
            if self._choose is not None:
                self._want(call, self._choose(call, self))
            self.binding.arrive(call)
        else:
            self.turn_away(call, THROTTLED)

    def _want(self, call, allocation):
        """The call shall have this allocation, and is placed accordingly; None for its function's own."""
        if allocation is None:
            return
        if not isinstance(allocation, Allocation):
            raise InputError(f"allocation of {call.function.name!r}: expected an Allocation, got {allocation!r}")
        size = self._sizes.get(allocation)
        if size is None:
            size = self._sizes[allocation] = self._size_of(call, allocation)
        call.choice = allocation
        call.need_memory, call.need_cores = size

    def _size_of(self, call, allocation):
        """Bytes and millionths of a core of an allocation that some invoker could give."""
        where = f"allocation of {call.function.name!r}"
        invoker = self.invokers[0]
        number(allocation.memory_mb, f"{where}, memory_mb", above=0, maximum=invoker.memory_mb)
        most_cores = invoker.cpu if self.execution.reserves else MOST_CORES
        number(allocation.cpu, f"{where}, cpu", above=0, maximum=most_cores)
        return memory_bytes(allocation.memory_mb), microcores(allocation.cpu)

    def admits(self, call):
        """Whether a call that has waited without a start may have one now."""
        return self.admission is None or self.admission.admit(call, self)

    def hold(self, call):
        """The call counts against the concurrency limits from now: it runs, or a start is under way for it."""
        if not call.holding:
            call.holding = True
            self.concurrent += 1
            call.deployed.concurrent += 1

    def wait(self, call):
        """The call joins its group's waiting line, and its caller's patience begins to count."""
        group = call.deployed.group
        group.count_area()
        group.enqueue(call)
        if call.deployed.patience is not None:
            call.patience = Alarm(lambda: self._abandon(call))
            self.schedule(call.patience, EXPIRY, call.arrival + call.deployed.patience - self.env.now)
        if self.notify is not None:
            self.notify(self.env.now, "wait", call)

    def _abandon(self, call):
        if call.waiting:
            call.deployed.group.count_area()
            call.deployed.group.leave(call)
            self.close(call, ABANDONED)
            self.binding.retry(call.bound)
            call.source.over(call, ABANDONED)

    def turn_away(self, call, outcome):
        """The call is throttled or rejected."""
        self.close(call, outcome)
        call.source.over(call, outcome)

    def close(self, call, outcome):
        """The call is over: write its row and give back what it held."""
        now = self.env.now
        if call.holding:
            self.concurrent -= 1
            call.deployed.concurrent -= 1
        if call.patience is not None:
            call.patience.live = False
        if call.bound is not None:
            call.bound.committed -= call.deployed.group.memory
        self.in_system -= 1
        self.ledger.call(call, now, outcome)
        if self.notify is not None:
            call.outcome = outcome
            self.notify(now, "over", call)

    def note(self, what):
        """Count something that the result's notes shall mention."""
        self.notes[what] = self.notes.get(what, 0) + 1

    # --- running -----------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """To the horizon, and to the end of all calls where the run drains."""
        if self.pause_at:
            raise InputError("run: this run pauses at decision points; use advance() and choose()")
        with rare_searches():
            self.env.run(until=self._over)
            return self.result()

    def advance(self) -> Decision | None:
        """Go on to the next decision point, or to the horizon: then None."""
        while not self.decisions and not self._over.processed:
            self.env.step()
        return self.decisions[0] if self.decisions else None

    def choose(self, choice) -> None:
        """Answer the decision that `advance` returned: a Choice at an arrival, a number of containers at a tick."""
        if not self.decisions:
            raise InputError("choose: no decision is pending; call advance() first")
        decision = self.decisions.pop(0)
        if decision.kind == "tick":
            self.scaling.adjust(decision.group, whole(choice, "number of containers"))
            return
        call = decision.call
        if not isinstance(choice, Choice):
            raise InputError(f"choose: expected a Choice at an arrival, got {choice!r}")
        if choice.admit and self.admits(call):
            allocation = choice.allocation
            if allocation is None and self._choose is not None:
                allocation = self._choose(call, self)
            elif allocation is not None and self.platform.binding == "early":
                raise InputError(
                    f"choose: expected no allocation with binding 'early', where calls are placed by their function's "
                    f"own size; got {allocation!r}"
                )
            self._want(call, allocation)
            self.binding.arrive(call)
        else:
            self.turn_away(call, THROTTLED)

    def result(self) -> Result:
        """The result, once the horizon is reached (or the run drained); the same object each time."""
        if not self._over.triggered:
            raise InputError(f"result: the run is at {self.now_s:g} s, before its horizon")
        if self._result is None:
            self._result = self._close_books()
        return self._result

    def _close_books(self):
        while self.drain and (self.in_system or any(source.pending for source in self.sources)):
            if math.isinf(self.env.peek()):
                break  # nothing will ever serve the calls that still wait
            self.env.step()
        self._cut()
        ledger, functions = self.ledger, tuple(d.function for d in self.deployed.values())
        return Result(
            seed=self.seed,
            horizon_ns=max(self.horizon, self.env.now),
            warmup_ns=self.warmup,
            functions=functions,
            groups=tuple(group.name for group in self.groups),
            sources=tuple(source.name for source in self.sources),
            invokers_memory_mb=tuple(invoker.memory / BYTES_PER_MB for invoker in self.invokers),
            invokers_cpu=tuple(invoker.cpu for invoker in self.invokers),
            calls=ledger.call_columns(functions),
            containers=ledger.container_columns(),
            resizes=ledger.resize_columns(),
            events=ledger.event_columns(),
            messages=ledger.message_columns(),
            notes=dict(self.notes),
        )

    def _cut(self):
        """Write down what is still open."""
        for container in self.lifecycle.alive:
            for call in container.calls_in_it():
                self.ledger.call(call, -1, IN_SYSTEM)
            self.ledger.container(container)
        for group in self.groups:
            for call in group.waiting_calls():
                self.ledger.call(call, -1, IN_SYSTEM)
        for source in self.sources:
            source.cut()


def _combine(observers):
    if callable(observers):
        raise InputError(f"observers: expected a sequence of functions, got {observers!r} alone")
    if not observers:
        return None
    if len(observers) == 1:
        return observers[0]

    def notify(now_ns, kind, subject):
        for observer in observers:
            observer(now_ns, kind, subject)

    return notify
