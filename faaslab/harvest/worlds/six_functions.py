"""Six functions of the photo site, configured by guess: two have too little, four too much.

Chapter "Why resources idle". After the motivating example of H. Yu et al., arXiv 2108.12717, in which functions 1 and 3
are under-provisioned and 2, 4, 5 and 6 over-provisioned. The parameters are ours, chosen so that the same can be seen;
those of the example were not at hand. A core comes with every 64 MB.

Left out: everything that a call does besides computing, and the rhythm of the day.
"""

from faaslab.durations import LogNormal
from faaslab.errors import member, number
from faaslab.functions import Function
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.world import World
from faaslab.streams import stream
from faaslab.workload import poisson
from faaslab.workload.thumbnails import START
from faaslab.workload.workload import Workload

INPUTS = ("steady", "varying")
# What the user configured (cores, and units of 64 MB), and what a call on an input of size 1 could use.
USERS = {"faces": 2, "thumbnails": 4, "films": 3, "search": 6, "archive": 8, "report": 5}
DEMANDS = {
    "faces": Saturating(1.0, 5.0, cpu=6, memory=4),
    "thumbnails": Saturating(0.6, 1.8, cpu=2, memory=2),
    "films": Saturating(4.0, 16.0, cpu=8, memory=5),
    "search": Saturating(0.8, 2.4, cpu=2, memory=5),
    "archive": Saturating(2.0, 8.0, cpu=3, memory=4),
    "report": Saturating(1.5, 4.0, cpu=2, memory=3),
}
UNDER_PROVISIONED = ("faces", "films")
SIZES = LogNormal(0.0, 0.6)  # inputs, without a unit: half of them below 1


def site_function(name: str, inputs: str = "steady", options: Options | None = None) -> Function:
    """One of the six. inputs: "steady", every call like the others, or "varying", sizes drawn from SIZES."""
    options = Options() if options is None else options
    base = DEMANDS[member(name, "function of the photo site", tuple(DEMANDS))]
    varies = member(inputs, "inputs", INPUTS) == "varying"
    return harvested(
        name,
        InputDependent(base, most_cpu=options.cores, most_memory=options.units) if varies else base,
        USERS[name],
        USERS[name],
        options,
        cold_start=START,
        input_size=SIZES if varies else None,
    )


def six_functions(
    seed: int, inputs: str = "steady", *, rate_per_s: float = 0.1, duration_s: float = 1200.0, servers: int = 2
) -> World:
    """The six, each called at random moments at this rate, on servers of 8 cores and 2 GB.

    InputError for inputs that are neither "steady" nor "varying", and for a rate or a duration that is not above 0.
    """
    number(rate_per_s, "rate_per_s", above=0)
    number(duration_s, "duration_s", above=0)
    functions = tuple(site_function(name, inputs) for name in DEMANDS)
    arrivals = {f.name: poisson(rate_per_s, duration_s, stream(seed, f.name, "arrivals")) for f in functions}
    return World(f"six functions, {inputs}", Workload(functions, arrivals), Options(), duration_s, servers, 8.0, 2048.0)
