"""Functions that cannot be loaded: every caller gets the reason, and no container stays."""

import threading

import pytest
from fault_lab import eventually, figures, function

from faaslab.errors import InputError
from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

# Code -> errorType of the call.
BROKEN = {
    "raise ValueError('no')": "ValueError",
    "import no_such_module": "Runtime.ImportModuleError",
    "def handler(:": "Runtime.UserCodeSyntaxError",
    "other = 1": "Runtime.HandlerNotFound",
    "import sys; sys.exit(4)": "Runtime.ExitError",
    "import os; os._exit(0)": "Runtime.ExitError",
    "import os; os.closerange(0, 1024)": None,
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "Runtime.ExitError",
    "import time; time.sleep(3600)": "Sandbox.Timedout",
    "raise KeyboardInterrupt": "Runtime.ExitError",
    "x = bytearray(10**9)": "MemoryError",
    "handler = 3": "TypeError",
}
CALLS = 2


@pytest.fixture(scope="module")
def cloud():
    with Runtime(keep_alive=FixedWindow(0), memory_mb=8192) as platform:
        yield platform


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_a_function_that_cannot_be_loaded_says_why(cloud, tmp_path, start):
    said = {}

    def ask(name, code):
        said[code] = [cloud.invoke(name) for _ in range(CALLS)]

    threads = []
    for i, code in enumerate(BROKEN):
        name = f"{start}-{i}"
        limit_s = 1 if BROKEN[code] == "Sandbox.Timedout" else 60
        cloud.deploy(name, function(tmp_path / name, code), start=start, init_timeout_s=limit_s)
        threads.append(threading.Thread(target=ask, args=(name, code), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(said) == set(BROKEN), "a caller hangs"
    found = {code: {a.error and a.error["errorType"] for a in answers} for code, answers in said.items()}
    for code, kind in BROKEN.items():
        assert all(answer.outcome in (Outcome.FAILED, Outcome.TIMED_OUT) for answer in said[code]), code
        assert kind is None or found[code] == {kind}, code
    eventually(lambda: cloud.ps() == [], "no container left")
    figures(f"functions that cannot be loaded, start {start}", functions=len(BROKEN), calls=len(BROKEN) * CALLS)
    for i in range(len(BROKEN)):
        cloud.remove(f"{start}-{i}")


@pytest.mark.parametrize("start", ["zygote", "prewarmed"])
@pytest.mark.parametrize("module", ["no_such_module", "json.nowhere"])
def test_what_cannot_be_preloaded_is_refused_when_it_is_deployed(cloud, tmp_path, start, module):
    with pytest.raises(InputError, match="No module named"):
        cloud.deploy("ahead", function(tmp_path / "ahead", "def handler(e, c): pass"), start=start, preload=[module])
    assert "ahead" not in [f.name for f in cloud.functions()]
