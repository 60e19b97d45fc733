"""Libra on the platform: cases by hand, rules on random worlds, and Fixed and the oracle beside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manager_worlds import InTurn, function

from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.harvest.demand import InputDependent, Saturating
from faaslab.harvest.libra.profiler import Profiler
from faaslab.harvest.managers.fixed import Fixed
from faaslab.harvest.managers.libra import Libra
from faaslab.harvest.managers.oracle import Oracle
from faaslab.harvest.worlds.input_dependent import OPTIONS, input_dependent
from faaslab.platform import Platform, Simulation
from faaslab.policies import FixedWindow
from faaslab.workload.workload import Workload

PROFILER = Profiler(OPTIONS, runs=40, trees=3)

# 10 s at its user's 8 cores and 8 units, of which it uses 2 and 2.
SOURCE = function("source", Saturating(10.0, 100.0, 2, 2), 8, 8, OPTIONS)
# 28 s with its user's core, 20 s with two.
BORROWER = function("borrower", Saturating(4.0, 40.0, 4, 1), 1, 1, OPTIONS)
# Inputs of size 1 and 10 in turn: it uses 2 cores and units, then 7 cores and 8 units.
GROWING = function(
    "growing", InputDependent(Saturating(5.0, 50.0, 2, 2)), 8, 8, OPTIONS, input_size=InTurn((1.0, 10.0))
)


class Told:
    """A run, with every allocation as (time in s, function, cores, units), first ones included."""

    def __init__(self, manager, arrivals, functions, servers=1, cores=16.0):
        self.heard = []
        self.manager = manager
        workload = Workload(functions, {name: np.array(times) for name, times in arrivals.items()})
        platform = Platform(FixedWindow(600.0), servers, OPTIONS.unit_mb * 32, invoker_cpu=cores, allocator=manager)
        self.sim = Simulation(platform, workload, seed=1, duration_s=100.0, drain=True, observers=[self.hear])
        self.result = self.sim.run()

    def hear(self, now_ns, kind, subject):
        if kind == "resize":
            given = int(subject.cpu_now), int(subject.memory_now / OPTIONS.unit_mb)
            self.heard.append((now_ns / 1e9, subject.function.name, *given))

    @property
    def ends_s(self):
        return (self.result.calls["end_ns"] / 1e9).tolist()


def test_a_loan_ends_at_the_instant_at_which_its_source_ends():
    run = Told(Libra(profiler=False), {"source": [0.0, 20.0], "borrower": [0.0, 28.5]}, (SOURCE, BORROWER))
    assert run.heard == [
        (0.0, "source", 8, 8),
        (0.0, "borrower", 1, 1),
        (20.0, "source", 3, 3),  # one more than it was seen to use
        (28.5, "borrower", 2, 2),
        (30.0, "borrower", 1, 1),
    ]
    # 1.5 s at 28 / 20 of the speed, the rest as its user configured it.
    assert run.ends_s == pytest.approx([10.0, 28.0, 30.0, 30.0 + 28.0 - 1.5 * 1.4])
    usage = run.manager.decisions[3].usage
    assert (usage.cpu, usage.cpu_peak, usage.at_baseline) == (2, 2, False)


def test_nothing_is_lent_to_another_server():
    arrivals = {"source": [0.0, 20.0], "borrower": [0.0, 28.5]}
    run = Told(Libra(profiler=False), arrivals, (SOURCE, BORROWER), servers=2, cores=8.0)
    assert run.heard[-1] == (28.5, "borrower", 1, 1)


def test_what_is_lent_stays_reserved():
    arrivals = {"source": [0.0, 20.0, 20.0]}  # 8 of 8 cores each: the third waits although the second uses 3
    run = Told(Libra(profiler=False), arrivals, (SOURCE,), cores=8.0)
    assert run.ends_s == pytest.approx([10.0, 30.0, 40.0])


def test_the_safeguard_restores_the_users_configuration_and_ends_loans():
    arrivals = {"growing": [0.0, 28.05], "borrower": [0.0, 28.1]}
    guarded = Told(Libra(profiler=False), arrivals, (GROWING, BORROWER))
    assert sorted(guarded.heard[2:]) == [
        (28.05, "growing", 3, 3),
        (28.1, "borrower", 2, 2),
        (28.2, "borrower", 1, 1),  # 28.15 is when a whole window has been seen; monitors look every 0.1 s
        (28.2, "growing", 8, 8),
    ]
    demand = GROWING.speed.demand
    short_s, full_s = demand.duration_s(3, 3, 10.0), demand.duration_s(8, 8, 10.0)
    assert guarded.ends_s[2] == pytest.approx(28.2 + (1 - 0.15 / short_s) * full_s)
    assert guarded.manager.decisions[2].ranges.fires and not guarded.manager.decisions[2].usage.at_baseline
    free = Told(Libra(threshold=None, profiler=False), arrivals, (GROWING, BORROWER))
    assert free.ends_s[2] == pytest.approx(28.05 + short_s)


def test_the_profiler_foresees_the_large_input():
    run = Told(Libra(profiler=PROFILER), {"growing": [0.0, 28.05]}, (GROWING,))
    assert run.manager.profiles["growing"].depends_on_input
    assert run.manager.profiling_core_s > 0
    assert not run.manager.decisions[1].ranges
    assert run.heard[-1] == (28.05, "growing", 8, 8)


def small_world(seed, **more):
    return input_dependent(seed, functions=6, servers=2, server_cpu=16.0, **{"duration_s": 20.0, **more})


def variants():
    return [Libra(threshold=t, profiler=p) for t in (0.8, None) for p in (PROFILER, False)]


class Watch:
    """Checks after every begin and end of a call what all running calls may use and what is lent."""

    def __init__(self, manager):
        self.manager, self.calls, self.lent = manager, {}, 0

    def __call__(self, now_ns, kind, call):
        if kind == "begin":
            self.calls[call.id] = call
        elif kind == "over":
            self.calls.pop(call.id, None)
        else:
            return
        for server, pools in self.manager.pools.items():
            here = [c for c in self.calls.values() if c.container.invoker.id == server]
            own = [(c.function.cpu, c.function.memory_mb / OPTIONS.unit_mb) for c in here]
            now = [(c.cpu_now, c.memory_now / OPTIONS.unit_mb) for c in here]
            for resource, pool in enumerate(pools):
                beyond = {c.id: n[resource] - o[resource] for c, n, o in zip(here, now, own, strict=True)}
                loans = {}
                for entry in pool.entries.values():
                    for borrower, units in entry.loans.items():
                        loans[borrower] = loans.get(borrower, 0) + units
                assert {id: units for id, units in beyond.items() if units > 0} == loans
                assert {id: -units for id, units in beyond.items() if units < 0} == {
                    source: entry.volume for source, entry in pool.entries.items()
                }
                assert sum(beyond.values()) <= 0
                self.lent += pool.lent
            assert sum(n[0] for n in now) <= 16


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.5, 1.5]))
def test_nobody_ever_gets_more_than_is_there(seed, load):
    world = small_world(seed, load=load)
    for manager in variants():
        watch = Watch(manager)
        Simulation(
            world.platform(manager), world.workload, seed=seed, duration_s=20.0, drain=True, observers=[watch]
        ).run()
        assert not watch.calls and not manager._held
        assert not any(pool.entries for pools in manager.pools.values() for pool in pools)


def services_s(world, manager, seed):
    calls = world.run(manager, seed).calls
    return (calls["end_ns"] - calls["begin_ns"]) / 1e9


def test_between_fixed_and_the_oracle():
    relative = []
    for seed in range(1, 4):
        world = small_world(seed, duration_s=60.0)
        fixed, libra, free, oracle = (
            services_s(world, manager, seed)
            for manager in (Fixed(OPTIONS), Libra(profiler=PROFILER), Libra(None, None, PROFILER), Oracle(OPTIONS))
        )
        # A harvested call can lack something for two windows at most.
        assert (libra <= fixed + 0.2 + 1e-6).all()
        assert (oracle <= np.minimum(libra, free) + 1e-6).all()
        relative += (libra / fixed).tolist()
    assert min(relative) < 0.9 and np.mean(relative) < 0.99


def test_a_run_is_repeated_by_its_seed_and_reset_forgets():
    world, manager = small_world(3), Libra(profiler=PROFILER)
    once = services_s(world, manager, 3)
    assert manager.models and manager.decisions
    assert (services_s(world, manager, 3) == once).all()
    manager.reset(3)
    assert not (manager.models or manager.decisions or manager.pools or manager.profiles)


def test_names():
    assert [manager.name for manager in variants()] == [
        "Libra",
        "Libra without profiler",
        "Libra without safeguard",
        "Libra without safeguard and profiler",
    ]


def test_the_world():
    world = input_dependent(1)
    assert world.load().cpu == pytest.approx(0.8, rel=0.1)
    varies = [f.input_size is not None for f in world.workload.functions]
    assert sum(varies) == 16 and len(varies) == 20
    same, other = input_dependent(1), input_dependent(2)
    times = [w.workload.arrivals_s["function-3"] for w in (world, same, other)]
    assert np.array_equal(times[0], times[1]) and not np.array_equal(times[0], times[2])


def test_bad_input():
    for bad in (0, 1.5, "much"):
        with pytest.raises(InputError, match="threshold"):
            Libra(threshold=bad)
    with pytest.raises(InputError, match="profiler"):
        Libra(Fixed().options, profiler=PROFILER)
    with pytest.raises(InputError, match="can be monitored"):
        Told(Libra(), {"plain": [0.0]}, (Function("plain", 1.0),))
    with pytest.raises(InputError, match="load"):
        input_dependent(1, load=0)
    with pytest.raises(InputError, match="careful"):
        input_dependent(1, careful=1.2)
