"""Families of processes are found and ended, however they try to leave: fork, setsid, double fork, ignored signals."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid

import pytest

from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.process_usage import Usage, cpu_clock_s, pss_mb, rss_mb

pytestmark = pytest.mark.skipif(not processes.has_proc(), reason="needs /proc")

PREAMBLE = """
import os, signal, sys, time
def wait():
    while True: time.sleep(0.1)  # a signal just before a sleep is not seen until its end
"""
FAMILIES = {
    "a child": "if os.fork() == 0: wait()",
    "a child in its own session": "if os.fork() == 0: os.setsid(); wait()",
    "an orphan in its own session": """
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() == 0:
                wait()
            os._exit(0)
        os.waitpid(child, 0)
    """,
    "children of threads": """
        import threading
        def work():
            if os.fork() == 0: wait()
            wait()
        threading.Thread(target=work, daemon=True).start()
    """,
    "a child that ignores signals": """
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
            wait()
    """,
    "another program with another environment": """
        import subprocess
        subprocess.Popen(["sleep", "60"], env={}, start_new_session=True)
    """,
}


@pytest.fixture
def start():
    processes.become_subreaper()
    runtime_id = f"test-{uuid.uuid4()}"
    started = []

    def run(script, container="c1"):
        code = f"{PREAMBLE}{textwrap.dedent(script)}\nprint('up', flush=True)\nwait()"
        environment = {"FAASLAB_RUNTIME_ID": runtime_id, "FAASLAB_CONTAINER": container}
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code], env=environment, stdout=subprocess.PIPE, start_new_session=True
        )
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    run.runtime_id = runtime_id
    yield run
    for process in started:
        processes.kill_tree(process.pid, "c1")
        process.wait()
        process.stdout.close()
    gone(runtime_id)


def gone(runtime_id):
    """Every process of a runtime has gone; what fell to us is reaped."""
    end = time.monotonic() + 5
    while left := processes.strays(runtime_id):
        assert time.monotonic() < end, f"left: {left}"
        time.sleep(0.01)
    for pid in processes.children(os.getpid()):
        if processes.state_of(pid) == "Z":
            processes.reap(pid)


def until(condition, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_family_ends(start, family):
    process = start(FAMILIES[family])
    relatives = lambda: set(processes.descendants(process.pid)) | set(processes.orphans("c1", {process.pid}))  # noqa: E731
    until(relatives)
    found = relatives()
    ended = processes.kill_tree(process.pid, "c1", {process.pid})
    assert {process.pid} | found <= set(ended)
    assert process.wait(5) == -9
    for pid in found:
        until(lambda pid=pid: processes.state_of(pid) in ("", "Z"))


def test_an_orphan_is_found_after_its_container_died(start):
    process = start(FAMILIES["an orphan in its own session"])
    until(lambda: processes.orphans("c1", {process.pid}))
    process.kill()
    process.wait()
    (orphan,) = processes.orphans("c1")
    assert processes.orphans("c2") == []
    assert processes.strays(start.runtime_id) == [orphan]
    assert processes.kill_tree(0, "c1") == [orphan]
    gone(start.runtime_id)


def test_a_family_that_runs_away_is_caught(start):
    process = start("""
        if os.fork() == 0:
            os.setsid()
            for _ in range(5000):  # not for ever, should nobody catch it
                if os.fork():
                    os._exit(0)
                time.sleep(0.002)
            os._exit(0)
    """)
    until(lambda: processes.orphans("c1", {process.pid}))
    processes.kill_tree(process.pid, "c1", {process.pid})
    process.wait(5)
    gone(start.runtime_id)


def test_a_family_that_grows_while_it_is_looked_at_is_caught(start, monkeypatch):
    process = start("""
        def leave(*_):
            if os.fork() == 0:
                os.setsid()
                if os.fork(): os._exit(0)
        signal.signal(signal.SIGUSR1, leave)
    """)
    look = processes.orphans_by_container

    def look_and_let_it_grow(known):
        found = look(known)
        processes.send(process.pid, signal.SIGUSR1)
        until(lambda: look(known).get("c1", []) != found.get("c1", []) or processes.state_of(process.pid) == "T")
        return found

    monkeypatch.setattr(processes, "orphans_by_container", look_and_let_it_grow)
    # itself, the child between, for which nobody waits, and the orphan; once stopped it makes no more
    assert len(processes.kill_tree(process.pid, "c1", {process.pid})) == 3
    monkeypatch.undo()
    assert process.wait(5) == -9
    gone(start.runtime_id)


def test_a_child_dies_with_its_parent(start):
    process = start(
        """
        sys.path.insert(0, ROOT)
        from faaslab.runtime.sandbox.processes import die_with_parent
        parent = os.getpid()
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.setsid()
            die_with_parent(parent)
            os.write(writer, b"x")
            wait()
        os.read(reader, 1)
    """.replace("ROOT", repr(str(processes.__file__).rpartition("/faaslab/")[0]))
    )
    assert len(processes.descendants(process.pid)) == 1
    process.kill()
    process.wait()
    gone(start.runtime_id)


def test_exits_are_told_with_their_status():
    async def run(code):
        process = subprocess.Popen([sys.executable, "-S", "-c", code])
        told = asyncio.get_running_loop().create_future()
        processes.watch_exit(asyncio.get_running_loop(), process.pid, lambda: told.set_result(None))
        await asyncio.wait_for(told, 10)
        status = processes.reap(process.pid)
        process.returncode = 0
        return processes.status_text(status)

    assert asyncio.run(run("raise SystemExit(3)")) == "exit status 3"
    assert asyncio.run(run("import os; os.kill(os.getpid(), 9)")) == "signal: killed"
    assert asyncio.run(run("import os; os.kill(os.getpid(), 11)")) == "signal: segmentation fault"


def test_exits_are_told_without_pidfd(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    test_exits_are_told_with_their_status()


def test_nothing_is_found_of_a_process_that_is_gone():
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    pid = process.pid
    assert processes.children(pid) == processes.descendants(pid) == []
    assert processes.environment_of(pid) == {}
    assert processes.state_of(pid) == ""
    assert rss_mb(pid) == pss_mb(pid) == cpu_clock_s(pid) == 0.0
    usage = Usage(pid)
    assert usage.memory_mb() == usage.note_memory() == usage.cpu_s() == 0.0
    usage.close()


def test_shared_pages_count_once(start):
    process = start("""
        block = bytearray(os.urandom(2**20)) * 40
        for _ in range(3):
            if os.fork() == 0:
                while True: time.sleep(60)
    """)
    family = [process.pid, *processes.descendants(process.pid)]
    assert len(family) == 4
    usage = Usage(process.pid, lambda: processes.orphans("c1", {process.pid}))
    assert sum(map(rss_mb, family)) > 4 * 40
    assert 40 < usage.memory_mb() < 80
    usage.close()


ELSEWHERE = {
    "an orphan": """
        if os.fork() == 0:
            if os.fork() == 0:
                hold()
            os._exit(0)
        os.wait()
    """,
    "a thread's child": """
        import threading
        def work():
            if os.fork() == 0:
                hold()
            wait()
        threading.Thread(target=work, daemon=True).start()
    """,
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_what_is_used_elsewhere_in_the_family_counts(start, where):
    hold = """
