"""FaaSRM's second experiment: ten real applications, 268 calls in ten short traces, on 10 servers of 8 cores and 32 GB.

Chapter "Does it work?". Source: H. Yu et al., arXiv 2108.12717, section 6.3: the applications, their users'
configurations, and traces in which they are called like ten Azure functions drawn at random, 20 to 40 calls in all and
26.8 on average. Demand is measured (data/demand.json): what a call takes at one and two cores, with its scatter from
one repetition to the next, and the memory without which it fails. Beyond two cores it is extrapolated
(`is_extrapolated` says for which calls).

How the traces are played: by default one after another with a restart before each, as in the paper. A restart is a
pause in which all containers end, and functions of its own in every trace, of which no manager knows anything; so one
run has them all. Without restarts the ten traces follow one another directly, and what was learnt in one is known in
the next.

The sample at hand has no functions that are called as seldom as those of the paper: a trace here is five minutes of it,
each re-read as 12 s, from the functions and minutes that training never sees (Sample.split).

Left out: OpenWhisk's own overheads and the scatter of its servers, slow-downs from sharing a server, the applications'
own starts (all take 0.5 s here), and everything in which ours differ from the originals.
"""

from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from faaslab.durations import Empirical
from faaslab.errors import InputError, member, number, whole
from faaslab.harvest import applications, curve
from faaslab.harvest.demand import harvested
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.sample import Sample, find_sample
from faaslab.harvest.worlds.world import World
from faaslab.model.result import Result
from faaslab.platform.draws import Draws
from faaslab.streams import check_seed, stream
from faaslab.workload.thumbnails import START
from faaslab.workload.workload import Workload

TRACES, CALLS_A_TRACE, FEWEST, MOST = 10, 26.8, 20, 40
MINUTES, TRACE_S, MOST_A_MINUTE = 5, 60.0, 10
SERVERS, SERVER_CPU, SERVER_MEMORY_MB = 10, 8.0, 32_768.0
SETTLE_S = 600.0  # more than the calls of a trace take one after another on one core
INPUTS = ("steady", "varying")
ATTEMPTS = 50_000


def experiment_two(
    seed: int,
    *,
    traces: int = TRACES,
    restart: bool = True,
    inputs: str = "steady",
    load: float | None = None,
    servers: int = SERVERS,
    server_cpu: float = SERVER_CPU,
    server_memory_mb: float = SERVER_MEMORY_MB,
    options: Options | None = None,
    folder: str | Path | None = None,
    sample: Sample | None = None,
    split: str = "held out",
    keep_alive_s: float = 600.0,
) -> World:
    """The experiment's world; by default ten traces with 268 calls.

    seed: which functions and minutes are drawn, when calls come within a minute, and the scatter of their durations.
    restart: before each trace. inputs: "steady", all of size 1, or "varying", each of the measured sizes equally often.
    load: what the calls ask for at their users' configurations over what the servers have while a trace lasts: the
    traces are stretched or shortened to that; None leaves them at 60 s. options: the allocations that are offered; with
    Options(cores=2) nothing is extrapolated. folder, sample, split: where calls come from, as for experiment_one.
    InputError where no draw of ten functions has as many calls as wanted.
    """
    check_seed(seed)
    whole(traces, "traces", minimum=1)
    member(inputs, "inputs", INPUTS)
    if sample is not None and folder is not None:
        raise InputError("experiment two: expected either folder or sample, got both")
    sample = find_sample(folder) if sample is None else sample
    options = Options() if options is None else options
    drawn = _draw(sample.split(split), traces, seed)
    trace_s = _trace_s(drawn, inputs, options, load, servers * server_cpu)
    pause_s = keep_alive_s + SETTLE_S if restart else 0.0
    functions, arrivals = {}, {}
    for k, columns in enumerate(drawn):
        begin_s = k * (trace_s + pause_s)
        for name, minutes in columns.items():
            called = f"{name}, trace {k + 1}" if restart else name
            if called not in functions:
                functions[called] = _function(name, called, inputs, options)
                arrivals[called] = []
            arrivals[called].append(begin_s + minutes * trace_s / MINUTES)
    how = "restarts" if restart else "no restart"
    return World(
        name=f"experiment two ({sample.source}, {split}, {traces} traces, {how}, {inputs}"
        + (")" if load is None else f", load {load:g})"),
        workload=Workload(tuple(functions.values()), {name: np.concatenate(t) for name, t in arrivals.items()}),
        options=options,
        duration_s=traces * (trace_s + pause_s),
        servers=servers,
        server_cpu=server_cpu,
        server_memory_mb=server_memory_mb,
        keep_alive_s=keep_alive_s,
    )


