"""A platform of one's own: starts the controller's process, speaks to it, and leaves nothing behind.

Chapter "A cloud on your laptop". The process ends when this one closes it, ends or is killed: it watches a pipe that
only this process holds open.
"""

import atexit
import base64
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

from faaslab.errors import InputError, number, whole
from faaslab.runtime.client import Client, Gone
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.container_files import remove_folder
from faaslab.runtime.settings import Settings

START_TIMEOUT_S, CLOSE_TIMEOUT_S = 60.0, 10.0


class Runtime(Client):
    """A platform on this machine, as a context manager.

    settings: the fields of Settings (keep_alive, autoscaler, admission, queueing, memory_mb, queue_limit). state: a
    folder that outlives it (functions, triggers, queues and logs are found again); None for a temporary one. port: 0
    for any free one. capacity_mb: most MB that queued events may take on disk, None for what the disk has. timeout_s:
    how long to wait for an answer. InputError where a setting is wrong, the state is in use or the port is taken.
    """

    def __init__(
        self, *, state=None, port: int = 0, timeout_s: float = 960.0, capacity_mb: float | None = None, **settings
    ):
        self.settings = Settings(**settings)
        whole(port, "runtime, port", maximum=65535)
        if capacity_mb is not None:
            number(capacity_mb, "runtime, capacity_mb", above=0)
        number(timeout_s, "runtime, timeout_s", above=0)
        self._owner = os.getpid()
        self._ended = False  # by close()
        self.runtime_id = secrets.token_hex(8)
        self.temporary = state is None
        if self.temporary:
            self.state = Path(tempfile.mkdtemp(prefix="faaslab-"))
        else:
            self.state = Path(state).resolve()
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = secrets.token_urlsafe(24)
        try:
            self._process, answer = self._start(port, token, capacity_mb)
        except BaseException:
            if self.temporary:
                shutil.rmtree(self.state, ignore_errors=True)
            raise
        super().__init__(answer["port"], token, timeout_s)
        self._notes = answer["notes"]
        self._at_exit = _close_at_exit(weakref.ref(self))

    def _start(self, port, token, capacity_mb):
        import cloudpickle

        options = {
            "runtime_id": self.runtime_id,
            "state": str(self.state),
            "temporary": self.temporary,
            "port": port,
            "capacity_mb": capacity_mb,
            "token": token,
            "owner": os.getpid(),
            "settings": base64.b64encode(cloudpickle.dumps(self.settings)).decode(),
            "path": [folder for folder in sys.path if folder],  # so that policies of the user's own modules load
        }
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with open(self.state / "controller.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "faaslab.runtime.server.main"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"FAASLAB_RUNTIME_ID": self.runtime_id} | threads,
            )
        try:
            process.stdin.write(json.dumps(options).encode() + b"\n")
            process.stdin.flush()
            line = _read_line(process, START_TIMEOUT_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
        answer = json.loads(line) if line else {}
        if "port" not in answer:
            process.stdin.close()
            process.wait()
            log = self.state / "controller.log"
            last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
            raise InputError(answer.get("error") or f"runtime: the platform did not start: {' '.join(last)}")
        return process, answer

    def _request(self, *given, **more):
        try:
            return super()._request(*given, **more)
        except Gone:
            if not self._ended:
                raise
            raise Gone("the platform is closed: it serves until its `with` block or close() ends it") from None

    @property
    def pid(self) -> int:
        """Process id of the controller."""
        return self._process.pid

    @property
    def closed(self) -> bool:
        return self._process.poll() is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """End every process of the platform and remove its temporary folder. May be called twice."""
        if os.getpid() != self._owner:
            return  # a fork of the process that opened it
        self._ended = True
        atexit.unregister(self._at_exit)
        process = self._process
        if process.poll() is None:
            with contextlib.suppress(Gone, OSError, TimeoutError):
                process.stdin.close()  # the controller takes this as its order to end
            try:
                process.wait(CLOSE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.disconnect()
        process.stdout.close()
        with contextlib.suppress(OSError):
            process.stdin.close()
        for pid in processes.strays(self.runtime_id):
            processes.kill_tree(pid)
        if self.temporary:
            remove_folder(self.state)

    def _repr_mimebundle_(self, include=None, exclude=None):
        state = "closed" if self.closed else f"http://{self.address}"
        return {"text/plain": "\n".join([f"Runtime({state})", *self._notes])}


def _close_at_exit(reference):
    def close():
        runtime = reference()
        if runtime is not None:
            runtime.close()

    atexit.register(close)
    return close


def _read_line(process, timeout_s):
    """The controller's first line; b"" where it ends before."""
    import threading

    lines = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(timeout_s)
    if not lines:
        raise InputError(f"runtime: expected the platform to start within {timeout_s:g} s")
    return lines[0]
