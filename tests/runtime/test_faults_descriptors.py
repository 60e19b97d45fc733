"""The platform runs out of file descriptors: starts fail with a reason, nobody hangs, and it recovers."""

import json
import subprocess
import sys

import pytest
from fault_lab import figures, function

PROGRAM = """
import collections, json, resource, threading, time
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

with Runtime(keep_alive=FixedWindow(0), memory_mb=16384) as platform:
    resource.prlimit(platform.pid, resource.RLIMIT_NOFILE, ({limit}, {limit}))
    platform.deploy("nap", {code!r}, start={start!r}, timeout_s=60, init_timeout_s=60)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(platform.invoke("nap")), daemon=True) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kinds = collections.Counter(a.error["errorType"] if a.error else "COMPLETED" for a in answers)
    platform.invoke("nap", check=True)
    until = time.monotonic() + 30
    while (left := [*platform.ps(), *(platform.state / "containers").iterdir()]) and time.monotonic() < until:
        time.sleep(0.05)
    print(json.dumps([len(answers), kinds, [str(one) for one in left]]))
"""


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_without_descriptors_starts_fail_and_the_platform_recovers(tmp_path, start):
    code = function(tmp_path / "nap", "import time\ndef handler(event, context):\n    time.sleep(0.3)\n")
    program = PROGRAM.format(code=str(code), start=start, limit=160)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers, kinds, left = json.loads(done.stdout)
    assert (answers, left) == (40, [])
    assert set(kinds) <= {"COMPLETED", "Runtime.StartFailed", "Runtime.ExitError"}
    figures(f"out of descriptors, start {start}", calls=answers, outcomes=kinds)
