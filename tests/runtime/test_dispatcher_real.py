"""What only a real platform meets: starts that fail, processes that die, functions that are replaced and removed,
measurements that begin while it runs, hosts that answer at once or too late."""

import math
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_host import VirtualHost, deployment

from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.model.result import EventOutcome, Gone, Outcome, Start
from faaslab.model.summary import summary
from faaslab.policies import KPA, LRU, ConcurrencyLimit, EarliestDeadline, FixedFleet, FixedWindow, ShortestFirst
from faaslab.runtime.dispatch import Call
from faaslab.runtime.dispatch.clock import END, READY
from faaslab.runtime.settings import Settings
from faaslab.units import NS_PER_S, ns

F = Function("f", 1.0, cold_start=ColdStart(code_s=2.0))


def platform(*functions, provisioned=(), host=VirtualHost, **options):
    made = host(Settings(**{"memory_mb": 1024.0} | options))
    made.deploy(functions or (F,), provisioned)
    return made


def outcomes(host):
    return [outcome.name.lower() for _, outcome in sorted(host.finished, key=lambda over: over[0].id)]


class Fragile(VirtualHost):
    """Every start takes its time and fails, or (`only`) the first so many of them."""

    only = math.inf

    def start(self, container):
        if container.id >= self.only:
            super().start(container)
        else:
            self.push(self.now + NS_PER_S, READY, lambda: self.dispatcher.gone(container, Gone.KILLED))


# --- starts and deaths -----------------------------------------------------------------------------------------------


def test_a_start_that_fails_answers_its_caller_and_no_other():
    host = platform(host=Fragile)
    calls = [host.call(F, ns(t)) for t in (0.0, 0.1, 0.2)]
    host.run(20)
    assert outcomes(host) == ["failed"] * 3
    assert [call.failed_start.id for call in calls] == [0, 1, 2]
    assert host.dispatcher.stats()["containers"] == 0


def test_waiting_calls_are_served_once_a_start_succeeds():
    host = platform(host=Fragile, memory_mb=128.0)
    host.only = 1
    for t in (0.0, 0.1, 0.2):
        host.call(F, ns(t))
    result = host.run(20)
    assert outcomes(host) == ["failed", "completed", "completed"]
    assert result.calls["start"].tolist() == [Start.NONE, Start.COLD, Start.WARM]
    assert result.calls["begin_ns"].tolist() == [-1, 3 * NS_PER_S, 4 * NS_PER_S]


def test_no_endless_loop_where_every_start_fails_at_once():
    class Instant(VirtualHost):
        def start(self, container):
            self.dispatcher.gone(container)

    host = platform(host=Instant, memory_mb=256.0)
    for t in range(50):
        host.call(F, t)
    host.run(1)
    assert outcomes(host) == ["failed"] * 50
    assert len(host.dispatcher.result().containers["cause"]) == 50


def test_under_a_fleet_whose_starts_fail_every_waiting_call_fails_in_time():
    host = platform(host=Fragile, autoscaler=FixedFleet(2, check_s=3.0))
    for t in (0.5, 0.6, 0.7):
        host.call(F, ns(t))
    host.run(60)
    assert outcomes(host) == ["failed"] * 3


def test_a_container_that_dies_idle_is_gone_and_one_that_dies_busy_fails_its_call():
    host = platform()
    host.call(F, 0)
    host.run(4)
    (idle,) = host.dispatcher.lifecycle.alive
    host.dispatcher.gone(idle)
    call = host.call(F, ns(5))
    host.push(ns(7.5), END, lambda: host.dispatcher.gone(call.container))
    result = host.run(10)
    assert outcomes(host) == ["completed", "failed"]
    assert result.containers["gone"].tolist() == [Gone.KILLED, Gone.KILLED]
    assert result.containers["gone_ns"].tolist() == [ns(4), ns(7.5)]
    assert host.ended == []  # the host knows
    assert host.dispatcher.machine.used == 0


def test_answers_that_come_too_late_change_nothing():
    host = platform()
    call = host.call(F, 0)
    host.run(2.5)
    container = call.container
    host.dispatcher.gone(container, Gone.KILLED, Outcome.TIMED_OUT)
    host.dispatcher.done(call, Outcome.COMPLETED)
    host.dispatcher.gone(container)
    host.dispatcher.ready(container, (0, 0, 0, 0))
    host.dispatcher.abandon(call)
    host.run(20)
    assert outcomes(host) == ["timed_out"]
    assert host.dispatcher.machine.used == 0


