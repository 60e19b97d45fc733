"""What must hold on every platform, at every event and at the end of every run."""

import math
from collections import Counter

from faaslab.model.result import Cause, Gone, Outcome, Start
from faaslab.platform import Simulation
from faaslab.platform.container import READY, STARTING
from faaslab.policies import LRU, ConcurrencyLimit, FixedWindow, NoKeepAlive, OnePerRequest


class Watched:
    """A run that is checked after each of its steps. After `run()`: result, and `seen`, the events by kind."""

    def __init__(self, platform, workload, **options):
        self.step = []
        self.sim = Simulation(platform, workload, observers=[self.hear], **options)
        self.seen = Counter()
        self.arrived, self.over = 0, 0
        self.ready = {}  # container's number -> when it was ready for its group (the row of a stem cell: as such)

    def hear(self, now, kind, subject):
        if kind == "gone" and subject.gone_why == Gone.EVICTED:
            self.step.append((kind, subject, [c for c in subject.invoker.idle if c is not subject]))
        else:
            self.step.append((kind, subject, None))

    def run(self):
        sim = self.sim
        self.after_step()
        while not sim._over.processed:
            sim.env.step()
            self.after_step()
        result = sim.result()
        check_result(sim, result, self.ready)
        return result

    def after_step(self):
        for kind, subject, _ in self.step:
            self.seen[kind] += 1
            if kind in ("ready", "begin"):
                container = subject if kind == "ready" else subject.container
                self.ready[container.id] = container.ready
        self.arrived += sum(kind == "arrival" for kind, _, _ in self.step)
        self.over += sum(kind == "over" for kind, _, _ in self.step)
        check_evictions(self.sim, self.step)
        check_turned_away(self.sim, self.step)
        self.step.clear()
        sim = self.sim
        assert self.arrived == self.over + sim.in_system
        assert sim.in_system == sum(g.running + g.waiting for g in sim.groups)
        for invoker in sim.invokers:
            check_invoker(sim, invoker)
        for group in sim.groups:
            check_group(sim, group)
        check_limits(sim)


def running_on(sim, invoker):
    return [call for c in sim.lifecycle.alive if c.invoker is invoker for call in c.calls_in_it()]


def check_invoker(sim, invoker):
    containers = [c for c in sim.lifecycle.alive if c.invoker is invoker]
    assert invoker.used == sum(c.memory for c in containers) <= invoker.memory
    assert invoker.reclaimable == sum(c.memory for c in invoker.idle)
    for container in invoker.idle:
        assert container.state == READY and not container.calls and not container.provisioned
    if invoker.tracks_idle and sim.scaling.policy is None:
        idle = {c for c in containers if c.state == READY and not c.calls and not c.provisioned}
        assert set(invoker.idle) == idle
    calls = running_on(sim, invoker)
    assert invoker.running == len(calls)
    if sim.execution.reserves:
        assert invoker.cores_used == sum(call.cores for call in calls) <= invoker.cores
    if sim.execution.shared:
        works = list(invoker.sharing)
        assert all(0 < work.cores <= work.limit for work in works)
        used = sum(work.cores for work in works)
        assert math.isclose(used, min(invoker.cpu, sum(work.limit for work in works)), abs_tol=1e-9)


def check_group(sim, group):
    containers = [c for c in sim.lifecycle.alive if c.group is group]
    for container in containers:
        assert 0 <= container.calls <= group.concurrency
        assert len(container.calls_in_it()) == container.calls
    in_service = [c for c in containers if not c.draining]
    assert set(in_service) == set(group.containers)
    assert group.starting == sum(c.state == STARTING for c in in_service)
    assert group.running == sum(c.calls for c in containers)
    assert group.waiting == len(group.waiting_calls())
    for k, pool in enumerate(group.pool):
        assert set(pool) == {c for c in in_service if c.state == READY and c.calls == k}
    check_nobody_waits_in_vain(sim, group)


def fits(sim, call, invoker):
    if call.choice is not None:  # the container could grow, and idle ones make room for it
        cores = call.need_cores if sim.execution.reserves else 0
        free = invoker.memory - invoker.used + invoker.reclaimable
        return cores <= invoker.cores - invoker.cores_used and call.need_memory <= free
    return not sim.execution.reserves or call.deployed.cores <= invoker.cores - invoker.cores_used


