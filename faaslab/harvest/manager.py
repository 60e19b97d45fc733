"""A resource manager: who decides how many cores and how much memory each call gets.

Chapter "FaaSRM". One interface for all: a manager is an allocator of the platform that decides when a call arrives,
and learns from the monitor when a call ends. Source of the interface: H. Yu et al., arXiv 2108.12717, section 3. Every
manager begins with the user's configuration, until a first call of the function has finished.
"""

from dataclasses import dataclass, field

import numpy as np

from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.harvest.demand import Speed
from faaslab.harvest.history import History, Usage
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Ranges, Safeguard
from faaslab.harvest.windows import constant_peak
from faaslab.model.policies import Allocation
from faaslab.model.result import Outcome
from faaslab.model.views import CallView, PlatformView
from faaslab.units import NS_PER_S, ns

_COMPLETED = int(Outcome.COMPLETED)


@dataclass(slots=True)
class Known:
    """What a manager knows of one function: its user's configuration (option, cores, units) and its history. `memo` is
    the manager's own."""

    function: Function
    user: int
    cpu: int
    memory: int
    history: History = field(default_factory=History)
    memo: object = None


@dataclass(slots=True)
class Decided:
    """One decision: the option, what the safeguard said (None where there was none), and the function's baseline when
    the call ended (None before)."""

    option: int
    ranges: Ranges | None = None
    baseline_s: float | None = None
    usage: Usage | None = None


class ResourceManager:
    """Subclasses decide; the base keeps the histories.

    options: the grid of allocations. `known` has what is known of each function by name, `decisions` every decision of
    the run by the call's id.
    """

    name = "manager"
    period_s = None
    resizes = False

    def __init__(self, options: Options | None = None):
        if not (options is None or isinstance(options, Options)):
            raise InputError(f"resource manager {self.name!r}, options: expected Options, got {options!r}")
        self.options = Options() if options is None else options
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Forget everything learnt in a run; random choices restart from `seed`."""
        self.known: dict[str, Known] = {}
        self.decisions: dict[int, Decided] = {}

    def decide(self, known: Known, call: CallView, platform: PlatformView) -> int | Decided:
        """The option for a call of a function of which at least one call has finished."""
        raise InputError(f"resource manager {type(self).__name__}: expected a method decide(known, call, platform)")

    # --- what the platform asks --------------------------------------------------------------------------------------

    def choose(self, call: CallView, platform: PlatformView) -> Allocation:
        """The allocation of a call that arrives."""
        return self.take(call, platform, None)

    def take(self, call: CallView, platform: PlatformView, choice: Decided | None) -> Allocation:
        """As choose, with a decision taken elsewhere where there is one."""
        known = self.meet(call.function)
        if choice is None:
            choice = self.first(known) if known.history.last is None else self.decide(known, call, platform)
        if type(choice) is not Decided:
            choice = Decided(choice)
        known.history.arrive(platform.now_s)  # after the decision: nobody, in training or in use, sees the call itself
        self.decisions[call.id] = choice
        return self.options.allocation(choice.option)

    def meet(self, function: Function) -> Known:
        """What is known of the function, from now on if nothing was. InputError where it cannot be monitored."""
        known = self.known.get(function.name)
        if known is None:
            if not isinstance(function.speed, Speed):
                raise InputError(
                    f"function {function.name!r}: expected one made by faaslab.harvest.harvested, whose use can be "
                    "monitored"
                )
            user = self.options.user(function)
            known = Known(function, user, self.options.cpu_of(user), self.options.memory_of(user))
            self.known[function.name] = known
        return known

    def first(self, known: Known) -> Decided:
        """The decision while nothing is known yet: the user's configuration, a calibration."""
        ranges = Ranges((known.cpu, known.cpu), (known.memory, known.memory), True, True, False)
        return Decided(known.user, ranges)

    def on_end(self, call, now_s: float):
        """A call has ended: the monitor's readings go into the function's history."""
        decided = self.decisions[call.id]
        known = self.known[call.function.name]
        usage = decided.usage = self.read(call, decided, now_s)
        known.history.finish(usage)
        decided.baseline_s = known.history.baseline_s
        return ()

    def read(self, call, decided: Decided, now_s: float) -> Usage:
        """What the monitor saw of a call that held one allocation from beginning to end.

        Cpu as means over windows; of memory the most that was held, however short the call.
        """
        cpu, memory = self.options.cpu_of(decided.option), self.options.memory_of(decided.option)
        # Exact: a difference of floats would let a full window look a hair less than full, and a peak a core smaller.
        duration_s = (ns(now_s) - call.begin) / NS_PER_S
        cpu_peak, memory_peak = call.function.speed.demand.peak(cpu, memory, call.input_size)
        ranges = decided.ranges
        return Usage(
            cpu,
            memory,
            constant_peak(duration_s, cpu_peak),
            memory_peak,
            duration_s,
            call.outcome != _COMPLETED,
            ranges is not None and ranges.calibrates_cpu,
            ranges is not None and ranges.calibrates_memory,
            ranges is not None and ranges.calibrates_cpu and ranges.calibrates_memory,
        )


class SafeguardedManager(ResourceManager):
    """A manager that chooses among what the safeguard allows.

    threshold: the safeguard's; None for no safeguard: then every option is allowed. coupled: only options whose memory
    is proportional to their cores, as today's platforms couple them.
    """

    def __init__(self, options: Options | None = None, threshold: float | None = 0.9, coupled: bool = False):
        self.safeguard = None if threshold is None else Safeguard(threshold)
        self.coupled = coupled
        self.name = type(self).name + self._variant(threshold, coupled)
        super().__init__(options)
        self._free = Ranges((1, self.options.cores), (1, self.options.units), False, False, False)

    @staticmethod
    def _variant(threshold, coupled):
        """What the name says of settings that are not the usual ones."""
        safeguard = {None: ", no safeguard", 0.9: ""}.get(threshold, f", threshold {threshold}")
        return safeguard + (", coupled" if coupled else "")

    def decide(self, known, call, platform):
        ranges = self.allowed(known)
        if ranges.calibrates_cpu and (ranges.calibrates_memory or self.coupled):
            return Decided(known.user, ranges)
        return Decided(self.pick(known, ranges, call, platform), ranges)

    def allowed(self, known: Known) -> Ranges:
        """What the safeguard allows for the function's next call."""
        if self.safeguard is None:
            return self._free
        ranges = self.safeguard.ranges(known.history, known.cpu, known.memory, self.options)
        if self.coupled and (ranges.calibrates_cpu or ranges.calibrates_memory):
            return Ranges((known.cpu, known.cpu), (known.memory, known.memory), True, True, ranges.fires)
        return ranges

    def mask(self, ranges: Ranges) -> np.ndarray:
        """bool array of shape (options.n,), True where an option is allowed."""
        if self.coupled and ranges.calibrates_cpu:
            return self.options.mask(ranges.cpu, ranges.memory)
        return self.options.mask(ranges.cpu, ranges.memory, self.coupled)

    def pick(self, known: Known, ranges: Ranges, call: CallView, platform: PlatformView) -> int:
        """One of the allowed options."""
        raise InputError(f"resource manager {type(self).__name__}: expected a method pick")
