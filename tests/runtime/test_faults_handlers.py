"""Handlers that go wrong in every way: each call gets its answer or its error, and the platform goes on."""

import threading

import pytest
from fault_lab import eventually, figures, function

from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

FAILED, TIMED_OUT, COMPLETED = Outcome.FAILED, Outcome.TIMED_OUT, Outcome.COMPLETED

CODE = """
    import os, signal, sys, threading, time

    def busy():
        while True:
            pass

    def deaf():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass

    def circle():
        value = []
        value.append(value)
        return value

    def close_stdout():
        os.close(1)
        os.close(2)
        return "closed"

    def threads():
        for _ in range(8):
            threading.Thread(target=time.sleep, args=(3600,)).start()
        return threading.active_count()

    def delete_folder():
        import shutil
        shutil.rmtree(os.environ["LAMBDA_TASK_ROOT"], ignore_errors=True)
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
        return "deleted"

    def leave_cwd():
        folder = os.path.join(os.environ["TMPDIR"], "gone")
        os.mkdir(folder)
        os.chdir(folder)
        os.rmdir(folder)
        return "left"

    def interrupt():
        raise KeyboardInterrupt

    def generator_exit():
        raise GeneratorExit

    def deep():
        return deep()

    WAYS = {
        "well": lambda: "well",
        "a set": lambda: {1, 2},
        "a class": lambda: object,
        "a function": lambda: busy,
        "NaN": lambda: float("nan"),
        "no text in bytes": lambda: {"x": b"\\xff"},
        "a lone surrogate": lambda: "\\ud800",
        "a circle": circle,
        "busy": busy,
        "asleep": lambda: time.sleep(3600),
        "deaf": deaf,
        "os._exit": lambda: os._exit(7),
        "os._exit 0": lambda: os._exit(0),
        "sys.exit": lambda: sys.exit(3),
        "KeyboardInterrupt": interrupt,
        "GeneratorExit": generator_exit,
        "recursion": deep,
        "abort": os.abort,
        "segmentation fault": lambda: __import__("ctypes").string_at(1),
        "stops itself": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "kills its group": lambda: os.killpg(os.getpgrp(), signal.SIGKILL),
        "closes stdout": close_stdout,
        "closes all files": lambda: os.closerange(0, 1024),
        "leaves threads": threads,
        "deletes its folder": delete_folder,
        "leaves its cwd": leave_cwd,
        "raises without end": lambda: (_ for _ in ()).throw(ValueError("x" * 10_000_000)),
    }

    def handler(event, context):
        return WAYS[event["way"]]()
"""

# What must meet its time limit has a short one. What must end by itself has one that a crowded machine does not reach.
SHORT_S, LONG_S = 4.0, 50.0
# A call after one of these finds what it left behind, and after two of them it may wait for threads that never end: so
# each has a function of its own.
SPOILS = ("closes stdout", "leaves threads", "deletes its folder", "leaves its cwd")

# Way -> outcome, and the errorType or, where it completes, the value; None where it may be this or that.
EXPECTED = {
    "a set": (FAILED, "Runtime.MarshalError"),
    "a class": (FAILED, "Runtime.MarshalError"),
    "a function": (FAILED, "Runtime.MarshalError"),
    "NaN": (COMPLETED, None),
    "no text in bytes": (FAILED, "Runtime.MarshalError"),
    "a lone surrogate": (None, None),
    "a circle": (FAILED, "Runtime.MarshalError"),
    "busy": (TIMED_OUT, "Sandbox.Timedout"),
    "asleep": (TIMED_OUT, "Sandbox.Timedout"),
    "deaf": (TIMED_OUT, "Sandbox.Timedout"),
    "os._exit": (FAILED, "Runtime.ExitError"),
    "os._exit 0": (FAILED, "Runtime.ExitError"),
    "sys.exit": (FAILED, "Runtime.ExitError"),
    "KeyboardInterrupt": (FAILED, "Runtime.ExitError"),
    "GeneratorExit": (FAILED, "Runtime.ExitError"),
    "recursion": (FAILED, "RecursionError"),
    "abort": (FAILED, "Runtime.ExitError"),
    "segmentation fault": (FAILED, "Runtime.ExitError"),
    "stops itself": (TIMED_OUT, "Sandbox.Timedout"),
    "kills its group": (FAILED, "Runtime.ExitError"),
    "closes stdout": (COMPLETED, "closed"),
    "closes all files": (FAILED, "Runtime.ExitError"),
    "leaves threads": (COMPLETED, 9),
    "deletes its folder": (COMPLETED, "deleted"),
    "leaves its cwd": (COMPLETED, "left"),
    "raises without end": (FAILED, None),
}


def own(start, way):
    return f"{start}-{way.replace(' ', '-')}"


def function_for(start, way):
    if way in SPOILS:
        return own(start, way)
    return f"{start}-limited" if EXPECTED[way][0] == TIMED_OUT else start


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with Runtime(keep_alive=FixedWindow(60), memory_mb=4096) as platform:
        for start in ("spawn", "zygote"):
            code = function(tmp_path_factory.mktemp(start), CODE)
            platform.deploy(start, code, start=start, timeout_s=LONG_S)
            platform.deploy(f"{start}-limited", code, start=start, timeout_s=SHORT_S)
            for way in SPOILS:
                platform.deploy(own(start, way), code, start=start, timeout_s=LONG_S)
        yield platform


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_each_way_to_go_wrong_has_its_answer(cloud, start):
    names = {function_for(start, way) for way in EXPECTED}
    for name in names:
        assert cloud.invoke(name, {"way": "well"}).value == "well"
    said = {}

    def ask(way):
        said[way] = cloud.invoke(function_for(start, way), {"way": way})

    threads = [threading.Thread(target=ask, args=(way,), daemon=True) for way in EXPECTED]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(said) == set(EXPECTED), "a caller hangs"
    wrong = {}
    for way, (outcome, detail) in EXPECTED.items():
        answer = said[way]
        seen = answer.value if answer.outcome == COMPLETED else answer.error["errorType"]
        if outcome not in (None, answer.outcome) or detail not in (None, seen):
            wrong[way] = (answer.outcome.name, seen if way != "raises without end" else len(str(seen)), answer.error)
    assert not wrong
    eventually(lambda: not any(row["state"] == "busy" for row in cloud.ps()), "no container busy")
    for name in names:
        assert cloud.invoke(name, {"way": "well"}, check=True).value == "well"
    counts = {o.name: sum(a.outcome == o for a in said.values()) for o in (COMPLETED, FAILED, TIMED_OUT)}
    figures(f"handlers that go wrong, start {start}", **counts)
