"""concurrent.futures.ProcessPoolExecutor, with the start methods spawn and fork.

A pool belongs to the process that made it, so every client has its own with one worker: the best case, without a queue
that clients share. Cold: a new pool and its first call. With fork, as in a user's program, the caller has imported the
handler before and the worker inherits it.
"""

import contextlib
import multiprocessing
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module

VERSION = f"Python {platform.python_version()}"


def pool(variant, workers):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(variant))


class Contender:
    def __init__(self, variant):
        self.variant = variant
        self.pools = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.pools.close()

    def address(self):
        return {}

    @staticmethod
    @contextlib.contextmanager
    def connect(variant, address, handler):
        function = import_module(handler).handler
        with pool(variant, 1) as workers:
            yield lambda event: workers.submit(function, event, None).result()

    def cold_call(self, handler, event):
        function = import_module(handler).handler
        began = time.perf_counter()
        workers = pool(self.variant, 1)
        answer = workers.submit(function, event, None).result()
        seconds = time.perf_counter() - began
        workers.shutdown()
        return seconds, answer

    def together(self, handler, count, event):
        function = import_module(handler).handler
        self.pools.close()
        workers = self.pools.enter_context(pool(self.variant, count))
        while True:  # a worker that is ready early takes two calls: again, until everyone has had one
            answers = [future.result() for future in [workers.submit(function, event, None) for _ in range(count)]]
            if len({answer["pid"] for answer in answers}) == count:
                return answers
