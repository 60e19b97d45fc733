"""Ray on this machine: tasks (any worker serves any call) and actors (a worker of one's own).

Every client is a driver of its own that joins the running cluster and has one call in flight. Cold: a task whose worker
ends after one call (max_calls=1), or a new actor and its first call. Ray itself keeps some started workers in stock, so
that some cold calls meet one.
"""

import contextlib
import logging
import os
import time
from importlib import import_module

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray

VERSION = f"Ray {ray.__version__}"
QUIET = {"logging_level": logging.ERROR, "log_to_driver": False}


class Handler:
    """An actor that is one handler."""

    def __init__(self, handler):
        self.handler = import_module(handler).handler

    def call(self, event):
        return self.handler(event, None)


class Contender:
    def __init__(self, variant):
        self.variant = variant
        self.kept = []

    def __enter__(self):
        self.context = ray.init(num_cpus=os.cpu_count(), include_dashboard=False, **QUIET)
        return self

    def __exit__(self, *error):
        ray.shutdown()

    def address(self):
        return {"address": self.context.address_info["address"]}

    @staticmethod
    @contextlib.contextmanager
    def connect(variant, address, handler):
        ray.init(address=address["address"], **QUIET)
        if variant == "actor":
            actor = ray.remote(Handler).remote(handler)
            yield lambda event: ray.get(actor.call.remote(event))
        else:
            # A task asks for no core of its own: with more clients than cores none waits for a place.
            task = ray.remote(num_cpus=0)(import_module(handler).handler)
            yield lambda event: ray.get(task.remote(event, None))
        ray.shutdown()

    def cold_call(self, handler, event):
        if self.variant == "actor":
            kind = ray.remote(Handler)
            began = time.perf_counter()
            actor = kind.remote(handler)
            answer = ray.get(actor.call.remote(event))
            seconds = time.perf_counter() - began
            ray.kill(actor)
        else:
            task = ray.remote(max_calls=1)(import_module(handler).handler)
            began = time.perf_counter()
            answer = ray.get(task.remote(event, None))
            seconds = time.perf_counter() - began
        return seconds, answer

    def together(self, handler, count, event):
        self.kept = [ray.remote(Handler).remote(handler) for _ in range(count)]
        return ray.get([actor.call.remote(event) for actor in self.kept])
