"""Starting containers: a new interpreter, a fork of a zygote, or a standby process that becomes one.

spawn pays every phase of a cold start. A zygote is a process that has imported what the function declares; a fork of it
begins with all that in memory, and shares its pages. prewarmed keeps processes waiting that have done so; one becomes
the container and another is started in its place.

Chapter "A cloud on your laptop". Source: E. Oakes et al., "SOCK: Rapid task provisioning with serverless-optimized
containers", USENIX ATC 2018, sections 3 and 4 (zygotes); Apache OpenWhisk's stem cells (prewarmed). Left out: zygotes
that several functions share, and trees of them.
"""

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.container_files import container_environment, make_folder
from faaslab.runtime.sandbox.landlock import Landlock
from faaslab.runtime.sandbox.launching import compile_programs, launch
from faaslab.runtime.sandbox.limits import limits_for, require
from faaslab.runtime.sandbox.stem import Stem
from faaslab.runtime.sandbox.worker_process import Worker

ORPHANS_LOOK_S = 0.02  # how old a look at our children may be when memory is counted
SWEEP_S = 1.0  # how often processes that no container owns any more are looked for


def needed_to_fork() -> dict[str, bool]:
    """What the start modes zygote and prewarmed need of the system -> whether it is there."""
    return {
        "os.fork": hasattr(os, "fork"),
        "prctl (Linux)": sys.platform.startswith("linux"),
        "the resource module": bool(limits_for(1)),
        "/proc": processes.has_proc(),
    }


def start_modes() -> dict[str, str | None]:
    """Each start mode -> None where this system has it, else a sentence that says what is missing."""
    missing = ", ".join(name for name, there in needed_to_fork().items() if not there)
    lacks = f"Not on this system, which lacks {missing}." if missing else None
    return {"spawn": None, "zygote": lacks, "prewarmed": lacks}


