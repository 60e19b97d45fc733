"""Target tracking: keep the containers' utilisation at a target, in proportion, with cool-downs.

Utilisation is the share of the containers' places (containers * concurrency) that calls took in the mean over the last
period, at most 1; the number wanted is containers * utilisation / target, rounded up. Since a full fleet looks the same
however long the queue before it, it grows by at most 1 / target a period. Scaling out waits for a cool-down after the
last scaling out, scaling in for one after any change. Source: AWS Application Auto Scaling user guide, "Target tracking
scaling policies", as used for provisioned concurrency. Left out: alarms over several data points, the wider band before
scaling in, metrics that arrive late; a call that waits beside a free place is taken as in it.
"""

import math

from faaslab.errors import number, whole


class TargetTracking:
    """Follows `target` utilisation (0 < target <= 1) between min_containers and max_containers (None: no limit), by
    group.

    Times in seconds. The first period begins with min_containers. InputError where a parameter lies outside its range.
    """

    owns_count = True

    def __init__(
        self,
        target=0.7,
        min_containers=1,
        max_containers=None,
        tick_s=60.0,
        scale_out_cooldown_s=0.0,
        scale_in_cooldown_s=300.0,
    ):
        where = "target tracking"
        self.target = number(target, f"{where}, target", above=0, maximum=1)
        self.min_containers = self.initial = whole(min_containers, f"{where}, min_containers")
        if max_containers is not None:
            max_containers = whole(max_containers, f"{where}, max_containers", minimum=max(1, self.min_containers))
        self.max_containers = max_containers
        self.tick_s = number(tick_s, f"{where}, tick_s", above=0)
        self.scale_out_cooldown_s = number(scale_out_cooldown_s, f"{where}, scale_out_cooldown_s", minimum=0)
        self.scale_in_cooldown_s = number(scale_in_cooldown_s, f"{where}, scale_in_cooldown_s", minimum=0)
        self.reset(0)

    def reset(self, seed):
        self._last = {}  # group -> (time, area) at the last tick
        self._out_at = {}  # group -> time of its last scaling out
        self._change_at = {}  # group -> time of its last change
        self._wanted = {}  # group -> containers wanted now

    def desired(self, group, now_s):
        name = group.name
        then_s, then_area = self._last.get(name, (0.0, 0.0))
        self._last[name] = now_s, group.concurrency_area_s
        wanted = self._wanted.setdefault(name, self.initial)
        if now_s <= then_s:
            return wanted
        used = (self._last[name][1] - then_area) / (now_s - then_s) / group.functions[0].concurrency
        goal = self._bounded(math.ceil(min(used, wanted) / self.target))
        if goal > wanted and now_s - self._out_at.get(name, -math.inf) >= self.scale_out_cooldown_s:
            self._out_at[name] = self._change_at[name] = now_s
            self._wanted[name] = goal
        elif goal < wanted and now_s - self._change_at.get(name, -math.inf) >= self.scale_in_cooldown_s:
            self._change_at[name] = now_s
            self._wanted[name] = goal
        return self._wanted[name]

    def on_waiting(self, group, now_s):
        """From zero: one container, which the next period corrects."""
        self._wanted[group.name] = self._bounded(max(1, self._wanted.get(group.name, 0)))
        return self._wanted[group.name]

    def _bounded(self, count):
        count = max(count, self.min_containers)
        return count if self.max_containers is None else min(count, self.max_containers)
