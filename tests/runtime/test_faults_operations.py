"""Any sequence of operations on the real platform: each call ends once, the books balance, the budget holds."""

import threading
from collections import Counter

import numpy as np
import pytest
from fault_lab import eventually, figures, function, ids_in_log
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.model.result import Gone, Outcome, Start
from faaslab.policies import ConcurrencyLimit, FixedWindow
from faaslab.runtime import Asynchronous, Queue, Runtime
from faaslab.runtime.sandbox import processes

BUDGET_MB, LIMIT = 384, 4
STARTS = ("spawn", "zygote", "prewarmed")
CODE = """
    import os, time
    def handler(event, context):
        for record in event.get("Records", ()):
            print("handled", record["body"])
        if "id" in event:
            print("handled", event["id"])
        time.sleep(event.get("s", 0.005))
        if event.get("raise"):
            raise ValueError
        if event.get("exit"):
            os._exit(1)
        return event.get("value")
"""
EVENTS = ({"value": 1}, {"value": 2, "s": 0.1}, {"raise": True}, {"exit": True}, {"s": 60})

NAMES = st.sampled_from(["a", "b"])
OPERATIONS = st.one_of(
    st.tuples(st.just("deploy"), NAMES, st.sampled_from(STARTS), st.sampled_from([128, 256])),
    st.tuples(st.just("remove"), NAMES),
    st.tuples(st.just("invoke"), NAMES, st.sampled_from(EVENTS), st.integers(1, 4)),
    st.tuples(st.just("invoke_async"), NAMES, st.integers(1, 3)),
    st.tuples(st.just("send"), NAMES, st.integers(1, 12)),
    st.tuples(st.just("kill"), st.integers(0, 9)),
    st.tuples(st.just("measure"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 0.3])),
)


class World:
    """The platform, and what is known of what it was asked."""

    def __init__(self, cloud, code):
        self.cloud, self.code = cloud, code
        self.deployed = set()
        self.callers, self.said, self.asked = [], [], 0
        self.numbers = Counter()
        self.ids = {"a": [], "b": []}  # of events and messages that were accepted
        self.pause = threading.Event()

    def do(self, operation):
        name, *arguments = operation
        getattr(self, name)(*arguments)
        used_mb = sum(row["memory_mb"] for row in self.cloud.ps())
        assert used_mb <= BUDGET_MB

    def deploy(self, name, start="zygote", memory_mb=128):
        self.cloud.deploy(name, self.code, start=start, memory_mb=memory_mb, timeout_s=0.4, init_timeout_s=60)
        if name not in self.deployed:
            self.deployed.add(name)
            options = {"batch_size": 4, "visibility_s": 0.5, "max_receives": 1000, "pollers": 1, "poll_s": 0.02}
            self.cloud.add(Queue(name, f"jobs-{name}", **options))
            self.cloud.add(Asynchronous(name, waits_s=(0.02,), retries=1000, in_flight=1))

    def remove(self, name):
        if name not in self.deployed:
            with pytest.raises(InputError, match="expected a deployed function"):
                self.cloud.remove(name)
        else:
            self.cloud.remove(name)
            self.deployed.discard(name)

    def invoke(self, name, event, count):
        for _ in range(count):
            self.asked += 1
            thread = threading.Thread(target=self._call, args=(name, event), daemon=True)
            self.callers.append(thread)
            thread.start()

    def _call(self, name, event):
        try:
            answer = self.cloud.invoke(name, event)
        except InputError as error:
            answer = error
        self.said.append((event, answer))
        self.cloud.disconnect()

    def invoke_async(self, name, count):
        self._events(name, count, lambda id_: self.cloud.invoke_async(name, {"id": id_}), "Function not found")

    def send(self, name, count):
        self._events(name, count, lambda id_: self.cloud.send(f"jobs-{name}", [id_]), "queue: expected one of")

    def _events(self, name, count, send, refusal):
        for _ in range(count):
            self.numbers[name] += 1
            id_ = f"{name}{self.numbers[name]}"
            if name in self.deployed:
                send(id_)
                self.ids[name].append(id_)
            else:
                with pytest.raises(InputError, match=refusal):
                    send(id_)

    def kill(self, which):
        pids = processes.descendants(self.cloud.pid)
        if pids:
            processes.send(pids[which % len(pids)], processes.SIGKILL)

    def measure(self, warm):
        self.all_answered()
        self.said, self.asked = [], 0
        self.cloud.measure(warm=warm)

    def wait(self, seconds):
        self.pause.wait(seconds)

    def all_answered(self):
        for thread in self.callers:
            thread.join(60)
            assert not thread.is_alive(), "a caller hangs"
        self.callers = []

    def settle(self):
        """Both functions stand, and all that was accepted is over."""
        self.all_answered()
        for name in {"a", "b"} - self.deployed:
            self.deploy(name)
        triggers = lambda: self.cloud.stats()["triggers"].values()  # noqa: E731
        eventually(lambda: all(t.get("waiting", 0) == 0 for t in triggers()), "no event waiting", 120)
        eventually(lambda: all(t.get("visible", 0) + t.get("in_flight", 0) == 0 for t in triggers()), "empty queues")
        eventually(lambda: all(row["state"] == "idle" for row in self.cloud.ps()), "no call under way")


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.generate])
@given(operations=st.lists(OPERATIONS, min_size=8, max_size=25))
def test_the_books_balance_after_any_operations(tmp_path_factory, operations):
    code = function(tmp_path_factory.mktemp("code"), CODE)
    with Runtime(keep_alive=FixedWindow(5), memory_mb=BUDGET_MB, admission=ConcurrencyLimit(LIMIT)) as cloud:
        world = World(cloud, code)
        world.deploy("a")
        for operation in operations:
            world.do(operation)
        world.settle()
        _check_answers(world)
        result = cloud.result()
        _check_calls(result, world)
        _check_containers(result)
        _check_processes(cloud)
        stats = cloud.stats()["functions"]
        for name, ids in world.ids.items():
            seen = Counter(ids_in_log(cloud.logs(name), "handled "))
            assert set(ids) <= set(seen)
            row = stats[name]
            assert row["calls"] == sum(row[o.name.lower()] for o in Outcome if o != Outcome.IN_SYSTEM)
            assert row["waiting"] == row["running"] == 0
    assert processes.strays(cloud.runtime_id) == []
    outcomes = Counter(Outcome(o).name for o in result.calls["outcome"])
    figures("operations", count=len(operations), calls=dict(outcomes), containers=len(result.containers["uses"]),
            peak_mb=_peak_mb(result), of_mb=BUDGET_MB)  # fmt: skip


