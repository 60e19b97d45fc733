"""Asynchronous calls: stored before they are accepted, tried again, dead-lettered or lost, found again after an end."""

import asyncio
import json
import random
from itertools import pairwise

import pytest
from fake_platform import FakePlatform, Running, until

from faaslab.errors import InputError
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.durable.store import Store
from faaslab.runtime.triggers import Asynchronous, Trigger

DONE, DEAD, LOST = EventOutcome.DONE, EventOutcome.DEAD_LETTERED, EventOutcome.LOST


def run(platform, runner, *, payloads=(b"{}",), seconds=5.0):
    """Submit, and run until every event is over."""

    async def main():
        async with Running(runner):
            for payload in payloads:
                runner.submit(payload)
            await until(lambda: len(platform.events) == len(payloads), seconds)

    asyncio.run(main())


def test_errors_are_tried_again_after_their_waits_and_then_dead_lettered(tmp_path):
    error = json.dumps({"errorType": "ValueError", "errorMessage": "no " * 1000}).encode()
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: (Outcome.FAILED, error))
    runner = Asynchronous("f", waits_s=(0.03, 0.06)).runner(platform)
    run(platform, runner, payloads=[b'{"a": "\xc3\xbc"}'])
    assert platform.events == [("asynchronous of f", 0, 3, DEAD)]
    assert [(c.event, c.attempt, c.batch) for c in platform.calls] == [(0, 0, -1), (0, 1, -1), (0, 2, -1)]
    a, b, c = (call.at_ns / 1e9 for call in platform.calls)
    assert 0.03 <= b - a < 2 and 0.06 <= c - b < 2
    (letter,) = platform.store.queue("f-dead-letters").peek(9)
    assert letter["body"] == '{"a": "ü"}'
    attributes = letter["attributes"]
    assert set(attributes) == {"RequestID", "ErrorCode", "ErrorMessage"} and attributes["ErrorCode"] == "200"
    assert attributes["ErrorMessage"].startswith("no no") and len(attributes["ErrorMessage"]) == 1024
    assert runner.stats()["dead_lettered"] == 1 and runner.stats()["waiting"] == 0


@pytest.mark.parametrize("ends", [[Outcome.COMPLETED], [Outcome.TIMED_OUT, Outcome.FAILED, Outcome.COMPLETED]])
def test_the_first_attempt_that_completes_ends_the_event(tmp_path, ends):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: ends[call.attempt])
    runner = Asynchronous("f", waits_s=(0.01,)).runner(platform)
    run(platform, runner)
    assert platform.events == [("asynchronous of f", 0, len(ends), DONE)]
    assert platform.store.queue("f-dead-letters").counts()["sent"] == 0


def test_throttled_attempts_do_not_count_as_errors_and_back_off_until_the_event_is_too_old(tmp_path, monkeypatch):
    monkeypatch.setattr("faaslab.runtime.triggers.asynchronous.FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr("faaslab.runtime.triggers.asynchronous.LAST_BACKOFF_S", 0.04)
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: Outcome.THROTTLED)
    runner = Asynchronous("f", retries=0, max_age_s=0.2, dead_letter=False).runner(platform)
    run(platform, runner)
    assert [event[-1] for event in platform.events] == [LOST] and platform.store.queues() == {}
    times = [call.at_ns / 1e9 for call in platform.calls]
    waits = [b - a for a, b in pairwise(times)]
    assert 2 <= len(waits) <= 6
    assert all(w >= least for w, least in zip(waits, (0.01, 0.02, 0.04, 0.04, 0.04, 0.04), strict=False))


def test_a_function_that_cannot_be_called_is_tried_like_a_throttled_one(tmp_path, monkeypatch):
    monkeypatch.setattr("faaslab.runtime.triggers.asynchronous.FIRST_BACKOFF_S", 0.01)
    ends = [InputError("no such function"), Outcome.REJECTED, Outcome.COMPLETED]
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: ends[call.attempt])
    runner = Asynchronous("f", retries=0).runner(platform)
    run(platform, runner)
    assert platform.events[0][2:] == (3, DONE) and "no such function" in runner.stats()["last_failure"]


def test_a_flood_waits_in_the_store_and_no_more_than_in_flight_are_called_at_once(tmp_path):
    async def slow():
        await asyncio.sleep(0.002)
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: slow())
    runner = Asynchronous("f", in_flight=7).runner(platform)
    run(platform, runner, payloads=[b"%d" % i for i in range(100)])
    assert platform.most_in_calls == 7 and [int(call.payload) for call in platform.calls] == list(range(100))


