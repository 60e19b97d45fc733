"""Prediction: what of a running platform a simulation needs, and how far the simulation was from what then happened.

Chapter "From measurement to prediction". The functions come from `calibrate`; the machine and the policies from here,
as the arguments of the simulator's `Platform`. Played and simulated runs of the same workloads are compared figure by
figure, with an interval over runs that differ in their seeds. Left out: which of the model's simplifications an error
comes from.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError, number
from faaslab.model.diff import diff
from faaslab.model.result import Outcome, Result, Start
from faaslab.model.summary import t_interval

FIGURES = ("mean", "p50", "p99", "cold_fraction")


def platform_arguments(
    settings, *, cores: float | None = None, rate_per_s: float = 0.0, overhead_s: float = 0.0, others: float = 0.0
):
    """The keyword arguments of `faaslab.Platform` for this machine under a platform's `settings`.

    cores: of the machine; None for all. What the functions do not get of them: rate_per_s * overhead_s, calls a second
    times the cpu-seconds of controller and load generator a call (`Calibration.overhead_s`), and `others`, the cores
    that something else on the machine uses. InputError where nothing is left.
    """
    cores = float(settings.cores) if cores is None else number(cores, "prediction, cores", above=0)
    rate_per_s = number(rate_per_s, "prediction, rate_per_s", minimum=0)
    overhead_s = number(overhead_s, "prediction, overhead_s", minimum=0)
    taken = rate_per_s * overhead_s + number(others, "prediction, others", minimum=0)
    if taken >= cores:
        raise InputError(
            f"prediction: {rate_per_s:g} calls/s at {overhead_s:.3g} s of overhead, and others at {others:.3g} cores, "
            f"take {taken:.3g} cores; expected less than the machine's {cores:g}"
        )
    same = ("keep_alive", "autoscaler", "queueing", "admission", "queue_limit")
    policies = {name: getattr(settings, name) for name in same}
    return policies | {"invoker_memory_mb": settings.memory_mb, "invoker_cpu": cores - taken, "cpu": "shared"}


@dataclass(frozen=True, eq=False)
class Prediction:
    """Measured and simulated runs side by side: `measured` and `simulated` map each of FIGURES to an array of shape
    (runs,): mean, p50 and p99 of the response of completed calls in seconds, and the fraction of cold starts."""

    measured: dict[str, np.ndarray]
    simulated: dict[str, np.ndarray]

    @property
    def error(self) -> dict[str, np.ndarray]:
        """simulated - measured, shape (runs,)."""
        return {name: self.simulated[name] - self.measured[name] for name in FIGURES}

    def table(self):
        """A pandas DataFrame, one row a figure: means over the runs of measured and simulated, the error and the half
        width of its 95 % t interval, and error / measured."""
        import pandas as pd

        rows = {}
        for name in FIGURES:
            error = t_interval(self.error[name])
            measured = float(self.measured[name].mean())
            rows[name] = {
                "measured": measured,
                "simulated": float(self.simulated[name].mean()),
                "error": error["mean"],
                "half_width": error["half_width"],
                "relative": error["mean"] / measured if measured else float("nan"),
            }
        return pd.DataFrame.from_dict(rows, orient="index")


def prediction_error(pairs: Iterable[tuple[Result, Result]]) -> Prediction:
    """Compare runs: pairs of (measured, simulated) results, one pair a workload, at least two of them.

    The two of a pair must have the same arrivals, as `faaslab.model.diff` asks.
    """
    pairs = list(pairs)
    if len(pairs) < 2:
        raise InputError(f"prediction error: expected at least 2 pairs of runs, got {len(pairs)}")
    for pair in pairs:
        diff(*pair)
    sides = [[_figures(result) for result in side] for side in zip(*pairs, strict=True)]
    return Prediction(*({name: np.array([run[name] for run in side]) for name in FIGURES} for side in sides))


def _figures(result):
    calls = result.calls
    counted = calls["arrival_ns"] >= result.warmup_ns
    completed = counted & (calls["outcome"] == Outcome.COMPLETED)
    response = (calls["end_ns"] - calls["arrival_ns"])[completed] / 1e9
    if not len(response):
        raise InputError("prediction error: expected completed calls in every run, got a run without one")
    cold = np.isin(calls["start"], (Start.COLD, Start.PREWARMED))
    begun = counted & (calls["start"] != Start.NONE)
    p50, p99 = np.percentile(response, [50, 99])
    figures = (response.mean(), p50, p99, cold[begun].mean())
    return dict(zip(FIGURES, map(float, figures), strict=True))
