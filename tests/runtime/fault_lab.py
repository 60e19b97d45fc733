"""What the fault tests share: functions from text, patient waiting, and a count of what a process holds."""

import os
import textwrap
import threading
import time
from pathlib import Path

import pytest

from faaslab.runtime.sandbox import processes

if not processes.has_proc():
    pytest.skip("faults are looked at through /proc, which this system lacks", allow_module_level=True)

WITHIN_S = 30.0  # how long a slow machine may take; nothing is asserted about times


def function(folder: Path, code: str) -> Path:
    """A folder with `code` as its app.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(textwrap.dedent(code))
    return folder


def eventually(condition, what: str, within_s: float = WITHIN_S):
    """The first true value of condition(); an AssertionError that names `what` where there is none in time."""
    until = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < until, f"expected {what} within {within_s:g} s"
        time.sleep(0.02)
    return value


def settled(look, within_s: float = WITHIN_S):
    """look() once it has given the same value for half a second."""
    until, value, since = time.monotonic() + within_s, look(), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        latest = look()
        if latest != value:
            value, since = latest, time.monotonic()
        assert time.monotonic() < until, f"expected a value that settles, the last was {value!r}"
    return value


def figures(title: str, **values):
    """Print what a test has measured."""
    print(f"{title}: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items()))


def lives(pid: int) -> bool:
    return processes.state_of(pid) not in ("", "Z")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets_listening(pid: int) -> int:
    """Listening TCP sockets that a process holds."""
    held = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            held.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:  # closed meanwhile
            continue
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[3] == "0A" and f"socket:[{row[9]}]" in held for row in rows)


def ids_in_log(text: str, mark: str) -> list[str]:
    """The words that follow `mark` in a log, in order."""
    return [line.split(mark, 1)[1].split()[0] for line in text.splitlines() if mark in line]


class Neighbour:
    """Calls of another function, one after another, as long as the block lasts: every one is answered."""

    def __init__(self, cloud, folder):
        self.cloud = cloud
        cloud.deploy("neighbour", function(folder / "neighbour", "def handler(event, context):\n    return event\n"))
        self.calls = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def _call(self):
        while not self._over.is_set():
            if self.cloud.invoke("neighbour", {"n": self.calls}).value == {"n": self.calls}:
                self.calls += 1

    def __enter__(self):
        self._thread.start()
        eventually(lambda: self.calls > 0, "an answer to the neighbour")
        self.calls_before = self.calls
        return self

    def __exit__(self, *error):
        before = self.calls
        if not any(error):
            eventually(lambda: self.calls > before, "a further answer to the neighbour")
        self._over.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
