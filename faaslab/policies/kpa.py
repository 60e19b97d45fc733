"""Knative's pod autoscaler (KPA): as many containers as the mean concurrency needs, with a panic mode for bursts.

Every two seconds it looks at the mean number of calls in the system over a long (stable) and a short (panic) window.
The stable window decides, unless the short one asks for at least twice the ready containers: then it panics, takes the
larger of the two and does not scale down until a whole stable window has passed without such need. The last container
goes after a whole stable window without a call.

Source: Knative Serving, pkg/autoscaler/scaling/autoscaler.go (main of 2026) and its default configuration. Windows are
exact means here; Knative averages samples of one second. Left out: scaling by requests a second, activation scale,
scale-down delay, and the activator's role in the path (calls wait in the platform's queue either way).
"""

import math
from collections import deque
from dataclasses import dataclass

from faaslab.errors import number, whole
from faaslab.units import ns


@dataclass(frozen=True)
class Panic:
    """The autoscaler's memory between two decisions: when it last was over the threshold (None: calm), and its maximum
    since."""

    since_s: float | None = None
    most: int = 0


@dataclass(frozen=True)
class Decision:
    """The rule by itself, without windows. Times in seconds; target in calls a container."""

    target: float
    stable_window_s: float = 60.0
    panic_threshold: float = 2.0
    max_up_rate: float = 1000.0
    max_down_rate: float = 2.0

    def scale(self, ready: int, stable: float, panic: float, state: Panic, now_s: float) -> tuple[int, Panic]:
        """Containers wanted, and the state after it.

        ready: containers ready now. stable, panic: mean concurrency over the two windows. Both counts are clamped to
        [floor(ready / down rate), ceil(up rate * ready)]; the panic test uses the count before that.
        """
        ready = max(1, ready)
        most_up, most_down = math.ceil(self.max_up_rate * ready), math.floor(ready / self.max_down_rate)
        panic_unclamped = math.ceil(panic / self.target)
        by_stable = min(max(math.ceil(stable / self.target), most_down), most_up)
        by_panic = min(max(panic_unclamped, most_down), most_up)
        if panic_unclamped / ready >= self.panic_threshold:
            state = Panic(now_s, state.most)
        elif state.since_s is not None and now_s - state.since_s > self.stable_window_s:
            state = Panic()
        if state.since_s is None:
            return by_stable, state
        most = max(by_stable, by_panic, state.most)
        return most, Panic(state.since_s, most)


@dataclass
class _Watch:
    """What is remembered of one group: (ns, area) at the latest ticks, the panic, since when zero was wanted."""

    ticks: deque
    panic: Panic
    zero_since_s: float | None = None


