"""Rewards: what the calls that have ended since the last decision are worth.

Chapter "FaaSRM". Source of the paper's: H. Yu et al., arXiv 2108.12717, section 4, with the sums of the authors' code:
with x = duration / baseline a call is worth -x, plus 1 - x where it was faster, minus x - 1 where it was slower. In
both cases that is 1 - 2x: the bonus and the penalty double the weight of x and change nothing else. Left out: whether
a call failed; its duration counts like any other.

A duration says nothing of waiting or of starts. The second reward, ours, sees both: a call is worth
-ln(1 + response / baseline), and what it costs accrues while it is in the system, so that a decision is blamed for the
queue that it causes when it causes it (as delay accrues in queueing control). The logarithm keeps the few calls behind
the longest queues from deciding every update.
"""

import math

from faaslab.errors import InputError, member
from faaslab.harvest.manager import Decided
from faaslab.units import NS_PER_S

KINDS = ("duration", "response")


class Reward:
    """kind: "duration" (the paper's) or "response". `of(call, decided, now_s)` is the worth of one ended call."""

    def __init__(self, kind: str = "duration"):
        self.kind = member(kind, "reward", KINDS)

    def accrued(self, present, now_s: float) -> float:
        """What calls that are still in the system are worth so far; `present`: pairs of arrival and baseline, s."""
        if self.kind == "duration":
            return 0.0
        return -math.fsum(math.log1p((now_s - arrival_s) / baseline_s) for arrival_s, baseline_s in present)

    def relative(self, call, decided: Decided, now_s: float) -> float:
        """The call's duration, or response, over its function's baseline duration."""
        took_s = decided.usage.duration_s if self.kind == "duration" else now_s - call.arrival / NS_PER_S
        baseline_s = decided.baseline_s
        if baseline_s is None:
            baseline_s = call.function.speed.own_duration_s(call.input_size)  # every call so far has failed
        return took_s / baseline_s if baseline_s > 0 else math.nan

    def of(self, call, decided: Decided, now_s: float) -> float:
        relative = self.relative(call, decided, now_s)
        worth = -relative + (1.0 - relative) if self.kind == "duration" else -math.log1p(relative)
        if not math.isfinite(worth):
            raise InputError(
                f"reward of a call of {call.function.name!r} that ended at {now_s:g} s: expected a finite number, got "
                f"{worth} (duration {decided.usage.duration_s:g} s, baseline {decided.baseline_s} s)"
            )
        return worth
