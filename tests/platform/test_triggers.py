"""Triggers: what tells them apart, and that messages, events and attempts are each conserved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.model.result import EventOutcome, Outcome
from faaslab.model.summary import littles_law, t_interval
from faaslab.platform import Platform, simulate
from faaslab.platform.triggers import Asynchronous, ClosedLoop, Http, Queue, Storage, Stream, Timer
from faaslab.policies import ConcurrencyLimit, FixedFleet, FixedWindow
from faaslab.workload import Workload

DONE, DEAD, LOST, PENDING = (int(o) for o in EventOutcome)


def run(trigger, service=None, *, duration_s=1000.0, seed=1, platform=None, drain=False, **function):
    f = Function("f", service or Constant(1.0), **function)
    platform = platform or Platform(FixedWindow(600))
    return simulate(platform, Workload((f,)), seed=seed, duration_s=duration_s, triggers=[trigger], drain=drain)


def starts(result):
    return (result.calls["arrival_ns"] / 1e9).tolist()


# --- conservation -----------------------------------------------------------------------------------------------------

times = st.lists(st.integers(0, 40), min_size=0, max_size=12).map(lambda t: [float(x) for x in sorted(t)])
triggers = st.one_of(
    st.builds(lambda t, r: Http("f", t, retries=r), times, st.integers(0, 2)),
    st.builds(
        lambda t, r, d: Asynchronous("f", t, retries=r, waits_s=(3.0,), max_age_s=20.0, dead_letter=d),
        times, st.integers(0, 2), st.booleans(),
    ),
    st.builds(lambda e: Timer("f", every_s=float(e), waits_s=(2.0, 4.0)), st.integers(1, 9)),
    st.builds(lambda t, d: Storage("f", t, duplicates=d, waits_s=(1.0,)), times, st.sampled_from([0.0, 0.5, 1.0])),
    st.builds(lambda u, z: ClosedLoop("f", u, float(z)), st.integers(1, 4), st.integers(1, 3)),
    st.builds(
        lambda t, b, w, v, m: Queue(
            "f", t, batch_size=b, batch_window_s=float(w), visibility_s=float(v), max_receives=m, pollers=2
        ),
        times, st.integers(1, 4), st.integers(0, 2), st.integers(1, 6), st.integers(1, 3),
    ),
    st.builds(
        lambda t, s, b, r: Stream("f", t, shards=s, batch_size=b, retries=r),
        times, st.integers(1, 3), st.integers(1, 4), st.integers(0, 3),
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    trigger=triggers,
    failure=st.sampled_from([0.0, 0.3, 1.0]),
    limit=st.sampled_from([None, 1, 2]),
    timeout=st.sampled_from([None, 2.0]),
    drain=st.booleans(),
    seed=st.integers(0, 3),
)
def test_the_three_ledgers_are_conserved(trigger, failure, limit, timeout, drain, seed):
    admission = None if limit is None else ConcurrencyLimit(limit)
    # A closed loop that fails at once and does not think would never end: here thinking takes at least a second.
    result = run(
        trigger, Exponential(2.0), duration_s=60.0, seed=seed, drain=drain, failure=failure, timeout_s=timeout,
        cold_start=ColdStart(code_s=0.5), platform=Platform(FixedWindow(10), admission=admission),
    )  # fmt: skip
    calls, events, messages = result.calls, result.events, result.messages
    # Attempts: every one has a row, and every event has as many as its row says, numbered without a gap.
    assert len(result) == events["attempts"].sum()
    for event, attempts in zip(events["event"], events["attempts"], strict=True):
        assert sorted(calls["attempt"][calls["event"] == event]) == list(range(attempts))
    assert sorted(events["event"]) == list(range(len(events["event"])))
    assert littles_law(result)[0] == littles_law(result)[1]
    # Events: done exactly when their last attempt completed.
    for event, outcome in zip(events["event"], events["outcome"], strict=True):
        rows = np.flatnonzero(calls["event"] == event)
        completed = (calls["outcome"][rows] == Outcome.COMPLETED).sum()
        assert completed == (1 if outcome == DONE else 0)
    # Messages: each sent one is there once, with as many deliveries as batches carried it.
    assert len(set(messages["message"])) == len(messages["message"])
    if isinstance(trigger, (Queue, Stream, Storage)):
        assert len(messages["message"]) == sum(t < 60 for t in trigger.times_s)
    if isinstance(trigger, Storage):
        assert messages["deliveries"].sum() == len(events["event"])
    if drain:
        assert PENDING not in events["outcome"] and PENDING not in messages["outcome"]
        assert Outcome.IN_SYSTEM not in calls["outcome"]


@settings(max_examples=40, deadline=None)
@given(trigger=triggers, seed=st.integers(0, 3))
def test_equal_seeds_give_equal_results_even_on_one_trigger_object(trigger, seed):
    first, second = (run(trigger, Exponential(2.0), duration_s=50.0, seed=seed, failure=0.3) for _ in range(2))
    for table in ("calls", "events", "messages"):
        for name, column in getattr(first, table).items():
            assert np.array_equal(column, getattr(second, table)[name]), (table, name)


# --- HTTP and asynchronous calls --------------------------------------------------------------------------------------


def test_http_leaves_an_error_to_the_caller():
    result = run(Http("f", [0.0, 10.0]), failure=1.0)
    assert result.events["outcome"].tolist() == [LOST, LOST]
    assert len(result) == 2


def test_an_http_client_backs_off_and_doubles():
    result = run(Http("f", [0.0], retries=3, backoff_s=2.0), failure=1.0)
    assert starts(result) == [0.0, 1 + 2.0, 4 + 4.0, 9 + 8.0]


def test_an_asynchronous_error_is_retried_after_one_minute_and_two_and_then_dead_lettered():
    result = run(Asynchronous("f", [5.0]), failure=1.0)
    assert starts(result) == [5.0, 6 + 60.0, 67 + 120.0]
    assert result.events["outcome"].tolist() == [DEAD]
    assert run(Asynchronous("f", [5.0], dead_letter=False), failure=1.0).events["outcome"].tolist() == [LOST]


def test_a_throttled_asynchronous_attempt_goes_back_to_its_queue():
    limit = Platform(FixedWindow(600), admission=ConcurrencyLimit(1))
    result = run(Asynchronous("f", [0.0, 0.5]), Constant(5.0), platform=limit)
    assert result.events["outcome"].tolist() == [DONE, DONE]
    # 0.5, then after 1, 2 and 4 seconds: the first call is over at 5.
    assert starts(result) == [0.0, 0.5, 1.5, 3.5, 7.5]
    assert (result.calls["outcome"] == Outcome.THROTTLED).sum() == 3


def test_an_event_too_old_to_be_retried_is_given_up():
    limit = Platform(FixedWindow(600), admission=ConcurrencyLimit(0))
    result = run(Asynchronous("f", [0.0], max_age_s=10.0), platform=limit)
    assert starts(result) == [0.0, 1.0, 3.0, 7.0]
    assert result.events["outcome"].tolist() == [DEAD]


def test_retries_are_draws_of_their_own_and_the_same_under_another_policy():
    trigger = Asynchronous("f", [float(t) for t in range(0, 500, 5)], waits_s=(7.0,))
    one = run(trigger, Exponential(1.0), failure=0.5, drain=True)
    other = run(trigger, Exponential(1.0), failure=0.5, drain=True, platform=Platform(FixedWindow(0)))
    keyed = [
        {
            (e, a): d
            for e, a, d in zip(
                r.calls["event"], r.calls["attempt"], r.calls["end_ns"] - r.calls["begin_ns"], strict=True
            )
        }
        for r in (one, other)
    ]
    assert keyed[0] == keyed[1]
    assert len(set(keyed[0].values())) == len(keyed[0])


# --- timer ------------------------------------------------------------------------------------------------------------


def test_a_timer_follows_its_cron_expression():
    result = run(Timer("f", cron="*/20 2 * * *"), duration_s=86_400.0 * 2)
    night = [7200.0, 8400.0, 9600.0]
    assert starts(result) == night + [86_400 + t for t in night]


def test_time_zero_is_a_monday_midnight():
    assert starts(run(Timer("f", cron="0 0 * * 1"), duration_s=86_400.0 * 8)) == [0.0, 86_400.0 * 7]


def test_a_timer_may_run_every_so_many_seconds():
    assert starts(run(Timer("f", every_s=300), duration_s=1000.0)) == [300.0, 600.0, 900.0]


# --- queue ------------------------------------------------------------------------------------------------------------


def test_a_queue_delivers_in_batches_when_a_poller_looks():
    result = run(Queue("f", [0.1] * 25, batch_size=10, poll_s=2.0, pollers=1))
    # The poller looks at whole multiples of two seconds, and again as soon as its batch is done.
    assert starts(result) == [2.0, 3.0, 4.0]
    assert result.messages["outcome"].tolist() == [DONE] * 25
    assert result.calls["batch"].tolist() == [0, 1, 2]


def test_a_batch_window_waits_for_a_fuller_batch():
    times = [0.0, 1.0, 2.0]
    assert len(run(Queue("f", times, pollers=1, batch_window_s=3.0))) == 1
    assert len(run(Queue("f", times, pollers=1))) == 3


def test_a_failed_batch_reappears_after_the_visibility_time_out_and_is_dead_lettered_in_the_end():
    result = run(Queue("f", [0.0], pollers=1, visibility_s=30.0, max_receives=3), failure=1.0)
    assert starts(result) == [0.0, 30.0, 60.0]
    assert result.messages["outcome"].tolist() == [DEAD]
    assert result.messages["deliveries"].tolist() == [3]
    assert result.messages["ended_ns"].tolist() == [90 * 10**9]


def test_a_call_longer_than_the_visibility_time_out_makes_its_message_be_processed_twice():
    long = run(Queue("f", [0.0], visibility_s=5.0, max_receives=3, pollers=2, poll_s=0.5), Constant(7.0))
    assert len(long) == 2 and long.messages["deliveries"].tolist() == [2]
    assert long.messages["outcome"].tolist() == [DONE]
    assert len(run(Queue("f", [0.0], visibility_s=8.0, pollers=2), Constant(7.0))) == 1


# --- stream -----------------------------------------------------------------------------------------------------------


def test_a_shard_is_read_in_order_and_a_failing_batch_blocks_it():
    times = [0.5 + t for t in range(40)]
    result = run(Stream("f", times, keys=[i % 2 for i in range(40)], shards=2, batch_size=3), failure=0.4, seed=3)
    messages = result.messages
    assert sorted(messages["message"]) == list(range(40))
    for shard in (0, 1):
        of_shard = messages["message"] % 2 == shard
        order = np.argsort(messages["ended_ns"][of_shard], kind="stable")
        assert (np.diff(messages["message"][of_shard][order]) > 0).all()
    calls = result.calls
    # One batch of a shard at a time: never more than two attempts at once.
    edges = sorted([(t, 1) for t in calls["begin_ns"]] + [(t, -1) for t in calls["end_ns"]])
    assert max(np.cumsum([step for _, step in edges])) <= 2


def test_a_poisoned_batch_goes_to_the_dead_letter_queue_and_the_shard_moves_on():
    result = run(Stream("f", [0.0, 0.0, 9.0], batch_size=2, retries=2, retry_after_s=1.0), failure=1.0)
    assert result.messages["outcome"].tolist() == [DEAD] * 3
    assert result.messages["deliveries"].tolist() == [3] * 3
    assert starts(result)[:4] == [0.0, 2.0, 4.0, 9.0]


# --- storage ----------------------------------------------------------------------------------------------------------


def test_storage_notifies_at_least_once():
    times = [float(t) for t in range(2000)]
    result = run(Storage("f", times, duplicates=0.25), duration_s=3000.0)
    twice = (result.messages["deliveries"] == 2).sum()
    assert set(result.messages["deliveries"]) == {1, 2}
    # Binomial with n = 2000: four standard deviations.
    assert abs(twice - 500) < 4 * np.sqrt(2000 * 0.25 * 0.75)
    assert (run(Storage("f", times), duration_s=3000.0).messages["deliveries"] == 1).all()


# --- closed loop ------------------------------------------------------------------------------------------------------


def test_a_closed_loop_agrees_with_the_machine_repair_model():
    """One server, N users, exponential service and thinking: utilisation from the birth-death chain, 99 % interval."""
    users, service, think = 4, 1.0, 3.0
    weights = np.cumprod([1.0] + [(users - n) * service / think for n in range(users)])
    busy = 1 - weights[0] / weights.sum()
    shares = []
    for seed in range(1, 9):
        platform = Platform(FixedWindow(float("inf")), autoscaler=FixedFleet(1))
        result = run(
            ClosedLoop("f", users, Exponential(think)),
            Exponential(service),
            duration_s=5e3,
            seed=seed,
            platform=platform,
        )
        ends = np.where(result.calls["end_ns"] < 0, result.horizon_ns, result.calls["end_ns"])
        begun = result.calls["begin_ns"] >= 0
        shares.append((ends - result.calls["begin_ns"])[begun].sum() / result.horizon_ns)
    interval = t_interval(shares, confidence=0.99)
    assert abs(interval["mean"] - busy) < interval["half_width"]


def test_users_wait_for_their_answers():
    result = run(ClosedLoop("f", 1, 2.0), Constant(3.0), duration_s=20.0)
    assert starts(result) == [2.0, 7.0, 12.0, 17.0]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Timer("f"), ["cron", "every_s"]),
        (lambda: Timer("f", cron="* * *"), ["'* * *'"]),
        (lambda: Timer("f", every_s=0), ["every_s", "0"]),
        (lambda: Queue("f", [], batch_size=0), ["batch_size", "0"]),
        (lambda: Queue("f", [], visibility_s=-1), ["visibility_s", "-1"]),
        (lambda: Stream("f", [1.0], keys=[1, 2]), ["keys", "2"]),
        (lambda: Storage("f", [], duplicates=1.5), ["duplicates", "1.5"]),
        (lambda: ClosedLoop("f", 0, 1.0), ["users", "0"]),
        (lambda: Asynchronous("f", [], retries=-1), ["retries", "-1"]),
        (lambda: run(Http("g", [1.0])), ["'g'"]),
        (lambda: run(Http("f", [2.0, 1.0])), ["1.0", "2.0"]),
        (lambda: run(Http("f", [float("nan")])), ["nan"]),
    ],
)
def test_bad_triggers_say_what_is_wrong(make, words):
    with pytest.raises(InputError) as error:
        make()
    assert "\n" not in str(error.value) and all(word in str(error.value) for word in words)
