"""A platform for runners of triggers: a real store, and functions that do as they are told."""

import asyncio
import json
import time
from collections import Counter
from types import SimpleNamespace

from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.durable.store import Store


class FakePlatform:
    """act(payload as JSON, call) says how a call ends: an Outcome, (Outcome, reply), an exception, or a coroutine of
    one of these. The ledgers are lists of rows."""

    def __init__(self, path, act=lambda event, call: Outcome.COMPLETED, **options):
        self.store = Store(path, power_safe=False, **options)
        self.act = act
        self.zero = time.monotonic_ns()
        self.calls, self.events, self.messages = [], [], []
        self.in_calls = Counter()
        self.most_in_calls = 0

    def now_ns(self):
        return time.monotonic_ns() - self.zero

    async def invoke(self, function, payload, *, source, event=None, attempt=0, batch=-1):
        call = SimpleNamespace(
            function=function, payload=payload, source=source, event=event, attempt=attempt, batch=batch,
            request_id=f"request {len(self.calls)}", at_ns=self.now_ns(),
        )  # fmt: skip
        self.calls.append(call)
        self.in_calls[source] += 1
        self.most_in_calls = max(self.most_in_calls, sum(self.in_calls.values()))
        try:
            await asyncio.sleep(0)
            end = self.act(json.loads(payload), call)
            if asyncio.iscoroutine(end):
                end = await end
        finally:
            self.in_calls[source] -= 1
        if isinstance(end, Exception):
            raise end
        call.outcome, call.reply = end if isinstance(end, tuple) else (end, b"null")
        return call

    def event(self, source, event, created_ns, ended_ns, attempts, outcome):
        assert created_ns <= ended_ns + 1_000_000  # a store with a clock of its own may stand still
        self.events.append((source, event, attempts, outcome))

    def message(self, source, message, sent_ns, ended_ns, deliveries, outcome):
        assert sent_ns <= ended_ns + 1_000_000
        self.messages.append((message, deliveries, outcome))

    def ended(self, outcome=EventOutcome.DONE):
        """Numbers of the messages that ended so, in the order in which they did."""
        return [number for number, _, how in self.messages if how == outcome]


class Running:
    """`async with Running(runner, ...)`: they run inside the block, and are cancelled at its end."""

    def __init__(self, *runners):
        self.runners = runners

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(runner.run()) for runner in self.runners]
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *failure):
        broken = [task for task in self.tasks if task.done()]
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for task in broken:
            await task


async def until(condition, timeout_s=5.0):
    """Wait until condition() holds; returns what it gives."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):
            await asyncio.sleep(0.001)
        return value
