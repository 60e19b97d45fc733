"""Starting a program of this package in a process of its own, with nothing but what it is given.

posix_spawn starts it without copying the controller's address space; the process sets its own limits (limits.py), so
that none of our code runs between fork and exec. Chapter "A cloud on your laptop". Source: posix_spawn(3), setsid(2).
"""

import compileall
import os
import signal
import subprocess
import sys
from pathlib import Path

from faaslab.runtime.sandbox.processes import held

FLAGS = ("-E", "-s", "-u", "-X", "utf8")
WORKER = Path(__file__).resolve().parents[1] / "worker"
ASYNC_SAFE_SIGNALS = ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGUSR1", "SIGUSR2")


def launch(program: str, order: str, environment, output: int | None, inherited=()):
    """Start worker/`program` with `order` as its argument, in a new session. Returns a process id.

    output: the descriptor that becomes its standard output and error, None for nowhere. inherited: descriptors that
    keep their numbers in it.
    """
    argv = [sys.executable, *FLAGS, str(WORKER / program), order]
    if not sys.platform.startswith("linux"):
        return _popen(argv, environment, output, inherited)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    if output is None:
        actions.append((os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0))
    else:
        actions.append((os.POSIX_SPAWN_DUP2, output, 1))
    actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
    actions += [(os.POSIX_SPAWN_DUP2, number, number) for number in inherited]  # loses the mark "close on exec"
    signals = [getattr(signal, name) for name in ASYNC_SAFE_SIGNALS]
    return os.posix_spawn(
        sys.executable, argv, environment, file_actions=actions, setsid=True, setsigmask=(), setsigdef=signals
    )


def compile_programs():
    """Have the modules that containers load compiled: they never write byte code themselves."""
    compileall.compile_dir(WORKER, quiet=2)


def _popen(argv, environment, output, inherited):
    stream = subprocess.DEVNULL if output is None else output
    started = subprocess.Popen(
        argv, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT if output else stream,
        pass_fds=inherited if sys.platform != "win32" else (), start_new_session=sys.platform != "win32",
    )  # fmt: skip
    held[started.pid] = started
    return started.pid
