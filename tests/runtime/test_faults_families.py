"""Handlers that start processes of their own: none of these outlives its container, wherever it hides."""

import pytest
from fault_lab import eventually, figures, function, lives

from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

# Each writes the ids of the processes that it starts to its answer or, where it is to run out of time, to its log.
CODE = """
    import os, signal, subprocess, sys, time

    def sleep_on():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)

    def said(write):
        os.write(1, b"started %d\\n" % os.getpid())
        if write is not None:
            os.write(write, b"%d " % os.getpid())

    def fork(write, session=False, again=False):
        if os.fork() == 0:
            if session:
                os.setsid()
            if again and os.fork() != 0:
                os._exit(0)
            said(write)
            sleep_on()

    def other_program(write, **options):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], **options)
        os.write(1, b"started %d\\n" % child.pid)
        os.write(write, b"%d " % child.pid)

    def shell_that_leaves(write):
        command = "setsid sleep 3600 >/dev/null 2>&1 & echo $!"
        said = subprocess.run(["/bin/sh", "-c", command], env={}, stdout=subprocess.PIPE).stdout
        os.write(1, b"started " + said)
        os.write(write, said)

    def chain(write):
        for _ in range(20):
            if os.fork() != 0:
                said(write)
                sleep_on()
        said(write)
        sleep_on()

    WAYS = {
        "forks": lambda w: fork(w),
        "forks into a session": lambda w: fork(w, session=True),
        "forks twice": lambda w: fork(w, again=True),
        "forks twice into a session": lambda w: fork(w, session=True, again=True),
        "starts a program": lambda w: other_program(w),
        "starts a program in a session without an environment":
            lambda w: other_program(w, env={}, start_new_session=True),
        "a shell leaves a program behind without an environment": shell_that_leaves,
        "a chain of forks": lambda w: chain(w) if os.fork() == 0 else None,
    }

    def handler(event, context):
        read, write = os.pipe()
        WAYS[event["way"]](write)
        text = b""
        while len(text.split()) < event.get("count", 1):
            text += os.read(read, 1000)
        if event.get("hang"):
            time.sleep(3600)
        if event.get("exit"):
            os._exit(9)
        return [int(word) for word in text.split()]
"""
WAYS = {
    "forks": 1,
    "forks into a session": 1,
    "forks twice": 1,
    "forks twice into a session": 1,
    "starts a program": 1,
    "starts a program in a session without an environment": 1,
    "a shell leaves a program behind without an environment": 1,
    "a chain of forks": 21,
}


@pytest.fixture(scope="module")
def cloud():
    with Runtime(keep_alive=FixedWindow(600), memory_mb=4096) as platform:
        yield platform


@pytest.fixture
def deployed(cloud, tmp_path, start):
    cloud.deploy(f"parent-{start}", function(tmp_path, CODE), start=start, timeout_s=1.5, memory_mb=512)
    return f"parent-{start}"


@pytest.mark.parametrize("start", ["spawn", "zygote", "prewarmed"])
def test_processes_that_a_handler_starts_end_with_its_container(cloud, deployed, start):
    """After an answer they live as long as the container; then, and where the call ends it, all are gone."""
    pids = set()
    for way, count in WAYS.items():
        pids |= set(cloud.invoke(deployed, {"way": way, "count": count}, check=True).value)
    for way, count in WAYS.items():
        answer = cloud.invoke(deployed, {"way": way, "count": count, "exit": True})
        assert (answer.outcome, answer.error["errorType"]) == (Outcome.FAILED, "Runtime.ExitError")
    hanging = {"way": "a shell leaves a program behind without an environment", "hang": True}
    assert cloud.invoke(deployed, hanging).outcome == Outcome.TIMED_OUT
    words = [line.split() for line in cloud.logs(deployed).splitlines() if line.startswith("started ")]
    pids |= {int(word[1]) for word in words}
    cloud.remove(deployed)
    eventually(lambda: not any(map(lives, pids)), f"none of {len(pids)} processes left")
    figures(f"processes that handlers started, start {start}", started=len(pids), left=sum(map(lives, pids)))


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_a_handler_that_forks_and_answers_twice_harms_only_itself(cloud, tmp_path, start):
    code = """
        import os
        def handler(event, context):
            if event.get("fork"):
                os.fork()
            return "answer"
    """
    cloud.deploy("twice", function(tmp_path / "twice", code), start=start, timeout_s=1)
    outcomes = [cloud.invoke("twice", {"fork": i % 2}).outcome for i in range(8)]
    assert cloud.invoke("twice").outcome in (Outcome.COMPLETED, Outcome.FAILED, Outcome.TIMED_OUT)
    eventually(lambda: cloud.invoke("twice").outcome == Outcome.COMPLETED, "a container that answers again")
    figures(f"a handler that answers in two processes, start {start}", outcomes=[o.name for o in outcomes])
    cloud.remove("twice")