def test_sources_have_numbers_of_their_own_and_a_measurement_begins_at_zero(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Asynchronous("f").runner(platform)

    async def main():
        async with Running(runner):
            ids = {runner.submit(b"1"), runner.submit(b"2", "timer"), runner.submit(b"3", "timer")}
            assert len(ids) == 3
            await until(lambda: len(platform.events) == 3)
            platform.events.clear()
            runner.measure()
            runner.submit(b"4", "timer")
            assert [row[:2] for row in runner.pending()[0]] == [("timer", 0)]
            await until(lambda: platform.events)

    asyncio.run(main())
    assert [(c.source, c.event) for c in platform.calls] == [
        ("asynchronous of f", 0), ("timer", 0), ("timer", 1), ("timer", 0)
    ]  # fmt: skip
    assert platform.events == [("timer", 0, 1, DONE)]


def test_every_event_that_was_accepted_ends_although_the_platform_ends_at_random_moments(tmp_path):
    chance, path, total = random.Random(4), tmp_path / "s.sqlite", 50
    rows, calls, lives = [], [], 0

    async def act(event):
        await asyncio.sleep(chance.uniform(0, 0.005))
        calls.append(event)
        return chance.choice([Outcome.COMPLETED, Outcome.COMPLETED, Outcome.FAILED])

    async def life(seconds, payloads):
        platform = FakePlatform(path, lambda event, call: act(event))
        runner = Asynchronous("f", retries=2, waits_s=(0.002, 0.004), in_flight=4).runner(platform)
        async with Running(runner):
            for payload in payloads:
                runner.submit(b"%d" % payload)
            await asyncio.sleep(seconds)
        rows.extend(platform.events)
        waiting, dead = runner.stats()["waiting"], platform.store.queue("f-dead-letters").counts()["sent"]
        platform.store.close()
        return waiting, dead

    waiting, dead = asyncio.run(life(0.005, range(total)))
    while waiting:
        waiting, dead = asyncio.run(life(chance.uniform(0.002, 0.03), ()))
        lives += 1
    outcomes = {event: outcome for _, event, _, outcome in rows}
    assert sorted(outcomes) == list(range(total)) and len(rows) == total
    assert set(calls) == set(range(total)) and dead == sum(outcome == DEAD for outcome in outcomes.values())
    attempts = sum(row[2] for row in rows)
    assert attempts >= len(calls)
    print(f"{lives + 1} lives: {total} events over ({dead} dead-lettered), {attempts} attempts, {len(calls)} answered")


def test_a_full_store_accepts_nothing_and_finishes_what_it_has(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: Outcome.FAILED, capacity_mb=0.25)
    runner = Asynchronous("f", retries=1, waits_s=(0.01,), dead_letter="bad").runner(platform)
    accepted = 0
    with pytest.raises(InputError, match="are full; nothing was stored"):
        while True:
            runner.submit(json.dumps("x" * 3000).encode())
            accepted += 1

    async def main():
        async with Running(runner):
            await until(lambda: len(platform.events) == accepted)

    asyncio.run(main())
    assert all(event[2:] == (2, DEAD) for event in platform.events)
    assert platform.store.queue("bad").counts()["visible"] == accepted > 20


def test_the_payload_is_kept_as_it_is_and_the_description_is_checked(tmp_path):
    trigger = Asynchronous("f", waits_s=[1, 2], dead_letter=False)
    assert Trigger.from_json(trigger.to_json()) == trigger and trigger.waits_s == (1.0, 2.0)
    for wrong, said in [
        ({"retries": -1}, "retries"), ({"waits_s": []}, "at least one wait"), ({"waits_s": 3}, "list of seconds"),
        ({"waits_s": [-1]}, "waits_s"), ({"max_age_s": 0}, "max_age_s"), ({"in_flight": 0}, "in_flight"),
    ]:  # fmt: skip
        with pytest.raises(InputError, match=said):
            Asynchronous("f", **wrong)
    runner = trigger.runner(FakePlatform(tmp_path / "s.sqlite"))
    with pytest.raises(InputError, match="UTF-8"):
        runner.submit(b"\xff")
    payload = b'{"spaces":   "and \\u00fc"}'
    runner.submit(payload)
    runner.platform.store.close()
    store = Store(tmp_path / "s.sqlite")
    assert store.db.execute("SELECT payload FROM events").fetchone() == (payload,)
