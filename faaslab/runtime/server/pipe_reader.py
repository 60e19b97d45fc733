"""Reading a pipe without holding up the loop: by readiness where the system tells it of pipes, else by looking often.

A thread that waits in a read would do for the second, but it cannot be asked what the pipe holds now, which the end of
a call must know. Source: Windows documentation, PeekNamedPipe.
"""

import asyncio
import os
import select

READ_BYTES = 2**16
READS_AT_ONCE = 64  # then others have their turn
LOOK_S = 0.01


class PipeReader:
    """on_data(bytes) and at last on_end() run in the loop. It owns the descriptor and closes it."""

    def __init__(self, descriptor: int, on_data, on_end=lambda: None, by_readiness=os.name == "posix"):
        self._descriptor = descriptor
        self._on_data = on_data
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._next = None
        self._by_readiness = by_readiness
        if by_readiness:
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, self.read)
        else:
            self._look()

    def _look(self):
        self.read()
        if self._open:
            self._next = self._loop.call_later(LOOK_S, self._look)

    def read(self):
        """What is there now."""
        for _ in range(READS_AT_ONCE):
            if not self._open or not (self._by_readiness or _holds_something(self._descriptor)):
                return
            try:
                data = os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                self._on_end()
                return
            self._on_data(data)

    def close(self):
        """Read no more."""
        if not self._open:
            return
        self._open = False
        if self._by_readiness:
            self._loop.remove_reader(self._descriptor)
        elif self._next is not None:
            self._next.cancel()
        os.close(self._descriptor)


def _holds_something(descriptor) -> bool:
    """Whether a read would return at once: with bytes, or because the other end is closed."""
    if os.name != "nt":
        return bool(select.select([descriptor], [], [], 0)[0])
    import _winapi
    import msvcrt

    try:
        return _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)[0] > 0
    except OSError:  # its other end is closed
        return True
