"""A small stand-in for the platform's HTTP side: a server in a thread that answers invocations as told, and its client.

It lets tests stall, refuse and break connections on purpose, which the real platform does not do on demand.
"""

import asyncio
import threading
import time

import numpy as np

from faaslab.functions import Function
from faaslab.model.result import SCHEMA, Outcome, Result, Start
from faaslab.units import ns


class CloudStub:
    """`answer(headers, body)` returns (status, extra headers, delay in seconds); it runs in the server's thread, so
    that time.sleep in it stalls the whole server."""

    def __init__(self, answer=lambda headers, body: (200, "", 0.0), functions=("f",)):
        self.answer = answer
        self.functions = functions
        self.token = "secret"
        self.rows = []  # (function, source, event, arrival_ns, begin_ns, end_ns)
        self.seen = []  # (headers, body)
        self.connections = 0
        self.zero = 0

    def __enter__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(5)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def _serve(self, started):
        async def main():
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
            self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()
            await self._stop.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        asyncio.run(main())

    async def _connected(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers["content-length"]))
                await self._invoked(head[0], headers, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _invoked(self, line, headers, body, writer):
        begin = time.monotonic_ns() - self.zero
        self.seen.append((headers, body))
        assert headers["authorization"] == f"bearer {self.token}"
        answer = self.answer(headers, body)
        if answer is None:
            writer.close()
            raise ConnectionResetError
        status, extra, delay = answer
        if delay:
            await asyncio.sleep(delay)
        name = line.split("/")[3]
        self.rows.append(
            (
                self.functions.index(name),
                int(headers["faaslab-event"]),
                int(headers["faaslab-arrival-ns"]),
                begin,
                time.monotonic_ns() - self.zero,
            )
        )
        writer.write(f"HTTP/1.1 {status} Any\r\n{extra}Content-Length: 4\r\n\r\nnull".encode())

    # --- the client --------------------------------------------------------------------------------------------------

    def measure(self, warm=True):
        self.zero = time.monotonic_ns()
        return self.zero

    def stats(self):
        return {"controller_cpu_s": time.thread_time()}

    def result(self):
        """Rows as they ended, functions and sources in the platform's own order."""
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, 5)
        n = len(rows)
        fixed = {"source": 1, "batch": -1, "outcome": Outcome.COMPLETED, "start": Start.WARM, "container": -1}
        calls = {"function": rows[:, 0], "event": rows[:, 1], "arrival_ns": rows[:, 2]}
        calls |= {"begin_ns": rows[:, 3], "end_ns": rows[:, 4]}
        calls |= {name: np.full(n, fixed.get(name, 0)) for name in SCHEMA["calls"] if name not in calls}
        tables = {t: {c: np.empty(0, d) for c, d in schema.items()} for t, schema in SCHEMA.items() if t != "calls"}
        functions = tuple(Function(name, service=0.0) for name in self.functions)
        return Result(
            seed=0,
            horizon_ns=ns(1e3),
            warmup_ns=0,
            functions=functions,
            groups=tuple(self.functions),
            sources=("invoke", "open"),
            invokers_memory_mb=(1024.0,),
            invokers_cpu=(2.0,),
            calls={name: calls[name].astype(dtype) for name, dtype in SCHEMA["calls"].items()},
            **tables,
        )
