"""The real platform from outside: a client, functions on disk, real processes."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from faaslab.errors import InputError
from faaslab.model.result import Outcome, Start
from faaslab.model.summary import summary
from faaslab.policies import ConcurrencyLimit, FixedWindow
from faaslab.runtime import InvocationError, Runtime
from faaslab.runtime.client import Gone


def function(folder: Path, code: str, name="app") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(textwrap.dedent(code))
    return folder


@pytest.fixture(scope="module")
def cloud():
    with Runtime(keep_alive=FixedWindow(60), memory_mb=2048) as platform:
        yield platform


@pytest.fixture
def hello(cloud, tmp_path):
    cloud.deploy("hello", function(tmp_path / "hello", """
        def handler(event, context):
            print("hello", event.get("name"))
            return {"greeting": f"Hello, {event.get('name')}", "memory": context.memory_limit_in_mb}
    """))  # fmt: skip
    yield "hello"
    cloud.remove("hello")


def test_a_call_is_answered_first_cold_then_warm(cloud, hello):
    first = cloud.invoke(hello, {"name": "Ada"})
    second = cloud.invoke(hello, {"name": "Alan"})
    assert first.value == {"greeting": "Hello, Ada", "memory": "128"}
    assert (first.start, second.start) == ("cold", "warm")
    assert first.report.init_s == pytest.approx(sum(first.report.phases.values()))
    assert second.report.init_s is None
    assert "hello Ada" in first.log_tail
    assert f"REPORT RequestId: {first.request_id}\tDuration: " in first.log_tail


def test_the_log_holds_start_output_end_and_report_of_every_call(cloud, hello):
    ids = [cloud.invoke(hello, {"name": str(i)}).request_id for i in range(3)]
    log = cloud.logs(hello)
    for request_id in ids:
        for line in ("START", "END", "REPORT"):
            assert f"{line} RequestId: {request_id}" in log
    assert all(f"hello {i}\n" in log for i in range(3))


def test_the_result_has_a_simulations_tables(cloud, hello):
    cloud.measure(warm=False)
    for _ in range(4):
        cloud.invoke(hello)
    result = cloud.result()
    assert [Start(s).name for s in result.calls["start"]] == ["COLD", "WARM", "WARM", "WARM"]
    assert len(result.containers["group"]) == 1
    container = {name: int(values[0]) for name, values in result.containers.items() if name.endswith("_ns")}
    phases = sum(container[f"{phase}_ns"] for phase in ("allocate", "runtime", "dependencies", "code"))
    assert phases == container["ready_ns"] - container["created_ns"]
    assert summary(result)["cold_fraction"] == 0.25


def test_errors_are_answers_with_lambdas_fields(cloud, tmp_path):
    cloud.deploy("broken", function(tmp_path / "broken", """
        def handler(event, context):
            raise KeyError(event["missing"])
    """))  # fmt: skip
    answer = cloud.invoke("broken", {"missing": "name"})
    assert answer.outcome == Outcome.FAILED
    assert answer.error["errorType"] == "KeyError"
    assert answer.error["errorMessage"] == "'name'"
    assert "line 3, in handler" in "".join(answer.error["stackTrace"])
    with pytest.raises(InvocationError, match="KeyError"):
        cloud.invoke("broken", {"missing": "name"}, check=True)
    assert cloud.invoke("broken", {"missing": 1}).start == "warm"  # an error does not end the container


def test_a_call_over_its_time_limit_ends_with_its_container(cloud, tmp_path):
    cloud.deploy("slow", function(tmp_path / "slow", """
        import time
        def handler(event, context):
            time.sleep(event["s"])
    """), timeout_s=0.2)  # fmt: skip
    answer = cloud.invoke("slow", {"s": 5})
    assert answer.outcome == Outcome.TIMED_OUT
    assert "Task timed out after 0.20 seconds" in answer.error["errorMessage"]
    assert cloud.invoke("slow", {"s": 0}).start == "cold"


def test_more_calls_than_the_limit_are_throttled(tmp_path):
    import threading

    code = function(tmp_path / "sleep", "import time\ndef handler(event, context):\n    time.sleep(0.4)\n")
    with Runtime(admission=ConcurrencyLimit(2), memory_mb=2048) as platform:
        platform.deploy("sleep", code)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(platform.invoke("sleep"))) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    outcomes = sorted(answer.outcome.name for answer in answers)
    assert outcomes == ["COMPLETED"] * 2 + ["THROTTLED"] * 3


def test_an_idle_container_ends_after_its_window(tmp_path):
    code = function(tmp_path / "hello", "def handler(event, context):\n    return 1\n")
    with Runtime(keep_alive=FixedWindow(0.2), memory_mb=512) as platform:
        platform.deploy("hello", code)
        platform.invoke("hello")
        assert [row["state"] for row in platform.ps()] == ["idle"]
        time.sleep(0.4)
        assert platform.ps() == []
        assert platform.invoke("hello").start == "cold"


def test_nothing_is_left_when_it_closes(tmp_path):
    from faaslab.runtime.sandbox import processes

    code = function(tmp_path / "hello", "def handler(event, context):\n    return 1\n")
    platform = Runtime(memory_mb=512)
    state = platform.state
    with platform:
        platform.deploy("hello", code)
        platform.invoke("hello")
        assert processes.strays(platform.runtime_id)
    assert processes.strays(platform.runtime_id) == []
    assert not state.exists()
    with pytest.raises(Gone):
        platform.invoke("hello")
    platform.close()


@pytest.mark.parametrize("end", ["raise RuntimeError('x')", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_nothing_is_left_however_its_owner_ends(tmp_path, end):
    from faaslab.runtime.sandbox import processes

    code = function(tmp_path / "hello", "def handler(event, context):\n    return 1\n")
    program = f"""
