"""A world in which demand varies from call to call: most functions need more for larger inputs.

Users configure a function once for all its inputs: careful ones for a large input (its configuration then idles in most
calls), careless ones for a small one (which most calls lack). What the former leave, the latter can borrow while both
run on one server, and loans end while calls run. All parameters are ours; Libra (H. Yu et al., HPDC 2023) is what the
world is for, whose unit of memory is 128 MB and whose functions get at most 8 cores and 1,024 MB.
Left out: inputs of one caller that follow one another, and functions whose demand nobody could foresee.
"""

import math

import numpy as np

from faaslab.durations import LogNormal
from faaslab.errors import number, whole
from faaslab.functions import ColdStart
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.world import World
from faaslab.streams import stream
from faaslab.workload.poisson import poisson
from faaslab.workload.workload import Workload

OPTIONS = Options(cores=8, units=8, unit_mb=128.0)
SIZES = LogNormal(0.0, 0.8)  # of inputs: median 1, one in twenty above 3.7
SCATTER = LogNormal(-0.02, 0.2)  # of durations, whatever a call gets: mean 1
LARGE, SMALL = 10.0, 0.3  # the inputs for which careful and careless users configure a function
_SIZES = 500  # inputs from which a mean is taken


def input_dependent(
    seed: int,
    *,
    functions: int = 20,
    dependent: float = 0.8,
    careful: float = 0.7,
    load: float = 0.8,
    duration_s: float = 300.0,
    servers: int = 4,
    server_cpu: float = 32.0,
    server_memory_mb: float = 8192.0,
) -> World:
    """A world of `functions` functions with Poisson arrivals, by seed.

    dependent: share of the functions whose demand depends on the input. careful: share of the users who configure for a
    large input. load: cores asked for at the users' configurations, over those that there are; every function causes
    the same part of it, so that short calls are many. Durations at one core and one unit are 2 to 20 s, at the
    saturation points a sixth to a third of that, for an input of size 1.
    """
    whole(functions, "functions", minimum=1)
    number(dependent, "dependent", minimum=0, maximum=1)
    number(careful, "careful", minimum=0, maximum=1)
    number(load, "load", above=0)
    number(duration_s, "duration_s", above=0)
    rng = stream(seed, "input-dependent world")
    made, arrivals = [], {}
    varies = rng.permutation(functions) < round(dependent * functions)
    large = rng.permutation(functions) < round(careful * functions)
    for i in range(functions):
        function, mean_s = _function(f"function-{i}", bool(varies[i]), bool(large[i]), rng)
        rate = load * servers * server_cpu / functions / (function.cpu * mean_s)
        arrivals[function.name] = poisson(rate, duration_s, stream(seed, function.name, "arrivals"))
        made.append(function)
    workload = Workload(tuple(made), arrivals, duration_s=duration_s)
    return World("input-dependent", workload, OPTIONS, duration_s, servers, server_cpu, server_memory_mb)


def _function(name, varies, large, rng):
    """One function, and the mean of its calls' durations at its user's configuration."""
    longest_s = math.exp(rng.uniform(math.log(2), math.log(20)))
    shortest_s = longest_s * rng.uniform(1 / 6, 1 / 3)
    base = Saturating(shortest_s, longest_s, int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    demand = InputDependent(base, most_cpu=OPTIONS.cores, most_memory=OPTIONS.units) if varies else base
    cpu, memory = demand.saturation(LARGE if large else SMALL)
    if not varies:  # its user is as careful or careless, about something else
        cpu, memory = (_scaled(point, 2.0 if large else 0.5) for point in (cpu, memory))
    input_size = SIZES if varies else None
    start = ColdStart(float(rng.uniform(0.3, 1.5)))
    function = harvested(name, demand, cpu, memory, OPTIONS, cold_start=start, input_size=input_size, scatter=SCATTER)
    sizes = SIZES.sample(stream(0, "mean input"), _SIZES) if varies else np.ones(1)
    return function, float(np.mean([demand.duration_s(cpu, memory, size) for size in sizes.tolist()]))


def _scaled(point, factor):
    return min(OPTIONS.cores, max(1, round(point * factor)))