def _check_answers(world):
    assert len(world.said) == world.asked
    for event, answer in world.said:
        if isinstance(answer, InputError):
            assert "Function not found" in str(answer)
        elif answer.outcome == Outcome.COMPLETED:
            assert answer.value == event["value"]
        else:
            assert answer.outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.THROTTLED), answer


def _check_calls(result, world):
    calls = result.calls
    assert Outcome.IN_SYSTEM not in calls["outcome"]
    invoked = calls["source"] == (result.sources.index("invoke") if "invoke" in result.sources else -1)
    assert sorted(calls["event"][invoked]) == list(range(invoked.sum()))  # one row for each
    assert invoked.sum() == sum(not isinstance(answer, InputError) for _, answer in world.said)
    assert np.all(calls["end_ns"] >= calls["arrival_ns"])
    begun = calls["begin_ns"] >= 0
    assert np.all(calls["container"][begun] >= 0)
    assert np.all(calls["start"][begun] != Start.NONE)
    uses = np.bincount(calls["container"][begun], minlength=len(result.containers["uses"]))
    assert np.array_equal(uses, result.containers["uses"])


def _changes(result):
    """(instant, MB) of every container's coming and going; what goes at an instant goes before what comes."""
    containers = result.containers
    rows = list(zip(containers["created_ns"], containers["gone_ns"], containers["memory_mb"], strict=True))
    return sorted([(made, mb) for made, _, mb in rows] + [(gone, -mb) for _, gone, mb in rows if gone >= 0])


def _peak_mb(result):
    return max(np.cumsum([mb for _, mb in _changes(result)]), default=0.0)


def _check_containers(result):
    assert _peak_mb(result) <= BUDGET_MB
    gone = result.containers["gone_ns"] >= 0
    assert np.array_equal(gone, result.containers["gone"] != Gone.ALIVE)


def _check_processes(cloud):
    """The containers that `ps` shows are live children, and every marked process belongs to the platform."""

    def agree():
        shown = {row["pid"] for row in cloud.ps()}
        workers = {pid for pid in processes.descendants(cloud.pid) if _container(pid)}
        return shown == workers

    eventually(agree, "ps and /proc to agree")


def _container(pid):
    name = processes.environment_of(pid).get(processes.CONTAINER_VARIABLE.encode(), b"-")
    return not name.startswith(b"-")


def test_events_outlive_the_removal_of_their_function(tmp_path):
    """Also those whose attempt was under way: it is not heard any more, and made again."""
    with Runtime(keep_alive=FixedWindow(5), memory_mb=BUDGET_MB) as cloud:
        world = World(cloud, function(tmp_path, CODE))
        for name in ("a", "b"):
            world.deploy(name, "spawn")
        for _ in range(3):
            world.invoke_async("a", 5)
            world.send("a", 5)
            world.remove("a")
            world.deploy("a", "spawn")
        world.settle()
        seen = Counter(ids_in_log(cloud.logs("a"), "handled "))
    assert set(seen) == set(world.ids["a"])
    figures("a function removed and deployed again", events=len(seen), handled_again=sum(seen.values()) - len(seen))
