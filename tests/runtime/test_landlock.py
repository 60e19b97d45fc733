"""What a confined container can read, write and signal, in each start mode."""

import json
import os
import sys
import time

import pytest
from container_lab import in_lab

from faaslab.runtime.sandbox.landlock import Landlock, version

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux") or not version(), reason="needs Landlock")

CODE = """
import os, subprocess, tempfile

def attempt(what):
    try:
        return what() or "done"
    except OSError as error:
        return type(error).__name__

def write(path):
    with open(path, "w") as file:
        file.write("x")

def read(path):
    with open(path, "rb") as file:
        file.read(1)

def temporary():
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("x")
        file.flush()
        return os.path.dirname(file.name)

def late_import():
    import sqlite3, ssl, concurrent.futures, importlib.metadata
    importlib.metadata.version("pytest")
    return sqlite3.connect(":memory:").execute("select 7").fetchone()[0]

def handler(event, context):
    answers = {}
    for name, path in event["read"].items():
        answers["read " + name] = attempt(lambda: read(path))
    for name, path in event["write"].items():
        answers["write " + name] = attempt(lambda: write(path))
    answers["list state"] = attempt(lambda: bool(os.listdir(event["state"])))
    answers["signal"] = attempt(lambda: os.kill(event["pid"], 0))
    answers["environment"] = attempt(lambda: len(open(f"/proc/{event['pid']}/environ").read()))
    answers["own environment"] = attempt(lambda: "FAASLAB_CONTAINER" in open("/proc/self/environ").read())
    answers["processors"] = attempt(lambda: read("/proc/cpuinfo"))
    answers["temporary"] = attempt(temporary)
    answers["late import"] = attempt(late_import)
    answers["program"] = attempt(lambda: subprocess.run(["sh", "-c", "echo hi > /dev/null; cat /etc/passwd | wc -l"],
                                                        capture_output=True, check=True).returncode == 0)
    answers["moved"] = attempt(lambda: os.rename(event["write"]["temporary"], event["state"] + "/moved"))
    answers["own child"] = attempt(lambda: subprocess.Popen(["sleep", "9"]).kill())
    return answers
"""
REFUSED, DONE = "PermissionError", "done"


@pytest.mark.parametrize("start", ("spawn", "zygote", "prewarmed"))
@in_lab
async def test_a_container_keeps_to_its_own(lab, start, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    shared = tmp_path_factory.mktemp("shared")
    for folder in (home, shared):
        (folder / "file").write_text("x")
    (lab.state / "logs").mkdir()
    (lab.state / "logs" / "f.log").write_text("x")
    other = await lab.start(await lab.deploy("def handler(event, context):\n    pass\n", "other"))
    container = await lab.start(await lab.deploy(CODE, start=start, readable=(str(shared),)))
    event = {
        "state": str(lab.state),
        "pid": other.worker.pid,
        "read": {
            "home": str(home / "file"),
            "shared": str(shared / "file"),
            "own code": str(container.folder / "task" / "app.py"),
            "other's code": str(lab.state / "functions" / "other" / "app.py"),
            "log": str(lab.state / "logs" / "f.log"),
            "system": "/etc/passwd",
            "null": "/dev/null",
            "random": "/dev/urandom",
        },
        "write": {
            "home": str(home / "file"),
            "new in home": str(home / "new"),
            "shared": str(shared / "file"),
            "own code": str(container.folder / "task" / "app.py"),
            "beside own code": str(container.folder / "task" / "new.py"),
            "other's temporary": str(other.folder / "tmp" / "file"),
            "temporary": str(container.folder / "tmp" / "file"),
            "null": "/dev/null",
            "memory": f"/dev/shm/faaslab-test-{os.getpid()}",
        },
    }
    try:
        answers = (await container.call(json.dumps(event).encode())).json()
    finally:
        os.unlink(event["write"]["memory"])
    assert answers == {
        "read home": REFUSED,
        "read shared": DONE,
        "read own code": DONE,
        "read other's code": REFUSED,
        "read log": REFUSED,
        "read system": DONE,
        "read null": DONE,
        "read random": DONE,
        "write home": REFUSED,
        "write new in home": REFUSED,
        "write shared": REFUSED,
        "write own code": REFUSED,
        "write beside own code": REFUSED,
        "write other's temporary": REFUSED,
        "write temporary": DONE,
        "write null": DONE,
        "write memory": DONE,
        "list state": REFUSED,
        "signal": REFUSED if version() >= 6 else DONE,
        "environment": REFUSED,
        "own environment": True,
        "processors": DONE,
        "temporary": str(container.folder / "tmp"),
        "late import": 7,
        "program": True,
        "moved": REFUSED,
        "own child": DONE,
    }


@in_lab
async def test_where_there_is_no_landlock_a_note_says_so(lab, monkeypatch):
    from faaslab.runtime.sandbox.starter import Starter

    monkeypatch.setattr("faaslab.runtime.sandbox.landlock.version", lambda: 0)
    starter = Starter("test", lab.state, sole=False)
    assert any("Landlock is not available" in note for note in starter.notes)
    assert not any("Landlock" in note for note in lab.starter.notes)
    assert starter._landlock.ruleset(["/usr"], []) == -1
    await starter.close()


def test_a_ruleset_takes_under_a_millisecond(tmp_path):
    landlock = Landlock()
    took = []
    for _ in range(50):
        begin = time.perf_counter()
        ruleset = landlock.ruleset([tmp_path], [tmp_path])
        took.append(time.perf_counter() - begin)
        os.close(ruleset)
    landlock.close()
    assert sorted(took)[10] < 1e-3
    print(f"ruleset: {sorted(took)[25] * 1e6:.0f} us")
