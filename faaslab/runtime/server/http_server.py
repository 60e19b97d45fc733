"""The HTTP server on the loopback address, and who may speak to it.

httptools parses; handlers answer at once or later, one request of a connection after the other. A web page in the
user's browser must not be able to call functions, so a request that names another host (DNS rebinding), another origin,
or that a browser marks as coming from another site is refused before any handler sees it. Source: RFC 9112;
https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site. Left out: TLS, HTTP/2, streaming of bodies.
"""

import asyncio
import json
import socket
from collections import deque
from collections.abc import Callable
from http.client import responses
from urllib.parse import unquote, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from faaslab.errors import InputError

LOOPBACK = "127.0.0.1"
MOST_BODY_BYTES = 64 * 2**20  # what is read before it is refused; the limits of payloads are smaller
MOST_HEAD_BYTES = 2**16
MOST_WAITING = 16  # requests that one connection may send ahead of their answers
JSON = "application/json"
_STATUS_LINES = {status: f"HTTP/1.1 {status} {reason}\r\nContent-Type: " for status, reason in responses.items()}


class Headers:
    """Header fields, whatever the case of their names; fields of one name are joined by a comma."""

    __slots__ = ("_first", "_pairs")

    def __init__(self):
        self._pairs = []
        self._first = {}

    def add(self, name: str, value: str):
        self._pairs.append((name, value))
        key = name.lower()
        self._first[key] = f"{self._first[key]},{value}" if key in self._first else value

    def get(self, name: str, default=None):
        return self._first.get(name.lower(), default)

    def __contains__(self, name):
        return name.lower() in self._first

    def get_all(self):
        return iter(self._pairs)


