"""Hash with coprime steps, round robin, random, least loaded, warm first."""

from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.policies import Hashed, LeastLoaded, RandomPlacement, RoundRobin, WarmFirst
from faaslab.policies.hashed import action_hash, coprime_steps, java_hash, walk


def ids(invokers):
    return [invoker.id for invoker in invokers]


def test_check_vector_of_openwhisk():
    assert coprime_steps(10) == (1, 3, 7)
    assert walk(13, 10) == [3, 6, 9, 2, 5, 8, 1, 4, 7, 0]


def test_hash_is_javas():
    # "hello" by the definition; 2**31 wraps to negative; a character beyond 16 bits counts as its two units
    assert java_hash("") == 0
    assert java_hash("hello") == 99162322
    assert java_hash("polygenelubricants") == -(2**31)
    assert java_hash("\U0001f600") == 31 * 0xD83D + 0xDE00
    assert action_hash("hello", "guest") == abs(java_hash("guest") ^ java_hash("guest/hello"))


@given(st.integers(1, 300), st.integers(0, 2**31))
def test_every_walk_visits_every_invoker_once(n, hash_value):
    steps = coprime_steps(n)
    assert all(gcd(s, n) == 1 for s in steps)
    assert all(gcd(a, b) == 1 for i, a in enumerate(steps) for b in steps[:i])
    order = walk(hash_value, n)
    assert sorted(order) == list(range(n))
    assert order[0] == hash_value % n


def test_hashed_order_and_overflow(fake):
    invokers = [fake.Invoker(i) for i in range(10)]
    policy = Hashed()
    function = fake.function("hello")
    expected = walk(action_hash("hello"), 10)
    assert ids(policy.order(function, invokers)) == ids(policy.order(function, invokers)) == expected
    assert ids(policy.order(function, invokers[:3])) == walk(action_hash("hello"), 3)
    policy.reset(5)
    first = [policy.overflow(function, invokers).id for _ in range(50)]
    policy.reset(5)
    assert first == [policy.overflow(function, invokers).id for _ in range(50)]
    assert len(set(first)) > 5
    with pytest.raises(InputError, match="namespace"):
        Hashed(namespace=3)


def test_round_robin_takes_turns(fake):
    invokers = [fake.Invoker(i) for i in range(3)]
    policy = RoundRobin()
    orders = [ids(policy.order(fake.function(), invokers)) for _ in range(4)]
    assert orders == [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]


def test_random_is_a_seeded_permutation(fake):
    invokers = [fake.Invoker(i) for i in range(6)]
    policy = RandomPlacement()
    policy.reset(3)
    orders = [ids(policy.order(fake.function(), invokers)) for _ in range(60)]
    policy.reset(3)
    assert orders == [ids(policy.order(fake.function(), invokers)) for _ in range(60)]
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert {order[0] for order in orders} == set(range(6))


def test_least_loaded(fake):
    invokers = [fake.Invoker(i, running=r) for i, r in enumerate([2, 0, 1, 0])]
    assert ids(LeastLoaded().order(fake.function(), invokers)) == [1, 3, 2, 0]


def test_warm_first_keeps_the_fallbacks_order(fake):
    warm = [(), ("g",), ("f", "f"), (), ("f",)]
    invokers = [fake.Invoker(i, warm=w, running=5 - i) for i, w in enumerate(warm)]
    policy = WarmFirst(LeastLoaded())
    assert ids(policy.order(fake.function("f"), invokers)) == [4, 2, 3, 1, 0]
    assert ids(policy.order(fake.function("h", app="g"), invokers))[0] == 1
    assert policy.overflow(fake.function("f"), invokers).id == 4
    hashed = WarmFirst(Hashed())
    hashed.reset(1)
    assert hashed.overflow(fake.function("f"), invokers) in invokers
    with pytest.raises(InputError, match="fallback"):
        WarmFirst(3)