def test_a_host_may_answer_within_what_it_is_asked():
    """Starts and calls that are over before the host returns: as many calls as wished, one container."""

    class Prompt(VirtualHost):
        def start(self, container):
            self.dispatcher.ready(container, (0, 0, 0, 5))

        def begin(self, call, container):
            self.dispatcher.done(call, Outcome.COMPLETED)

        def finish(self, call, outcome):
            super().finish(call, outcome)
            if len(self.finished) < 20:
                self.dispatcher.arrive(Call(F))

    host = platform(host=Prompt)
    host.dispatcher.arrive(Call(F))
    result = host.run(1)
    assert outcomes(host) == ["completed"] * 20
    assert result.containers["uses"].tolist() == [20]
    assert result.calls["start"].tolist() == [Start.COLD, *[Start.WARM] * 19]


def test_a_process_that_stood_prewarmed_makes_its_first_call_prewarmed():
    class Stock(VirtualHost):
        def start(self, container):
            container.from_stem = True
            super().start(container)

    host = platform(host=Stock)
    host.call(F, 0)
    result = host.run(5)
    assert result.calls["start"].tolist() == [Start.PREWARMED]


def test_an_alarm_that_rings_a_little_early_is_set_again():
    class Hasty(VirtualHost):
        def call_at(self, at_ns, act):
            return super().call_at(max(self.now, at_ns - 400 if at_ns - self.now > 400 else at_ns), act)

    host = platform(host=Hasty, keep_alive=FixedWindow(2.0))
    host.call(F, 0)
    assert host.run(10).containers["gone_ns"].tolist() == [ns(5.0)]


def test_a_call_does_not_meet_a_container_whose_alarm_rings_late():
    class Late(VirtualHost):
        def call_at(self, at_ns, act):
            return super().call_at(at_ns + NS_PER_S, act)

    host = platform(host=Late, keep_alive=FixedWindow(2.0))
    for t in (0.0, 4.9, 8.0):  # idle from 3 and from 5.9: the second still finds it, the third comes after its time
        host.call(F, ns(t))
    result = host.run(20)
    assert result.calls["start"].tolist() == [Start.COLD, Start.WARM, Start.COLD]
    assert result.containers["gone_ns"][0] == ns(8.0)


# --- provisioned containers ------------------------------------------------------------------------------------------


def test_provisioned_containers_serve_first_and_stand_up_again():
    host = platform(provisioned={"f": 2})
    first = host.call(F, ns(1))
    host.run(1.5)
    assert first.container.provisioned and first.start == Start.PREWARMED
    host.dispatcher.gone(first.container)
    host.run(10)
    stats = host.dispatcher.stats()["functions"]["f"]
    assert (stats["idle"], stats["failed"]) == (2, 1)
    assert [row["provisioned"] for row in host.dispatcher.ps()] == [True, True]


def test_the_pause_before_a_provisioned_container_starts_again_grows_and_is_forgotten():
    host = platform(F, host=Fragile)
    host.dispatcher.deploy(deployment(F, provisioned=1))
    started = host.run(60).containers["created_ns"]
    gaps = np.diff(started) / NS_PER_S - 1.0  # a start fails after a second
    assert gaps[:5] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
    assert len(host.run(3600).containers["created_ns"]) < 75  # once a minute in the end
    host.only = 0
    host.run(3700)
    host.call(F, ns(3701))
    host.run(3710)
    assert outcomes(host) == ["completed"]
    (container,) = host.dispatcher.lifecycle.alive
    host.dispatcher.gone(container)
    assert host.run(3720).containers["created_ns"][-1] == ns(3710.1)


def test_provisioned_containers_may_evict_and_otherwise_wait_for_room():
    g = Function("g", 5.0, memory_mb=512, cold_start=ColdStart(code_s=1.0))
    host = platform(F, g, keep_alive=LRU(), memory_mb=640.0)
    host.call(g, 0)
    host.run(3)  # g is busy until 6
    host.dispatcher.deploy(deployment(F, provisioned=2))
    host.run(20)
    assert [c.function.name for c in host.dispatcher.lifecycle.alive] == ["f", "f"]
    assert host.dispatcher.result().notes["provisioned containers without room"] > 0


# --- functions that change -------------------------------------------------------------------------------------------


