"""The controller: it carries out what the dispatcher decides, on real processes and the real clock.

Chapter "A cloud on your laptop". One asyncio loop in one process does everything here; policies run in it as they do in
the simulator. Left out: several machines.
"""

import asyncio
import time
from pathlib import Path
from weakref import WeakValueDictionary

from faaslab.errors import InputError
from faaslab.pricing import price_sheet
from faaslab.runtime.arn import arn
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.dispatch import Call, Dispatcher
from faaslab.runtime.durable.store import Store
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.container_files import remove_folder
from faaslab.runtime.sandbox.starter import Starter
from faaslab.runtime.server.deploying import install, uninstall
from faaslab.runtime.server.live_container import LiveContainer
from faaslab.runtime.server.logs import Log

MEMORY_LOOK_S = 0.05  # how often the memory of busy containers is looked at
IDLE_LOOKS = 20  # one look in so many is at all containers


class Installed:
    """A deployed function: what was asked for, its code on this machine, its log."""

    def __init__(self, deployment, log):
        self.deployment = deployment
        self.function = deployment.function
        self.log = log
        self.arn = arn("lambda", f"function:{deployment.name}")
        sheet = price_sheet("aws-lambda")
        self.call_usd = sheet.measure_price_usd("requests")
        self.second_usd = sheet.second_usd(max(128, deployment.memory_mb))
        self.cost_usd = 0.0


