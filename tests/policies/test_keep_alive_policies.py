"""No keep-alive, fixed window, LRU, greedy-dual."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.policies import LRU, FixedWindow, GreedyDual, NoKeepAlive


def test_windows(fake):
    container, group = fake.Container(1, idle_since_s=7.0), fake.group()
    assert NoKeepAlive().on_idle(container, group, 7.0).keep_ns == 0
    assert FixedWindow(600).on_idle(container, group, 7.0).keep_ns == 600 * 10**9
    assert FixedWindow(math.inf).on_idle(container, group, 7.0).keep_ns is None
    assert LRU().on_idle(container, group, 7.0).keep_ns is None


def test_fixed_window_makes_no_object_per_idle_period(fake):
    policy = FixedWindow(600)
    keeps = {id(policy.on_idle(fake.Container(i), fake.group(), float(i))) for i in range(5)}
    assert len(keeps) == 1


@pytest.mark.parametrize("policy", [NoKeepAlive(), FixedWindow(9), LRU()])
def test_longest_idle_goes_first(fake, policy):
    containers = [fake.Container(i, idle_since_s=s) for i, s in enumerate([5.0, 2.0, 9.0])]
    order = sorted(containers, key=lambda c: policy.eviction_key(c, fake.group()))
    assert [c.id for c in order] == [1, 0, 2]


@pytest.mark.parametrize("bad", [-1, math.nan, "600", None, True])
def test_fixed_window_refuses(bad):
    with pytest.raises(InputError, match="keep-alive window"):
        FixedWindow(bad)


def use(policy, fake, container, group, times=1):
    for _ in range(times):
        policy.on_begin(container, fake.Call(group.functions[0]), group, 0.0)


def test_greedy_dual_priorities_by_hand(fake):
    # frequency * cost / size: rare and large 1*2/512, cheap 3*0.5/128, costly 1*4/128, often 8*1/128
    policy = GreedyDual()
    cases = {"large": (512, 2.0, 1), "cheap": (128, 0.5, 3), "costly": (128, 4.0, 1), "often": (128, 1.0, 8)}
    keys = {}
    for i, (name, (memory, start, uses)) in enumerate(cases.items()):
        container, group = fake.Container(i, memory, group_name=name, start_s=start), fake.group(name, idle=1)
        use(policy, fake, container, group, uses)
        keys[name] = policy.eviction_key(container, group)
    assert keys == {"large": 2 / 512, "cheap": 1.5 / 128, "costly": 4 / 128, "often": 8 / 128}
    assert sorted(keys, key=keys.get) == ["large", "cheap", "costly", "often"]


def test_greedy_dual_clock_rises_and_ages_what_is_not_used(fake):
    policy = GreedyDual()
    old, new = fake.group("old", idle=1), fake.group("new", idle=1)
    a, b = fake.Container(1, group_name="old", start_s=10.0), fake.Container(2, group_name="new", start_s=10.0)
    use(policy, fake, a, old, 3)
    assert policy.eviction_key(a, old) == 30 / 128
    victim, victims = fake.Container(3, group_name="v", start_s=100.0), fake.group("v")
    use(policy, fake, victim, victims)
    policy.on_gone(victim, victims, 0.0, True)
    assert policy.clock(0) == 100 / 128 and policy.clock(1) == 0
    use(policy, fake, b, new)
    # used once after the clock rose, against three times before it
    assert policy.eviction_key(b, new) == 110 / 128 > policy.eviction_key(a, old)
    use(policy, fake, a, old)
    assert policy.eviction_key(a, old) == (100 + 40) / 128


def test_greedy_dual_frequency_is_shared_and_forgotten_with_the_last_container(fake):
    policy = GreedyDual()
    group = fake.group(idle=2)
    a, b = fake.Container(1), fake.Container(2)
    use(policy, fake, a, group, 2)
    use(policy, fake, b, group, 1)
    assert policy.eviction_key(a, group) == policy.eviction_key(b, group) == 3 / 128
    group.idle = 1
    policy.on_gone(a, group, 0.0, False)
    assert policy.clock(0) == 0  # it was not evicted
    assert policy.eviction_key(b, group) == 3 / 128
    group.idle = 0
    policy.on_gone(b, group, 0.0, True)
    assert policy.clock(0) == 3 / 128
    group.idle = 1
    c = fake.Container(3)
    use(policy, fake, c, group)
    assert policy.eviction_key(c, group) == 4 / 128  # clock 3, frequency 1 again


def test_greedy_dual_costs_by_function(fake):
    policy = GreedyDual({"f": 4.5})
    group = fake.group(idle=1)
    container = fake.Container(1, 512, start_s=0.0)
    use(policy, fake, container, group)
    assert policy.eviction_key(container, group) == 4.5 / 512
    other = fake.group("g", idle=1)
    use(policy, fake, fake.Container(2, group_name="g"), other)
    with pytest.raises(InputError, match="'g'"):
        policy.eviction_key(fake.Container(2, group_name="g"), other)
    with pytest.raises(InputError, match="cost of 'f'"):
        GreedyDual({"f": -1})


def test_greedy_dual_container_started_ahead_takes_the_clock(fake):
    policy = GreedyDual()
    victim, group = fake.Container(1, start_s=128.0), fake.group(idle=0)
    use(policy, fake, victim, group)
    policy.on_gone(victim, group, 0.0, True)
    ahead = fake.Container(2)
    policy.on_idle(ahead, group, 1.0)
    assert policy.eviction_key(ahead, group) == policy.clock(0) == 1.0


uses = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([64.0, 128.0, 512.0]), st.floats(0, 10)), min_size=1)


@given(uses)
def test_greedy_dual_clock_never_falls_and_evicts_in_order(fake, history):
    policy = GreedyDual()
    alive, clock = [], 0.0
    counts = {}
    for i, (name, memory, start) in enumerate(history):
        container = fake.Container(i, memory, group_name=name, start_s=start)
        counts[name] = counts.get(name, 0) + 1
        use(policy, fake, container, fake.group(name, idle=counts[name]))
        alive.append(container)
        if len(alive) > 3:
            victim = min(alive, key=lambda c: policy.eviction_key(c, fake.group(c.group_name)))
            key = policy.eviction_key(victim, fake.group(victim.group_name))
            assert key >= clock  # whatever is in the cache was used at this clock or an earlier one, and evicted later
            alive.remove(victim)
            counts[victim.group_name] -= 1
            policy.on_gone(victim, fake.group(victim.group_name, idle=counts[victim.group_name]), 0.0, True)
            assert policy.clock(0) == max(clock, key)
            clock = policy.clock(0)
    assert len(policy._used_at) == len(alive)


def test_reset_forgets(fake):
    policy = GreedyDual()
    group, container = fake.group(idle=1), fake.Container(1)
    use(policy, fake, container, group, 5)
    policy.on_gone(container, fake.group(), 0.0, True)
    policy = pickle.loads(pickle.dumps(policy))
    assert policy.clock(0) > 0
    policy.reset(1)
    assert policy.clock(0) == 0 and policy.eviction_key(container, group) == 0
