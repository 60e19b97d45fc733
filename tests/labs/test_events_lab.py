"""The lab "Events": right answers are right, each misconception fails with a sentence of its own."""

import math

import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import events
from faaslab.course.tasks import events_batches as batches
from faaslab.course.words import table

NAME = "events"


@pytest.fixture(scope="module")
def lab():
    return open_lab(NAME)


@pytest.mark.parametrize("seed", range(8))
def test_the_hour_is_read_from_its_ledgers(seed):
    lab, counts = open_lab(NAME, seed), events.counted(events.run_hour(events.hour(seed), seed))
    assert lab.verdict("ledger", counts["dead"], counts["again"]).state == "right"
    slips = table(f"labs/{NAME}")["task"]["ledger"]["slips"]
    damaged = len(events.hour(seed)["damaged"])
    for answers, slip in [
        ((counts["failed"], 0), "failed"), ((damaged, 0), "damaged-only"),
        ((0, counts["delivered-again"]), "delivered-again"), ((0, counts["more-than-once"]), "more-than-once"),
        ((0, counts["completed"]), "completed"),
    ]:  # fmt: skip
        verdict = lab.verdict("ledger", *answers)
        assert verdict.score == 0 and slips[slip] in repr(verdict), slip


def test_dead_letters_by_hand(lab):
    given = lab.problem("dead-letters").given
    poison, failure = given["messages"] * given["poison_percent"] / 100, given["failure_percent"] / 100
    key = poison + (given["messages"] - poison) * failure ** given["receives"]
    assert lab.verdict("dead-letters", key).state == "right"
    assert "fresh chances" in repr(lab.verdict("dead-letters", lab.problem("dead-letters").slips["poison-retried"]))


def handler(event, store, shrink, *, seen=True, note_first=False, names=True, key="messageId", form=dict):
    failed = []
    for message in event["Records"]:
        number, photo = message["messageId"], message["body"]
        if seen and message[key] in store["done"]:
            continue
        if note_first:
            store["done"].add(message[key])
        try:
            store["thumbnails"][photo] = shrink(photo)
        except Exception:
            if not names:
                raise
            failed.append(number)
            continue
        user = photo.split("/")[0]
        store["uploads"][user] = store["uploads"].get(user, 0) + 1
        store["done"].add(message[key])
    return {"batchItemFailures": [{"itemIdentifier": n} for n in failed]} if form is dict else failed


def variant(**options):
    return lambda event, store, shrink: handler(event, store, shrink, **options)


def test_a_careful_handler_passes(lab):
    assert lab.verdict("handler", handler).state == "right"
    assert grade(NAME, "handler", handler) == 4.0 == grade(NAME, "handler", handler, seed=5)


@pytest.mark.parametrize(
    "options", [{"seen": False}, {"note_first": True}, {"names": False}, {"key": "body"}, {"form": list}]
)
def test_each_mistake_of_a_handler_costs_something(lab, options):
    verdict = lab.verdict("handler", variant(**options))
    assert verdict.state == "partly" and 0 < grade(NAME, "handler", variant(**options)) < 4
    assert "it should be" in repr(verdict)


def test_bad_luck_is_to_be_named_like_damage(lab):
    def only_damage(event, store, shrink):
        try:
            return handler(event, store, shrink, names=False)
        except batches.DamagedPhoto:
            return handler(event, store, shrink)

    verdict = lab.verdict("handler", only_damage)
    assert verdict.state == "partly" and "OSError" in repr(verdict)


def test_an_answer_of_the_wrong_form_is_told_why_the_whole_batch_failed(lab):
    assert "in the form that the task gives" in repr(lab.verdict("handler", variant(form=list)))


def test_the_given_handler_is_no_answer(lab):
    assert lab.verdict("handler", batches.naive).state == "open"
    assert grade(NAME, "handler", batches.naive) == 0.0
    assert lab.verdict("handler", handler({"Records": []}, batches.new_store(), batches.shrink)).score == 0
    assert lab.verdict("handler", lambda event, context: None).score == 0


def test_what_the_naive_handler_does_is_what_the_lab_says():
    batch = [batches.record(i, f"{name}.jpg") for i, name in enumerate(("ana/sea", "ben/damaged", "ana/hill"), 1)]
    store, dead = batches.deliver(batches.naive, batch)
    assert store["uploads"] == {"ana": 4} and len(store["thumbnails"]) == 1 and len(dead) == 3
    store, dead = batches.deliver(handler, batch)
    assert store["uploads"] == {"ana": 2} and len(store["thumbnails"]) == 2 and dead == ["m2"]


@pytest.mark.parametrize(
    "answer", [{"batchItemFailures": [{"messageId": "m1"}]}, ["m1"], "m1", {"batchItemFailures": ["m1"]}]
)
def test_a_malformed_answer_fails_its_whole_batch(answer):
    records = [batches.record(1, "a/x"), batches.record(2, "a/y")]
    assert batches.named(answer, records) == ["m1", "m2"]
    for nothing in (None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}):
        assert batches.named(nothing, records) == []


@pytest.mark.parametrize("seed", range(12))
def test_the_time_out_is_the_shortest_that_keeps_the_promise(seed):
    lab, asked = open_lab(NAME, seed), events.videos(seed)
    good = [v for v in asked["timeouts_s"] if math.exp(-v / asked["mean_s"]) <= asked["twice_at_most"]]
    assert lab.verdict("decide", "http", "queue", "timer", good[0]).state == "right"
    assert "cut twice" in repr(lab.verdict("decide", "http", "queue", "timer", 30))
    assert len(good) > 1 and "waits that long" in repr(lab.verdict("decide", "http", "queue", "timer", good[-1]))
    assert "Expected one of" in repr(lab.verdict("decide", "http", "queue", "timer", 45))


def test_each_job_has_its_trigger(lab):
    text = repr(lab.verdict("decide", "queue", "http", "http", 30))
    assert "waits for the number" in text and "mail service is down" in text and "get up at six" in text
