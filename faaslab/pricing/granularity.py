"""Billing granularity: the step to which a billed time is rounded up, and the least time that is billed.

Chapter: What it costs. Source: each sheet's table `granularity`. AWS Lambda went from 100 ms to 1 ms steps in December
2020; for a call of 5 ms that is a factor of 20.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.units import NS_PER_S, ns, ns_array


@dataclass(frozen=True)
class Granularity:
    """Round times up to whole steps of `step_s` seconds, but at least `minimum_s` seconds."""

    step_s: float
    minimum_s: float = 0.0

    def billed_s(self, time_s):
        """Billed seconds (float array, same shape) of `time_s` seconds, each rounded up on its own.

        The arithmetic is in whole nanoseconds, so that 0.07 s is 70 steps of 1 ms and not 71.
        """
        step = ns(self.step_s)
        time = np.maximum(ns_array(time_s), ns(self.minimum_s))
        return -(-time // step) * step / NS_PER_S

    def __str__(self):
        text = f"rounded up to {_time(self.step_s)}"
        return text + (f", at least {_time(self.minimum_s)}" if self.minimum_s else "")


def _time(seconds):
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