class Starter:
    """Starts the workers of one runtime. `state`: the state folder.

    sole: this process has no children but those started here, so that any other is an orphan and can be ended and
    reaped. notes: what this system lacks, in sentences.
    """

    def __init__(self, runtime_id: str, state, sole: bool = True):
        self.runtime_id = runtime_id
        self.state = Path(state)
        self.sole = sole
        self.notes = []
        self.known = set()  # our children that are no orphans: workers, zygotes, standbys
        self._workers = {}  # container id as text -> Worker
        self._zygotes = {}  # function -> Stem
        self._stocks = {}  # function -> Stems that wait
        self._locks = defaultdict(asyncio.Lock)  # function -> held while its zygote is made
        self._filling = {}  # task -> the function whose stock it fills
        self._orphans = (0.0, {})  # when they were last looked for, and those of each container
        self._watches = {}  # process id -> function that ends the watch of its exit
        self._sweeping = None
        compile_programs()
        self._landlock = Landlock()
        if not self._landlock.available:
            self.notes.append("Landlock is not available: functions can read and write whatever this user can.")
        if not processes.become_subreaper():
            self.notes.append("There is no subreaper: processes that leave their session are not found when it ends.")
        if not processes.has_proc():
            self.notes.append("There is no /proc: memory that functions use is not known, its limit is not enforced.")
        if not limits_for(1):
            self.notes.append("There are no resource limits: one huge allocation is not stopped.")
        if start_modes()["zygote"]:
            self.notes.append(f"Start modes zygote and prewarmed: {start_modes()['zygote']}")

    # --- getting ready -----------------------------------------------------------------------------------------------

    async def prepare(self, deployment):
        """Have the function's zygote or its stock ready. InputError where a module cannot be preloaded."""
        if deployment.start != "spawn":
            self._require_forks(deployment)
        if deployment.start == "zygote":
            await self._zygote(deployment)
        elif deployment.start == "prewarmed":
            stock = self._stocks.setdefault(deployment.name, [])
            stock += await asyncio.gather(*(self._stem(deployment, False) for _ in range(deployment.prewarmed)))

    @staticmethod
    def _require_forks(deployment):
        require(needed_to_fork(), f"function {deployment.name!r}, start {deployment.start!r}")

    async def _zygote(self, deployment):
        async with self._locks[deployment.name]:  # one at a time, else each of many starts would make its own
            stem = self._zygotes.get(deployment.name)
            if stem is None or stem.over:
                stem = self._zygotes[deployment.name] = await self._stem(deployment, True)
            return stem

    async def _stem(self, deployment, forks):
        stem = Stem(self.runtime_id, deployment, forks)
        self.known.add(stem.pid)
        self._watch(stem.pid, stem.ended)
        try:
            await stem.ready()
        except BaseException:
            stem.kill()
            raise
        return stem

    def stock(self, name: str) -> int:
        """How many standbys of a function wait."""
        return len(self._stocks.get(name, ()))

    def preloaded_mb(self) -> float:
        """PSS of zygotes and standbys, in MB."""
        return sum(stem.memory_mb() for stem in self._stems())

    def _stems(self):
        return [*self._zygotes.values(), *(stem for stock in self._stocks.values() for stem in stock)]

    # --- starting ----------------------------------------------------------------------------------------------------

    async def start(self, container_id, deployment, api_address: str, folder) -> Worker:
        """Start a container. Its process may end at any time afterwards; OSError where it cannot be started."""
        folder = Path(folder)
        code = self.state / "functions" / deployment.name
        make_folder(folder, code)
        environment = container_environment(self.runtime_id, container_id, deployment, api_address, folder)
        readable = [code, folder / "task", *deployment.readable]
        ruleset = self._landlock.ruleset(readable, [folder / "tmp", *deployment.writable])
        read_end, write_end = os.pipe()
        if hasattr(os, "set_blocking"):
            os.set_blocking(read_end, False)
        order = {
            "container": str(container_id),
            "handler": deployment.handler,
            "folder": str(folder),
            "client": deployment.client,
            "limits": limits_for(deployment.memory_mb, self.runtime_id),
        }
        spawned_ns = time.monotonic_ns()
        try:
            pid, stem = await self._begin(deployment, order, environment, write_end, ruleset)
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
            if ruleset >= 0:
                os.close(ruleset)
        worker = Worker(container_id, pid, spawned_ns, read_end, self, from_stem=stem is not None and not stem.forks)
        self._adopt(worker, stem)
        return worker

    async def _begin(self, deployment, order, environment, output, ruleset):
        """Returns the process id, and the zygote or the standby that it came from, None for a new interpreter."""
        if deployment.start == "zygote":
            stem = await self._zygote(deployment)
            return await stem.fork(order, environment, output, ruleset), stem
        stock = self._stocks.get(deployment.name, [])
        while deployment.start == "prewarmed" and stock:
            stem = stock.pop(0)
            self._fill(deployment)
            if not stem.over:
                with suppress(OSError):  # it has just died
                    return stem.become(order, environment, output, ruleset), stem
        if deployment.start == "prewarmed":
            self._fill(deployment)
        order |= {"ruleset": ruleset, "parent": os.getpid()}
        inherited = (ruleset,) if ruleset >= 0 else ()
        return launch("bootstrap.py", json.dumps(order), environment, output, inherited), None

    def _fill(self, deployment):
        """Start standbys in the place of those that were taken, or have died."""

        async def one():
            stem = await self._stem(deployment, False)
            stock = self._stocks.get(deployment.name)
            if stock is None:
                stem.kill()
            else:
                stock.append(stem)

        stock = self._stocks.get(deployment.name, [])
        stock[:] = [stem for stem in stock if not stem.over]
        coming = list(self._filling.values()).count(deployment.name)
        for _ in range(deployment.prewarmed - len(stock) - coming):
            task = asyncio.get_running_loop().create_task(one())
            self._filling[task] = deployment.name
            task.add_done_callback(self._filled)

    def _filled(self, task):
        del self._filling[task]
        if not task.cancelled() and task.exception() is not None:
            self.notes.append(f"A standby could not be started: {task.exception()}")

    def _adopt(self, worker, stem):
        key = str(worker.container_id)
        self._workers[key] = worker

        def ended(status):
            self._workers.pop(key, None)
            worker.ended(status)
            self._sweep()

        if stem is not None and stem.forks:
            stem.on_child(worker.pid, ended)
        elif stem is not None:
            self._watches[worker.pid][1] = ended
        else:
            self.known.add(worker.pid)
            self._watch(worker.pid, ended)
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep_again)

    def orphans_of(self, container_id) -> list[int]:
        """What a container left behind, as of a moment ago: one look serves all containers."""
        looked, found = self._orphans
        if time.monotonic() - looked > ORPHANS_LOOK_S:
            found = processes.orphans_by_container(self.known)
            self._orphans = (time.monotonic(), found)
        return found.get(str(container_id), [])

    # --- ends --------------------------------------------------------------------------------------------------------

    def _watch(self, pid, callback):
        """callback(status text) when a child of ours ends; the entry can be given another callback."""
        entry = self._watches[pid] = [None, callback]

        def ended():
            self._watches.pop(pid, None)
            self.known.discard(pid)
            status = processes.reap(pid)
            entry[1](processes.status_text(status) if status is not None else "ended")

        entry[0] = processes.watch_exit(asyncio.get_running_loop(), pid, ended)

    def _sweep_again(self):
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep_again)
        self._sweep()

    def _sweep(self):
        """End and reap children of ours that no live container owns."""
        for pid in processes.children(os.getpid()):
            if pid in self.known:
                continue
            variables = processes.environment_of(pid)
            ours = variables.get(processes.RUNTIME_VARIABLE.encode()) == self.runtime_id.encode()
            owner = variables.get(processes.CONTAINER_VARIABLE.encode(), b"").decode()
            if not ours and not self.sole:
                continue
            if processes.state_of(pid) == "Z":
                processes.reap(pid)
            elif owner not in self._workers:
                processes.kill_tree(pid)

    async def release(self, name: str):
        """The function is removed: its zygote ends after its last container, its standbys at once."""
        zygote = self._zygotes.pop(name, None)
        if zygote is not None:
            zygote.finish()
        for stem in self._stocks.pop(name, ()):
            stem.kill()

    async def close(self):
        """End every process that was started here, and wait until they are gone."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for task in list(self._filling):
            task.cancel()
        await asyncio.gather(*self._filling, return_exceptions=True)
        for worker in list(self._workers.values()):
            worker.kill()
        for name in {*self._zygotes, *self._stocks}:
            await self.release(name)
        for pid in list(self._watches):
            processes.kill_tree(pid)
        deadline = time.monotonic() + 2.0
        while self._watches and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
            self._sweep()
        for end, _ in self._watches.values():
            end()
        self._sweep()
        self._landlock.close()
