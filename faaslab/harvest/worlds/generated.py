"""A generated sample in the place of FaaSRM's own: Azure-like functions of the same number, with as many calls.

Chapter "Does it work?". Calls, mean durations and mean memory come from faaslab.workload.azure_like, and so from what
is published about Azure in 2019 (Shahrad et al., ATC 2020). As in FaaSRM's sample, functions with 10 to 991 calls in an
hour are taken; a random part of their calls is left out, so that there are 85.47 a function. What the generator does
not have is drawn from distributions fitted here to that sample: the logarithms of longest over mean duration and of
mean over shortest are gamma-distributed, and a function's memory percentiles lie about its mean like the sample's
average profile, stretched by an exponentially distributed factor.

Left out: every correlation between calls, durations and memory; the slight fall of a function's rate by the thinning.
"""

from functools import lru_cache

import numpy as np

from faaslab.errors import whole
from faaslab.harvest.worlds.sample import Sample, units, whole_seconds
from faaslab.streams import stream
from faaslab.workload.generator import azure_like

CALLS_A_FUNCTION = 85.47
FEWEST, MOST_CALLS = 10, 991
LONGEST_S = 600.0
# ln(longest / mean), ln(mean / shortest), ln(shortest / minimum): mean and standard deviation in FaaSRM's sample.
OVER_MEAN, UNDER_MEAN, UNDER_SHORTEST = (2.30, 1.36), (1.91, 1.62), (0.444, 0.912)
# ln(percentile / mean) of an app's memory at 1, 5, 25, 50, 75, 95, 99, 100: means in FaaSRM's sample.
PROFILE = np.array([-0.25, -0.171, -0.071, -0.006, 0.058, 0.145, 0.199, 0.301])


@lru_cache(maxsize=4)
def generated_sample(functions: int = 1000, minutes: int = 60, seed: int = 1) -> Sample:
    """`functions` functions with about 85.47 calls each in 60 minutes (in proportion in others)."""
    whole(functions, "functions", minimum=1)
    whole(minutes, "minutes", minimum=1)
    names, counts, mean_s, memory_mb = _callers(functions, minutes, seed)
    rng = stream(seed, "generated sample")
    wanted = round(CALLS_A_FUNCTION * functions * minutes / 60)
    if counts.sum() > wanted:
        counts = rng.multivariate_hypergeometric(counts.ravel(), wanted).reshape(counts.shape)
    longest_s = np.minimum(mean_s * np.exp(_gamma(rng, OVER_MEAN, functions)), LONGEST_S)
    shortest_s = np.minimum(mean_s, longest_s) * np.exp(-_gamma(rng, UNDER_MEAN, functions))
    minimum_s = shortest_s * np.exp(-_gamma(rng, UNDER_SHORTEST, functions))
    percentiles_mb = memory_mb[:, None] * np.exp(rng.exponential(1.0, functions)[:, None] * PROFILE)
    return Sample(
        names=names,
        counts=counts,
        shortest_s=whole_seconds(shortest_s * 1000),
        longest_s=whole_seconds(longest_s * 1000),
        cold_s=whole_seconds(minimum_s * 1000),
        mean_s=mean_s,
        user=units(memory_mb),
        ideals=units(percentiles_mb),
        recorded_ideal=None,
        source=f"generated, seed {seed}",
    )


def _callers(functions, minutes, seed):
    """Names, calls a minute, mean durations and memory of the first functions that are called as often as wanted."""
    apps, duration_s, scale = 2 * functions + 10, 60.0 * minutes, minutes / 60
    while True:
        workload = azure_like(apps, duration_s, seed, cold_start=None, max_rate_per_s=0.3, timeout_s=LONGEST_S)
        times = [workload.arrivals_s[f.name] for f in workload.functions]
        taken = [i for i, t in enumerate(times) if FEWEST * scale <= len(t) <= MOST_CALLS * scale and len(t)]
        if len(taken) >= functions:
            break
        apps *= 2
    taken = taken[:functions]
    counts = [np.bincount((times[i] // 60).astype(int), minlength=minutes)[:minutes] for i in taken]
    chosen = [workload.functions[i] for i in taken]
    return (
        tuple(f.name for f in chosen),
        np.array(counts, dtype=np.int64),
        np.array([f.mean_service_s for f in chosen]),
        np.array([f.memory_mb for f in chosen]),
    )


def _gamma(rng, moments, n):
    mean, deviation = moments
    return rng.gamma((mean / deviation) ** 2, deviation**2 / mean, n)