class Request:
    """One request: `method`, `path` (percent-encoded), `query` (text after "?"), `headers`, `body`; `respond` once."""

    __slots__ = ("_connection", "answered", "body", "closed", "headers", "method", "path", "query", "when_closed")

    def __init__(self, connection, method, target, headers, body):
        self._connection = connection
        self.when_closed = None
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body
        self.closed = self.answered = False

    def parts(self) -> list[str]:
        """The decoded segments of the path."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    def respond(self, status: int, body: bytes = b"", headers=(), content_type=JSON):
        """Send the answer. Nothing happens where the other side has gone. ValueError: a line end in a header."""
        self.answered = True
        if self.closed:
            return
        start = _STATUS_LINES.get(status) or f"HTTP/1.1 {status} Unknown\r\nContent-Type: "
        fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
        head = f"{start}{content_type}\r\nContent-Length: {len(body)}\r\n{fields}"
        if head.count("\n") != 3 + len(headers) or head.count("\r") != 3 + len(headers):
            raise ValueError("expected headers without line ends")
        self._connection.answer(head.encode("latin-1"), body)

    def respond_json(self, status: int, value, headers=()):
        self.respond(status, json.dumps(value).encode(), headers)

    def on_close(self, callback: Callable[[], None]):
        """`callback` runs where the other side closes before it was answered."""
        self.when_closed = callback

    def closed_by_peer(self):
        self.closed = True


class Server:
    """Listens on a port of the loopback address (0: any free one) and gives every request to `handle(request)`."""

    def __init__(self, handle: Callable[[Request], None], port=0, refuse_origins=True):
        self.handle = handle
        self.refuse_origins = refuse_origins
        self.connections = set()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, port))
            listener.listen(1024)
            listener.setblocking(False)
        except BaseException as error:
            listener.close()
            if isinstance(error, OSError):
                raise InputError(f"port: expected one that is free, got {port} ({error.strerror})") from None
            raise
        self.port = listener.getsockname()[1]
        self.hosts = {f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"}
        loop = asyncio.get_running_loop()
        self._listening = loop.create_task(loop.create_server(lambda: _Connection(self), sock=listener, backlog=1024))

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def refusal(self, headers) -> str | None:
        """Why a request with such headers is refused, or None."""
        if headers.get("Host") not in self.hosts:
            return f"expected Host {self.address}, got {headers.get('Host')!r}"
        if self.refuse_origins:
            for name in ("Origin", "Referer"):
                value = headers.get(name)
                if value is not None and not self._own(value):
                    return f"requests of other origins are refused, got {name} {value!r}"
            site = headers.get("Sec-Fetch-Site", "none")
            if site not in ("none", "same-origin"):
                return f"requests of other sites are refused, got Sec-Fetch-Site {site!r}"
        return None

    def _own(self, address):
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme == "http" and parts.netloc in self.hosts

    async def close(self):
        (await self._listening).close()
        for connection in list(self.connections):
            connection.transport.abort()


class _Connection(asyncio.Protocol):
    """Parses what comes on one connection; at most one of its requests is with the handler."""

    def __init__(self, server):
        self.server = server
        self.parser = HttpRequestParser(self)
        self.waiting = deque()  # requests that were not handed over yet, each with: whether the connection stays
        self.current = None  # the request that is to be answered next
        self.keeps = True
        self.handing_over = False
        self.in_head = True
        self.head_bytes = 0

    def connection_made(self, transport):
        self.transport = transport
        self.server.connections.add(self)

    def connection_lost(self, error):
        self.server.connections.discard(self)
        self.waiting.clear()
        request, self.current = self.current, None
        if request is not None:
            request.closed = True
            if request.when_closed is not None:
                request.when_closed()

    def data_received(self, data):
        try:
            self.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._give_up(400, f"expected HTTP/1.1: {error}")
        if self.in_head:
            self.head_bytes += len(data)
            if self.head_bytes > MOST_HEAD_BYTES:
                self._give_up(431, f"expected headers of at most {MOST_HEAD_BYTES} bytes")
        self._hand_over()

    def _give_up(self, status, message):
        if not self.transport.is_closing():
            body = json.dumps({"error": message}).encode()
            start = f"{_STATUS_LINES[status]}{JSON}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write(start.encode() + body)
            self.transport.close()

    # --- what the parser tells ---------------------------------------------------------------------------------------

    def on_message_begin(self):
        self.headers = Headers()
        self.target = b""
        self.body = []
        self.size = 0
        self.in_head = True

    def on_url(self, part):
        self.target += part

    def on_header(self, name, value):
        self.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self):
        self.in_head = False
        self.head_bytes = 0
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part):
        self.size += len(part)
        if self.size <= MOST_BODY_BYTES:
            self.body.append(part)
        else:
            self.body.clear()
            self._give_up(413, f"expected a body of at most {MOST_BODY_BYTES} bytes")

    def on_message_complete(self):
        method, target = self.parser.get_method().decode(), self.target.decode("latin-1")
        request = Request(self, method, target, self.headers, b"".join(self.body))
        self.waiting.append((request, self.parser.should_keep_alive()))
        if len(self.waiting) > MOST_WAITING:
            self.transport.pause_reading()

    # --- answering ---------------------------------------------------------------------------------------------------

    def _hand_over(self):
        """Give the oldest request to the handler, where none is with it; and the next, where it answers at once."""
        self.handing_over = True
        try:
            while self.waiting and self.current is None and not self.transport.is_closing():
                if len(self.waiting) > MOST_WAITING:
                    self.transport.resume_reading()
                request, self.keeps = self.waiting.popleft()
                self.current = request
                refused = self.server.refusal(request.headers)
                if refused is None:
                    self.server.handle(request)
                else:
                    request.respond_json(403, {"error": refused})
        finally:
            self.handing_over = False

    def answer(self, head, body):
        """Called by the current request."""
        request, self.current = self.current, None
        ending = b"\r\n" if self.keeps else b"Connection: close\r\n\r\n"
        self.transport.write(head + ending + (b"" if request.method == "HEAD" else body))
        if not self.keeps:
            self.transport.close()
        elif self.waiting and not self.handing_over:
            asyncio.get_running_loop().call_soon(self._hand_over)
