"""The generated problems of "Inside a platform" by another way than their generators'."""

from types import SimpleNamespace

import pytest

from faaslab.course.problems import problem
from faaslab.course.problems.placement import MACHINES
from faaslab.policies import GreedyDual

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_lru_by_hand(seed):
    given, kept, cold = problem("lru-evictions", seed).given, [], 0
    for name in given["calls"].split(", "):
        cold += name not in kept
        kept = [name, *(k for k in kept if k != name)][: given["room"]]
    assert cold == problem("lru-evictions", seed).key


@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_dual_by_the_policy_of_the_simulator(seed):
    posed = problem("greedy-dual", seed)
    policy, keys = GreedyDual(), {}
    for name, row in posed.given.items():
        policy.reset(0)
        group = SimpleNamespace(name=name, starting=0, idle=1, busy=0, functions=())
        before = SimpleNamespace(id=0, invoker_id=0, start_s=row["clock"], memory_mb=1)
        if row["clock"]:  # one use at a cost equal to the wanted clock, then its eviction
            policy.on_begin(before, None, SimpleNamespace(name="before", starting=0, idle=0, busy=0), 0.0)
            policy.on_gone(before, SimpleNamespace(name="before", starting=0, idle=0, busy=0), 0.0, True)
        container = SimpleNamespace(id=1, invoker_id=0, start_s=row["start_s"], memory_mb=row["memory_mb"])
        for _ in range(row["uses"]):
            policy.on_begin(container, None, group, 0.0)
        keys[name] = policy.eviction_key(container, group)
    assert min(keys, key=keys.get) == posed.key


@pytest.mark.parametrize("seed", SEEDS)
def test_placement_by_hand(seed):
    given, away = problem("placement", seed).given, 0
    ends = {machine: [] for machine in range(1, MACHINES + 1)}
    for call in given["calls"].split(", "):
        name, _, at = call.partition(" at ")
        for step in range(MACHINES):
            machine = (given["homes"][name] - 1 + step) % MACHINES + 1
            if sum(end > float(at) for end in ends[machine]) < given["room"]:
                break
        ends[machine].append(float(at) + given["service_s"])
        away += machine != given["homes"][name]
    assert away == problem("placement", seed).key
