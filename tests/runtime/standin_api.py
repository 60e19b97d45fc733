"""A stand-in for the platform's side of the Runtime API: it hands out events and keeps all that it is sent.

Raw sockets in threads, so that what a client writes is seen byte by byte.
"""

import contextlib
import json
import queue
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Sent:
    """One request of a client."""

    method: str
    path: str
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


@dataclass
class Event:
    """One event for the client; headers are added to those of the Runtime API."""

    body: bytes = b"{}"
    request_id: str = "8f5a0e9c-0000-4000-8000-000000000001"
    headers: dict = field(default_factory=dict)
    timeout_s: float = 3.0
    answer_status: int = 202


class StandIn:
    """`give(event)` hands one out; `next_sent()` is what a client posted, "next" requests left out (see `asked`)."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._events = queue.Queue()
        self._sent = queue.Queue()
        self.asked = []  # the "next" requests
        self._asked = threading.Semaphore(0)
        self._status = 202
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def give(self, event):
        self._events.put(event)

    def next_sent(self, timeout_s=10.0) -> Sent:
        return self._sent.get(timeout=timeout_s)

    def wait_asked(self, timeout_s=10.0):
        """Wait until a client asks for its next event (once for each time it asks)."""
        if not self._asked.acquire(timeout=timeout_s):
            raise TimeoutError("no client asked for an event")

    def give_later(self, body):
        """Hand out an event to which no answer is expected."""
        self.give(Event(body=body))

    def call(self, body=b"{}", **fields) -> Sent:
        self.give(Event(body=body, **fields))
        return self.next_sent()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as file:
            while line := file.readline():
                method, path, _ = line.decode().split(" ", 2)
                headers = {}
                while (line := file.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                sent = Sent(method, path, headers, file.read(int(headers.get("content-length", 0))))
                connection.sendall(self._answer(sent))

    def _answer(self, sent):
        if not sent.path.endswith("/invocation/next"):
            self._sent.put(sent)
            return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % self._status
        self.asked.append(sent)
        self._asked.release()
        event = self._events.get()
        self._status = event.answer_status
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + event.timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:local:000000000000:function:f",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Content-Length": str(len(event.body)),
        } | event.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        return b"HTTP/1.1 200 OK\r\n" + head.encode("latin-1") + b"\r\n" + event.body

    def close(self):
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
