"""ENSURE: a function that has become slow gets more cpu while there is some, and gives some up when there is none.

A baseline of H. Yu et al., arXiv 2108.12717, section 6.2, after A. Suresh et al., "ENSURE: Efficient Scheduling and
Autonomous Resource Management in Serverless Environments", ACSOS 2020. Cpu only; memory stays as its user configured
it. A function whose calls take more than 5 s on average is massively parallel (adjusted after every 5 calls, by 1
core), any other is edge triggered (after every 3 calls, by 2 cores). It is slow when the mean latency of its last 3
calls is 1.10 times its recent best or more.

Left open by what we could read, and chosen here: latency is what the controller sees, from arrival to end, so that
queues and starts count (latency="service" leaves them out: then a function whose demand never varies is never
adjusted); the recent best is the shortest of the last 10 calls; there is capacity where some server has as many free
cores as the call would get. ENSURE's scheduler, which packs functions onto few servers, is left out.
"""

from collections import deque
from dataclasses import dataclass, field

from faaslab.errors import member
from faaslab.harvest.manager import ResourceManager

WINDOW, RECENT, SLOW = 3, 10, 1.10
LONG_S = 5.0
MASSIVELY_PARALLEL, EDGE_TRIGGERED = (5, 1), (3, 2)  # calls from one adjustment to the next, cores


@dataclass(slots=True)
class _Share:
    """What a function gets now, how many of its calls have ended since that was last considered, and what they took."""

    cpu: int
    ended: int = 0
    latencies_s: deque = field(default_factory=lambda: deque(maxlen=RECENT))


class Ensure(ResourceManager):
    """latency: "response" (arrival to end) or "service" (begin to end)."""

    name = "ENSURE"

    def __init__(self, options=None, latency="response"):
        self.latency = member(latency, "ENSURE, latency", ("response", "service"))
        super().__init__(options)

    def meet(self, function):
        known = super().meet(function)
        if known.memo is None:
            known.memo = _Share(known.cpu)
        return known

    def decide(self, known, call, platform):
        share = known.memo
        updates, step = MASSIVELY_PARALLEL if known.history.mean_duration_s > LONG_S else EDGE_TRIGGERED
        if share.ended >= updates:
            share.ended = 0
            if self._slow(share.latencies_s):
                more = min(share.cpu + step, self.options.cores)
                has_capacity = any(invoker.cpu_free >= more for invoker in platform.invokers)
                share.cpu = more if has_capacity else max(1, share.cpu - step)
        return self.options.at(share.cpu, known.memory)

    @staticmethod
    def _slow(latencies_s):
        window = list(latencies_s)[-WINDOW:]
        return sum(window) / len(window) >= SLOW * min(latencies_s)

    def on_end(self, call, now_s):
        super().on_end(call, now_s)
        share = self.known[call.function.name].memo
        share.ended += 1
        service_s = self.decisions[call.id].usage.duration_s
        share.latencies_s.append(service_s if self.latency == "service" else now_s - call.arrival_s)
        return ()