import os
from faaslab.runtime import Runtime
with Runtime(memory_mb=512) as platform:
    platform.deploy("hello", {str(code)!r})
    platform.invoke("hello")
    print(platform.runtime_id, platform.state, flush=True)
    {end}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    runtime_id, state = done.stdout.split()
    until = time.monotonic() + 10
    while (processes.strays(runtime_id) or os.path.exists(state)) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes.strays(runtime_id) == []
    assert not os.path.exists(state)


def test_a_state_is_found_again(tmp_path):
    code = function(tmp_path / "hello", "def handler(event, context):\n    return event\n")
    with Runtime(state=tmp_path / "state", memory_mb=512) as platform:
        platform.deploy("hello", code, memory_mb=256)
        with pytest.raises(InputError, match="in use by another process"):
            Runtime(state=tmp_path / "state")
    (code / "app.py").unlink()  # the platform has its own copy
    with Runtime(state=tmp_path / "state", memory_mb=512) as platform:
        assert [f.name for f in platform.functions()] == ["hello"]
        assert platform.invoke("hello", {"a": 1}, check=True).value == {"a": 1}
        assert platform.functions()[0].memory_mb == 256


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda c, f: c.deploy("a b", f), "expected a name"),
        (lambda c, f: c.deploy("a", f / "nowhere"), "expected a folder or a .py file"),
        (lambda c, f: c.deploy("a", f, memory_mb=8), "memory_mb: expected a whole number >= 16"),
        (lambda c, f: c.deploy("a", f, memory_mb=4096), "at most the platform's 2048"),
        (lambda c, f: c.deploy("a", f, start="forked"), "expected one of spawn, zygote, prewarmed"),
        (lambda c, f: c.invoke("nobody"), "Function not found"),
        (lambda c, f: c.invoke("nobody", {"a": {1}}), "expected what JSON can say"),
        (lambda c, f: c.logs("nobody"), "expected a deployed function, got 'nobody'"),
        (lambda c, f: c.remove("nobody"), "expected a deployed function, got 'nobody'"),
        (lambda c, f: c.send("nothing", ["a"]), "queue: expected one of"),
    ],
)
def test_what_is_wrong_is_named(cloud, tmp_path, wrong, message):
    with pytest.raises(InputError, match=message):
        wrong(cloud, tmp_path)


def test_the_payload_may_have_six_megabytes(cloud, tmp_path):
    cloud.deploy("size", function(tmp_path / "size", """
        def handler(event, context):
            return "y" * event["n"] if "n" in event else len(event["x"])
    """), memory_mb=512)  # fmt: skip
    room = 6 * 2**20 - len(json.dumps({"x": ""}))
    assert cloud.invoke("size", {"x": "x" * room}, check=True).value == room
    with pytest.raises(InputError, match="too large"):
        cloud.invoke("size", {"x": "x" * (room + 1)})
    assert len(cloud.invoke("size", {"n": 6 * 2**20 - 2}, check=True).value) == 6 * 2**20 - 2
    answer = cloud.invoke("size", {"n": 6 * 2**20 - 1})
    assert answer.error["errorType"] == "Function.ResponseSizeTooLarge"
