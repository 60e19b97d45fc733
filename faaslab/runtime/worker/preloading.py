"""Importing ahead, and what a fork of such a process must do before it is a container.

A fork copies one thread, and locks that others held stay locked for ever, so a zygote must have a single thread: a
module that starts more is refused. A fork also copies the state of random number generators: children reseed them.
The garbage collector writes to every object that it looks at, and a page that is written is no longer shared: what was
imported is frozen, out of its sight.

Source: fork(2); Python's documentation of os.fork and gc.freeze. Left out: generators that libraries keep for
themselves.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback

from .confinement import die_with_parent, set_limits
from .container import python_path

CONTAINER_VARIABLE = "FAASLAB_CONTAINER"
MESSAGE_BYTES = 2**18


class PreloadError(Exception):
    """A module that cannot be preloaded; the message says why."""


def next_order(settings):
    """Import what is to be preloaded, say so, and wait. Returns (order, instant of its arrival in monotonic ns): in a
    forked child, or in this process where it does not fork. The zygote itself never returns."""
    die_with_parent(settings["parent"])
    channel = socket.socket(fileno=settings["socket"])
    gc.disable()
    for name in ("_faaslab_worker.client", "resource"):  # what every container needs next
        importlib.import_module(name)
    set_limits({"CORE": 0})
    try:
        _preload(settings["preload"], settings["forks"])
    except PreloadError as error:
        channel.send(json.dumps({"failed": str(error)}).encode())
        sys.exit(1)
    gc.collect()
    gc.freeze()
    channel.send(b'{"ready": true}')
    order, first_ns = _fork_orders(channel) if settings["forks"] else _receive(channel)
    channel.close()
    _take_identity(order)
    _reseed()
    gc.enable()
    return order, first_ns


def _preload(names, forks):
    sys.path[:0] = python_path()
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            last = traceback.format_exception_only(error)[-1].strip()
            raise PreloadError(f"cannot import {name!r}: {last}") from error
        threads = _thread_count()
        if forks and threads > 1:
            raise PreloadError(
                f"expected modules that leave one thread, got {threads} after importing {name!r}: "
                "a process with several cannot be forked safely; use start='prewarmed'"
            )


def _thread_count():
    return len(os.listdir("/proc/self/task"))


def _receive(channel):
    message, files, _, _ = socket.recv_fds(channel, MESSAGE_BYTES, 2)
    first_ns = time.monotonic_ns()
    if not message:
        sys.exit(0)
    order = json.loads(message)
    if files:
        order |= {"output": files[0], "ruleset": files[1] if len(files) > 1 else -1, "parent": os.getppid()}
    return order, first_ns


def _fork_orders(channel):
    """The zygote's life: fork on each order, tell of children that end; returns in the child."""
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    living, finishing = 0, False
    while not finishing or living:
        for ready in select.select([channel, wake], [], [])[0]:
            if ready is wake:
                os.read(wake, 4096)
                living -= _tell_ends(channel)
                continue
            order, first_ns = _receive(channel)
            if "output" not in order:
                finishing = True
                continue
            zygote = os.getpid()
            told = {"forked": order["container"], "pid": None}
            try:
                told["pid"] = os.fork()
                living += 1
            except OSError as error:
                told["error"] = str(error)
            if told["pid"] == 0:
                first_ns = time.monotonic_ns()
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(wake)
                os.close(waker)
                os.setsid()
                return order | {"parent": zygote}, first_ns
            _send(channel, told)
            os.close(order["output"])
            if order["ruleset"] >= 0:
                os.close(order["ruleset"])
    sys.exit(0)


def _tell_ends(channel):
    ends = 0
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ends
        if pid == 0:
            return ends
        ends += 1
        _send(channel, {"ended": pid, "status": status})


def _send(channel, message):
    try:
        channel.send(json.dumps(message).encode())
    except OSError:
        sys.exit(0)  # the controller is gone, or has let go of us


def _take_identity(order):
    """Output, environment and, in /proc, the identity of the container that this process is from now on."""
    os.dup2(order["output"], 1)
    os.dup2(order["output"], 2)
    os.close(order["output"])
    os.environ.update(order["environment"])  # what an imported module has set stays, as in a new interpreter
    time.tzset()
    _show_identity(order["container"])


def _show_identity(container):
    """Write the container into the environment as /proc shows it: the memory in which this program was started."""
    with open("/proc/self/environ", "rb") as file:
        shown = file.read()
    begin = shown.find(f"{CONTAINER_VARIABLE}=-".encode())
    if begin < 0:
        return
    begin += len(CONTAINER_VARIABLE) + 1
    room = shown.index(b"\0", begin) - begin
    with open("/proc/self/stat", "rb") as file:
        address = int(file.read().rpartition(b") ")[2].split()[47])  # env_start
    ctypes.memmove(address + begin, container.encode()[:room].ljust(room, b"\0"), room)


def _reseed():
    """New states for the generators that a fork has copied; Python's own is reseeded by the fork itself."""
    if "random" in sys.modules:
        sys.modules["random"].seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(int.from_bytes(os.urandom(7)))
