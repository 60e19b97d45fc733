"""Functions are kept out of each other's folders, the platform's files, the user's home and other processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_lab import figures, function

from faaslab.policies import FixedWindow
from faaslab.runtime import Queue, Runtime, start_modes
from faaslab.runtime.sandbox import landlock

CODE = """
    import os, signal, subprocess, sys

    def tried(act, *arguments):
        try:
            act(*arguments)
            return True
        except OSError as error:
            return type(error).__name__

    def read(path):
        if os.path.isdir(path):
            return os.listdir(path)
        with open(path, "rb") as file:
            return file.read(1)

    def write(path):
        if os.path.isdir(path):
            path = os.path.join(path, "planted")
        with open(path, "ab"):
            pass

    def remove(path):
        os.rename(path, path + ".moved")

    PROGRAM = (
        "import os, sys\\n"
        "for path in sys.argv[1:]:\\n"
        "    try: print(path, bool(os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(1)) or True)\\n"
        "    except OSError: pass\\n"
    )

    def read_by_a_program(paths):
        done = subprocess.run([sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True)
        return done.stdout

    def handler(event, context):
        if event.get("own"):
            return {"tmp": tried(write, os.environ["TMPDIR"]), "task": tried(write, os.environ["LAMBDA_TASK_ROOT"]),
                    "read": tried(read, os.environ["LAMBDA_TASK_ROOT"] + "/app.py"),
                    "self": tried(read, "/proc/self/status")}
        if "pid" in event:
            return tried(os.kill, event["pid"], 0 if event.get("look") else signal.SIGTERM)
        if event.get("program"):
            return read_by_a_program([*event["paths"], os.environ["LAMBDA_TASK_ROOT"] + "/app.py"])
        acts = {"read": read, "write": write, "rename": remove}
        return {path: {name: tried(act, path) for name, act in acts.items()} for path in event["paths"]}
"""

ALLOWED = {"tmp": True, "task": "PermissionError", "read": True, "self": True}


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("start", start_modes())
def test_a_function_reads_and_writes_its_own_folders_alone(tmp_path, start):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("secret")
    with Runtime(state=tmp_path / "state", keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        code = function(tmp_path / "code", CODE)
        cloud.deploy("spy", code, start=start, timeout_s=30)
        cloud.deploy("victim", code, start=start, timeout_s=30)
        cloud.add(Queue("victim", "jobs"))
        cloud.invoke("victim", {"own": True}, check=True)
        own = cloud.invoke("spy", {"own": True}, check=True).value
        (victim,) = (row for row in cloud.ps() if row["function"] == "victim")
        folder = cloud.state / "containers" / str(victim["id"])
        bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        forbidden = [
            cloud.state, cloud.state / "events.sqlite", cloud.state / "platform.json", cloud.state / "controller.log",
            cloud.state / "runtime_id", cloud.state / "logs", cloud.state / "logs" / "spy.log",
            cloud.state / "functions", cloud.state / "functions" / "victim",
            cloud.state / "functions" / "victim" / "app.py", folder, folder / "tmp", folder / "task",
            folder / "tmp" / "planted", home, home / "secret", Path.home(), f"/proc/{cloud.pid}/environ",
            f"/proc/{victim['pid']}/environ", f"/proc/{os.getpid()}/environ",
        ]  # fmt: skip
        try:
            paths = cloud.invoke("spy", {"paths": [str(path) for path in forbidden]}, check=True).value
            program = cloud.invoke("spy", {"paths": [*paths], "program": True}, check=True).value.splitlines()
            signalled = {
                name: cloud.invoke("spy", {"pid": pid}, check=True).value
                for name, pid in {"bystander": bystander.pid, "victim": victim["pid"], "platform": cloud.pid}.items()
            } if landlock.version() >= 6 else {}  # fmt: skip
            assert bystander.poll() is None
        finally:
            bystander.communicate(b"\n", timeout=30)
        assert cloud.invoke("victim", {"own": True}, check=True).start == "warm"  # unharmed
    assert own == ALLOWED
    done = {path: [act for act, said in acts.items() if said is True] for path, acts in paths.items()}
    assert not {path: acts for path, acts in done.items() if acts}
    assert len(program) == 1 and program[0].endswith("/task/app.py True")  # its own code, and nothing else
    assert set(signalled.values()) <= {"PermissionError"}
    figures(f"a function that spies, start {start}", places=len(paths), tries=4 * len(paths), allowed=0,
            signals_refused=len(signalled))  # fmt: skip
