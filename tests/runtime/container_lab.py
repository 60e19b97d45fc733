"""Real containers for tests: a starter on a temporary state folder, and a stand-in of the Runtime API for each."""

import asyncio
import compileall
import os
import time
import uuid
from pathlib import Path

from standin_api import StandIn

from faaslab.runtime.deployment import Deployment
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.starter import Starter


class Container:
    """A worker with its stand-in API; `output()` is what it has printed so far."""

    def __init__(self, worker, api, folder):
        self.worker = worker
        self.api = api
        self.folder = folder
        self.text = ""
        self.exit = asyncio.get_running_loop().create_future()
        worker.on_exit(lambda status: self.exit.done() or self.exit.set_result(status))

    def output(self) -> str:
        while True:
            try:
                data = os.read(self.worker.output_fd, 2**16)
            except BlockingIOError:
                return self.text
            if not data:
                return self.text
            self.text += data.decode()

    async def ready(self):
        await asyncio.to_thread(self.api.wait_asked)

    async def call(self, body=b"{}", **fields):
        return await asyncio.to_thread(lambda: self.api.call(body, **fields))

    async def sent(self):
        return await asyncio.to_thread(self.api.next_sent)

    async def ended(self) -> str:
        return await asyncio.wait_for(self.exit, 10)


class Lab:
    """`async with Lab(path) as lab`; at its end nothing of it may be left."""

    def __init__(self, path: Path):
        self.state = path
        self.runtime_id = f"test-{uuid.uuid4()}"
        self.containers = []
        self.count = 0

    async def __aenter__(self):
        self.starter = Starter(self.runtime_id, self.state, sole=False)
        return self

    async def __aexit__(self, *error):
        await self.starter.close()
        for container in self.containers:
            container.worker.close()
            container.api.close()
        await self.settled()

    async def settled(self):
        """Wait until no process of this runtime is left."""
        end = time.monotonic() + 5
        while left := processes.strays(self.runtime_id):
            assert time.monotonic() < end, f"left: {left}"
            await asyncio.sleep(0.01)

    async def deploy(self, code: str | dict, name="f", **fields) -> Deployment:
        """`code`: the text of app.py, or the texts of several files by their paths."""
        folder = self.state / "functions" / name
        for path, text in ({"app.py": code} if isinstance(code, str) else code).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        compileall.compile_dir(folder, quiet=2)
        handler = fields.pop("handler", "app.handler")
        deployment = Deployment(name=name, source=str(folder), **{"memory_mb": 512, **fields})
        object.__setattr__(deployment, "handler", handler)  # also one that a deployment refuses
        await self.starter.prepare(deployment)
        return deployment

    async def start(self, deployment) -> Container:
        api = StandIn()
        identity = f"{deployment.name}-{self.count}"
        self.count += 1
        folder = self.state / "containers" / identity
        worker = await self.starter.start(identity, deployment, api.address, folder)
        container = Container(worker, api, folder)
        self.containers.append(container)
        return container


def in_lab(test):
    """Turn `async def test(lab, ...)` into a test that gets a Lab on tmp_path."""

    def run(tmp_path, **fixtures):
        async def body():
            async with Lab(tmp_path) as lab:
                await asyncio.wait_for(test(lab, **fixtures), 60)

        asyncio.run(body())

    import inspect

    parameters = list(inspect.signature(test).parameters.values())[1:]
    path = inspect.Parameter("tmp_path", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([path, *parameters])
    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    for name, value in vars(test).items():
        setattr(run, name, value)
    return run
