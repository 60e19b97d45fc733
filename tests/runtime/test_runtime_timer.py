"""Timers: when they are due, what they send, and what sleep, slow handlers and a full store do to them."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.runtime.triggers.timer import Cron, Every, Timer, TimerRunner, scheduled_event
from faaslab.runtime.triggers.trigger import Trigger

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()


class Clock:
    """The calendar's clock of a test: it moves with every wait, and when the test says so."""

    def __init__(self, now_s=NOON):
        self.now_s = now_s

    def __call__(self):
        return self.now_s


class Platform:
    """Takes asynchronous events; the handler is as slow as one likes, for nobody waits for it."""

    def __init__(self):
        self.events, self.full = [], False

    def asynchronous(self, function, payload, *, source):
        if self.full:
            raise InputError("store: full")
        self.events.append((function, source, json.loads(payload)["time"]))


def play(timer, seconds, monkeypatch, at=None, full_until=0.0):
    """Run a timer on a clock of its own for so many seconds; `at` maps a number of wait to a jump of the clock."""
    clock, platform, waits = Clock(), Platform(), []
    runner = TimerRunner(timer, platform, clock)

    async def sleep(wait_s):
        waits.append(wait_s)
        assert 0 < wait_s <= 5.0
        clock.now_s += wait_s + (at or {}).get(len(waits), 0.0)
        platform.full = clock.now_s - NOON < full_until
        if clock.now_s - NOON > seconds:
            raise asyncio.CancelledError

    monkeypatch.setattr("faaslab.runtime.triggers.timer.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(runner.run())
    return runner, platform


def times(platform):
    return [time[11:19] for _, _, time in platform.events]


def test_a_cron_expression_is_read_in_utc(monkeypatch):
    runner, platform = play(Timer("report", cron="*/5 * * * *"), 1000, monkeypatch)
    assert times(platform) == ["12:05:00", "12:10:00", "12:15:00"]
    assert platform.events[0][:2] == ("report", "timer of report")
    assert runner.stats()["fired"] == 3 and runner.stats()["late"] == 0
    assert 0 <= runner.stats()["next_s"] <= 300


def test_six_fields_have_seconds_last(monkeypatch):
    _, platform = play(Timer("f", cron="* * * * * */20"), 61, monkeypatch)
    assert times(platform) == ["12:00:20", "12:00:40", "12:01:00"]


def test_every_so_many_seconds_begins_after_the_first_wait(monkeypatch):
    _, platform = play(Timer("f", every_s=7.0, name="tick"), 30, monkeypatch)
    assert times(platform) == ["12:00:07", "12:00:14", "12:00:21", "12:00:28"]
    assert {source for _, source, _ in platform.events} == {"tick"}


@pytest.mark.parametrize("timer", [Timer("f", cron="* * * * *"), Timer("f", every_s=60)])
def test_after_a_sleep_one_call_makes_up_for_all_that_passed(monkeypatch, timer):
    runner, platform = play(timer, 3800, monkeypatch, at={15: 3600.0})
    assert times(platform) == ["12:01:00", "13:01:00", "13:02:00", "13:03:00"]
    assert runner.stats()["late"] == 1


def test_when_the_clock_is_set_back_no_time_comes_twice(monkeypatch):
    _, platform = play(Timer("f", cron="* * * * *"), 125, monkeypatch, at={15: -50.0})
    assert times(platform) == ["12:01:00", "12:02:00"]


def test_an_event_that_cannot_be_stored_is_noted_and_the_next_comes(monkeypatch):
    runner, platform = play(Timer("f", every_s=10), 45, monkeypatch, full_until=25)
    assert times(platform) == ["12:00:30", "12:00:40"]
    assert runner.stats()["failures"] == 2 and "full" in runner.stats()["last_failure"]


@given(st.floats(0.01, 1e4), st.floats(0, 1e6))
def test_every_is_a_lattice(every_s, after_s):
    schedule = Every(every_s, NOON)
    due = schedule.after(NOON + after_s)
    assert due > NOON + after_s - 2e-4 * every_s
    assert due - NOON - after_s <= every_s * (1 + 2e-4) + 1e-6
    assert schedule.latest(due) == due and schedule.after(due) > due


@given(st.sampled_from(["* * * * *", "*/7 3 * * *", "0 6 * * 1", "* * * * * */3", "@hourly"]), st.integers(0, 10**7))
def test_cron_times_follow_each_other(expression, after_s):
    schedule = Cron(expression)
    due = schedule.after(NOON + after_s)
    assert due > NOON + after_s
    assert schedule.latest(due) == due and schedule.latest(due + 0.9) == due
    assert schedule.latest(due - 1) <= NOON + after_s


def test_it_really_waits():
    platform = Platform()

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(TimerRunner(Timer("f", every_s=0.05), platform).run(), 0.28)

    asyncio.run(main())
    assert 3 <= len(platform.events) <= 5


def test_the_event_is_eventbridges():
    event = scheduled_event("my-rule", NOON + 0.25)
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
        "time": "2026-03-01T12:00:00Z", "region": "local",
        "resources": ["arn:aws:events:local:000000000000:rule/my-rule"], "detail": {},
    }  # fmt: skip


def test_the_description_survives_json():
    timer = Timer("f", cron="0 6 * * 1-5", name="work")
    assert Trigger.from_json(timer.to_json()) == timer


BAD = {
    "both": ({"cron": "* * * * *", "every_s": 1}, "either"),
    "neither": ({}, "either"),
    "no expression": ({"cron": "often"}, "often"),
    "a number": ({"cron": 5}, "5"),
    "AWS's dialect": ({"cron": "0 12 * * ? *"}, "AWS"),
    "AWS's rate": ({"cron": "rate(5 minutes)"}, "rate"),
    "seven fields": ({"cron": "0 0 * * * 0 2030"}, "five fields"),
    "random times": ({"cron": "R * * * *"}, "five fields"),
    "the 31st of February": ({"cron": "0 0 31 2 *"}, "comes"),
    "too often": ({"every_s": 0.001}, "every_s"),
    "never": ({"every_s": float("inf")}, "every_s"),
    "a slash in the name": ({"every_s": 1, "name": "a/b"}, "name"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_timers_are_refused_on_one_line(name):
    options, word = BAD[name]
    with pytest.raises(InputError, match=word) as error:
        Timer("f", **options)
    assert "\n" not in str(error.value)
