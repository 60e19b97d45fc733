"""Libra: harvest what a profiler predicts to lie idle, lend it within the server, and take it back in time.

A call is placed by its user's configuration, which stays reserved for it. At its beginning it gets what is predicted
for its input: where that is less, the rest goes into its server's harvest pool until the call's predicted end; where it
is more, the pool lends what it has. Loans end with their source, and a safeguard watches the harvested calls.
Source: H. Yu et al., "Libra: Harvesting Idle Resources Safely and Timely in Serverless Clusters", HPDC 2023. A loan is
asked for once, when a call begins, as in the authors' code.
Left out: the scheduler that sends accelerable calls to the server whose pool covers most of their demand. Here a warm
container decides where a call runs, and a placement is asked only where a new container starts. Where the paper's
variant without a profiler takes means of a moving window, this one takes the histograms.
"""

import heapq
from collections.abc import Iterable

from faaslab.errors import InputError, number
from faaslab.harvest.libra.held import Held
from faaslab.harvest.libra.pool import HarvestPool
from faaslab.harvest.libra.prediction import Histograms, InputModel
from faaslab.harvest.libra.profiler import Profile, Profiler
from faaslab.harvest.libra.safeguard import THRESHOLD, restored_from_s
from faaslab.harvest.manager import Decided, ResourceManager, Usage
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Ranges
from faaslab.harvest.windows import WINDOW_S
from faaslab.model.policies import Allocation
from faaslab.model.result import Outcome
from faaslab.units import NS_PER_S

_COMPLETED = int(Outcome.COMPLETED)


