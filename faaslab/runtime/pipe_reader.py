"""Reading a pipe without holding up the loop: by readiness where the system tells it of pipes, else by a thread."""

import asyncio
import os
import threading

READ_BYTES = 2**16
READS_AT_ONCE = 64  # then others have their turn


class PipeReader:
    """on_data(bytes) and at last on_end() run in the loop. It owns the descriptor and closes it."""

    def __init__(self, descriptor: int, on_data, on_end=lambda: None, by_readiness=os.name == "posix"):
        self._descriptor = descriptor
        self._on_data = on_data
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._by_readiness = by_readiness
        if by_readiness:
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, self.read)
        else:
            threading.Thread(target=self._read_in_thread, daemon=True).start()

    def read(self):
        """What is there now."""
        if not self._open or not self._by_readiness:
            return
        for _ in range(READS_AT_ONCE):
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
            if not self._open:
                return

    def _read_in_thread(self):
        while True:
            try:
                data = os.read(self._descriptor, READ_BYTES)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._take, data)
            except RuntimeError:  # the loop is closed: nobody reads any more
                data = b""
            if not data:
                os.close(self._descriptor)
                return

    def _take(self, data):
        if data and self._open:
            self._on_data(data)
        elif not data:
            self.close()
            self._on_end()

    def close(self):
        """Read no more. (A thread that waits in a read keeps the descriptor until the other end is closed.)"""
        if not self._open:
            return
        self._open = False
        if self._by_readiness:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
