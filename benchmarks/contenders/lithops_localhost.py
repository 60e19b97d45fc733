"""Lithops on localhost: every call is a job and every job a new process, so that each of its calls is a cold one.

Version 1 of its back end (version 2, the default, needs twenty times as long for a map of a hundred calls), telemetry
off, results polled every 10 ms instead of every second: the settings that serve it best. Every process has a temporary
folder and a session of its own; clients that share them overwrite each other's copy of the package and lose jobs.
"""

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import time
from importlib import import_module

os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="lithops-")
os.environ.pop("__LITHOPS_SESSION_ID", None)
atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)

import lithops  # noqa: E402 - it looks at the temporary folder when it is imported

VERSION = f"Lithops {lithops.__version__}"
POLL_S = 0.01


def executor(variant):
    return lithops.FunctionExecutor(
        config={
            "lithops": {"backend": "localhost", "storage": "localhost", "telemetry": False, "log_level": "ERROR"},
            "localhost": {"version": int(variant), "runtime": sys.executable},
        }
    )


class Contender:
    def __init__(self, variant):
        self.variant = variant

    def __enter__(self):
        self.executor = executor(self.variant)
        return self

    def __exit__(self, *error):
        self.executor.clean()

    def address(self):
        return {}

    @staticmethod
    @contextlib.contextmanager
    def connect(variant, address, handler):
        function = import_module(handler).handler
        with executor(variant) as jobs:
            yield lambda event: jobs.call_async(function, (event, None)).result(wait_dur_sec=POLL_S)

    def cold_call(self, handler, event):
        function = import_module(handler).handler
        began = time.perf_counter()
        answer = self.executor.call_async(function, (event, None)).result(wait_dur_sec=POLL_S)
        return time.perf_counter() - began, answer