def is_extrapolated(result: Result) -> np.ndarray:
    """Of each call whether it used more cores than were measured: bool array of shape (calls,)."""
    extrapolated = np.zeros(len(result), dtype=bool)
    for i, function in enumerate(result.functions):
        rows = np.flatnonzero(result.calls["function"] == i)
        demand = function.speed.demand
        draws = islice(Draws(result.seed, function, result.sources[0]), len(rows))
        for row, cpu, (*_, size) in zip(rows, result.calls["cpu"][rows].tolist(), draws, strict=True):
            extrapolated[row] = not demand.is_measured(cpu, size)
    return extrapolated


def _draw(sample, traces, seed):
    """For each trace {application: times of its calls in minutes, from 0 to MINUTES}."""
    names = list(applications.catalogue())
    pool = sample.rows(sample.counts.max(axis=1, initial=0) <= MOST_A_MINUTE).counts
    rng = stream(seed, "experiment two")
    drawn = []
    # Each trace has FEWEST calls, and the calls beyond are places out of all that there are up to MOST.
    more = rng.multivariate_hypergeometric([MOST - FEWEST] * traces, round(CALLS_A_TRACE * traces) - FEWEST * traces)
    for calls in (more + FEWEST).tolist():
        counts = _counts(pool, len(names), calls, rng)
        times = {}
        for name, column in zip(names, counts, strict=True):
            minutes = np.repeat(np.arange(MINUTES), column)
            times[name] = np.sort(minutes + rng.random(len(minutes)))
        drawn.append(times)
    return drawn


def _counts(pool, functions, calls, rng):
    """Calls of as many functions, in random order, in MINUTES minutes that follow one another, with this sum."""
    for _ in range(ATTEMPTS if pool.shape[1] >= MINUTES else 0):
        first = int(rng.integers(pool.shape[1] - MINUTES + 1))
        window = pool[:, first : first + MINUTES]
        called = window.any(axis=1).nonzero()[0]
        if len(called) >= functions:
            counts = window[rng.choice(called, functions, replace=False)]
            if counts.sum() == calls:
                return counts
    raise InputError(
        f"experiment two: expected {functions} functions of the sample with {calls} calls in {MINUTES} minutes; no "
        f"draw from {len(pool)} functions and {pool.shape[1]} minutes had them"
    )


def _trace_s(drawn, inputs, options, load, cores):
    """Seconds that a trace lasts."""
    if load is None:
        return TRACE_S
    number(load, "load", above=0)
    work = 0.0
    for name in drawn[0]:
        cpu, memory = _configuration(name, options)
        demand = _curves(options)[name]
        own_s = np.mean([demand.duration_s(cpu, memory, size) for size in _sizes(demand, inputs)])
        work += cpu * own_s * sum(len(times[name]) for times in drawn)
    return float(work / len(drawn) / load / cores)


def _function(application, called, inputs, options):
    demand = _curves(options)[application]
    sizes = Empirical(demand.sizes) if inputs == "varying" else None
    return harvested(
        called,
        demand,
        *_configuration(application, options),
        options,
        cold_start=START,
        input_size=sizes,
        scatter=_scatter(demand),
    )


def _configuration(application, options):
    """Cores and units of memory, as the user configured them."""
    user = applications.catalogue()[application]
    return user.cpu, -int(-user.memory * curve.UNIT_MB // options.unit_mb)


def _sizes(demand, inputs):
    return demand.sizes if inputs == "varying" else (1.0,)


def _scatter(demand):
    """What repetitions took over the median of theirs, at all sizes and cores; its mean is made 1."""
    ratios = np.concatenate([np.array(cell.durations_s) / cell.duration_s for cell in demand.cells])
    return Empirical(tuple((ratios / ratios.mean()).tolist()))


@lru_cache(maxsize=4)
def _curves(options):
    return curve.read(most_cpu=options.cores, most_memory=options.units, unit_mb=options.unit_mb)
