"""The client of the Lambda Runtime API: ask for an event, run the handler, post what came of it, and again.

One connection for the life of the container, one write a request, and only those parts of HTTP that the API needs.
Chapter "A cloud on your laptop". Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version
2018-06-01. Left out: streamed responses, SnapStart's hooks, X-Ray's error causes, logs as JSON.
"""

import os
import sys
import time
from _socket import IPPROTO_TCP, TCP_NODELAY, socket  # without the layer above it, which takes 3 ms to import

from . import faults, log_handler, output
from .context import LambdaContext
from .loading import ImportTimer, load_handler
from .marshaller import JSON, Marshaller

BASE = b"/2018-06-01/runtime"
NEXT = BASE + b"/invocation/next"
READ_BYTES = 2**16
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"


class Connection:
    """A kept-alive connection to "host:port"."""

    def __init__(self, address: str):
        host, _, port = address.rpartition(":")
        self._tail = f"HTTP/1.1\r\nHost: {address}\r\n".encode()
        self._socket = socket()
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._left = b""  # what was read beyond the last answer

    def get(self, path, headers=b""):
        return self._exchange(b"GET %s %s%s\r\n" % (path, self._tail, headers))

    def post(self, path, body, content_type=JSON, headers=b""):
        head = b"POST %s %sContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (
            path, self._tail, content_type.encode(), headers, len(body),
        )  # fmt: skip
        return self._exchange(head + body)

    def _exchange(self, request):
        """Returns status, headers (names in lower case), body."""
        self._socket.sendall(request)
        data = self._left
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._read()
        lines = data[:end].decode(errors="surrogateescape").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        pieces = [data[end + 4 :]]
        missing = int(headers.get("content-length", 0)) - len(pieces[0])
        while missing > 0:
            pieces.append(self._read())
            missing -= len(pieces[-1])
        body = b"".join(pieces)
        body, self._left = (body[:missing], body[missing:]) if missing < 0 else (body, b"")
        return int(lines[0].split(" ", 2)[1]), headers, body

    def _read(self):
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise ConnectionResetError("the Runtime API has closed the connection")
        return data


def serve(handler_name, task, first_ns):
    """Load the handler and answer calls until the process is ended."""
    connection = Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    marshaller = Marshaller()
    output.install()
    log_handler.install()
    loading_ns = time.monotonic_ns()
    timer = ImportTimer(task)
    try:
        with timer:
            handler = load_handler(handler_name)
    except Exception as error:
        _post_init_error(connection, marshaller, error)
        sys.exit(1)
    loaded_ns = time.monotonic_ns()
    phases = b"Faaslab-Phases: %d,%d,%d,%d\r\n" % (first_ns, loading_ns, timer.dependencies_ns, loaded_ns)
    while True:
        try:
            status, headers, body = connection.get(NEXT, phases)
        except OSError:
            sys.exit(1)  # the platform has gone, or has given this container up
        if status != 200:
            raise RuntimeError(f"the Runtime API gave no event: status {status}")
        phases = b""
        _answer(connection, marshaller, handler, headers, body)


def _answer(connection, marshaller, handler, headers, body):
    request_id = log_handler.current_request_id = headers["lambda-runtime-aws-request-id"]
    trace_id = headers.get("lambda-runtime-trace-id")
    if trace_id is not None:
        os.environ[TRACE_VARIABLE] = trace_id
    else:
        os.environ.pop(TRACE_VARIABLE, None)
    kind, found = b"response", None
    try:
        context = LambdaContext(headers)
        event = marshaller.event(body, headers.get("content-type"))
        answer, content_type = marshaller.answer(handler(event, context))
    except Exception as error:
        found = faults.error_object(error, request_id)
    if found is not None:
        faults.log(found)
        answer, content_type, kind = marshaller.text(found).encode(), JSON, b"error"
    path = b"%s/invocation/%s/%s" % (BASE, request_id.encode(), kind)
    status = connection.post(path, answer, content_type)[0]
    if not 200 <= status < 300:
        raise RuntimeError(f"the Runtime API refused the {kind.decode()}: status {status}")


def _post_init_error(connection, marshaller, error):
    found = faults.error_object(error)
    faults.log(found)
    kind = b"Lambda-Runtime-Function-Error-Type: %s\r\n" % found["errorType"].encode()
    connection.post(BASE + b"/init/error", marshaller.text(found).encode(), JSON, kind)
