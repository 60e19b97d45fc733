"""A second, independent reading of the platform's semantics: slow, plain, and without the engine's data structures.

It knows late binding, dedicated cpu, limited memory, fixed and unlimited keep-alive with eviction of the longest idle,
cold starts of constant length, container concurrency, a limited queue, time-outs and patience. Time is a whole number
of any unit. After everything that happens it asks every group again what could be served, with scans over all
containers and calls.
"""

from dataclasses import dataclass, field

END, READY, ARRIVAL, EXPIRY = range(4)


@dataclass
class Kind:
    """A function. services: one a call, in order of arrival; times, memory and cores in any unit."""

    name: str
    services: list
    memory: int = 1
    cores: int = 1
    start: int = 0
    timeout: int | None = None
    start_timeout: int | None = None
    patience: int | None = None
    concurrency: int = 1
    app: str | None = None


@dataclass(eq=False)
class Box:
    """A container."""

    id: int
    group: str
    machine: int
    memory: int
    created: int
    caller: object
    ready: int = -1
    gone: int = -1
    why: str = "alive"
    uses: int = 0
    calls: list = field(default_factory=list)
    touched: int = 0  # number of the latest change of its calls
    idle_since: int | None = None  # time, None while it is starting or busy
    idle_number: int = 0


@dataclass(eq=False)
class Attempt:
    id: int
    kind: Kind
    arrival: int
    service: int
    begin: int = -1
    end: int = -1
    outcome: str = "in_system"
    start: str = "none"
    box: Box | None = None
    trigger: Box | None = None
    waiting: bool = False


