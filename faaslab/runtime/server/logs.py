"""Logs: what functions write, with the platform's START, END and REPORT lines, in one bounded file a function.

A function that writes without end must not fill the disk: where the file reaches its limit, the older half goes, and a
line says how many bytes were dropped. A place in the log is its byte offset since the beginning, dropped bytes
included, so that a reader who comes back goes on where it stopped. Left out: log groups, levels and formats of Lambda.
"""

import os
from pathlib import Path

LIMIT_BYTES = 10 * 2**20
TAIL_BYTES = 4096  # what an answer carries, as on Lambda


class Log:
    """One function's log."""

    def __init__(self, path: Path, limit=LIMIT_BYTES):
        self.path = path
        self.limit = limit
        self.dropped = 0  # bytes, since the beginning
        self._file = open(path, "ab+", buffering=0)  # noqa: SIM115 (closed by `close`)
        os.chmod(path, 0o600)
        self._size = self._file.seek(0, os.SEEK_END)

    def write(self, data: bytes):
        """Append; halve the file where it has reached its limit. After `close` nothing is kept."""
        if self._file.closed:
            return
        try:
            self._file.write(data)
            self._size += len(data)
            if self._size > self.limit:
                self._halve()
        except OSError as error:  # a full disk must not stop the platform
            self.dropped += len(data)
            self.error = error

    def _halve(self):
        keep = self.limit // 2
        self._file.seek(self._size - keep)
        rest = self._file.read(keep)
        rest = rest[rest.find(b"\n") + 1 :]
        self.dropped += self._size - len(rest)
        notice = b"[faaslab] log limited to %d bytes: %d older bytes dropped\n" % (self.limit, self.dropped)
        self._file.truncate(0)
        self._size = self._file.seek(0)
        self._file.write(notice + rest)
        self._size = len(notice) + len(rest)
        self.dropped -= len(notice)  # the notice stands for some of them: offsets go on growing

    @property
    def end(self) -> int:
        """Offset just after the last byte."""
        return self.dropped + self._size

    def read(self, after=0, most=2**20) -> tuple[bytes, int]:
        """At most `most` bytes from offset `after` (or from the oldest that is left), and the offset after them."""
        at = max(0, after - self.dropped)
        if at >= self._size:
            return b"", self.end
        self._file.seek(at)
        data = self._file.read(most)
        return data, self.dropped + at + len(data)

    def tail(self, most=TAIL_BYTES) -> bytes:
        """The last bytes."""
        return self.read(max(0, self.end - most), most)[0]

    def close(self):
        self._file.close()