class Controller:
    """The dispatcher's host. `settings`: Settings. state: the folder of everything it writes. capacity_mb: most MB of
    queued events."""

    def __init__(self, settings, state: Path, runtime_id: str, capacity_mb=None):
        self.settings = settings
        self.state = state
        self.runtime_id = runtime_id
        self.loop = asyncio.get_running_loop()
        self.began_ns = time.monotonic_ns()
        self.functions = {}  # name -> Installed
        self._logs = WeakValueDictionary()  # name -> Log; calls under way when it is removed write on
        self.containers = {}  # container id -> LiveContainer
        # First, for it refuses a state that another platform uses.
        self.store = Store(state / "events.sqlite", capacity_mb=capacity_mb)
        self.dispatcher = Dispatcher(settings, self)
        for folder in ("functions", "containers", "logs"):
            (state / folder).mkdir(mode=0o700, exist_ok=True)
        self._succeed_the_last()
        for left in (state / "containers").iterdir():
            remove_folder(left)
        self.starter = Starter(runtime_id, state)
        self._tasks = set()
        self._events = {}  # source -> the number of its next event
        self.background(self._watch_memory())

    def _succeed_the_last(self):
        """End what a platform that was killed on this state has left running, and write down who runs here now."""
        file = self.state / "runtime_id"
        for pid in processes.strays(file.read_text()) if file.exists() else ():
            processes.kill_tree(pid)
        file.write_text(self.runtime_id)

    # --- what the dispatcher asks of its host ------------------------------------------------------------------------

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def call_at(self, at_ns, callback):
        return self.loop.call_later((at_ns - time.monotonic_ns()) / 1e9, callback)

    def start(self, container):
        live = LiveContainer(self, container, self.functions[container.function.name])
        self.containers[container.id] = live
        self.background(live.start())

    def begin(self, call, container):
        self.containers[container.id].begin(call)

    def end(self, container):
        self.containers[container.id].end()

    def finish(self, call, outcome):
        """A call is over, whatever became of it: its caller hears."""
        if call.report is not None:
            installed = self.functions.get(call.function.name)
            if installed is not None:
                installed.cost_usd += installed.call_usd + installed.second_usd * call.report.billed_s
        if call.failed_start is not None:
            live = self.containers.get(call.failed_start.id)
            call.reply = live.why_not_started(call) if live is not None else None
        call.outcome = outcome
        try:
            call.on_over(call)
        except Exception as error:  # one caller's trouble must not keep the dispatcher from its other orders
            self.loop.call_exception_handler({"message": "an answer could not be given", "exception": error})

    # --- calls -------------------------------------------------------------------------------------------------------

    def call(
        self, function, payload, on_over, *, source="invoke", event=None, attempt=0, batch=-1, arrival_ns=None,
        client_context=None, request_id=None,
    ):  # fmt: skip
        """Let a call arrive; on_over(call) runs when it is over, with call.outcome, call.reply (payload), call.report.

        arrival_ns: when it was to arrive, from the zero of the measurement; None for now.
        """
        installed = self.functions.get(function)
        if installed is None:
            raise InputError(f"invoke: expected a deployed function, got {function!r}")
        if event is None:
            event = self._events.get(source, 0)
            self._events[source] = event + 1
        if arrival_ns is not None:
            arrival_ns += self.dispatcher.zero_ns
        call = Call(
            installed.function, payload, source=source, event=event, attempt=attempt, batch=batch, arrival=arrival_ns,
            request_id=request_id,
        )  # fmt: skip
        call.on_over = on_over
        call.client_context = client_context
        call.trace_id = f"Root=1-{int(time.time()):08x}-{call.request_id.replace('-', '')[:24]};Sampled=0"
        self.dispatcher.arrive(call)
        return call

    async def invoke(self, function, payload, *, source, event=None, attempt=0, batch=-1):
        """For triggers: the call when it is over. A trigger that is cancelled leaves its call to end by itself."""
        over = self.loop.create_future()
        self.call(
            function, payload, lambda call: over.done() or over.set_result(call),
            source=source, event=event, attempt=attempt, batch=batch,
        )  # fmt: skip
        return await over

    # --- functions ---------------------------------------------------------------------------------------------------

    async def deploy(self, deployment: Deployment, copy=True):
        """Copy the code, prepare the start mode, replace an earlier deployment of that name."""
        if deployment.memory_mb > self.settings.memory_mb:
            raise InputError(
                f"function {deployment.name!r}, memory_mb: expected at most the platform's "
                f"{self.settings.memory_mb:g}, got {deployment.memory_mb}"
            )
        if copy:
            await asyncio.to_thread(install, deployment, self.state)
        earlier = self.functions.get(deployment.name)
        if earlier is not None:
            await self.starter.release(deployment.name)
        await self.starter.prepare(deployment)
        log = self._logs.get(deployment.name) or Log(self.state / "logs" / f"{deployment.name}.log")
        self._logs[deployment.name] = log
        self.functions[deployment.name] = Installed(deployment, log)
        self.dispatcher.deploy(deployment)

    async def remove(self, name):
        installed = self.functions.get(name)
        if installed is None:
            raise InputError(f"remove: expected a deployed function, got {name!r}")
        self.dispatcher.remove(name)
        await self.starter.release(name)
        del self.functions[name]
        uninstall(name, self.state)

    # --- looking -----------------------------------------------------------------------------------------------------

    def ps(self):
        """One dict a container."""
        rows = []
        for row in self.dispatcher.ps():
            live = self.containers.get(row["id"])
            if live is not None and live.worker is not None:
                row |= {"pid": live.worker.pid, "used_mb": round(live.peak_mb, 1)}
            rows.append(row)
        return rows

    def stats(self):
        figures = self.dispatcher.stats()
        for name, row in figures["functions"].items():
            row["cost_usd"] = self.functions[name].cost_usd if name in self.functions else 0.0
        used = time.process_time()
        return figures | {
            "uptime_s": (time.monotonic_ns() - self.began_ns) / 1e9,
            "controller_cpu_s": used,
            "memory_mb": self.settings.memory_mb,
            "notes": self.starter.notes,
        }

    def measure(self, warm=True):
        """A new measurement begins now; returns the monotonic instant of its zero, in ns."""
        self._events.clear()
        self.dispatcher.measure(warm)
        return self.dispatcher.zero_ns

    async def _watch_memory(self):
        look = 0
        while True:
            await asyncio.sleep(MEMORY_LOOK_S)
            look += 1
            for live in list(self.containers.values()):
                if live.call is not None or look % IDLE_LOOKS == 0:
                    live.check_memory()

    # --- the end -----------------------------------------------------------------------------------------------------

    def background(self, coroutine):
        """Run a coroutine on the side; what it raises is written to the controller's standard error."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_over)
        return task

    def _task_over(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.loop.call_exception_handler({"message": "a task failed", "exception": task.exception()})

    def forget(self, live):
        self.containers.pop(live.container.id, None)

    async def close(self):
        """End every process, close every file. What is queued stays in the store."""
        for task in list(self._tasks):
            task.cancel()
        for live in list(self.containers.values()):
            if live.worker is not None:
                live.worker.kill()
        await self.starter.close()
        for pid in processes.strays(self.runtime_id):
            if pid != processes.own_pid():
                processes.kill_tree(pid)
        self.store.close()
        for installed in self.functions.values():
            installed.log.close()