def check_nobody_waits_in_vain(sim, group):
    """No container with room, and no place for a start, while a call of its group waits without a start."""
    early = sim.platform.binding == "early"
    call = group.head()
    if call is None:
        return
    ready = [c for pool in group.pool for c in pool]
    if early:
        for invoker in sim.invokers:
            heads = [other for other in invoker.queue if other.waiting]
            if heads and heads[0].deployed.group is group and (heads[0].holding or sim.admits(heads[0])):
                assert not any(c.invoker is invoker and fits(sim, heads[0], invoker) for c in ready)
        return
    if call.holding or sim.admits(call):
        assert not any(fits(sim, call, c.invoker) for c in ready)
    limited = sim.admission is not None or sim.scaling.policy is not None or sim.execution.adjusts
    starter = group.first_unclaimed()
    if group.uncovered > 0 and starter is not None and not limited:
        for invoker in sim.invokers:
            free = invoker.memory - invoker.used + invoker.reclaimable
            assert not (fits(sim, starter, invoker) and group.memory <= free)


def check_limits(sim):
    calls = [c for group in sim.groups for c in group.waiting_calls() if c.holding]
    calls += [call for container in sim.lifecycle.alive for call in container.calls_in_it()]
    assert sim.concurrent == len(calls)
    for deployed in sim.deployed.values():
        assert deployed.concurrent == sum(call.deployed is deployed for call in calls)
    if isinstance(sim.admission, ConcurrencyLimit):
        for function in sim.functions:
            if function.reserved_concurrency is not None:
                assert sim.concurrent_of(function.name) <= function.reserved_concurrency
        if sim.admission.account is not None:
            assert sim.concurrent <= sim.admission.account


def check_evictions(sim, step):
    """Victims make room for a call's start on their invoker, in the policy's order, and no more than needed."""
    victims = []
    for kind, subject, idle in step:
        if kind == "gone" and subject.gone_why == Gone.EVICTED:
            assert not subject.provisioned
            victims.append(subject)
            if isinstance(sim.platform.keep_alive, LRU | FixedWindow | NoKeepAlive):
                assert all(subject.idle_since <= other.idle_since for other in idle)
        elif victims and sim.platform.allocator is None:
            if kind in ("start", "begin"):
                container = subject if kind == "start" else subject.container
                assert container.cause == Cause.CALL and all(v.invoker is container.invoker for v in victims)
                victims.clear()
            else:
                assert kind in ("arrival", "over", "gone", "ready"), kind
    assert not victims or sim.platform.allocator is not None


def check_turned_away(sim, step):
    """Throttled only at a limit, rejected only where the queue is full."""
    for kind, call, _ in step:
        if kind != "over":
            continue
        if call.outcome == Outcome.THROTTLED and not isinstance(sim.scaling.policy, OnePerRequest):
            assert not sim.admission.admit(call, sim)
        if call.outcome == Outcome.REJECTED and sim.platform.binding == "late":
            assert sum(max(0, group.uncovered) for group in sim.groups) >= sim.platform.queue_limit


# --- at the end ------------------------------------------------------------------------------------------------------


def check_result(sim, result, ready):
    calls, containers = result.calls, result.containers
    assert len(result) == sum(1 for _ in calls["outcome"])
    assert sum(int((calls["outcome"] == outcome).sum()) for outcome in Outcome) == len(result)
    if len(result):
        assert (calls["arrival_ns"][1:] >= calls["arrival_ns"][:-1]).all()
    for row in rows(calls):
        check_call(result, row, ready)
    in_it = {}
    for row in rows(calls):
        in_it.setdefault(row["container"], []).append(row)
    for i, row in enumerate(rows(containers)):
        check_container(sim, result, row | {"ready_ns": ready.get(i, -1)}, in_it.get(i, []))
    check_little(result)


def rows(columns):
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*(c.tolist() for c in columns.values()), strict=True)
    ]


