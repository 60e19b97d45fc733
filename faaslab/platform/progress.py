"""Progress: work whose speed may change while it is under way.

A piece of work is a sequence of steps, each an amount of nanoseconds at speed 1. Its progress is the integral of its
speed, so that cpu can be shared and allocations can change. A compute step's speed is its share of the cpu (shared), or
what its function says of its allocation (dedicated; 1 where it says nothing); a wait step's speed is always 1.
"""

import math

from faaslab.errors import number
from faaslab.platform.cpu import water_fill
from faaslab.platform.order import END, Alarm

# What is less than this many nanoseconds from an instant ends at it: sums of shares are exact only up to rounding.
ROUNDING = 0.01


class Work:
    """One piece of work: `amounts` ns and `computes` (bool) of its steps, `limit` cores at the most, `done` at its
    end."""

    def __init__(self, amounts, computes, limit, done):
        self.amounts = amounts
        self.computes = computes
        self.limit = limit
        self.done = done
        self.speed = None  # cores -> speed, None for the plain rules
        self.on_step = None  # called after each step
        self.priority = END
        self.step = 0
        self.left = float(amounts[0])
        self.rate = 0.0
        self.cores = 0.0
        self.updated = 0
        self.due = -1
        self.alarm = None
        self.invoker = None

    @property
    def last_step(self):
        return self.step == len(self.amounts) - 1

    def ends_now(self, now):
        """Whether nothing is left to do after this instant."""
        return self.due == now and not any(self.amounts[self.step + 1 :])


class Progress:
    """All work under way in one run."""

    def __init__(self, sim):
        self.sim = sim
        self.env = sim.env
        self.shared = sim.platform.cpu == "shared"

    def begin(self, work, invoker):
        work.invoker = invoker
        work.updated = self.env.now
        self._begin_step(work)

    def stop(self, work):
        """End the work before it is done."""
        if work.alarm is not None:
            work.alarm.live = False
        self._leave_cpu(work)

    def changed(self, work):
        """The work's limit has changed."""
        if work.computes[work.step]:
            if self.shared:
                self._share(work.invoker)
            else:
                self._set_rate(work, work.limit)

    def _begin_step(self, work):
        if not work.computes[work.step]:
            work.rate = 0.0
            self._set_rate(work, None)
        elif self.shared:
            work.invoker.sharing[work] = None
            self._share(work.invoker)
        else:
            self._set_rate(work, work.limit)

    def _leave_cpu(self, work):
        if work.invoker.sharing.pop(work, self) is None:
            work.cores = 0.0
            self._share(work.invoker)

    def _share(self, invoker):
        """Share the invoker's cores anew; called whenever who computes there, or a limit, has changed."""
        works = list(invoker.sharing)
        limits = [work.limit for work in works]
        for work, cores in zip(works, water_fill(invoker.cpu, limits, limits), strict=True):
            if work.alarm is not None and work.due == self.env.now:
                work.cores = cores  # what is due now ends now: rounding must not move it to the next nanosecond
            elif work.alarm is None or cores != work.cores:
                self._set_rate(work, cores)

    def _set_rate(self, work, cores):
        now = self.env.now
        work.left -= (now - work.updated) * work.rate
        work.updated = now
        work.cores = cores
        if cores is None:
            work.rate = 1.0
        elif work.speed is not None:
            work.rate = number(work.speed(cores), f"speed at {cores:g} cores", above=0)
        else:
            work.rate = cores if self.shared else 1.0
        if work.alarm is not None:
            work.alarm.live = False
        delay = max(0, math.ceil(work.left / work.rate - ROUNDING))
        work.due = now + delay
        work.alarm = Alarm(lambda: self._step_over(work))
        self.sim.schedule(work.alarm, work.priority, delay)

    def _step_over(self, work):
        work.alarm = None
        computed = work.computes[work.step]
        if work.on_step is not None:
            work.on_step(work)
        if work.last_step:
            if computed:
                self._leave_cpu(work)
            work.done()
            return
        work.step += 1
        work.left = float(work.amounts[work.step])
        work.updated = self.env.now
        work.rate = 0.0
        if computed and not work.computes[work.step]:
            self._leave_cpu(work)
        self._begin_step(work)