def hold():
    block = b"x" * (30 * 2**20)
    end = time.process_time() + 0.1
    while time.process_time() < end: pass
    wait()
"""
    process = start(hold + textwrap.dedent(ELSEWHERE[where]))
    usage = Usage(process.pid, lambda: processes.orphans("c1", {process.pid}))
    until(lambda: usage.memory_mb() > 30)
    assert rss_mb(process.pid) < 25
    if where == "a thread's child":
        until(lambda: usage.cpu_s() - cpu_clock_s(process.pid) > 0.09)
    usage.close()


def test_memory_that_grows_is_noted_and_its_peak_kept(start):
    process = start("""
        def grow(*_):
            block = b"x" * (50 * 2**20)
            os.write(1, b"grown" + bytes([10]))
            signal.sigwait([signal.SIGUSR2])
        def spike(*_):
            block = b"x" * (90 * 2**20)
            del block
            os.write(1, b"over" + bytes([10]))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        signal.signal(signal.SIGUSR1, grow)
        signal.signal(signal.SIGHUP, spike)
    """)
    usage = Usage(process.pid, lambda: processes.orphans("c1", {process.pid}))
    before = usage.note_memory()
    assert 2 < before < 30
    os.kill(process.pid, signal.SIGUSR1)
    process.stdout.readline()
    assert usage.memory_mb() > before + 45
    peak = usage.note_memory()
    os.kill(process.pid, signal.SIGUSR2)
    until(lambda: usage.memory_mb() < before + 10)
    assert usage.note_memory() == pytest.approx(peak, abs=2)
    os.kill(process.pid, signal.SIGHUP)  # a peak that no look falls on
    process.stdout.readline()
    until(lambda: usage.memory_mb() < before + 10)
    assert usage.note_memory() > before + 85
    usage.close()


def test_cpu_time_covers_children_that_live_and_that_ended(start):
    process = start("""
        def burn(seconds):
            end = time.process_time() + seconds
            while time.process_time() < end: pass
        child = os.fork()
        if child == 0:
            burn(0.1)
            os._exit(0)
        os.waitpid(child, 0)
        reader, writer = os.pipe()
        if os.fork() == 0:
            burn(0.1)
            os.write(writer, b"x")
            while True: time.sleep(60)
        os.read(reader, 1)
    """)
    usage = Usage(process.pid)
    own = cpu_clock_s(process.pid)
    assert 0.17 < usage.cpu_s() - own < 0.4
    usage.close()


def test_a_system_without_proc_has_the_process_group(start, monkeypatch):
    process = start(FAMILIES["a child"])
    until(lambda: processes.descendants(process.pid))
    (child,) = processes.descendants(process.pid)
    monkeypatch.setattr(processes, "has_proc", lambda: False)
    processes.kill_tree(process.pid)
    assert process.wait(5) == -9
    until(lambda: processes.state_of(child) in ("", "Z"))