def check_call(result, row, ready):
    outcome, function = Outcome(row["outcome"]), result.functions[row["function"]]
    begun = row["begin_ns"] >= 0
    assert begun == (row["start"] != Start.NONE) == (row["container"] >= 0)
    assert (row["end_ns"] < 0) == (outcome == Outcome.IN_SYSTEM)
    if outcome in (Outcome.THROTTLED, Outcome.REJECTED):
        assert not begun and row["end_ns"] == row["arrival_ns"]
    if outcome == Outcome.ABANDONED:
        assert not begun and row["end_ns"] - row["arrival_ns"] == round(function.patience_s * 1e9)
    if begun:
        assert row["begin_ns"] >= row["arrival_ns"]
        if function.patience_s is not None:
            assert row["begin_ns"] - row["arrival_ns"] <= round(function.patience_s * 1e9)
        if row["end_ns"] >= 0 and function.timeout_s is not None:
            ran, limit = row["end_ns"] - row["begin_ns"], round(function.timeout_s * 1e9)
            assert ran == limit if outcome == Outcome.TIMED_OUT else ran <= limit
    if outcome == Outcome.TIMED_OUT and not begun:
        assert any(
            f.start_timeout_s is not None for f in result.functions
        )  # a container started ahead has its group's limit
    if begun and row["start"] == Start.JOINED:
        assert row["arrival_ns"] < ready[row["container"]] <= row["begin_ns"]


def check_container(sim, result, row, calls):
    why, cause = Gone(row["gone"]), Cause(row["cause"])
    assert row["uses"] == len(calls)
    assert (row["gone_ns"] < 0) == (why == Gone.ALIVE)
    last = max([row["ready_ns"], *(c["end_ns"] for c in calls)])
    if calls:
        assert row["ready_ns"] >= row["created_ns"]
        assert min(c["begin_ns"] for c in calls) >= row["ready_ns"]
    phases = sum(row[f"{phase}_ns"] for phase in ("allocate", "runtime", "dependencies", "code"))
    if cause == Cause.CALL and row["ready_ns"] >= 0 and not sim.lifecycle.starter:
        assert row["ready_ns"] - row["created_ns"] == phases
    cold = [c for c in calls if c["start"] == Start.COLD]
    assert len(cold) <= (cause in (Cause.CALL, Cause.AUTOSCALER))
    first = min(calls, key=lambda c: c["begin_ns"], default=None)
    if first is not None:
        assert any(c["start"] != Start.WARM for c in calls if c["begin_ns"] == first["begin_ns"])
    if cause == Cause.PROVISIONED:
        assert why in (Gone.ALIVE, Gone.KILLED)
    if why == Gone.KILLED:
        there = [c for c in calls if c["end_ns"] == row["gone_ns"]]
        timed_out = [c for c in there if c["outcome"] == Outcome.TIMED_OUT]
        lacking = [c for c in there if c["outcome"] == Outcome.FAILED and needs(result.functions[c["function"]])]
        assert len(timed_out) == 1 or (lacking and not timed_out)
    if why == Gone.DRAINED:
        assert sim.platform.owns_count
    if sim.platform.owns_count:
        assert why != Gone.EXPIRED
    keep_alive = sim.platform.keep_alive
    if isinstance(keep_alive, FixedWindow) and not math.isinf(keep_alive.window_s) and not sim.platform.owns_count:
        window = round(keep_alive.window_s * 1e9)
        if why == Gone.EXPIRED:
            assert row["gone_ns"] - last == window
        if cause != Cause.PROVISIONED and row["group"] >= 0 and row["ready_ns"] >= 0:
            check_gaps(row, calls, window, result.horizon_ns)
    if isinstance(sim.scaling.policy, OnePerRequest):
        assert why != Gone.DRAINED


def needs(function):
    """Whether its calls may fail for want of memory."""
    return getattr(function.speed, "fits", None) is not None


def check_gaps(row, calls, window, horizon):
    """The container was never idle for longer than its window."""
    idle_from = row["ready_ns"]
    for call in sorted(calls, key=lambda c: c["begin_ns"]):
        assert call["begin_ns"] - idle_from <= window
        idle_from = max(idle_from, horizon if call["end_ns"] < 0 else call["end_ns"])
    end = horizon if row["gone_ns"] < 0 else row["gone_ns"]
    assert end - idle_from <= window


def check_little(result):
    """The integral of the number in the system is the sum of the times in it, exactly."""
    changes = []
    total = 0
    for row in rows(result.calls):
        end = result.horizon_ns if row["end_ns"] < 0 else row["end_ns"]
        changes += [(row["arrival_ns"], 1), (end, -1)]
        total += end - row["arrival_ns"]
    changes.sort()
    area, inside, at = 0, 0, 0
    for time, change in changes:
        area += inside * (time - at)
        inside, at = inside + change, time
    assert inside == 0 and area == total
