"""Execution: a call begins in a container, runs, and ends.

Where nothing can change a call's speed, its end is known when it begins: one scheduled thing, with the time-out folded
into it. Otherwise its progress is an integral (progress.py).
"""

import math

from faaslab.errors import InputError
from faaslab.model.policies import Allocator, KeepAlive, Queueing, implements
from faaslab.model.result import Gone
from faaslab.platform.call import COLD, COMPLETED, FAILED, TIMED_OUT
from faaslab.platform.lending import Lending
from faaslab.platform.order import END, TICK, Alarm
from faaslab.platform.progress import ROUNDING, Work
from faaslab.units import NS_PER_S, memory_bytes, microcores, ns


class Execution:
    def __init__(self, sim):
        self.sim = sim
        self.env = sim.env
        platform = sim.platform
        self.allocator = platform.allocator
        self.adjusts = self.allocator is not None or sim.pauses_at_arrivals
        # Whether what a running call holds may change; if not, its end is known when it begins.
        self.resizes = self.adjusts and getattr(self.allocator, "resizes", True)
        self._allot = self.allocator.allocate if implements(self.allocator, Allocator, "allocate") else None
        self.lending = Lending() if getattr(self.allocator, "lends", False) else None
        self._tell = self.allocator.on_end if implements(self.allocator, Allocator, "on_end") else None
        self.shared = platform.cpu == "shared"
        self.reserves = not self.shared and sim.limited_cpu
        self.counts_area = platform.autoscaler is not None
        self._ended = (self._on_end,)
        self._schedule = sim.env.schedule
        keep_alive, queueing = platform.keep_alive, platform.queueing
        self._on_begin = keep_alive.on_begin if implements(keep_alive, KeepAlive, "on_begin") else None
        self._learn = queueing.on_end if queueing and implements(queueing, Queueing, "on_end") else None
        self.adjustable = {}  # running calls whose allocation may change
        if (
            self.allocator is not None
            and self.allocator.period_s
            and implements(self.allocator, Allocator, "reallocate")
        ):
            self._period = ns(self.allocator.period_s)
            sim.schedule(Alarm(self._reallocate), TICK, self._period)

    # --- beginning ---------------------------------------------------------------------------------------------------

    def begin(self, call, container, start):
        """The call takes a place in a ready container. `start` is the kind of start that it had."""
        now = self.env.now
        group = container.group
        invoker = container.invoker
        deployed = call.deployed
        if self.counts_area:
            group.count_area()
        calls = container.calls
        if not calls and invoker.tracks_idle:
            invoker.release_idle(container)
        if not container.draining:
            group.pool[calls].pop(container, None)
            if calls + 1 < group.concurrency:
                group.pool[calls + 1][container] = None
        container.calls = calls + 1
        container.uses += 1
        if container.keep is not None:
            container.keep = None  # it was for the idle time before this first call
        if container.running is None:
            container.call = call
        else:
            container.running[call] = None
        group.running += 1
        invoker.running += 1
        if not call.holding:
            self.sim.hold(call)
        call.begin = now
        call.container = container
        call.start = start
        if self._on_begin is not None:
            self._on_begin(container, call, group, now / NS_PER_S)
        if self.reserves or self.adjusts:
            self._allocate(call)
        if self.sim.notify is not None:
            self.sim.notify(now, "begin", call)
        call.outcome = FAILED if call.failed else COMPLETED
        if self.shared or self.resizes or not deployed.simple:
            self._progress(call)
            return
        service = call.work if start != COLD or call.cold_work is None else call.cold_work
        if deployed.speed is not None:
            service = max(0, math.ceil(service / self._speed(call, call.cpu_now or deployed.function.cpu) - ROUNDING))
        limit = deployed.timeout
        if limit is not None and service > limit:
            service = limit
            call.outcome = TIMED_OUT
        call.due = now + service
        call.callbacks = self._ended
        self._schedule(call, END, service)

    def _allocate(self, call):
        """Give the call its cores and memory; called where cpu is limited or an allocator decides."""
        invoker = call.container.invoker
        allocation = call.choice
        if allocation is None and self._allot is not None:
            allocation = self._allot(call, invoker, self.sim.now_s)
        call.cores = 0
        if self.lending is not None:
            self._lend(call, allocation)
        elif allocation is None:
            if self.adjusts:
                call.cpu, call.memory_mb = call.function.cpu, call.function.memory_mb
            if self.reserves:
                self._reserve(call, call.deployed.cores)
        else:
            self.resize(call, allocation)

    def _lend(self, call, allocation):
        """The call reserves its function's own configuration and may use what it was given: less, or more."""
        function = call.function
        if call.choice is not None:
            raise InputError(
                f"allocator that lends, choose for {function.name!r}: expected None, since calls keep their functions' "
                f"own configuration, got {call.choice}"
            )
        if self.reserves:
            self._reserve(call, call.deployed.cores)
        call.cpu = call.cpu_now = function.cpu
        call.memory_mb = call.memory_now = function.memory_mb
        if allocation is not None:
            call.memory_mb = None  # this is what it begins with
            self.resize(call, allocation)
            self.lending.check()

    def resize(self, call, allocation):
        """Change what a running call holds, now. Its container takes the memory, its invoker the cores."""
        if not self.adjusts or (call.due >= 0 and call.progress is None):
            raise InputError(
                f"resize: call {call.id} runs without an allocator that resizes, so that its end is already fixed"
            )
        if not (allocation.cpu > 0 and allocation.memory_mb > 0):
            raise InputError(f"allocation of {call.function.name!r}: expected cpu and memory_mb > 0, got {allocation}")
        if self.lending is None:
            self._account(call, allocation)
        else:
            self.lending.change(call, allocation)
        first = call.memory_mb is None
        call.cpu_now, call.memory_now = allocation.cpu, allocation.memory_mb
        if first:
            call.cpu, call.memory_mb = allocation.cpu, allocation.memory_mb
        if call.progress is not None:
            call.progress.limit = allocation.cpu
            self.sim.progress.changed(call.progress)
        if self.sim.notify is not None:
            self.sim.notify(self.env.now, "resize", call)

    def _account(self, call, allocation):
        """The call's container takes the memory of its new allocation, and its invoker the cores."""
        container, invoker = call.container, call.container.invoker
        least = container.group.memory if container.provisioned else 0  # what is provisioned stays so
        chosen = allocation is call.choice
        extra = max(least, call.need_memory if chosen else memory_bytes(allocation.memory_mb)) - container.memory
        if extra > invoker.memory - invoker.used and not (chosen and self.sim.placing.make_room(invoker, extra)):
            raise InputError(
                f"allocation of {call.function.name!r}: expected at most {container.memory_mb + invoker.free_mb:g} MB "
                f"(the container's and what invoker {invoker.id} has free), got {allocation.memory_mb:g}"
            )
        if extra:
            invoker.used += extra
            container.memory += extra
            self.sim.ledger.resizes.append((container.id, self.env.now, container.memory))
        if self.reserves:
            self._reserve(call, (call.need_cores if chosen else microcores(allocation.cpu)) - call.cores)

    def _reserve(self, call, cores):
        invoker = call.container.invoker
        if cores > invoker.cores - invoker.cores_used:
            raise InputError(
                f"allocation of {call.function.name!r}: expected at most the {invoker.cpu_free:g} cores that invoker "
                f"{invoker.id} has free, got {cores / 1e6:g} more"
            )
        invoker.cores_used += cores
        call.cores += cores

    def _reallocate(self):
        now_s = self.sim.now_s
        for call in list(self.adjustable):
            allocation = self.allocator.reallocate(call, call.container.invoker, now_s)
            if allocation is not None:
                self.resize(call, allocation)
        if self.lending is not None:
            self.lending.check()
        for invoker in self.sim.invokers:
            self.sim.binding.retry(invoker)
        self.sim.schedule(Alarm(self._reallocate), TICK, self._period)

    def _progress(self, call):
        """Run a call whose speed may change, or that has several steps."""
        function, steps = call.function, call.deployed.kinds
        amounts = (call.work,) if isinstance(call.work, int) else call.work
        if call.start == COLD and call.cold_work is not None:
            amounts = (call.cold_work,)
        call.progress = Work(amounts, steps, call.cpu_now or function.cpu, lambda: self._complete(call))
        call.progress.speed = function.speed and (lambda cpu: self._speed(call, cpu))
        if call.deployed.timeout is not None:
            call.time_out = Alarm(lambda: self._time_out(call))
            self.sim.schedule(call.time_out, END, call.deployed.timeout)
        if self.adjusts:
            self.adjustable[call] = None
        self.sim.progress.begin(call.progress, call.container.invoker)

    def _speed(self, call, cpu):
        """The function's word on how fast the call computes with so many cores and its memory now."""
        function = call.deployed.function
        given = (cpu, call.memory_now or call.container.memory_mb)
        rate = function.speed(*given) if function.input_size is None else function.speed(*given, call.input_size)
        if not 0 < rate < math.inf:
            raise InputError(f"function {function.name!r}, speed at {cpu:g} cores: expected a number > 0, got {rate}")
        return rate

    def _time_out(self, call):
        if call.progress.ends_now(self.env.now):
            return  # it ends at this very instant, which counts as in time
        self.sim.progress.stop(call.progress)
        call.outcome = TIMED_OUT
        self._end(call)

    def _complete(self, call):
        if call.time_out is not None:
            call.time_out.live = False
        self._end(call)

    # --- ending ------------------------------------------------------------------------------------------------------

    def _on_end(self, call):
        if call.due == self.env.now:  # a killed call has due = -1
            self._end(call)

    def _end(self, call):
        container = call.container
        lacked = call.deployed.fits is not None and not self._fits(call)
        if lacked and call.outcome == COMPLETED:
            call.outcome = FAILED
        outcome = call.outcome
        self._leave(call)
        if self._learn is not None and outcome == COMPLETED:
            self._learn(call, (self.env.now - call.begin) / NS_PER_S)
        changed = ()
        if self._tell is not None:
            changed = self._tell(call, self.env.now / NS_PER_S)
            for other, allocation in changed:
                self.resize(other, allocation)
            if self.lending is not None:
                self.lending.check()
        self.sim.close(call, outcome)
        if lacked or outcome == TIMED_OUT:
            self._kill(container)
        elif self.adjusts and not container.calls and container.memory != container.group.memory:
            self._evict(container)
        else:
            self.sim.binding.freed(container)
        if changed:
            self.sim.binding.retry(None)  # other invokers may have something free as well
        call.source.over(call, outcome)

    def _fits(self, call):
        """The function's word on whether what the call holds now is what it needs."""
        cpu, memory_mb = call.cpu_now or call.function.cpu, call.memory_now or call.container.memory_mb
        return call.deployed.fits(cpu, memory_mb, call.input_size)

    def _leave(self, call):
        """Undo what `begin` took."""
        container = call.container
        group, invoker = container.group, container.invoker
        if self.counts_area:
            group.count_area()
        calls = container.calls
        if not container.draining:
            if calls < group.concurrency:
                del group.pool[calls][container]
            group.pool[calls - 1][container] = None
        container.calls = calls - 1
        if container.running is not None:
            del container.running[call]
        group.running -= 1
        invoker.running -= 1
        call.due = -1
        if call.cores is not None:
            invoker.cores_used -= call.cores
            self.adjustable.pop(call, None)
            if self.lending is not None:
                self.lending.end(call)
            if not container.calls:
                self._give_back(container)

    def _give_back(self, container):
        """An idle container has its configured size again, if nobody has taken the memory that it gave up."""
        invoker, extra = container.invoker, container.memory - container.group.memory
        if extra and -extra <= invoker.memory - invoker.used:
            container.memory -= extra
            invoker.used -= extra
            self.sim.ledger.resizes.append((container.id, self.env.now, container.memory))

    def restored(self, container):
        """Whether a container that becomes idle unused could have its configured size; if not, it is evicted."""
        if not self.adjusts or container.memory == container.group.memory:
            return True
        self._give_back(container)
        if container.memory == container.group.memory:
            return True
        self._evict(container)
        return False

    def _evict(self, container):
        """End a container that cannot have its configured size back."""
        self.sim.lifecycle.end(container, Gone.EVICTED)
        self.sim.binding.retry(container.invoker)

    def _kill(self, container):
        """End a container at once; whatever else runs in it fails."""
        others = container.calls_in_it()
        for call in others:
            if call.progress is not None:
                self.sim.progress.stop(call.progress)
                if call.time_out is not None:
                    call.time_out.live = False
            self._leave(call)
        self.sim.lifecycle.end(container, Gone.KILLED)
        for call in others:
            self.sim.close(call, FAILED)
        self.sim.binding.retry(container.invoker)
        for call in others:
            call.source.over(call, FAILED)
