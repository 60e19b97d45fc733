"""However the program or notebook that opened a platform ends: no process, socket or temporary folder is left."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from fault_lab import eventually, figures, function, open_files

from faaslab.runtime import Runtime
from faaslab.runtime.sandbox import processes

HELLO = """
    import time
    def handler(event, context):
        time.sleep(event.get("s", 0))
"""
ESCAPING = """
    import os, subprocess, time
    def handler(event, context):
        subprocess.Popen(["sleep", "3600"], start_new_session=True, env={})
        if os.fork() == 0:
            os.setsid()
            time.sleep(3600)
            os._exit(0)
"""
BEGIN = """
from faaslab.runtime import Runtime
platform = Runtime(memory_mb=512)
platform.deploy("hello", {hello!r}, timeout_s=600, start="zygote")
platform.deploy("escape", {escape!r})
platform.invoke("hello")
platform.invoke("escape")
print(platform.runtime_id, platform.state, platform.pid, flush=True)
"""


def temporary_folders():
    return set(Path(tempfile.gettempdir()).glob("faaslab-*"))


@pytest.fixture
def begin(tmp_path):
    hello, escape = function(tmp_path / "hello", HELLO), function(tmp_path / "escape", ESCAPING)
    return BEGIN.format(hello=str(hello), escape=str(escape))


def nothing_left(said: str):
    """Of the platform that printed `said` ("runtime id, state, pid"): no process, so no socket, and no folder."""
    runtime_id, state, pid = said.split()
    eventually(lambda: not processes.strays(runtime_id), f"no process of {runtime_id} left")
    eventually(lambda: not os.path.exists(state), f"no folder {state} left")
    eventually(lambda: processes.state_of(int(pid)) in ("", "Z"), "the controller's end")


def test_a_block_that_is_left_by_an_error_leaves_nothing(tmp_path):
    folders, files = temporary_folders(), open_files(os.getpid())
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), Runtime(memory_mb=512) as cloud:
            cloud.deploy("hello", function(tmp_path / "hello", HELLO))
            cloud.deploy("escape", function(tmp_path / "escape", ESCAPING))
            cloud.invoke("hello")
            cloud.invoke("escape")
            raise error
        assert processes.strays(cloud.runtime_id) == []
        assert cloud.closed
    assert open_files(os.getpid()) == files
    left = temporary_folders() - folders
    assert cloud.state not in left
    figures("blocks left by errors", blocks=2, processes_left=0, files_left=0)


def test_an_interrupt_during_a_call_leaves_a_platform_that_serves_and_closes(tmp_path):
    """Ctrl-C reaches only the caller: the platform is in a session of its own."""
    with Runtime(memory_mb=512) as cloud:
        cloud.deploy("hello", function(tmp_path / "hello", HELLO), timeout_s=600)

        def interrupt(number, frame):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(KeyboardInterrupt):
                cloud.invoke("hello", {"s": 600})
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert cloud.invoke("hello", check=True).value is None  # not the answer of the call before
        assert sorted(row["state"] for row in cloud.ps()) == ["busy", "idle"]  # that one goes on, as on Lambda
    assert processes.strays(cloud.runtime_id) == []
    assert not cloud.state.exists()


@pytest.mark.parametrize("end", ["raise ValueError", "os.kill(os.getpid(), 9)", "os.execv('/bin/true', ['true'])"])
def test_a_program_that_ends_without_closing_leaves_nothing(begin, end):
    done = subprocess.run(
        [sys.executable, "-c", f"import os\n{begin}\n{end}"], capture_output=True, text=True, timeout=120
    )
    nothing_left(done.stdout)


def test_a_fork_of_the_owner_that_leaves_the_block_ends_nothing(tmp_path):
    program = f"""
import os, sys
from faaslab.runtime import Runtime
with Runtime(memory_mb=512) as platform:
    platform.deploy("hello", {str(function(tmp_path / "hello", HELLO))!r})
    platform.invoke("hello")
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
    print(platform.invoke("hello", check=True).start)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("warm\n", 0), done.stderr


# A program that a shell started in the background ignores these signals, and so do its children.
IN_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""


def test_a_terminal_that_is_closed_or_interrupted_leaves_nothing(begin):
    """The whole group of the program gets the signal, as from a terminal."""
    for number in (signal.SIGINT, signal.SIGHUP):
        program = subprocess.Popen(
            [sys.executable, "-c", f"{IN_A_TERMINAL}{begin}\nplatform.invoke('hello', {{'s': 600}})"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        said = program.stdout.readline()
        os.killpg(program.pid, number)
        program.wait(60)
        program.stdout.close()
        nothing_left(said)
    figures("programs ended by a signal", signals=2, processes_left=0)


@pytest.mark.parametrize("end", ["interrupt and shut down", "interrupt and kill"])
def test_a_notebook_s_kernel_that_is_interrupted_and_ended_leaves_nothing(begin, end):
    jupyter_client = pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3", startup_timeout=60)
    try:
        said = []
        client.execute_interactive(begin, timeout=60, output_hook=lambda m: said.append(_text(m)))
        client.execute("print('calling', flush=True); platform.invoke('hello', {'s': 600})")
        _until(client, "stream", lambda content: "calling" in content["text"])
        manager.interrupt_kernel()
        _until(client, "error", lambda content: content["ename"] == "KeyboardInterrupt")
        client.execute_interactive("platform.invoke('hello', check=True)", timeout=60, output_hook=_no_error)
        manager.shutdown_kernel(now=end == "interrupt and kill")
        nothing_left("".join(said))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _text(message):
    return message["content"].get("text", "")


def _no_error(message):
    assert message["msg_type"] != "error", message["content"]


def _until(client, kind, holds):
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == kind and holds(message["content"]):
            return
