"""Allocations chosen on arrival: the same run in two ways, on random platforms."""

import dataclasses

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from platform_worlds import ChosenOnArrival, platforms

from faaslab.durations import Exponential
from faaslab.errors import InputError
from faaslab.model.decisions import Choice
from faaslab.platform import Simulation, simulate


class Hungry:
    """Needs three eighths of 128 MB for each core and each unit of its input's size."""

    def __call__(self, cpu, memory_mb, size):
        return cpu * (memory_mb / 128) ** 0.5 / size

    def fits(self, cpu, memory_mb, size):
        return memory_mb >= 48 * cpu * size


def speedy(workload):
    """The same functions with a speed; the second also with inputs of random sizes, and a need of memory."""
    functions = []
    for i, function in enumerate(workload.functions):
        if i == 1:
            more = {"speed": Hungry(), "input_size": Exponential(1.3)}
        else:
            more = {"speed": lambda cpu, mb: cpu**0.7 * mb / 256}
        functions.append(dataclasses.replace(function, **more))
    return dataclasses.replace(workload, functions=tuple(functions))


def outcome_of(run):
    """A result, or the message of the InputError."""
    try:
        return run()
    except InputError as error:
        return str(error)


def same(a, b):
    if isinstance(a, str) or isinstance(b, str):
        assert a == b
        assume(False)
    for table in ("calls", "containers", "resizes"):
        for name, values in getattr(a, table).items():
            assert np.array_equal(values, getattr(b, table)[name]), (table, name)


def chosen(world, resizes):
    platform, workload = world
    assume(platform.binding == "late" and all(function.concurrency == 1 for function in workload.functions))
    return dataclasses.replace(platform, allocator=ChosenOnArrival(resizes)), speedy(workload)


@settings(max_examples=150)
@given(platforms())
def test_fixed_ends_and_progress_give_the_same_run(world):
    runs = []
    for resizes in (False, True):
        platform, workload = chosen(world, resizes)
        runs.append(outcome_of(lambda p=platform, w=workload: simulate(p, w, seed=3, duration_s=40.5)))
    same(*runs)


@settings(max_examples=100)
@given(platforms(), st.booleans())
def test_an_answer_at_a_decision_point_is_as_good_as_a_choice(world, asks):
    platform, workload = chosen(world, True)
    plain = outcome_of(lambda: simulate(platform, workload, seed=3, duration_s=40.5))

    def stopping():
        # Either the allocator is asked from outside, or it is in place and the answers leave the choice to it.
        allocator = ChosenOnArrival(True)
        allocator.reset(3)
        stops = platform if asks else dataclasses.replace(platform, allocator=None)
        simulation = Simulation(stops, workload, seed=3, duration_s=40.5, pause_at=("arrival",))
        while (decision := simulation.advance()) is not None:
            admits = platform.admission is None or simulation.admits(decision.call)
            allocation = allocator.choose(decision.call, simulation) if admits and not asks else None
            simulation.choose(Choice(allocation=allocation))
        return simulation.result()

    same(plain, outcome_of(stopping))
