"""The store: what is promised survives a killed process, a full file and a second opener."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faaslab.errors import InputError
from faaslab.runtime.durable.store import Store, StoreFull

S = 10**9
MEMORY = Path("/dev/shm")  # many small stores; what fsync costs is not their matter


class Clock:
    def __init__(self):
        self.now = 1_000 * S

    def __call__(self):
        return self.now


def test_a_second_opener_is_refused_in_one_line(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    script = "import sys; from faaslab.runtime.durable.store import Store; Store(sys.argv[1])"
    other = subprocess.run([sys.executable, "-c", script, store.path], capture_output=True, text=True)
    assert other.returncode == 1 and "in use by another process" in other.stderr.splitlines()[-1]
    store.close()
    Store(tmp_path / "s.sqlite").close()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "text.sqlite"
    path.write_text("not a database, and long enough to be seen as none" * 20)
    with pytest.raises(InputError, match="not a database"):
        Store(path)
    with pytest.raises(InputError, match="can be opened"):
        Store(tmp_path / "nowhere" / "s.sqlite")
    newer = sqlite3.connect(tmp_path / "newer.sqlite")
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(InputError, match="version is 99"):
        Store(tmp_path / "newer.sqlite")
    with pytest.raises(InputError, match="capacity_mb"):
        Store(tmp_path / "small.sqlite", capacity_mb=0.01)


def test_unknown_queues_and_streams_name_those_there_are(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(InputError, match="none yet"):
        store.queue("photos")
    store.create_queue("photos", dead_letter="bad")
    with pytest.raises(InputError, match="did you mean 'photos'"):
        store.queue("photo")
    assert set(store.queues()) == {"photos", "bad"}
    store.create_stream("clicks", 2)
    with pytest.raises(InputError, match="shards: expected 2"):
        store.create_stream("clicks", 3)
    with pytest.raises(InputError, match="stream"):
        store.stream("photos")


def test_what_senders_are_promised_is_synced_to_the_disk_and_what_consumers_write_is_not(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    level = lambda: store.db.execute("PRAGMA synchronous").fetchone()[0]  # noqa: E731
    with store.sending():
        assert level() == 2  # FULL
    with store.writing():
        assert level() == 1  # NORMAL
    store.close()
    store = Store(store.path, power_safe=False)
    with store.sending():
        assert level() == 1
    assert store.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.parametrize("body_bytes", [10, 300, 3000, 30_000])
def test_a_full_store_refuses_senders_keeps_what_it_has_and_can_be_emptied(tmp_path, body_bytes):
    store = Store(tmp_path / "s.sqlite", capacity_mb=0.5)
    queue = store.create_queue("q", max_receives=2, dead_letter="bad")
    store.create_stream("stream", 2)
    sent, at_once = 0, 20 if body_bytes < 1000 else 1
    with pytest.raises(StoreFull, match=r"0\.5 MB are full; nothing was stored"):
        while True:
            queue.send([f"{sent + i:010d}".ljust(body_bytes, "x") for i in range(at_once)])
            sent += at_once
    with pytest.raises(StoreFull):
        store.stream("stream").put([("key", "y" * 300_000)])
    with pytest.raises(StoreFull):  # all or none
        queue.send(["small", "z" * 500_000])
    assert queue.counts()["sent"] == queue.counts()["visible"] == sent
    store.close()
    assert os.path.getsize(store.path) <= 2**19
    clock = Clock()
    clock.now = time.time_ns()
    store = Store(store.path, capacity_mb=0.5, now_ns=clock)
    queue = store.queue("q")
    while queue.receive(100, S):  # every message is delivered twice: rows change, indices are split
        pass
    clock.now += 2 * S
    seen = []
    while batch := queue.receive(7, S):
        seen += [int(m.body[:10]) for m in batch]
        assert all(queue.delete([m.receipt for m in batch[::2]]))
    assert sorted(seen) == list(range(sent))
    clock.now += 2 * S
    dead = queue.redrive()
    counts = queue.counts()
    assert counts["dead"] == len(dead) == sent - counts["done"] and counts["visible"] == counts["in_flight"] == 0
    print(f"bodies of {body_bytes} bytes: {sent} in 0.5 MB, {counts['done']} done, {len(dead)} dead, none lost")
    queue.send(["there is room again"])
    assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_queues_own_capacity_refuses_its_senders_only(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    queue, other = store.create_queue("q", capacity_mb=0.001), store.create_queue("other")
    queue.send(["x" * 1000])
    with pytest.raises(StoreFull, match="room for 49 bytes, but 1000 of its 1048"):
        queue.send(["y" * 49])
    queue.send(["y" * 48])
    other.send(["z" * 5000])
    (first,) = queue.receive(1, S)
    assert queue.delete([first.receipt]) == [True]
    queue.send(["x" * 1000])
    assert queue.counts()["bytes"] == 1048


class QueueMachine(RuleBasedStateMachine):
    """Any history of sends, receives, deletions, waits and crashes: every message is where it should be."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="faaslab-queue-", dir=MEMORY if MEMORY.is_dir() else None))
        self.generation = 0
        self.clock = Clock()
        self.store = None
        self.max_receives = 3
        self.open_store()
        self.deliveries = {}  # body -> count
        self.done, self.dead = set(), set()
        self.receipts = []  # (body, receipt, its number among the body's deliveries), all that were ever given
        self.until = {}  # body -> when its last delivery's visibility runs out

    def open_store(self):
        self.store = Store(self.folder / f"{self.generation}.sqlite", now_ns=self.clock)
        self.queue = self.store.create_queue("q", max_receives=self.max_receives, dead_letter="bad")

    @rule(count=st.integers(1, 4))
    def send(self, count):
        bodies = [f"message {len(self.deliveries) + i}" for i in range(count)]
        assert len(set(self.queue.send(bodies))) == count
        self.deliveries |= dict.fromkeys(bodies, 0)

    @rule(limit=st.integers(1, 5), visibility_s=st.integers(1, 4))
    def receive(self, limit, visibility_s):
        expected = {b for b in self.live() if self.visible(b) and self.deliveries[b] < self.max_receives}
        batch = self.queue.receive(limit, visibility_s * S)
        assert len(batch) == min(limit, len(expected)) and {m.body for m in batch} <= expected
        for message in batch:
            self.deliveries[message.body] += 1
            assert message.receives == self.deliveries[message.body] <= self.max_receives
            self.until[message.body] = self.clock.now + visibility_s * S
            self.receipts.append((message.body, message.receipt, message.receives))

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def delete(self, data):
        chosen = data.draw(st.lists(st.sampled_from(self.receipts), unique=True, max_size=4))
        gone = self.queue.delete([receipt for _, receipt, _ in chosen])
        for (body, _, delivery), deleted in zip(chosen, gone, strict=True):
            assert deleted == (body in self.live() and delivery == self.deliveries[body])
            if deleted:
                self.done.add(body)

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds):
        self.clock.now += seconds * S

    @rule()
    def redrive(self):
        exhausted = {b for b in self.live() if self.visible(b) and self.deliveries[b] >= self.max_receives}
        assert {letter.receives for letter in self.queue.redrive()} <= {self.max_receives}
        self.dead |= exhausted

    @rule()
    def crash(self):
        """The file as it lies on the disk while the process is killed, opened by the next process."""
        old, self.generation = self.generation, self.generation + 1
        for ending in ("", "-wal"):
            source = self.folder / f"{old}.sqlite{ending}"
            if source.exists():
                shutil.copy(source, self.folder / f"{self.generation}.sqlite{ending}")
        self.store.close()
        self.open_store()
        self.until = {}  # what was in flight is visible at once

    def live(self):
        return set(self.deliveries) - self.done - self.dead

    def visible(self, body):
        return self.until.get(body, 0) <= self.clock.now

    @invariant()
    def conserved(self):
        held = {row["body"] for row in self.queue.peek(10**6)}
        assert held == self.live()
        assert {row["body"] for row in self.store.queue("bad").peek(10**6)} == self.dead
        counts = self.queue.counts()
        in_flight = {body for body in held if not self.visible(body)}
        assert counts["in_flight"] == len(in_flight) and counts["visible"] == len(held - in_flight)
        assert counts["sent"] == len(self.deliveries) == len(held) + len(self.done) + len(self.dead)
        assert (counts["done"], counts["dead"]) == (len(self.done), len(self.dead))
        assert counts["received"] == sum(self.deliveries.values())
        assert counts["bytes"] == sum(len(body) for body in held)

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)


QueueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestQueueMachine = QueueMachine.TestCase

CHILD = """
import itertools, os, random, sys
from faaslab.runtime.durable.store import Store
store = Store(sys.argv[1])
queue = store.create_queue("q", max_receives=1000, dead_letter="bad")
chance = random.Random(int(sys.argv[2]))
say = lambda word, value: os.write(1, f"{word} {value}\\n".encode())
for i in itertools.count():
    bodies = [f"{sys.argv[2]}-{i}-{k}" for k in range(chance.randint(1, 3))]
    queue.send(bodies)
    for body in bodies:
        say("sent", body)
    batch = queue.receive(chance.randint(0, 4) or 1, 10**12)
    for m in batch:
        say("seen", f"{m.body} {m.receives}")
    for m in batch:
        if chance.random() < 0.8:
            say("deleting", m.body)
            assert queue.delete([m.receipt]) == [True]
"""


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path):
    chance = random.Random(1)
    path, kills = tmp_path / "s.sqlite", 8
    sent, deleting, deliveries, began = set(), set(), {}, time.monotonic()
    for generation in range(kills):
        child = subprocess.Popen([sys.executable, "-c", CHILD, path, str(generation)], stdout=subprocess.PIPE)
        first = child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.1))
        os.kill(child.pid, signal.SIGKILL)
        lines = (first + child.stdout.read()).decode().split("\n")[:-1]  # the last may have been cut off
        assert child.wait() == -signal.SIGKILL
        for word, body, *receives in map(str.split, lines):
            if word == "sent":
                sent.add(body)
            elif word == "deleting":
                deleting.add(body)
            else:
                assert int(receives[0]) > deliveries.get(body, 0)  # counted before it is seen
                deliveries[body] = int(receives[0])
    store = Store(path)
    queue = store.queue("q")
    held = {row["body"]: row["receives"] for row in queue.peek(10**6)}
    counts = queue.counts()
    assert sent - deleting <= set(held), "an acknowledged message is lost"
    # What a kill kept from being said: at most the batch of each kill.
    assert len(set(held) - sent) <= 3 * kills and len(deleting & set(held)) <= kills
    assert all(held[body] >= deliveries.get(body, 0) for body in held)
    assert counts["in_flight"] == 0 and counts["visible"] == len(held)
    assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    again = sum(count > 1 for count in deliveries.values())
    print(
        f"{kills} kills in {time.monotonic() - began:.1f} s: {len(sent)} sent, {len(deleting)} deleted, "
        f"{len(held)} held, {again} delivered again, 0 lost"
    )
