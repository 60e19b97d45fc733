"""Random worlds for managers, and a run of one of them that is written down call by call."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from faaslab.durations import Constant
from faaslab.functions import ColdStart
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.options import Options
from faaslab.platform import Platform, Simulation
from faaslab.policies import FixedWindow
from faaslab.units import NS_PER_S
from faaslab.workload.workload import Workload

OPTIONS = Options()


@dataclass(frozen=True)
class Scattered:
    """Uniform between 0.5 and 1.5: a scatter, or a size of an input."""

    mean_s = 1.0

    def sample(self, rng, n):
        return 0.5 + rng.random(n)


@dataclass(frozen=True)
class InTurn:
    """The given values again and again, in this order."""

    values: tuple

    @property
    def mean_s(self):
        return sum(self.values) / len(self.values)

    def sample(self, rng, n):
        return np.resize(np.array(self.values, dtype=float), n)


def function(name, demand, cpu, memory, options=OPTIONS, start_s=0.0, **more):
    return harvested(name, demand, cpu, memory, options, cold_start=ColdStart(code_s=Constant(start_s)), **more)


@dataclass
class Played:
    """One run: its result, the decisions by call, and what each ended call took, over its duration at the user's
    configuration, in the order of arrival (None where it never ended)."""

    result: object
    decisions: dict
    relative: list
    manager: object

    @property
    def options(self):
        """(cores, units) of each decision."""
        grid = self.manager.options
        return [(grid.cpu_of(d.option), grid.memory_of(d.option)) for _, d in sorted(self.decisions.items())]


def play(manager, functions, arrivals, seed=1, duration_s=1e6, **platform):
    took = {}

    def hear(now_ns, kind, call):
        if kind == "over" and call.begin >= 0:
            # Its work is its duration at the user's configuration and an input of size 1, times its scatter.
            own_s = (
                call.work / NS_PER_S / call.function.speed.own_s * call.function.speed.own_duration_s(call.input_size)
            )
            took[call.id] = (now_ns - call.begin) / NS_PER_S / own_s

    platform.setdefault("keep_alive", FixedWindow(1e9))
    simulation = Simulation(
        Platform(allocator=manager, **platform),
        Workload(tuple(functions), arrivals),
        seed=seed,
        duration_s=duration_s,
        observers=[hear],
        drain=True,
    )
    result = simulation.run()
    return Played(result, manager.decisions, [took.get(i) for i in range(len(result))], manager)


@st.composite
def saturating(draw, least_s=0.01):
    shortest_s = draw(st.sampled_from([s for s in (0.01, 0.05, 0.1, 0.5, 2.0, 6.0) if s >= least_s]))
    longest_s = shortest_s * draw(st.sampled_from([1.0, 1.5, 4.0, 10.0]))
    return Saturating(shortest_s, longest_s, draw(st.integers(1, 8)), draw(st.integers(1, 8)))


@st.composite
def functions(draw, constant=False, least_s=0.01):
    """One to four functions. constant: their demand never varies, and no call fails or is cut."""
    made = []
    for name in "abcd"[: draw(st.integers(1, 4))]:
        demand, more = draw(saturating(least_s)), {}
        if not constant and draw(st.booleans()):
            demand, more = InputDependent(demand), {"input_size": Scattered()}
        if not constant and draw(st.integers(0, 2)) == 0:
            more["scatter"] = Scattered()
        start_s = draw(st.sampled_from([0.0, 1.0]))
        made.append(function(name, demand, draw(st.integers(1, 8)), draw(st.integers(1, 8)), start_s=start_s, **more))
    return made


@st.composite
def arrivals_of(draw, functions):
    times = st.lists(st.integers(0, 60), max_size=15).map(sorted)
    return {f.name: [float(t) for t in draw(times)] for f in functions}


@st.composite
def worlds(draw, constant=False, least_s=0.01, unlimited=False):
    """(functions, arrivals, options of the platform)"""
    fs = draw(functions(constant, least_s))
    platform = {}
    if not unlimited:
        platform = {
            "invokers": draw(st.integers(1, 3)),
            "invoker_cpu": draw(st.sampled_from([8.0, 12.0])),
            "invoker_memory_mb": draw(st.sampled_from([512.0, 1024.0])),
            "keep_alive": FixedWindow(draw(st.sampled_from([0.0, 5.0, 600.0]))),
        }
    return fs, draw(arrivals_of(fs)), platform
