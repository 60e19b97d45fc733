"""faaslab's own platform, by start mode: spawn, zygote or prewarmed; zygotes and stocks have imported what the handler
imports.

A client is `faaslab.runtime.Client` in a process of its own, as a user's program would be. Cold: the call after idle
containers were ended.
"""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faaslab
from faaslab.policies import FixedWindow
from faaslab.runtime import Client, Runtime

VERSION = f"faaslab {faaslab.__version__}"
HANDLERS = Path(__file__).resolve().parents[1] / "handlers"
IMPORTS = {"bare": (), "with_numpy": ("numpy",), "with_torch": ("torch",)}
REFILL_S = 15.0  # how long at most until a stock of prewarmed processes is full again


class Contender:
    def __init__(self, variant):
        self.variant = variant

    def __enter__(self):
        self.cloud = Runtime(keep_alive=FixedWindow(600))
        return self

    def __exit__(self, *error):
        self.cloud.close()

    def address(self):
        self.deploy("bare")
        return {"port": self.cloud.port, "token": self.cloud.token}

    def deploy(self, handler):
        if any(deployment.name == handler for deployment in self.cloud.functions()):
            return
        preload = () if self.variant == "spawn" else IMPORTS[handler]
        self.cloud.deploy(
            handler, HANDLERS / f"{handler}.py", handler=f"{handler}.handler", memory_mb=512, timeout_s=60.0,
            start=self.variant, preload=preload,
        )  # fmt: skip

    @staticmethod
    @contextlib.contextmanager
    def connect(variant, address, handler):
        client = Client(address["port"], address["token"])
        yield lambda event: client.invoke(handler, event, check=True).value
        client.disconnect()

    def cold_call(self, handler, event):
        self.deploy(handler)
        self._end_idle_containers()
        expected = "prewarmed" if self.variant == "prewarmed" else "cold"
        give_up = time.monotonic() + REFILL_S
        while True:
            began = time.perf_counter()
            answer = self.cloud.invoke(handler, event, check=True)
            seconds = time.perf_counter() - began
            if answer.start == expected:
                return seconds, answer.value
            if time.monotonic() > give_up:
                raise RuntimeError(f"expected a call with the start {expected}, got {answer.start}")
            time.sleep(1.0)
            self._end_idle_containers()

    def _end_idle_containers(self):
        self.cloud.measure(warm=False)
        while self.cloud.ps():
            time.sleep(0.01)
        time.sleep(0.05)  # their folders are being removed

    def together(self, handler, count, event):
        for deployment in self.cloud.functions():  # zygotes and stocks of others would count as the platform's memory
            if deployment.name != handler:
                self.cloud.remove(deployment.name)
        self.deploy(handler)
        self._end_idle_containers()
        with ThreadPoolExecutor(count) as callers:
            while True:  # a container that is ready early takes two calls: again, until everyone has had one
                answers = list(callers.map(lambda _: self.cloud.invoke(handler, event, check=True).value, range(count)))
                if len({answer["pid"] for answer in answers}) == count:
                    return answers
