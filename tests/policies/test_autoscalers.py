"""One container a request with its scaling rate, the fixed fleet, Knative's KPA, target tracking."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.policies import KPA, FixedFleet, OnePerRequest, TargetTracking
from faaslab.policies.kpa import Decision, Panic


def test_token_bucket_of_lambda(fake):
    policy, group = OnePerRequest(burst=1000, per_s=100), fake.group()
    assert sum(policy.may_start(group, 0.0) for _ in range(1500)) == 1000
    assert not policy.may_start(group, 0.009)
    assert policy.may_start(group, 0.01)
    assert not policy.may_start(group, 0.01)
    assert sum(policy.may_start(group, 1.01) for _ in range(500)) == 100
    assert sum(policy.may_start(group, 1e6) for _ in range(5000)) == 1000  # unused rate does not accumulate
    assert policy.may_start(fake.group("other"), 1e6)  # each function has its own


def test_refill_is_exact(fake):
    policy, group = OnePerRequest(burst=1, per_s=100), fake.group()
    assert policy.may_start(group, 0.0)
    assert all(policy.may_start(group, k / 100) for k in range(1, 2000))


@given(st.lists(st.floats(0, 5), max_size=200), st.integers(1, 20), st.integers(0, 50))
def test_never_more_than_burst_plus_rate(fake, gaps, burst, per_s):
    policy, group, now, started = OnePerRequest(burst, per_s), fake.group(), 0.0, 0
    for gap in gaps:
        now += gap
        started += policy.may_start(group, now)
    assert started <= burst + per_s * now + 1e-6


def test_without_a_rate_everything_may_start(fake):
    assert all(OnePerRequest().may_start(fake.group(), 0.0) for _ in range(5000))
    for bad in ({"burst": 1000}, {"burst": 0, "per_s": 1}, {"burst": 1, "per_s": -1}, {"burst": math.nan, "per_s": 1}):
        with pytest.raises(InputError):
            OnePerRequest(**bad)


def test_fixed_fleet(fake):
    fleet = FixedFleet(4)
    assert fleet.owns_count and fleet.initial == 4 and fleet.tick_s == 10
    assert fleet.desired(fake.group(idle=2), 5.0) == fleet.on_waiting(fake.group(), 5.0) == 4
    assert FixedFleet(4, check_s=None).tick_s is None
    for bad in (0, -1, 1.5, math.nan):
        with pytest.raises(InputError, match="number of servers"):
            FixedFleet(bad)


# --- the KPA's rule, by hand -----------------------------------------------------------------------------------------

RULE = Decision(target=70.0)


@pytest.mark.parametrize(
    "ready, stable, panic, wanted, panics",
    [
        (1, 70.0, 70.0, 1, False),
        (1, 70.1, 70.1, 2, True),  # 2 / 1 >= 2: one container is enough to panic at two
        (10, 1400.0, 700.0, 20, False),  # the stable count may double without panic
        (10, 700.0, 1400.0, 20, True),
        (10, 700.0, 1330.0, 10, False),  # 19 / 10 < 2
        (10, 0.0, 0.0, 5, False),  # at most halved
        (3, 0.0, 0.0, 1, False),
        (1, 0.0, 0.0, 0, False),
        (0, 0.0, 0.0, 0, False),
        (0, 35.0, 35.0, 1, False),
    ],
)
def test_decisions(ready, stable, panic, wanted, panics):
    count, state = RULE.scale(ready, stable, panic, Panic(), 100.0)
    assert (count, state.since_s is not None) == (wanted, panics)


def test_the_panic_test_uses_the_unclamped_count():
    rule = Decision(target=1.0, max_up_rate=1.5)
    count, state = rule.scale(10, 10.0, 20.0, Panic(), 0.0)
    assert count == 15  # clamped to 1.5 times, where 15 / 10 < 2
    assert state.since_s == 0.0


def test_panic_never_scales_down_and_ends_after_a_calm_stable_window():
    rule = Decision(target=1.0)
    count, state = rule.scale(1, 1.0, 10.0, Panic(), 0.0)
    assert count == 10
    count, state = rule.scale(10, 3.0, 1.0, state, 30.0)
    assert count == 10 and state.since_s == 0.0
    count, state = rule.scale(10, 12.0, 1.0, state, 40.0)
    assert count == 12  # the larger of the two, and never below the maximum so far
    count, state = rule.scale(12, 3.0, 1.0, state, 60.0)
    assert count == 12  # exactly a stable window is not yet more than one
    count, state = rule.scale(12, 3.0, 1.0, state, 60.1)
    assert count == 6 and state == Panic()


def test_panic_is_prolonged_while_over_the_threshold():
    rule = Decision(target=1.0)
    _, state = rule.scale(1, 1.0, 5.0, Panic(), 0.0)
    _, state = rule.scale(2, 1.0, 5.0, state, 50.0)
    assert state.since_s == 50.0
    assert rule.scale(5, 1.0, 1.0, state, 100.0)[1].since_s == 50.0


positive = st.floats(0, 1e5)


@given(
    st.integers(0, 500),
    positive,
    positive,
    st.floats(0.1, 100),
    st.floats(1.01, 10),
    st.floats(1.01, 10),
    st.booleans(),
)
def test_never_outside_the_clamps(ready, stable, panic, target, up, down, calm):
    rule = Decision(target, max_up_rate=up, max_down_rate=down)
    state = Panic() if calm else Panic(0.0, max(1, ready))
    count, after = rule.scale(ready, stable, panic, state, 10.0)
    base = max(1, ready)
    assert math.floor(base / down) <= count <= math.ceil(up * base)
    if not calm:
        assert count >= base and after.most == count


# --- the KPA as a policy ---------------------------------------------------------------------------------------------


def follow(policy, group, concurrency, until_s, area=0.0, start_s=0.0):
    """Tick from start to until with a constant number of calls; containers follow at once. Returns wanted, area."""
    wanted, now = [], start_s
    while now < until_s:
        now += policy.tick_s
        area += concurrency * policy.tick_s
        group.concurrency_area_s = area
        count = policy.desired(group, now)
        group.idle, group.busy = count, 0
        wanted.append(count)
    return wanted, area


def test_kpa_reaches_the_target_and_goes_to_zero_after_a_silent_stable_window(fake):
    policy, group = KPA(), fake.group(concurrency=100, idle=1)
    wanted, area = follow(policy, group, 350.0, 200.0)
    assert wanted[-1] == 5 == math.ceil(350 / 70)
    wanted, _ = follow(policy, group, 0.0, 400.0, area, 200.0)
    last = max(i for i, count in enumerate(wanted) if count)
    assert 2 * (last + 1) < 60 + 2 and wanted[29] == 0 and wanted[28] == 1


def test_kpa_grace_keeps_the_last_one_longer(fake):
    policy, group = KPA(grace_s=30.0), fake.group(concurrency=100, idle=1)
    _, area = follow(policy, group, 50.0, 100.0)
    wanted, _ = follow(policy, group, 0.0, 300.0, area, 100.0)
    assert 2 * (wanted.index(0) + 1) == 90


def test_kpa_panics_on_a_burst_and_follows_within_seconds(fake):
    policy, group = KPA(), fake.group(concurrency=1, idle=1)
    _, area = follow(policy, group, 0.5, 100.0)
    assert not policy.in_panic("f")
    wanted, area = follow(policy, group, 50.0, 106.0, area, 100.0)
    assert policy.in_panic("f") and wanted[-1] == math.ceil(50 / 0.7)
    wanted, area = follow(policy, group, 0.5, 160.0, area, 106.0)
    assert min(wanted) >= 72  # no scaling down in panic
    wanted, area = follow(policy, group, 0.5, 300.0, area, 160.0)
    assert not policy.in_panic("f") and wanted[-1] == 1


def test_kpa_begins_in_panic_with_more_than_one(fake):
    policy = KPA(initial=5)
    group = fake.group(idle=5)
    assert policy.desired(group, 2.0) == 5 and policy.in_panic("f")
    one = KPA(initial=1)
    one.desired(fake.group(idle=1), 2.0)
    assert not one.in_panic("f")


def test_kpa_target_and_bounds(fake):
    assert KPA().capacity(fake.group(concurrency=80)) == 80
    assert KPA(target=100).capacity(fake.group(concurrency=1000)) == 100
    assert KPA(target=100).capacity(fake.group(concurrency=10)) == 10
    policy, group = KPA(min_scale=2, max_scale=3), fake.group(idle=2)
    assert follow(policy, group, 50.0, 20.0)[0][-1] == 3
    assert set(follow(policy, group, 0.0, 400.0, group.concurrency_area_s, 20.0)[0][-50:]) == {2}
    assert KPA().on_waiting(fake.group(), 0.0) == 1


def test_excess_burst_capacity():
    policy = KPA()
    assert policy.excess_burst_capacity(3, 100, 10.5) == 78  # floor(300 - 211 - 10.5)
    assert policy.excess_burst_capacity(1, 100, 0) == -111
    assert policy.excess_burst_capacity(0, 100, 0) == -211
    assert KPA(target_burst_capacity=0).excess_burst_capacity(1, 100, 500) == 0


def test_kpa_reset_and_pickle(fake):
    policy, group = KPA(), fake.group(concurrency=1, idle=1)
    first, _ = follow(policy, group, 5.0, 50.0)
    policy = pickle.loads(pickle.dumps(policy))
    policy.reset(0)
    assert follow(policy, fake.group(concurrency=1, idle=1), 5.0, 50.0)[0] == first


@pytest.mark.parametrize(
    "bad",
    [
        {"target": 0}, {"utilization": 1.1}, {"tick_s": 0}, {"panic_window_s": 61}, {"panic_window_s": 1},
        {"max_scale": 0}, {"min_scale": 3, "max_scale": 2}, {"max_down_rate": 1}, {"initial": -1},
        {"grace_s": math.nan},
    ],
)  # fmt: skip
def test_kpa_refuses(bad):
    with pytest.raises(InputError, match="KPA"):
        KPA(**bad)


# --- target tracking -------------------------------------------------------------------------------------------------


def test_target_tracking_is_proportional(fake):
    policy, group = TargetTracking(target=0.7, scale_in_cooldown_s=0), fake.group(concurrency=10, idle=1)
    wanted, area = follow(policy, group, 35.0, 600.0)
    assert wanted[:4] == [2, 3, 5, 5] and wanted[-1] == 5  # at most 1 / 0.7 times as many, rounded up
    assert follow(policy, group, 7.0, 660.0, area, 600.0)[0] == [1]


def test_target_tracking_cool_downs_and_bounds(fake):
    policy = TargetTracking(0.5, 1, 7, tick_s=10, scale_out_cooldown_s=30, scale_in_cooldown_s=100)
    wanted, area = follow(policy, fake.group(idle=1), 50.0, 100.0)
    assert wanted == [2, 2, 2, 4, 4, 4, 7, 7, 7, 7]  # doubles every 30 s, as far as the bound
    wanted, area = follow(policy, fake.group(idle=7), 0.0, 200.0, area, 100.0)
    assert wanted == [7] * 6 + [1] * 4  # 100 s after the change at 70 s
    assert policy.on_waiting(fake.group(), 200.0) == 1
    assert TargetTracking(min_containers=0).on_waiting(fake.group(), 0.0) == 1


@pytest.mark.parametrize("bad", [{"target": 0}, {"target": 1.2}, {"max_containers": 0}, {"tick_s": -1}])
def test_target_tracking_refuses(bad):
    with pytest.raises(InputError, match="target tracking"):
        TargetTracking(**bad)