def test_a_replaced_function_drains_and_serves_who_waits():
    host = platform(memory_mb=128.0)
    calls = [host.call(F, ns(t)) for t in (0.0, 0.1, 0.2)]
    host.run(2.5)  # the first runs until 3, the others wait
    new = Function("f", 1.0, memory_mb=100.0, cold_start=ColdStart(code_s=1.0))
    host.dispatcher.deploy(deployment(new))
    result = host.run(20)
    assert outcomes(host) == ["completed"] * 3
    assert result.containers["gone"].tolist() == [Gone.DRAINED, Gone.ALIVE]
    assert result.containers["memory_mb"].tolist() == [128.0, 100.0]
    assert result.calls["container"].tolist() == [0, 1, 1]
    assert calls[1].begin == ns(5)  # two seconds of start, from the first's end
    assert host.dispatcher.concurrent == 0
    assert [f.memory_mb for f in result.functions] == [100.0]


def test_replacing_a_function_while_its_start_is_under_way():
    host = platform()
    host.call(F, 0)
    host.run(1)
    host.dispatcher.deploy(deployment(F))
    result = host.run(20)
    assert outcomes(host) == ["completed"]
    assert [c.id for c in host.ended] == [0]
    assert result.calls["begin_ns"].tolist() == [ns(3)]


def test_a_removed_function_fails_who_waits_and_lets_run_what_runs():
    host = platform(memory_mb=128.0)
    for t in (0.0, 0.1, 0.2):
        host.call(F, ns(t))
    host.run(2.5)
    host.dispatcher.remove("f")
    assert outcomes(host) == ["failed"] * 2
    result = host.run(5)
    assert outcomes(host) == ["completed", "failed", "failed"]
    assert result.containers["gone"].tolist() == [Gone.DRAINED]
    assert host.dispatcher.machine.used == 0 and host.dispatcher.concurrent == 0
    with pytest.raises(InputError, match="'f'"):
        host.dispatcher.arrive(Call(F))
    with pytest.raises(InputError, match="remove"):
        host.dispatcher.remove("f")


def test_reserved_concurrency_follows_what_is_deployed():
    g = Function("g", 1.0, cold_start=ColdStart(code_s=1.0), reserved_concurrency=2)
    host = platform(F, admission=ConcurrencyLimit(2))
    host.call(F, 0)
    host.run(0.5)
    host.dispatcher.deploy(deployment(g))
    host.call(F, ns(0.6))
    host.call(g, ns(0.7))
    host.run(20)
    assert outcomes(host) == ["completed", "throttled", "completed"]
    with pytest.raises(InputError, match=r"reserved_concurrency.*got 3"):
        host.dispatcher.deploy(deployment(Function("h", 1.0, reserved_concurrency=1)))


@pytest.mark.parametrize(
    ("options", "provisioned", "message"),
    [
        ({"memory_mb": 100.0}, 0, "at most the platform's 100"),
        ({"memory_mb": 200.0}, 2, "need 256 MB"),
        ({"autoscaler": KPA()}, 1, "the autoscaler alone"),
    ],
)
def test_what_cannot_be_deployed_is_said_at_once(options, provisioned, message):
    host = VirtualHost(Settings(**{"memory_mb": 1024.0} | options))
    with pytest.raises(InputError, match=message):
        host.dispatcher.deploy(deployment(F, provisioned))
    assert host.dispatcher.groups == {}


# --- callers ---------------------------------------------------------------------------------------------------------


def test_a_caller_who_leaves_gives_up_only_what_waits():
    host = platform()
    early, late = host.call(F, 0), host.call(F, ns(2.5))
    host.run(1)
    host.dispatcher.abandon(early)
    assert outcomes(host) == ["abandoned"]
    host.run(2.7)
    assert late.start == Start.PREWARMED  # the start went on
    host.dispatcher.abandon(late)
    host.run(5)
    assert outcomes(host) == ["abandoned", "completed"]


def test_orders_of_waiting_calls_without_foresight():
    quick = Function("f", 1.0, cold_start=ColdStart(code_s=1.0), deadline_s=1.0)
    for queueing in (ShortestFirst(), EarliestDeadline()):
        host = platform(quick, queueing=queueing, memory_mb=128.0)
        for t in range(4):
            host.call(quick, ns(t / 10))
        host.run(20)
        assert outcomes(host) == ["completed"] * 4
    with pytest.raises(InputError, match="not known ahead"):
        _ = Call(F).service_s