class Libra(ResourceManager):
    """threshold: the safeguard's; None for no safeguard. profiler: a Profiler, True for one of the usual settings, or
    False for histograms of finished calls alone."""

    name = "Libra"
    resizes = True
    lends = True

    def __init__(
        self,
        options: Options | None = None,
        threshold: float | None = THRESHOLD,
        profiler: Profiler | bool = True,
    ):
        options = Options(unit_mb=128.0) if options is None else options
        self.threshold = None if threshold is None else number(threshold, "Libra, threshold", above=0, maximum=1)
        self.period_s = None if threshold is None else WINDOW_S
        self.profiler = Profiler(options) if profiler is True else profiler or None
        if self.profiler is not None and self.profiler.options != options:
            raise InputError(f"Libra, profiler: expected one with {options}, got one with {self.profiler.options}")
        without = [word for word, part in (("safeguard", threshold), ("profiler", self.profiler)) if part is None]
        self.name = "Libra" + (f" without {' and '.join(without)}" if without else "")
        super().__init__(options)

    def reset(self, seed):
        super().reset(seed)
        self._seed = seed
        self.profiles: dict[str, Profile] = {}
        self.models: dict[str, InputModel | Histograms] = {}
        self.pools: dict[int, tuple[HarvestPool, HarvestPool]] = {}
        self._held: dict[int, Held] = {}
        self._watch: list[tuple[float, int]] = []  # heap of (when it is known that it must be restored, call)
        self._looked_s, self._changes = -1.0, {}

    @property
    def profiling_core_s(self) -> float:
        """What profiling has cost so far, core-seconds."""
        return sum(profile.cost_core_s for profile in self.profiles.values())

    # --- a call begins -----------------------------------------------------------------------------------------------

    def choose(self, call, platform):
        """The call is placed by its user's configuration."""
        known = self.meet(call.function)
        known.history.arrive(platform.now_s)
        self.decisions[call.id] = self.first(known) if call.function.name not in self.models else Decided(known.user)

    def allocate(self, call, invoker, now_s) -> Allocation:
        """What it gets as it begins: harvested, accelerated, or as its user configured it."""
        known, decided = self.known[call.function.name], self.decisions[call.id]
        held = Held(call, known, decided, invoker.id, (known.cpu, known.memory), now_s)
        self._held[call.id] = held
        model = self.models.get(call.function.name)
        if model is not None:
            prediction = model.predict(call.input_size)
            pools = self.pools.setdefault(invoker.id, (HarvestPool(), HarvestPool()))
            expires_s = now_s + prediction.duration_s
            wanted = prediction.cpu, prediction.memory
            held.given = tuple(
                _settle(pool, call.id, own, want, now_s, expires_s)
                for pool, own, want in zip(pools, held.user, wanted, strict=True)
            )
            decided.option = self.options.at(*held.given)
            decided.ranges = None
            self._guard(held)
        return self.options.allocation(self.options.at(*held.given))

    def _guard(self, held):
        if self.threshold is not None:
            when_s = restored_from_s(held.since_s, held.used, held.given, held.user, self.threshold)
            if when_s is not None:
                heapq.heappush(self._watch, (when_s, held.call.id))

    # --- a call runs -------------------------------------------------------------------------------------------------

    def reallocate(self, call, invoker, now_s) -> Allocation | None:
        """Every window: what the safeguard changes. It decides about all calls of an instant together."""
        if now_s != self._looked_s:
            self._looked_s, self._changes = now_s, self._look(now_s)
        return self._changes.get(call.id)

    def _look(self, now_s):
        changed = {}
        while self._watch and self._watch[0][0] <= now_s:
            held = self._held.get(heapq.heappop(self._watch)[1])
            if held is not None:
                user = held.user
                held.decided.ranges = Ranges((user[0],) * 2, (user[1],) * 2, False, False, True)
                changed |= self._end_loans(held, now_s)
                held.change(user, now_s)
                changed[held.call.id] = held
        return {id: self._allocation(held) for id, held in changed.items()}

    def _end_loans(self, source, now_s) -> dict[int, Held]:
        """What the source lends is over: the calls that had borrowed it, with less."""
        changed = {}
        for resource, pool in enumerate(self.pools.get(source.server, ())):
            for borrower, units in pool.withdraw(source.call.id).items():
                held = changed[borrower] = self._held[borrower]
                given = list(held.given)
                given[resource] -= units
                held.change(tuple(given), now_s)
        return changed

    def _allocation(self, held):
        return self.options.allocation(self.options.at(*held.given))

    # --- a call ends -------------------------------------------------------------------------------------------------

    def on_end(self, call, now_s) -> Iterable[tuple[object, Allocation]]:
        """Its loans end, what it had borrowed is lent again, and its function is known better."""
        super().on_end(call, now_s)
        held = self._held.pop(call.id)
        for pool in self.pools.get(held.server, ()):
            pool.give_back(call.id)
        changed = self._end_loans(held, now_s)
        if call.outcome == _COMPLETED:
            self._learn(call)
        return [(other.call, self._allocation(other)) for other in changed.values()]

    def _learn(self, call):
        name = call.function.name
        if name not in self.models:
            if self.profiler is None:
                self.models[name] = Histograms(self.options.cores, self.options.units)
            else:
                profile = self.profiles[name] = self.profiler.profile(call.function, call.input_size, self._seed)
                self.models[name] = profile.model
        model, usage = self.models[name], self.decisions[call.id].usage
        if isinstance(model, Histograms):
            model.add(usage.cpu_peak, usage.memory_peak, usage.duration_s)

    def read(self, call, decided, now_s):
        held = self._held[call.id]
        held.close(now_s)
        ranges = decided.ranges
        calibrates = ranges is not None and ranges.calibrates_cpu
        return Usage(
            self.options.cpu_of(decided.option),
            self.options.memory_of(decided.option),
            held.cpu_peak,
            held.memory_peak,
            now_s - call.begin / NS_PER_S,
            call.outcome != _COMPLETED,
            calibrates,
            calibrates,
            held.at_user,
        )


def _settle(pool, call, own, wanted, now_s, expires_s):
    """What a call holds of one resource: the pool gets what it does not want, or lends what it lacks."""
    if wanted < own:
        pool.put(call, own - wanted, expires_s)
        return wanted
    return own + (pool.get(call, wanted - own, now_s) if wanted > own else 0)