class KPA:
    """The policy: one Decision every `tick_s` for each group.

    target: calls that a container should hold at full use; None for the function's own concurrency, which it never
    exceeds. utilization: share of it that is aimed at (Knative: 100 where concurrency is unlimited, and 0.7, hence 70).
    initial: containers at the beginning; with more than one it begins in panic. min_scale, max_scale: bounds (None: no
    upper one). grace_s: how long the last container stays after the decision for zero; Knative waits at most 30 s, and
    hardly at all when its activator is already in the path, as it is by default. InputError where one lies outside its
    range.
    """

    owns_count = True

    def __init__(
        self,
        target=None,
        utilization=0.7,
        initial=1,
        min_scale=0,
        max_scale=None,
        stable_window_s=60.0,
        panic_window_s=6.0,
        tick_s=2.0,
        panic_threshold=2.0,
        max_up_rate=1000.0,
        max_down_rate=2.0,
        grace_s=0.0,
        target_burst_capacity=211.0,
    ):
        self.target = None if target is None else number(target, "KPA, target", above=0)
        self.utilization = number(utilization, "KPA, utilization", above=0, maximum=1)
        self.initial = whole(initial, "KPA, initial")
        self.min_scale = whole(min_scale, "KPA, min_scale")
        self.max_scale = (
            None if max_scale is None else whole(max_scale, "KPA, max_scale", minimum=max(1, self.min_scale))
        )
        self.stable_window_s = number(stable_window_s, "KPA, stable_window_s", above=0)
        self.tick_s = number(tick_s, "KPA, tick_s", above=0)
        self.panic_window_s = number(
            panic_window_s,
            "KPA, panic_window_s (tick to stable window)",
            minimum=self.tick_s,
            maximum=self.stable_window_s,
        )
        self.panic_threshold = number(panic_threshold, "KPA, panic_threshold", above=1)
        self.max_up_rate = number(max_up_rate, "KPA, max_up_rate", above=1)
        self.max_down_rate = number(max_down_rate, "KPA, max_down_rate", above=1)
        self.grace_s = number(grace_s, "KPA, grace_s", minimum=0)
        self.target_burst_capacity = number(target_burst_capacity, "KPA, target_burst_capacity", minimum=0)
        self.reset(0)

    def reset(self, seed):
        self._watches = {}
        self._decisions = {}

    def desired(self, group, now_s):
        watch = self._watches.get(group.name)
        if watch is None:
            panic = Panic(0.0, self.initial) if self.initial > 1 else Panic()
            watch = self._watches[group.name] = _Watch(deque([(0, 0.0)]), panic)
        watch.ticks.append((ns(now_s), group.concurrency_area_s))
        stable = self._mean(watch.ticks, self.stable_window_s)
        panic = self._mean(watch.ticks, self.panic_window_s)
        horizon = watch.ticks[-1][0] - ns(self.stable_window_s)
        while len(watch.ticks) > 1 and watch.ticks[1][0] <= horizon:
            watch.ticks.popleft()
        ready = group.idle + group.busy
        wanted, watch.panic = self._decision(group).scale(ready, stable, panic, watch.panic, now_s)
        wanted = self._after_grace(wanted, watch, now_s)
        # A call that has only just arrived is not yet in any mean; a window with a call in it is not silent.
        return self._bounded(max(wanted, 1) if group.running or group.waiting else wanted)

    def on_waiting(self, group, now_s):
        """From zero: one container, which the next ticks correct."""
        return self._bounded(1)

    def in_panic(self, group_name):
        """Whether the group of that name is in panic mode."""
        watch = self._watches.get(group_name)
        return watch is not None and watch.panic.since_s is not None

    def excess_burst_capacity(self, ready, capacity, panic):
        """EBC = floor(ready * capacity - target burst capacity - panic): below 0, the activator stays in the path.

        ready: containers ready (0 allowed). capacity: calls that one holds at full use (100, not 70). panic: mean
        concurrency over the panic window. A target burst capacity of 0 gives 0, as in Knative.
        """
        if self.target_burst_capacity == 0:
            return 0
        return math.floor(ready * capacity - self.target_burst_capacity - panic)

    def capacity(self, group):
        """Calls that a container of the group holds at full use."""
        concurrency = group.functions[0].concurrency
        return concurrency if self.target is None else min(self.target, concurrency)

    def _decision(self, group):
        if group.name not in self._decisions:
            self._decisions[group.name] = Decision(
                self.utilization * self.capacity(group),
                self.stable_window_s,
                self.panic_threshold,
                self.max_up_rate,
                self.max_down_rate,
            )
        return self._decisions[group.name]

    @staticmethod
    def _mean(ticks, window_s):
        """Mean concurrency since the last tick that is at least a window ago, or since the first there is."""
        now, area = ticks[-1]
        start, start_area = ticks[0]
        since = now - ns(window_s)
        for at, at_area in reversed(ticks):
            if at <= since:
                start, start_area = at, at_area
                break
        return (area - start_area) / (now - start) * 1e9 if now > start else 0.0

    def _after_grace(self, wanted, watch, now_s):
        if wanted:
            watch.zero_since_s = None
            return wanted
        if watch.zero_since_s is None:
            watch.zero_since_s = now_s
        return 0 if now_s - watch.zero_since_s >= self.grace_s else 1

    def _bounded(self, wanted):
        wanted = max(wanted, self.min_scale)
        return wanted if self.max_scale is None else min(wanted, self.max_scale)