class Oracle:
    """`run(arrivals, horizon)` takes a list of (time, index of the kind) in order and leaves `calls` and `boxes`."""

    def __init__(self, kinds, *, machines=1, memory=None, cores=None, window=None, queue_limit=None):
        self.kinds, self.machines = kinds, machines
        self.capacity, self.cores, self.window, self.queue_limit = memory, cores, window, queue_limit
        self.groups = list(dict.fromkeys(k.app or k.name for k in kinds))
        self.calls, self.boxes, self.events = [], [], []
        self.number = 0
        self.now = 0

    # --- bookkeeping by scanning -------------------------------------------------------------------------------------

    def next(self):
        self.number += 1
        return self.number

    def at(self, time, order, what, *subject):
        self.events.append((time, order, self.next(), what, subject))

    def group_of(self, call):
        return call.kind.app or call.kind.name

    def size(self, group):
        return max(k.memory for k in self.kinds if (k.app or k.name) == group)

    def room_in(self, group):
        return next(k.concurrency for k in self.kinds if (k.app or k.name) == group)

    def living(self, group=None, machine=None):
        return [
            b for b in self.boxes
            if b.gone < 0 and (group is None or b.group == group) and (machine is None or b.machine == machine)
        ]  # fmt: skip

    def waiting(self, group):
        return [c for c in self.calls if c.waiting and self.group_of(c) == group]

    def starting(self, group):
        return [b for b in self.living(group) if b.ready < 0]

    def uncovered(self, group):
        return len(self.waiting(group)) - len(self.starting(group)) * self.room_in(group)

    def free_memory(self, machine):
        if self.capacity is None:
            return float("inf")
        return self.capacity - sum(b.memory for b in self.living(machine=machine))

    def free_cores(self, machine):
        if self.cores is None:
            return float("inf")
        return self.cores - sum(c.kind.cores for b in self.living(machine=machine) for c in b.calls)

    # --- what happens ------------------------------------------------------------------------------------------------

    def run(self, arrivals, horizon):
        ordinals = [0] * len(self.kinds)
        for time, index in arrivals:
            kind = self.kinds[index]
            self.at(time, ARRIVAL, self.arrive, kind, kind.services[ordinals[index]])
            ordinals[index] += 1
        while self.events:
            event = min(self.events, key=lambda e: e[:3])
            if event[:2] >= (horizon, ARRIVAL):
                return
            self.events.remove(event)
            self.now = event[0]
            event[3](*event[4])

    def arrive(self, kind, service):
        call = Attempt(len(self.calls), kind, self.now, service)
        self.calls.append(call)
        group = self.group_of(call)
        if not self.waiting(group):
            box = self.pick(call)
            if box is not None:
                self.begin(call, box, "warm" if box.uses else "prewarmed")
                return
        if len(self.starting(group)) * self.room_in(group) > len(self.waiting(group)):
            self.wait(call)
        elif not self.start_for(call):
            if self.queue_limit is not None and sum(max(0, self.uncovered(g)) for g in self.groups) >= self.queue_limit:
                call.end, call.outcome = self.now, "rejected"
            else:
                self.wait(call)

    def wait(self, call):
        call.waiting = True
        if call.kind.patience is not None:
            self.at(call.arrival + call.kind.patience, EXPIRY, self.lose_patience, call)

    def lose_patience(self, call):
        if call.waiting:
            call.waiting = False
            call.end, call.outcome = self.now, "abandoned"
            self.serve_all()

    def pick(self, call):
        """The fullest ready container with room and cores, among those the one whose calls changed last."""
        fitting = [
            b for b in self.living(self.group_of(call))
            if b.ready >= 0 and len(b.calls) < call.kind.concurrency and call.kind.cores <= self.free_cores(b.machine)
        ]  # fmt: skip
        return max(fitting, key=lambda b: (len(b.calls), b.touched), default=None)

    def begin(self, call, box, start):
        call.waiting = False
        call.begin, call.box, call.start = self.now, box, start
        box.calls.append(call)
        box.uses += 1
        box.touched = self.next()
        box.idle_since = None
        late = call.kind.timeout is not None and call.service > call.kind.timeout
        self.at(self.now + (call.kind.timeout if late else call.service), END, self.finish, call, late)

    def finish(self, call, late):
        if call.end >= 0:
            return  # its container was killed before
        box = call.box
        box.calls.remove(call)
        box.touched = self.next()
        call.end, call.outcome = self.now, "timed_out" if late else "completed"
        if late:
            for other in box.calls:
                other.end, other.outcome = self.now, "failed"
            box.calls = []
            self.close(box, "killed")
        else:
            self.serve(box.group)
            self.rest(box)
        self.serve_all()

    def rest(self, box):
        """Idle from now on, if no call is in it."""
        if box.calls or box.gone >= 0:
            return
        box.idle_since, box.idle_number = self.now, self.next()
        if self.window is not None:
            self.at(self.now + self.window, EXPIRY, self.expire, box, box.idle_number)

    def expire(self, box, number):
        if box.gone < 0 and box.idle_since is not None and box.idle_number == number:
            self.close(box, "expired")
            self.serve_all()

    def close(self, box, why):
        box.gone, box.why, box.idle_since = self.now, why, None

    # --- starts ------------------------------------------------------------------------------------------------------

    def start_for(self, call):
        machine = self.place(call)
        if machine is None:
            return False
        group, kind = self.group_of(call), call.kind
        box = Box(len(self.boxes), group, machine, self.size(group), self.now, call)
        self.boxes.append(box)
        call.trigger = box
        if kind.start == 0:
            box.ready, box.touched = self.now, self.next()
            self.begin(call, box, "cold")
            self.serve(group)
            return True
        if not call.waiting:
            self.wait(call)
        if kind.start_timeout is not None and kind.start > kind.start_timeout:
            self.at(self.now + kind.start_timeout, READY, self.give_up, box)
        self.at(self.now + kind.start, READY, self.become_ready, box)
        return True

    def place(self, call):
        """The first machine with cores and unused memory; else the first where evicting the idle makes enough."""
        need = self.size(self.group_of(call))
        machines = [m for m in range(self.machines) if call.kind.cores <= self.free_cores(m)]
        for machine in machines:
            if need <= self.free_memory(machine):
                return machine
        for machine in machines:
            idle = [b for b in self.living(machine=machine) if b.idle_since is not None]
            if need <= self.free_memory(machine) + sum(b.memory for b in idle):
                for victim in sorted(idle, key=lambda b: b.idle_number):
                    if need > self.free_memory(machine):
                        self.close(victim, "evicted")
                return machine
        return None

    def give_up(self, box):
        if box.gone >= 0 or box.ready >= 0:
            return
        self.close(box, "start_timed_out")
        call = box.caller
        if call.waiting and call.trigger is box:
            call.waiting = False
            call.end, call.outcome = self.now, "timed_out"
        self.serve_all()

    def become_ready(self, box):
        if box.gone >= 0:
            return
        box.ready, box.touched = self.now, self.next()
        self.serve(box.group)
        self.rest(box)
        self.serve_all()

    # --- the waiting -------------------------------------------------------------------------------------------------

    def serve(self, group):
        """First come first served, while the first fits into a ready container."""
        for call in self.waiting(group):
            box = self.pick(call)
            if box is None:
                return
            self.begin(call, box, self.kind_of_start(call, box))

    def kind_of_start(self, call, box):
        if call.trigger is box:
            return "cold"
        if call.arrival < box.ready and (box.uses == 0 or box.ready == self.now):
            return "joined"
        return "warm" if box.uses else "prewarmed"

    def serve_all(self):
        """Every group, the one with the earliest waiting call first: serve, then start for those without a start."""
        heads = {g: self.waiting(g)[0].id for g in self.groups if self.waiting(g)}
        for group in sorted(heads, key=heads.get):
            self.serve(group)
            while self.uncovered(group) > 0:
                unclaimed = [
                    c for c in self.waiting(group) if c.trigger is None or c.trigger.ready >= 0 or c.trigger.gone >= 0
                ]
                if not unclaimed or not self.start_for(unclaimed[0]):
                    break
