"""The platform's services: functions and triggers that outlive it, and what triggers need of it.

What is deployed stands in one file of the state, so that a platform that was killed goes on with the same functions and
triggers, and with the events in its queues. Chapter "A cloud on your laptop".
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from faaslab.errors import InputError
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.result_npz import to_npz
from faaslab.runtime.server.controller import Controller
from faaslab.runtime.triggers import Asynchronous, Queue, Stream, Trigger, Url

PAUSE_AFTER_FAILURE_S = 1.0


class Services:
    """What the HTTP interface and the triggers speak to. stop: the event that ends the platform."""

    def __init__(self, settings, state: Path, runtime_id: str, stop: asyncio.Event, capacity_mb=None):
        self.controller = Controller(settings, state, runtime_id, capacity_mb)
        self.store = self.controller.store
        self.stop = stop
        self._file = state / "platform.json"
        self._triggers = {}  # name -> trigger
        self._runners = {}  # name -> its runner
        self._tasks = {}  # name -> its task

    # --- what lasts --------------------------------------------------------------------------------------------------

    async def restore(self):
        """Deploy again what the state says; what can't be deployed any more is said on standard error and left out."""
        if not self._file.exists():
            return
        saved = json.loads(self._file.read_text())
        for given in saved["functions"]:
            try:
                await self.controller.deploy(Deployment.from_dict(given), copy=False)
            except InputError as error:
                print(f"faaslab: not restored: {error}", file=sys.stderr, flush=True)
        for given in saved["triggers"]:
            try:
                self._begin(Trigger.from_dict(given))
            except InputError as error:
                print(f"faaslab: not restored: {error}", file=sys.stderr, flush=True)

    def _save(self):
        value = {
            "functions": [asdict(i.deployment) for i in self.controller.functions.values()],
            "triggers": [trigger.to_dict() for trigger in self._triggers.values()],
        }
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(value))
        os.replace(fresh, self._file)

    # --- functions ---------------------------------------------------------------------------------------------------

    async def deploy(self, deployment):
        await self.controller.deploy(deployment)
        self._save()

    async def remove(self, name):
        """Take a function away, with its triggers."""
        await self.controller.remove(name)
        for trigger in [t for t in self._triggers.values() if t.function == name]:
            await self._end(trigger.name)
        self._save()

    # --- triggers ----------------------------------------------------------------------------------------------------

    async def add_trigger(self, text):
        trigger = Trigger.from_json(text)
        if trigger.function not in self.controller.functions:
            raise InputError(f"trigger, function: expected a deployed function, got {trigger.function!r}")
        if trigger.name in self._triggers:
            raise InputError(f"trigger, name: {trigger.name!r} is in use; expected another")
        self._begin(trigger)
        self._save()
        return {"name": trigger.name}

    async def remove_trigger(self, name):
        if name not in self._triggers:
            raise InputError(f"trigger: expected one of {', '.join(self._triggers) or 'none'}; got {name!r}")
        await self._end(name)
        self._save()

    def _begin(self, trigger):
        runner = trigger.runner(self)
        self._triggers[trigger.name] = trigger
        self._runners[trigger.name] = runner
        self._tasks[trigger.name] = self.controller.background(self._run(runner))

    async def _run(self, runner):
        """A runner goes on whatever happens to it; what did is in its figures."""
        while True:
            try:
                await runner.run()
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:
                runner.note(error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE_S)

    async def _end(self, name):
        task = self._tasks.pop(name)
        del self._triggers[name], self._runners[name]
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def triggers_json(self):
        rows = []
        for name, trigger in self._triggers.items():
            rows.append(trigger.to_dict() | {"name": name, "stats": self._runners[name].stats()})
        return rows

    def has_url(self, function) -> bool:
        return any(isinstance(t, Url) and t.function == function for t in self._triggers.values())

    def _of_kind(self, cls, name, what):
        """The runner of the queue or stream of that name."""
        runner = self._runners.get(name)
        if runner is None or not isinstance(runner.trigger, cls):
            names = [n for n, t in self._triggers.items() if isinstance(t, cls)]
            raise InputError(f"{what}: expected one of {', '.join(names) or 'none (there is none yet)'}; got {name!r}")
        return runner

    def send(self, queue, given):
        messages = given.get("messages")
        if not isinstance(messages, list) or not all(isinstance(m, str) for m in messages):
            raise InputError(f"queue {queue!r}, messages: expected a list of texts, got {messages!r:.80}")
        return self._of_kind(Queue, queue, "queue").send(messages)

    def queue_stats(self, queue):
        return self._of_kind(Queue, queue, "queue").stats()

    def put(self, stream, given):
        records = given.get("records")
        if not isinstance(records, list):
            raise InputError(f"stream {stream!r}, records: expected a list of keys and data, got {records!r:.80}")
        return self._of_kind(Stream, stream, "stream").put([(r.get("key"), r.get("data")) for r in records])

    def asynchronous(self, function, payload, source=None) -> str:
        """Store an event for asynchronous invocation; returns its request id. source: who sends it, by default the
        function's own path for such events."""
        for runner in self._runners.values():
            if isinstance(runner.trigger, Asynchronous) and runner.trigger.function == function:
                return runner.submit(payload, source)
        self._begin(Asynchronous(function))
        self._save()
        return self.asynchronous(function, payload, source)

    # --- what triggers need of the platform --------------------------------------------------------------------------

    def now_ns(self) -> int:
        return self.controller.now_ns() - self.controller.dispatcher.zero_ns

    async def invoke(self, function, payload, *, source, event=None, attempt=0, batch=-1):
        return await self.controller.invoke(function, payload, source=source, event=event, attempt=attempt, batch=batch)

    def event(self, *row):
        self.controller.dispatcher.event(*self._on_the_hosts_clock(row))

    def message(self, *row):
        self.controller.dispatcher.message(*self._on_the_hosts_clock(row))

    def _on_the_hosts_clock(self, row):
        zero = self.controller.dispatcher.zero_ns
        source, number, begun_ns, ended_ns, count, outcome = row
        return source, number, begun_ns + zero, ended_ns + zero, count, outcome

    def result(self) -> bytes:
        """The present measurement as npz, with what triggers have pending."""
        zero = self.controller.dispatcher.zero_ns
        events, messages = [], []
        for runner in self._runners.values():
            for rows, pending in zip((events, messages), runner.pending(), strict=True):
                rows += [(source, number, begun + zero, count) for source, number, begun, _, count, _ in pending]
        return to_npz(self.controller.dispatcher.result(events, messages))

    # --- figures -----------------------------------------------------------------------------------------------------

    def measure(self, warm):
        zero_ns = self.controller.measure(warm)
        for runner in self._runners.values():
            runner.measure()
        return zero_ns

    def stats(self):
        figures = self.controller.stats()
        triggers = {name: runner.stats() for name, runner in self._runners.items()}
        queues = {name: triggers[name] for name, t in self._triggers.items() if isinstance(t, Queue)}
        return figures | {"triggers": triggers, "queues": queues}

    async def close(self):
        for name in list(self._tasks):
            await self._end(name)
        await self.controller.close()
