"""A world: functions with their calls, and the servers that they run on; any resource manager can be put into it.

Chapter "Does it work?". What is the same in every world: a call is placed when its allocation has room on a server
(late binding, one queue, first server that has room), a running call reserves its cores, containers live on for a fixed
window, and a run goes on until every call is over. Source of the platform: H. Yu et al., arXiv 2108.12717, section 6.
Left out: servers of different sizes.
"""

from dataclasses import dataclass

from faaslab.errors import InputError, number, whole
from faaslab.harvest.demand import Speed
from faaslab.harvest.options import Options
from faaslab.model.policies import Allocator
from faaslab.model.result import Result
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.streams import stream
from faaslab.workload.workload import Workload

_SIZES = 1000  # inputs from which a mean over the distribution of inputs is taken


@dataclass(frozen=True)
class Load:
    """What the calls ask for, over what the servers have in the world's duration; above 1 queues grow without end.

    cpu, memory: with every call at its user's configuration, for as long as it then takes. cpu_least, memory_least: one
    core (one unit of memory) a call, and nevertheless its shortest duration, which no allocation reaches: a bound.
    """

    cpu: float
    memory: float
    cpu_least: float
    memory_least: float


@dataclass(frozen=True)
class World:
    """workload: functions made by `harvested` and their calls. options: the allocations to choose from. duration_s: the
    time in which the calls arrive. servers: how many, each with server_cpu cores and server_memory_mb MB.

    InputError for a function or an option larger than a server, a function that is no option, and no calls.
    """

    name: str
    workload: Workload
    options: Options
    duration_s: float
    servers: int
    server_cpu: float
    server_memory_mb: float
    keep_alive_s: float = 600.0

    def __post_init__(self):
        where = f"world {self.name!r}"
        number(self.duration_s, f"{where}, duration_s", above=0)
        whole(self.servers, f"{where}, servers", minimum=1)
        number(self.server_cpu, f"{where}, server_cpu", above=0)
        number(self.server_memory_mb, f"{where}, server_memory_mb", above=0)
        number(self.keep_alive_s, f"{where}, keep_alive_s", minimum=0, finite=False)
        for function in self.workload.functions:
            self._check(function, where)
        largest = self.options.allocation(self.options.n - 1)
        if largest.cpu > self.server_cpu or largest.memory_mb > self.server_memory_mb:
            raise InputError(
                f"{where}, options: expected none larger than a server of {self._server}; the largest has "
                f"{largest.cpu:g} cores and {largest.memory_mb:g} MB"
            )
        if not self.workload.calls:
            raise InputError(f"{where}: expected at least one call, got none")
        last_s = max(times[-1] for times in self.workload.arrivals_s.values() if len(times))
        if last_s >= self.duration_s:
            raise InputError(
                f"{where}: expected all calls within its duration of {self.duration_s:g} s, got one at {last_s}"
            )

    @property
    def _server(self):
        return f"{self.server_cpu:g} cores and {self.server_memory_mb:g} MB"

    def _check(self, function, where):
        if function.cpu > self.server_cpu or function.memory_mb > self.server_memory_mb:
            raise InputError(
                f"{where}: expected functions that fit a server of {self._server}; {function.name!r} is configured "
                f"with {function.cpu:g} cores and {function.memory_mb:g} MB"
            )
        if not isinstance(function.speed, Speed):
            raise InputError(f"{where}: expected functions made by faaslab.harvest.harvested, got {function.name!r}")
        self.options.user(function)

    def platform(self, manager: Allocator) -> Platform:
        """The servers under this manager. InputError where its options are others than the world's."""
        options = getattr(manager, "options", self.options)
        if options != self.options:
            raise InputError(f"world {self.name!r}: expected a manager with {self.options}, got one with {options}")
        return Platform(
            FixedWindow(self.keep_alive_s),
            invokers=self.servers,
            invoker_memory_mb=self.server_memory_mb,
            invoker_cpu=self.server_cpu,
            allocator=manager,
            name=self.name,
        )

    def run(self, manager: Allocator, seed: int, progress=None) -> Result:
        """Until every call is over. progress: function of the share of the arrivals' time that is done."""
        return simulate(
            self.platform(manager),
            self.workload,
            seed=seed,
            duration_s=self.duration_s,
            drain=True,
            progress=progress,
        )

    def load(self) -> Load:
        """The offered loads. Where inputs differ, means over a thousand of them."""
        asked = [0.0] * 4
        for function in self.workload.functions:
            calls = len(self.workload.arrivals_s.get(function.name, ()))
            own_s, shortest_s = _durations_s(function)
            amounts = function.cpu * own_s, function.memory_mb * own_s, shortest_s, self.options.unit_mb * shortest_s
            asked = [total + calls * amount for total, amount in zip(asked, amounts, strict=True)]
        cpu, memory = (self.duration_s * self.servers * size for size in (self.server_cpu, self.server_memory_mb))
        return Load(asked[0] / cpu, asked[1] / memory, asked[2] / cpu, asked[3] / memory)


def _durations_s(function):
    """Mean seconds of a call at its user's configuration, and with all it could use."""
    speed, demand = function.speed, function.speed.demand
    sizes = [1.0]
    if function.input_size is not None:
        sizes = function.input_size.sample(stream(0, function.name, "load"), _SIZES).tolist()
    own = sum(speed.own_duration_s(size) for size in sizes) / len(sizes)
    return own, sum(demand.duration_s(*demand.saturation(size), size) for size in sizes) / len(sizes)
