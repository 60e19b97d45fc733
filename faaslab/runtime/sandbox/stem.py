"""A stem: a process that has imported what a function declares and waits to be, or to beget, its containers.

The controller's side of worker/zygote.py: orders and answers are JSON messages on a socket pair, one datagram each; the
pipe for output and the Landlock ruleset travel beside them (SCM_RIGHTS). A zygote's children are its own, so it is the
zygote that sees their ends and tells them here. They die with it, as it dies with the controller.

A second fork, which would make them the controller's children, is not made: forking copies page tables, and doing so
twice would double the start of a container with large libraries.
"""

import asyncio
import json
import os
import socket

from faaslab.errors import InputError
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.container_files import base_environment
from faaslab.runtime.sandbox.launching import launch
from faaslab.runtime.sandbox.process_usage import pss_mb

MESSAGE_BYTES = 2**18
LONGEST_PRELOAD_S = 60.0
ROOM_FOR_IDENTITY = 64  # characters in the environment where a child writes which container it is


class Stem:
    """Starts the process. forks: whether it forks a child for each container (a zygote), or becomes one itself."""

    def __init__(self, runtime_id, deployment, forks):
        self.name = deployment.name
        self.over = False
        self.forks = forks
        self._children = {}  # process id -> callback(status text)
        self._early = {}  # ends that were told before anyone asked
        self._forked = {}  # container -> future of its process id
        self._ready = asyncio.get_running_loop().create_future()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            order = {
                "socket": theirs.fileno(), "forks": forks, "preload": list(deployment.preload), "parent": os.getpid(),
            }  # fmt: skip
            environment = base_environment(runtime_id) | dict(deployment.environment)
            environment[processes.RUNTIME_VARIABLE] = runtime_id
            environment[processes.CONTAINER_VARIABLE] = "-" * ROOM_FOR_IDENTITY
            self.pid = launch("zygote.py", json.dumps(order), environment, None, (theirs.fileno(),))
        self._socket = ours
        ours.setblocking(False)
        asyncio.get_running_loop().add_reader(ours, self._read)

    async def ready(self):
        """Returns when the modules are imported; InputError with the traceback's last line where one cannot be."""
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), LONGEST_PRELOAD_S)
        except TimeoutError:
            raise InputError(
                f"function {self.name!r}, preload: expected imports of at most {LONGEST_PRELOAD_S:g} s, they still run"
            ) from None

    def _read(self):
        while not self.over:
            try:
                message = self._socket.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:  # its process ends; `ended` hears how
                asyncio.get_running_loop().remove_reader(self._socket)
                return
            self._told(json.loads(message))

    def _told(self, message):
        if "forked" in message:
            self._forked_one(self._forked.pop(message["forked"], None), message)
        elif "ended" in message:
            pid = message["ended"]
            callback = self._children.pop(pid, None)
            if callback is None:
                self._early[pid] = processes.status_text(message["status"])
            else:
                callback(processes.status_text(message["status"]))
        elif "failed" in message:
            self._lose(message["failed"])
        elif not self._ready.done():
            self._ready.set_result(None)

    def _forked_one(self, future, message):
        if message["pid"] is None:
            if not future.done():
                future.set_exception(OSError(f"the zygote of {self.name!r} cannot fork: {message['error']}"))
        elif future.done():  # whoever wanted it has been cancelled
            processes.kill_tree(message["pid"])
        else:
            future.set_result(message["pid"])

    async def fork(self, order, environment, output, ruleset) -> int:
        """A child becomes the container; returns its process id."""
        future = self._forked[order["container"]] = asyncio.get_running_loop().create_future()
        while True:
            if self.over:
                raise OSError(f"the zygote of {self.name!r} is gone")
            try:
                self._send(order, environment, output, ruleset)
                break
            except BlockingIOError:  # many starts at once
                await asyncio.sleep(0.001)
        return await future

    def become(self, order, environment, output, ruleset) -> int:
        """The process itself becomes the container."""
        self._send(order, environment, output, ruleset)
        self._close()
        return self.pid

    def _send(self, order, environment, output, ruleset):
        message = json.dumps(order | {"environment": environment, "ruleset": ruleset}).encode()
        files = [output] if ruleset < 0 else [output, ruleset]
        socket.send_fds(self._socket, [message], files)

    def on_child(self, pid, callback):
        """callback(status text) when a child has ended."""
        if pid in self._early:
            callback(self._early.pop(pid))
        elif self.over:
            callback("signal: killed")
        else:
            self._children[pid] = callback

    def finish(self):
        """No more containers: it ends after the last of its children."""
        if not self.over:
            try:
                self._socket.send(b"{}")
            except OSError:
                self.kill()

    def memory_mb(self) -> float:
        return 0.0 if self.over else pss_mb(self.pid)

    def kill(self):
        processes.kill_tree(self.pid)

    def ended(self, status):
        """The starter has seen the end of the process; its last messages are read first."""
        self._read()
        self._lose(f"its process ended: {status}")

    def _lose(self, why):
        if self.over:
            return
        self._close()
        error = InputError(f"function {self.name!r}, preload: {why}")
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # seen, also where nobody waits
        for future in self._forked.values():
            if not future.done():
                future.set_exception(OSError(f"the zygote of {self.name!r} is gone: {why}"))
        for callback in self._children.values():
            callback("signal: killed")
        self._children = {}

    def _close(self):
        self.over = True
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
