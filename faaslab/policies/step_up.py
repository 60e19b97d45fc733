"""Step up: a call that has run for a while gets more cpu.

Most calls are short, and most of the time is spent in few long ones (M. Shahrad et al., USENIX ATC 2020, section 3.4),
so the extra cores go to the few that can use them, and only as far as the invoker has cores to spare. Source: our
example of an allocation that changes while a call runs. It shortens a call where the function's `speed` grows with cpu,
or where cpu is shared. Left out: taking the cores back when others need them.
"""

from faaslab.errors import number
from faaslab.model.policies import Allocation


class StepUp:
    """After `after_s` seconds of running, raises a call's cpu once, to `factor` times its function's.

    period_s: how often running calls are looked at. A call that finds too few free cores takes those there are, and may
    take more at a later look. InputError where after_s < 0, factor <= 1 or period_s <= 0.
    """

    def __init__(self, after_s=1.0, factor=2.0, period_s=0.5):
        self.after_s = number(after_s, "step up, after_s", minimum=0)
        self.factor = number(factor, "step up, factor", above=1)
        self.period_s = number(period_s, "step up, period_s", above=0)
        self.reset(0)

    def reset(self, seed):
        self._begun = {}  # call -> (when it began, its cores); what has ended is left behind at each look
        self._before = {}
        self._looked_s = None

    def allocate(self, call, invoker, now_s):
        self._begun[call.id] = now_s, call.function.cpu
        return None

    def reallocate(self, call, invoker, now_s):
        if now_s != self._looked_s:
            self._before, self._begun, self._looked_s = self._begun, {}, now_s
        begin_s, cpu = self._begun[call.id] = self._before[call.id]
        goal = self.factor * call.function.cpu
        given = min(goal, cpu + max(0.0, invoker.cpu_free))
        if now_s - begin_s < self.after_s or given <= cpu:
            return None
        self._begun[call.id] = begin_s, given
        return Allocation(given, call.function.memory_mb)