def test_a_policy_of_ones_own_that_asks_for_the_service_is_refused_and_the_rest_goes_on():
    class Clairvoyant:
        def reset(self, seed):
            pass

        def key(self, call):
            return call.service_s

    host = platform(queueing=Clairvoyant())
    call = Call(F)
    call.draw = next(host.draws(F, "open"))
    with pytest.raises(InputError, match="not known ahead"):
        host.dispatcher.arrive(call)
    assert host.run(5).calls["outcome"].tolist() == [Outcome.FAILED]
    host.call(F, ns(6))
    host.run(20)
    assert outcomes(host) == ["completed"]  # a container stands ready, so that nobody waits
    assert host.dispatcher.concurrent == 0


# --- measurements ----------------------------------------------------------------------------------------------------


def test_a_new_measurement_keeps_warm_containers_and_begins_at_zero():
    host = platform()
    host.call(F, 0)
    host.call(F, ns(3.5))  # under way at 4
    host.run(4)
    host.dispatcher.measure()
    host.call(F, ns(6), event=0)
    result = host.run(10)
    assert host.dispatcher.zero_ns == ns(4)
    assert result.horizon_ns == ns(6)
    assert result.calls["arrival_ns"].tolist() == [ns(2)]
    assert result.calls["start"].tolist() == [Start.WARM]
    containers = {name: values.tolist() for name, values in result.containers.items()}
    assert (containers["created_ns"], containers["ready_ns"], containers["uses"]) == ([0], [0], [1])
    assert containers["code_ns"] == [0]
    assert result.notes == {"calls under way when the measurement began, left out": 1}
    assert host.dispatcher.stats()["functions"]["f"]["calls"] == 1
    assert summary(result)["containers_mean"] == 1.0


def test_a_cold_measurement_is_like_a_simulation_from_the_start():
    scaler = KPA(initial=1, tick_s=1.0, stable_window_s=6.0, panic_window_s=2.0)
    host = platform(autoscaler=scaler)
    arrivals = (0.5, 0.7, 1.1, 4.0, 9.5)

    def measured():
        for event, t in enumerate(arrivals):
            host.call(F, host.now + ns(t), event)
        return host.run(host.now / NS_PER_S + 100)

    host.dispatcher.measure(warm=False)
    first = measured()
    host.dispatcher.measure(warm=False)
    again = measured()
    for table in ("calls", "containers"):
        for name, values in getattr(first, table).items():
            assert np.array_equal(values, getattr(again, table)[name]), name
    assert first.calls["outcome"].tolist() == [Outcome.COMPLETED] * 5


def test_scheduled_arrivals_count_lateness_as_waiting():
    host = platform()
    host.run(5)
    host.dispatcher.measure()
    late = Call(F, arrival=ns(5.5))
    late.draw = next(host.draws(F, "open"))
    host.push(ns(6), END, lambda: host.dispatcher.arrive(late))
    before = Call(F, arrival=ns(4))
    before.draw = late.draw
    host.push(ns(6.1), END, lambda: host.dispatcher.arrive(before))
    result = host.run(20)
    assert result.calls["arrival_ns"].tolist() == [0, ns(0.5)]  # by arrival
    assert result.notes == {"calls due before the measurement began, counted from its beginning": 1}


def test_stats_and_ps_tell_what_is_there():
    host = platform(memory_mb=256.0)
    for t in (0.0, 0.1, 0.2):
        host.call(F, ns(t))
    host.run(2.05)
    stats = host.dispatcher.stats()
    assert (stats["waiting"], stats["running"], stats["containers"], stats["used_mb"]) == (2, 1, 2, 256.0)
    assert {row["state"] for row in host.dispatcher.ps()} == {"busy", "starting"}
    host.run(10)
    f = host.dispatcher.stats()["functions"]["f"]
    assert (f["calls"], f["completed"], f["cold"], f["warm"], f["idle"]) == (3, 3, 2, 1, 2)
    assert f["p50_s"] == pytest.approx(3.0)
    assert [row["idle_s"] for row in host.dispatcher.ps()] == pytest.approx([7.0 - 1.0, 10 - 3.1], abs=1.0)


def test_events_and_messages_of_triggers_are_in_the_result():
    host = platform()
    host.run(5)
    host.dispatcher.measure()
    host.dispatcher.event("jobs", 0, ns(6), ns(7), 2, EventOutcome.DONE)
    host.dispatcher.message("jobs", 0, ns(4), ns(7), 1, EventOutcome.DONE)
    host.run(9)
    result = host.dispatcher.result(messages=[("jobs", 1, ns(8), 0)])
    assert result.events["ended_ns"].tolist() == [ns(2)]
    assert result.messages["outcome"].tolist() == [EventOutcome.PENDING]
    assert result.notes["events and messages from before the measurement, left out"] == 1
    assert result.sources == ("jobs",)


