"""Shortest first: of the waiting calls the one with the least service time is served first.

It has the least mean wait of all orders that neither look ahead nor interrupt (source: L. E. Schrage and L. W. Miller,
"The Queue M/G/1 with the Shortest Remaining Processing Time Discipline", Operations Research 1966, and before it T. E.
Phipps, "Machine Repair as a Priority Waiting-Line Problem", 1956), and long calls pay for it. No platform knows a
call's time beforehand: `oracle` shows what knowing would bring, `estimate` uses the mean of the function's completed
calls. Left out: preemption, ageing.
"""

from faaslab.errors import member


class ShortestFirst:
    """Orders by service time. by: "oracle" (the drawn time) or "estimate" (running mean; functions without one come
    first)."""

    def __init__(self, by="estimate"):
        self.by = member(by, "shortest first, by", ("oracle", "estimate"))
        self.reset(0)

    def reset(self, seed):
        self._seen = {}  # function -> (completed calls, their seconds of service)

    def estimate_s(self, function_name):
        """Mean service time of the function's completed calls, seconds; -1 where none has completed."""
        count, total_s = self._seen.get(function_name, (0, 0.0))
        return total_s / count if count else -1.0

    def key(self, call):
        return call.service_s if self.by == "oracle" else self.estimate_s(call.function.name)

    def on_end(self, call, service_s):
        count, total_s = self._seen.get(call.function.name, (0, 0.0))
        self._seen[call.function.name] = count + 1, total_s + service_s
