"""One kept-alive connection to the platform: a request, one write, one answer with a stated length.

Only those parts of HTTP that the platform's own server speaks; `http.client` takes three times as long for the same,
most of it to parse headers as e-mail. Left out: chunked answers, redirects, TLS.
"""

import socket

READ_BYTES = 2**16


class BrokenAnswer(ConnectionError):
    """The connection was closed before a whole answer had come."""


class Fields(dict):
    """Header fields; names are in lower case inside, any case will do to ask."""

    def get(self, name, default=None):
        return super().get(name.lower(), default)

    def __getitem__(self, name):
        return super().__getitem__(name.lower())


class Connection:
    """To 127.0.0.1:`port`. timeout_s: how long to wait for the next bytes of an answer (TimeoutError)."""

    def __init__(self, port: int, token: str, timeout_s: float):
        self._fixed = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nContent-Length: "
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method: str, path: str, body: bytes = b"", headers=()):
        """Returns (status, headers, body)."""
        more = "".join([f"{name}: {value}\r\n" for name, value in headers])
        if more.count("\n") != len(headers) or more.count("\r") != len(headers) or "\n" in path:
            raise ValueError("expected a path and headers without line ends")
        head = f"{method} {path}{self._fixed}{len(body)}\r\n{more}\r\n"
        self._socket.sendall(head.encode("latin-1") + body)
        data = self._read()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._read()
        lines = data[:end].decode("latin-1").split("\r\n")
        fields = Fields()
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        pieces = [data[end + 4 :]]
        missing = int(fields.get("content-length", 0)) - len(pieces[0])
        while missing > 0:
            pieces.append(self._read())
            missing -= len(pieces[-1])
        return int(lines[0].split(" ", 2)[1]), fields, b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _read(self):
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise BrokenAnswer("the connection was closed")
        return data

    def close(self):
        self._socket.close()
