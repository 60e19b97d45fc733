"""Usage: the columns of a result that a bill is made of.

Chapter "What it costs". Names and units are those of faaslab.pricing's Usage, so that a run is billed with
bill(provider, Usage(**usage_columns(result))).
"""

import numpy as np

from faaslab.model.result import Outcome, Result, Start
from faaslab.units import NS_PER_S

PAID = (Outcome.COMPLETED, Outcome.TIMED_OUT, Outcome.FAILED)


def usage_columns(result: Result) -> dict[str, np.ndarray]:
    """memory_mb, service_s and init_s of the calls that a provider bills, one row each.

    Billed are calls whose handler ended, well or not, at or after the warm-up; throttled and rejected calls cost
    nothing. init_s is the container's whole start (seconds) for a cold call and 0 for others: starts ahead of calls
    have no row here.
    """
    calls = result.calls
    billed = np.isin(calls["outcome"], PAID) & (calls["begin_ns"] >= 0) & (calls["arrival_ns"] >= result.warmup_ns)
    calls = {name: column[billed] for name, column in calls.items()}
    containers = result.containers
    start_ns = sum(containers[f"{phase}_ns"] for phase in ("allocate", "runtime", "dependencies", "code"))
    cold = calls["start"] == Start.COLD
    init_s = np.where(cold, start_ns[calls["container"]], 0) / NS_PER_S if len(start_ns) else np.zeros(len(cold))
    return {
        "memory_mb": calls["memory_mb"],
        "service_s": (calls["end_ns"] - calls["begin_ns"]) / NS_PER_S,
        "init_s": init_s,
    }