# --- disorder --------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(st.sampled_from(["call", "kill", "deploy", "remove", "leave", "measure", "wait"]), st.integers(0, 9)),
        max_size=40,
    ),
    st.sampled_from([256.0, 640.0]),
    st.integers(0, 2),
)
def test_accounts_stay_right_whatever_happens(steps, memory_mb, provisioned):
    """Every call that arrived in a measurement has one row, and every call is told its end once."""
    fs = [Function(name, 1.0, cold_start=ColdStart(code_s=1.0), start_timeout_s=5.0) for name in "ab"]
    host = platform(*fs, memory_mb=memory_mb, keep_alive=FixedWindow(3.0), admission=ConcurrencyLimit(4))
    dispatcher = host.dispatcher
    calls, at = [], 0.0
    for what, n in steps:
        f = fs[n % 2]
        if what == "call" and f.name in dispatcher.groups:
            calls.append(host.call(f, host.now))
        elif what == "kill" and dispatcher.lifecycle.alive:
            dispatcher.gone(list(dispatcher.lifecycle.alive)[n % len(dispatcher.lifecycle.alive)])
        elif what == "deploy":
            dispatcher.deploy(deployment(f, provisioned if n > 5 and memory_mb > 600 else 0))
        elif what == "remove" and f.name in dispatcher.groups:
            dispatcher.remove(f.name)
        elif what == "leave" and calls:
            dispatcher.abandon(calls[-1])
        elif what == "measure":
            dispatcher.measure(warm=n % 2 == 0)
        at += 0.3 if what != "wait" else n / 2
        host.run(at)
        check_accounts(host, calls)
    for name in list(dispatcher.groups):
        dispatcher.remove(name)
    host.run(at + 100)
    assert len(host.finished) == len(calls) == len({call.id for call, _ in host.finished})
    assert dispatcher.concurrent == dispatcher.machine.used == dispatcher.machine.running == 0
    assert not dispatcher.lifecycle.alive


def check_accounts(host, calls):
    dispatcher = host.dispatcher
    result = dispatcher.result()
    counted = [call for call in calls if call.row >= 0]
    assert len(result) <= len(counted)
    in_system = np.count_nonzero(result.calls["outcome"] == Outcome.IN_SYSTEM)
    assert in_system <= len(calls) - len(host.finished)
    assert len(result.containers["gone"]) == dispatcher.ledger._container_rows
    assert np.count_nonzero(result.containers["gone"] == Gone.ALIVE) == len(dispatcher.lifecycle.alive)
    assert dispatcher.machine.used == sum(c.memory for c in dispatcher.lifecycle.alive) <= dispatcher.machine.memory
    uses = np.bincount(
        result.calls["container"][result.calls["container"] >= 0], minlength=len(result.containers["uses"])
    )
    assert (uses == result.containers["uses"]).all()
    assert math.isfinite(summary(result)["container_seconds"])
    assert isinstance(dispatcher.ps(), list) and dispatcher.stats()["containers"] == len(dispatcher.lifecycle.alive)


def test_what_goes_wrong_for_one_caller_keeps_nobody_else_from_an_answer():
    class Clumsy(VirtualHost):
        def finish(self, call, outcome):
            super().finish(call, outcome)
            if call.id == 0:
                raise OSError("the caller's connection is closed")

    host = platform(host=Clumsy, memory_mb=128.0)
    for t in (0.0, 0.1, 0.2):
        host.call(F, ns(t))
    host.run(0.5)
    with pytest.raises(OSError, match="connection"):
        host.dispatcher.remove("f")
    assert outcomes(host) == ["failed"] * 3


def test_calls_that_are_over_are_let_go():
    """Under a load that never lets the line run empty, of calls that are over no more are held than wait, and a few."""
    host = platform(memory_mb=256.0)
    seen = weakref.WeakSet()
    for t in range(400):
        seen.add(host.call(F, ns(t / 2.5)))  # more than two containers can take
    most = 0

    def look():
        nonlocal most
        host.finished.clear()
        host._draws.clear()
        waiting = sum(group.waiting for group in host.dispatcher.groups.values())
        coming = sum(len(entry) > 0 for entry in host._heap)
        most = max(most, len(seen) - coming - 2 * waiting)

    host.run(150, look)
    assert host.dispatcher.stats()["functions"]["f"]["waiting"] > 50
    assert most < 20
