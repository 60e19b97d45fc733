"""FaaSRM's first experiment: 1,000 Azure functions with 85,470 calls on 20 servers of 8 cores and 2 GB.

Chapter "Does it work?". Source: H. Yu et al., arXiv 2108.12717, section 6.2, and the authors' published sample. The
paper's set-up cannot be taken literally: its sample counts calls in 60 minutes, and the simulation replays each minute
as one second. What a minute is replayed as is therefore a parameter, `minute_s`, and with it the load. Three readings
of the load, with the saturation points on record (load_readings computes them from a sample):

- 19.1: a minute as a second, one core a call, and nevertheless each function's shortest duration, rounded up to whole
  seconds as the simulation does;
- 155: a minute as a second, every call at its user's configuration, for as long as the duration model then says;
- 0.470: minutes as minutes, one core a call, for the mean duration on record. By the duration model the users'
  configurations ask for 2.59 times what there is even then.

Left out: the order of calls within a minute, which the trace does not have: they are spread at random.
"""

from pathlib import Path

import numpy as np

from faaslab.errors import InputError, member, number, whole
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.sample import Sample, find_sample, first
from faaslab.harvest.worlds.world import World
from faaslab.streams import check_seed, stream
from faaslab.workload.workload import Workload

SERVERS, SERVER_CPU, SERVER_MEMORY_MB = 20, 8.0, 2048.0
IDEALS = ("drawn", "recorded")


def experiment_one(
    seed: int,
    *,
    minute_s: float = 60.0,
    functions: int | None = None,
    folder: str | Path | None = None,
    sample: Sample | None = None,
    split: str = "all",
    ideal: str = "drawn",
    servers: int = SERVERS,
    server_cpu: float = SERVER_CPU,
    server_memory_mb: float = SERVER_MEMORY_MB,
    options: Options | None = None,
    keep_alive_s: float = 600.0,
) -> World:
    """The experiment's world.

    seed: where calls lie within their minute, and which of its memory percentiles is a function's saturation point.
    minute_s: seconds in which one minute of the trace is replayed; 60 is real time, 1 the literal set-up.
    functions: only the first so many (of the split). folder, sample: where they come from; by default the trace in
    FAASLAB_TRACES where it is present, else the generator (the world's name says which). split: "all", "train" or
    "held out" (Sample.split). ideal: "recorded" takes the saturation points that the sample's authors drew.
    """
    check_seed(seed)
    number(minute_s, "minute_s", above=0)
    sample = first(_sample(folder, sample).split(split), functions)
    options = Options() if options is None else options
    if member(ideal, "ideal", IDEALS) == "recorded":
        if sample.recorded_ideal is None:
            raise InputError(f"ideal 'recorded': expected a sample that records it; {sample.source} does not")
        ideals = sample.recorded_ideal
    else:
        ideals = sample.draw_ideal(stream(seed, "experiment one", "ideal"))
    deployed = tuple(sample.function(i, ideals[i], options) for i in range(len(sample)))
    arrivals = {
        name: _spread(counts, minute_s, stream(seed, name, "arrivals"))
        for name, counts in zip(sample.names, sample.counts, strict=True)
    }
    duration_s = minute_s * sample.minutes
    size = f"{len(sample)}x{sample.minutes}"
    return World(
        name=f"experiment one ({sample.source}, {size}, {split}, minute_s={minute_s:g}, ideal {ideal})",
        workload=Workload(deployed, arrivals, duration_s=duration_s),
        options=options,
        duration_s=duration_s,
        servers=servers,
        server_cpu=server_cpu,
        server_memory_mb=server_memory_mb,
        keep_alive_s=keep_alive_s,
    )


def load_readings(sample: Sample | None = None, servers: int = SERVERS, server_cpu: float = SERVER_CPU) -> dict:
    """The loads above: {"literal, least", "literal, users", "minutes, recorded", "minutes, users"} -> cpu load.

    With the saturation points on record, or with means over a function's percentiles where there is no record.
    """
    sample = find_sample() if sample is None else sample
    cores = whole(servers, "servers", minimum=1) * number(server_cpu, "server_cpu", above=0)
    calls = sample.counts.sum(axis=1)
    points = sample.ideals if sample.recorded_ideal is None else sample.recorded_ideal[:, None]
    missing = np.maximum(0, points - sample.user[:, None]) / np.maximum(points - 1, 1)
    own_s = sample.shortest_s + (sample.longest_s - sample.shortest_s) * missing.mean(axis=1)
    literal, minutes = cores * sample.minutes, cores * sample.minutes * 60
    return {
        "literal, least": float(calls @ sample.shortest_s / literal),
        "literal, users": float((calls * sample.user) @ own_s / literal),
        "minutes, recorded": float(calls @ sample.mean_s / minutes),
        "minutes, users": float((calls * sample.user) @ own_s / minutes),
    }


def _sample(folder, sample):
    if sample is None:
        return find_sample(folder)
    if folder is not None:
        raise InputError("experiment one: expected either folder or sample, got both")
    return sample


def _spread(counts, minute_s, rng):
    """Times of a function's calls: each anywhere in its minute."""
    minute = np.repeat(np.arange(len(counts)), counts)
    return np.sort((minute + rng.random(len(minute))) * minute_s)
