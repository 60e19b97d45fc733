"""The life of a container: started, ready, idle, expired or evicted.

Chapter "Cold and warm starts". The rules of keep-alive, pre-warming, eviction and stem cells are on the book's page of
the semantics. Left out: paused, snapshotted and deduplicated containers, for which there is room between idle and gone.
"""

from faaslab.errors import InputError
from faaslab.functions import PHASES
from faaslab.model.policies import Keep, KeepAlive, implements
from faaslab.model.result import Cause, Gone
from faaslab.platform.call import COLD, PREWARMED, TIMED_OUT
from faaslab.platform.container import GONE, READY, STARTING, Container
from faaslab.platform.draws import Draws
from faaslab.platform.order import EXPIRY, Alarm
from faaslab.platform.order import READY as READY_PRIORITY
from faaslab.platform.progress import Work
from faaslab.units import NS_PER_S, memory_bytes, ns


class Lifecycle:
    def __init__(self, sim):
        self.sim = sim
        self.env = sim.env
        self.keep_alive = sim.platform.keep_alive
        self.starter = sim.platform.starter
        self.owns_count = sim.platform.owns_count
        self._on_gone = self.keep_alive.on_gone if implements(self.keep_alive, KeepAlive, "on_gone") else None
        self._rang = (self._on_ring,)
        self._count = 0
        self._ahead = {}  # function name -> draws of starts that no call triggered
        self.alive = {}  # all containers that are not gone

    # --- starting ----------------------------------------------------------------------------------------------------

    def start(self, group, deployed, invoker, cause, call=None):
        """Begin a start of a container for `group` on `invoker`, which has room. Its phases are those of `deployed`.

        Returns the container; where the start takes no time it is ready at once and, for a call, not yet in the pool.
        """
        memory = group.memory if call is None else call.need_memory
        stem = self.stem_for(deployed, invoker, memory)
        if stem is not None:
            invoker.stems.remove(stem)
        container = stem or self._create(group, invoker, memory, cause)
        container.group = group
        container.cause = cause
        container.caller = call
        container.ready = -1  # a stem cell was ready as such, not yet for this function
        if group.concurrency > 1:
            container.running = {}
        phases = call.start_phases if call is not None else self._phases_ahead(deployed)
        names = PHASES if self.starter is None else self.starter.phases(deployed.function, stem is not None)
        phases = tuple(time if name in names else 0 for name, time in zip(PHASES, phases, strict=True))
        group.containers[container] = None
        group.starting += 1
        if stem is not None:
            self._stock_one(invoker, stem.stem_cell)
        limit = deployed.start_timeout
        if (limit is not None and sum(phases) > limit) or (limit is not None and self.sim.execution.shared):
            container.start_alarm = Alarm(lambda: self._start_timed_out(container))
            self.sim.schedule(container.start_alarm, READY_PRIORITY, limit)
        if self.sim.notify is not None:
            self.sim.notify(self.env.now, "start", container)
        self._run_start(container, phases, deployed.function, call)
        return container

    def ready_ahead(self, group, deployed, invoker, cause):
        """A container that stands ready when the run begins: its start lies before it."""
        container = self._create(group, invoker, group.memory, cause)
        if group.concurrency > 1:
            container.running = {}
        if cause == Cause.PROVISIONED:
            container.provisioned = group.provisioned = True
        group.containers[container] = None
        group.starting += 1
        self.ready(container)

    def _create(self, group, invoker, memory, cause):
        container = Container(self._count, group, invoker, memory, int(cause), self.env.now)
        self._count += 1
        invoker.used += memory
        self.alive[container] = None
        return container

    def _run_start(self, container, phases, function, call):
        if self.sim.execution.shared and any(phases):
            computes = tuple(name in function.cold_start.cpu_phases for name in PHASES)
            work = Work(phases, computes, function.cpu, lambda: self._ready_unless_gone(container))
            work.priority = READY_PRIORITY
            began = self.env.now

            def note(work):
                nonlocal began
                container.phases[work.step] += self.env.now - began
                began = self.env.now

            work.on_step = note
            container.start_work = work
            self.sim.progress.begin(work, container.invoker)
            return
        container.phases = [a + b for a, b in zip(container.phases, phases, strict=True)]
        delay = sum(phases)
        if delay == 0 and call is not None:
            self._become_ready(container)
        else:
            self.sim.schedule(Alarm(lambda: self._ready_unless_gone(container)), READY_PRIORITY, delay)

    def _phases_ahead(self, deployed):
        """The phases of a start without a call: drawn in a stream of their own, in the order of such starts."""
        name = deployed.function.name
        if name not in self._ahead:
            self._ahead[name] = iter(Draws(self.sim.seed, deployed.function, "ahead"))
        return next(self._ahead[name])[3]

    def _become_ready(self, container):
        container.state = READY
        container.ready = self.env.now
        container.group.starting -= 1
        if container.start_alarm is not None:
            container.start_alarm.live = False

    def _ready_unless_gone(self, container):
        if container.state == STARTING:
            self.ready(container)

    def ready(self, container):
        """The start is over: serve who waits, else be idle."""
        self._become_ready(container)
        if self.sim.notify is not None:
            self.sim.notify(self.env.now, "ready", container)
        container.group.pool[0][container] = None
        self.sim.binding.ready(container)

    def first_start(self, container):
        """The kind of start of the call that triggered the container's start."""
        return PREWARMED if container.from_stem else COLD

    def _start_timed_out(self, container):
        work = container.start_work
        if container.state != STARTING or (work is not None and work.ends_now(self.env.now)):
            return
        call = container.caller
        self.end(container, Gone.START_TIMED_OUT)
        waits = call is not None and call.waiting and call.trigger is container
        if waits:
            container.group.leave(call)
            self.sim.close(call, TIMED_OUT)
        self.sim.binding.start_failed(container)
        if waits:
            call.source.over(call, TIMED_OUT)

    # --- idling ------------------------------------------------------------------------------------------------------

    def idle(self, container):
        """The container is ready and has no call: hold it for eviction and ask keep-alive how long it stays."""
        if container.draining:
            self.end(container, Gone.DRAINED)
            return
        now = self.env.now
        container.idle_since = now
        if container.invoker.tracks_idle:
            container.invoker.hold_idle(container)
        if self.owns_count or container.provisioned:
            return
        group = container.group
        keep = container.keep
        if keep is None:
            keep = self.keep_alive.on_idle(container, group, now / NS_PER_S)
        else:
            container.keep = None
        try:
            keep_ns = keep.keep_ns
        except AttributeError:
            policy = type(self.keep_alive).__name__
            raise InputError(f"keep-alive policy {policy}, on_idle: expected a Keep, got {keep!r}") from None
        self._expire_after(container, keep_ns, now)
        if keep.whole_group:
            for other in group.pool[0]:
                if not other.provisioned:
                    self._expire_after(other, keep_ns, now)
        if keep.prewarm_after_s is not None and not group.running and not group.waiting:
            self._prewarm_later(group, keep)

    def _expire_after(self, container, keep_ns, now):
        if keep_ns is None:
            container.expires = None
            return
        container.expires = expires = now + keep_ns
        if container.rings is None or container.rings > expires:
            self._ring_at(container, expires - now)

    def _ring_at(self, container, delay):
        container.rings = self.env.now + delay
        container.callbacks = self._rang
        self.env.schedule(container, EXPIRY, delay)

    def _on_ring(self, container):
        container.callbacks = self._rang  # it may be scheduled once more, for a later time
        now = self.env.now
        if container.rings != now or container.state == GONE:
            return
        container.rings = None
        if container.calls or container.expires is None:
            return
        if container.expires > now:
            self._ring_at(container, container.expires - now)
            return
        self.end(container, Gone.EXPIRED)
        self.sim.binding.retry(container.invoker)
        if container.invoker.stems_missing:
            self._restock(container.invoker)  # whoever waits comes first

    # --- pre-warming -------------------------------------------------------------------------------------------------

    def _prewarm_later(self, group, keep):
        self.cancel_prewarm(group)
        group.prewarm = Alarm(lambda: self._prewarm(group, keep.prewarm_keep_s))
        self.sim.schedule(group.prewarm, EXPIRY, ns(keep.prewarm_after_s))

    def cancel_prewarm(self, group):
        if group.prewarm is not None:
            group.prewarm.live = False
            group.prewarm = None

    def _prewarm(self, group, keep_s):
        group.prewarm = None
        if group.containers:
            return
        deployed = self.sim.deployed[group.functions[0].name]
        invoker = self.sim.placing.room(deployed, evict=False)
        if invoker is None:
            self.sim.note("prewarms without room")
            return
        container = self.start(group, deployed, invoker, Cause.PREWARM)
        container.keep = Keep(keep_s)

    # --- stem cells --------------------------------------------------------------------------------------------------

    def stock(self):
        """Fill every invoker's stock of stem cells, ready when the run begins."""
        for invoker in self.sim.invokers:
            for cell in self.starter.stock() if self.starter is not None else ():
                for _ in range(cell.count):
                    self._stock_one(invoker, cell, ready=True)

    def _stock_one(self, invoker, cell, ready=False):
        memory = memory_bytes(cell.memory_mb)
        if memory > invoker.memory - invoker.used:
            self.sim.note("stem cells without room")
            invoker.stems_missing.append(cell)
            return
        stem = self._create(None, invoker, memory, Cause.STEM)
        stem.stem_cell = cell
        stem.from_stem = True
        model = next((d for d in self.sim.deployed.values() if d.function.runtime == cell.runtime), None)
        phases = self._phases_ahead(model)[:2] if model is not None else (0, 0)
        if ready:
            self._stem_ready(stem)
        else:
            stem.phases[:2] = phases
            self.sim.schedule(Alarm(lambda: self._stem_ready(stem)), READY_PRIORITY, sum(phases))

    def _stem_ready(self, stem):
        stem.ready = stem.stocked = self.env.now
        stem.invoker.stems.append(stem)

    def stem_for(self, deployed, invoker, memory):
        """A ready stem cell on the invoker that can become a container of the function with so many bytes, or None."""
        runtime = deployed.function.runtime
        return next((s for s in invoker.stems if s.stem_cell.runtime == runtime and s.memory == memory), None)

    def _restock(self, invoker):
        """Try again to start the stem cells that there was no room for."""
        missing, invoker.stems_missing = invoker.stems_missing, []
        for cell in missing:
            self._stock_one(invoker, cell)

    # --- ending ------------------------------------------------------------------------------------------------------

    def _abort_start(self, container):
        if container.start_alarm is not None:
            container.start_alarm.live = False
        if container.start_work is not None:
            self.sim.progress.stop(container.start_work)

    def drain(self, container):
        """Take the container out of service: it ends as soon as no call is in it."""
        group = container.group
        if not container.calls:
            self.end(container, Gone.DRAINED)
            return
        del group.containers[container]
        if container.calls < group.concurrency:
            del group.pool[container.calls][container]
        container.draining = True

    def end(self, container, why):
        """The container is gone: its memory is free, its row is written."""
        group, invoker = container.group, container.invoker
        if container.state == STARTING:
            group.starting -= 1
            self._abort_start(container)
        elif not container.calls:
            if invoker.tracks_idle:
                invoker.release_idle(container)
            group.pool[0].pop(container, None)
        container.state = GONE
        container.gone = self.env.now
        container.gone_why = int(why)
        group.containers.pop(container, None)
        invoker.used -= container.memory
        del self.alive[container]
        self.sim.ledger.container(container)
        if self._on_gone is not None:
            self._on_gone(container, group, self.env.now / NS_PER_S, why == Gone.EVICTED)
        if self.sim.notify is not None:
            self.sim.notify(self.env.now, "gone", container)
        container.caller = None  # it leaves no ring of references: that would have to be searched for
        if not container.calls:
            container.call = None
