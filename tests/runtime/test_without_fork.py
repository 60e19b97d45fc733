"""On a system without os.fork, resource limits, prctl, Landlock, pidfds and /proc, what is missing says so and the rest
works: the whole platform runs in an interpreter from which they have been taken."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from bare_system import bare_environment

from faaslab.runtime.sandbox import processes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes things away from Linux")
PROGRAM = """
import json, os, subprocess, sys, time
from pathlib import Path
from faaslab.errors import InputError
from faaslab.runtime import Queue, Runtime, start_modes
from faaslab.policies import FixedWindow
from faaslab.workload import Workload

assert not hasattr(os, "fork") and sys.platform == "bare"
code = Path(sys.argv[1])
said = {}
cloud = Runtime(keep_alive=FixedWindow(60), memory_mb=2048)
said["runtime"], said["state"] = cloud.runtime_id, str(cloud.state)
with cloud:
    said["notes"] = cloud.notes
    said["modes"] = start_modes()
    cloud.deploy("hello", code, timeout_s=1.5)
    answers = [cloud.invoke("hello", {"do": "answer"}) for _ in range(2)]
    said["answers"] = [[answer.value, answer.start, answer.report.used_mb] for answer in answers]
    if answers[0].error:
        sys.exit(f"{answers[0].error}\\n{cloud.logs('hello')}")
    said["log"] = cloud.logs("hello")
    said["error"] = cloud.invoke("hello", {"do": "fail"}).error
    said["late"] = [cloud.invoke("hello", {"do": "hang"}).error, cloud.invoke("hello", {"do": "answer"}).start]
    said["exit"] = cloud.invoke("hello", {"do": "exit"}).error
    said["output"] = cloud.invoke("hello", {"do": "write"}).value, len(cloud.logs("hello"))
    said["refused"] = []
    for start in ("zygote", "prewarmed"):
        try:
            cloud.deploy("forked", code, start=start)
        except InputError as error:
            said["refused"].append(str(error))
    cloud.add(Queue("hello", "jobs", batch_window_s=0.0))
    cloud.send("jobs", ["a", "b", "c"])
    until = time.monotonic() + 10
    while cloud.queue("jobs")["done"] < 3 and time.monotonic() < until:
        time.sleep(0.02)
    said["queue"] = cloud.queue("jobs")
    said["ps"] = cloud.ps()
    said["result"] = len(cloud.result().calls["start"])
    work = Workload((cloud.functions()[0].function,), {"hello": [0.02 * n for n in range(10)]}, duration_s=0.2)
    said["played"] = len(cloud.play(work, payloads={"hello": {"do": "answer"}}).client.status)
    said["shown"] = cloud._repr_mimebundle_()["text/plain"]
print(json.dumps(said))
"""
HANDLER = """
import os, sys, time

def handler(event, context):
    what = event.get("do")
    if what == "fail":
        raise KeyError("k")
    if what == "hang":
        time.sleep(20)
    if what == "exit":
        os._exit(3)
    if what == "write":
        for _ in range(50):
            print("x" * 4000)
    print("said")
    lacks = [name for name in ("fork", "pidfd_open", "killpg") if not hasattr(os, name)]
    return {"lacks": lacks, "platform": sys.platform, "left": context.get_remaining_time_in_millis() > 0}
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    code = folder / "code"
    code.mkdir()
    (code / "app.py").write_text(HANDLER)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(code)], env=bare_environment(folder), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_functions_run_cold_and_warm(said):
    value = {"lacks": ["fork", "pidfd_open", "killpg"], "platform": "bare", "left": True}
    assert [answer[:2] for answer in said["answers"]] == [[value, "cold"], [value, "warm"]]
    assert said["log"].count("said\n") == 2
    assert said["log"].count("REPORT RequestId: ") == 2


def test_errors_time_outs_and_exits_are_answers(said):
    assert said["error"]["errorType"] == "KeyError"
    assert said["late"][0]["errorType"] == "Sandbox.Timedout"
    assert said["late"][1] == "cold"
    assert said["exit"]["errorType"] == "Runtime.ExitError"
    assert said["exit"]["errorMessage"].endswith("exit status 3")


def test_output_is_read_by_looking(said):
    assert said["output"][1] > 50 * 4000


def test_queues_are_worked_off(said):
    assert (said["queue"]["done"], said["queue"]["visible"]) == (3, 0)
    assert said["result"] >= 7


@pytest.mark.parametrize(("number", "start"), [(0, "zygote"), (1, "prewarmed")])
def test_start_modes_that_fork_say_what_is_missing(said, number, start):
    assert said["refused"][number] == (
        f"function 'forked', start {start!r}: expected a system with os.fork, prctl (Linux), the resource module, "
        "/proc, which this one lacks; use start='spawn'"
    )
    assert said["modes"]["spawn"] is None
    assert said["modes"][start].startswith("Not on this system, which lacks os.fork, ")


def test_a_workload_is_played(said):
    assert said["played"] == 10


def test_what_is_missing_is_said_once(said):
    notes = " ".join(said["notes"])
    for what in ("Landlock", "subreaper", "memory", "resource limits", "zygote and prewarmed"):
        assert notes.count(what) == 1
    assert said["shown"].splitlines()[1:] == said["notes"]


def test_nothing_is_left(said):
    assert processes.strays(said["runtime"]) == []
    assert not os.path.exists(said["state"])


def test_serve_says_what_is_missing(tmp_path):
    program = "import sys; from faaslab.cli import main; sys.exit(main(['serve', '--endpoint', sys.argv[1]]))"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "endpoint.json")], env=bare_environment(tmp_path), text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
        assert process.wait(20) in (0, 130)
    assert "runs until Ctrl-C" in lines[0]
    assert "Landlock" in lines[1]


def test_a_fork_less_kill_spares_the_group(tmp_path):
    """Without /proc, ending what a container left behind must not be taken for ending our own group."""
    program = textwrap.dedent("""
        from faaslab.runtime.sandbox import processes
        processes.PROC = "/no such folder"
        print(processes.kill_tree(0, "container"), flush=True)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, start_new_session=True)
    assert (done.returncode, done.stdout) == (0, "[]\n")
