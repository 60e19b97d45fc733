"""The queue trigger: batches, visibility, receipts, dead letters, partial responses, restarts; latency and idle cpu."""

import asyncio
import hashlib
import json
import random
import re
import statistics
import time

import pytest
from fake_platform import FakePlatform, Running, until

from faaslab.errors import InputError
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.triggers import Queue, Trigger
from faaslab.runtime.triggers.queue import failures

DONE, DEAD, LOST, PENDING = EventOutcome.DONE, EventOutcome.DEAD_LETTERED, EventOutcome.LOST, EventOutcome.PENDING


def bodies(event):
    return [record["body"] for record in event["Records"]]


def test_a_batch_is_an_event_of_sqs_and_is_deleted_when_it_is_done(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Queue("f", "photos", batch_size=2).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["a", "ü", "c"])
            await until(lambda: len(platform.messages) == 3)

    asyncio.run(main())
    events = [json.loads(call.payload) for call in platform.calls]
    assert [bodies(event) for event in events] == [["a", "ü"], ["c"]]
    first = events[0]["Records"][1]
    assert set(first) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert first["eventSource"] == "aws:sqs" and first["eventSourceARN"].endswith(":photos")
    assert first["md5OfBody"] == hashlib.md5("ü".encode()).hexdigest()
    attributes = first["attributes"]
    assert (
        attributes["ApproximateReceiveCount"] == "1" and abs(int(attributes["SentTimestamp"]) / 1e3 - time.time()) < 9
    )
    assert int(attributes["ApproximateFirstReceiveTimestamp"]) >= int(attributes["SentTimestamp"])
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", first["messageId"])
    assert [(c.source, c.event, c.batch, c.attempt) for c in platform.calls] == [
        ("photos", 0, 0, 0),
        ("photos", 1, 1, 0),
    ]
    assert platform.events == [("photos", 0, 1, DONE), ("photos", 1, 1, DONE)]
    assert platform.messages == [(0, 1, DONE), (1, 1, DONE), (2, 1, DONE)]
    stats = runner.stats()
    assert (stats["sent"], stats["done"], stats["visible"], stats["failures"]) == (3, 3, 0, 0)


@pytest.mark.parametrize("end", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.THROTTLED, InputError("no such function")])
def test_what_is_not_done_reappears_and_goes_to_the_dead_letters_when_it_would_again(tmp_path, end):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: end)
    runner = Queue("f", "q", visibility_s=0.06, max_receives=3, poll_s=0.001).runner(platform)

    async def main():
        async with Running(runner):
            begin = platform.now_ns()
            runner.send(["bad"])
            await until(lambda: platform.messages)
            return [(call.at_ns - begin) / 1e9 for call in platform.calls] + [(platform.now_ns() - begin) / 1e9]

    times = asyncio.run(main())
    assert platform.messages == [(0, 3, DEAD)]
    assert [outcome for *_, outcome in platform.events] == [LOST] * 3
    assert all(0.06 * i <= at_s < 0.06 * i + 2 for i, at_s in enumerate(times))
    (letter,) = platform.store.queue("q-dead-letters").peek(9)
    assert (letter["body"], letter["receives"]) == ("bad", 0)
    assert runner.stats()["failures"] == (3 if isinstance(end, Exception) else 0)


def test_a_dead_letter_queue_is_a_queue_with_a_trigger_of_its_own(tmp_path):
    platform = FakePlatform(
        tmp_path / "s.sqlite", lambda event, call: Outcome.FAILED if call.function == "f" else Outcome.COMPLETED
    )
    runners = [
        Queue("f", "q", visibility_s=0.03, max_receives=1, dead_letter="bad").runner(platform),
        Queue("repair", "bad").runner(platform),
    ]

    async def main():
        async with Running(*runners):
            runners[0].send(["x", "y"])
            await until(lambda: len(platform.messages) == 4)

    asyncio.run(main())
    assert sorted(platform.messages) == [(0, 1, DONE), (0, 1, DEAD), (1, 1, DONE), (1, 1, DEAD)]
    assert bodies(json.loads(platform.calls[-1].payload)) == ["x", "y"]


def test_a_late_answer_does_not_delete_what_another_has_received_since(tmp_path):
    gate = {}

    def act(event, call):
        gate[call.event] = asyncio.Event()
        return wait(call.event)

    async def wait(event):
        await gate[event].wait()
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", act)
    runner = Queue("f", "q", visibility_s=0.03, pollers=2).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["slow"])
            await until(lambda: len(gate) == 2)  # received again while the first call goes on
            gate[0].set()
            await until(lambda: len(platform.events) == 1)
            assert platform.messages == [] and runner.stats()["in_flight"] == 1
            gate[1].set()
            await until(lambda: platform.messages)

    asyncio.run(main())
    assert platform.messages == [(0, 2, DONE)] and runner.stats()["redelivered"] == 1


def test_an_answer_that_is_late_but_first_deletes(tmp_path):
    async def slow():
        await asyncio.sleep(0.08)
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: slow())
    runner = Queue("f", "q", visibility_s=0.03, pollers=1).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["slow"])
            await until(lambda: platform.messages)
            await asyncio.sleep(0.05)

    asyncio.run(main())
    assert platform.messages == [(0, 1, DONE)] and len(platform.calls) == 1


def test_a_window_waits_for_a_full_batch_but_no_longer(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Queue("f", "q", batch_size=3, batch_window_s=0.4, pollers=1).runner(platform)

    async def main():
        async with Running(runner):
            begin = platform.now_ns()
            for i in range(5):
                runner.send([str(i)])
                await asyncio.sleep(0.01)
            await until(lambda: len(platform.messages) == 5)
        return [(call.at_ns - begin) / 1e9 for call in platform.calls]

    full, window = asyncio.run(main())
    assert [bodies(json.loads(call.payload)) for call in platform.calls] == [["0", "1", "2"], ["3", "4"]]
    assert full < 0.4 <= window < 3


def test_pollers_bound_the_batches_at_once(tmp_path):
    async def slow():
        await asyncio.sleep(0.01)
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: slow())
    runner = Queue("f", "q", batch_size=1, pollers=3).runner(platform)

    async def main():
        runner.send([str(i) for i in range(12)])  # before there is a poller
        async with Running(runner):
            await until(lambda: len(platform.messages) == 12)

    asyncio.run(main())
    assert platform.most_in_calls == 3 and platform.ended() == list(range(12))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("null", set()), ("{}", set()), ('{"batchItemFailures": null}', set()), ('{"batchItemFailures": []}', set()),
        ('{"statusCode": 200}', set()), ('{"batchItemFailures": [{"itemIdentifier": "B"}]}', {"B"}),
        ('{"batchItemFailures": [{"itemIdentifier": "A"}, {"itemIdentifier": "B"}]}', {"A", "B"}),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', None), ("not json", None), ('"text"', None), ("[]", None),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', None), ('{"batchItemFailures": {"a": 1}}', None),
        ('{"batchItemFailures": [{"id": "A"}]}', None), ('{"batchItemFailures": ["A"]}', None),
        ('{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', None),
        ('{"batchItemFailures": [{"itemIdentifier": ["A"]}]}', None),
    ],
)  # fmt: skip
def test_partial_batch_responses_as_aws_documents_them(reply, expected):
    class Delivered:
        def __init__(self, id_):
            self.id = id_

    assert failures(reply.encode(), [Delivered("A"), Delivered("B")]) == expected


@pytest.mark.parametrize("report", [True, False])
def test_only_the_failures_that_a_handler_may_report_stay(tmp_path, report):
    def act(event, call):
        bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
        return Outcome.COMPLETED, json.dumps({"batchItemFailures": [{"itemIdentifier": i} for i in bad]}).encode()

    platform = FakePlatform(tmp_path / "s.sqlite", act)
    runner = Queue("f", "q", visibility_s=0.04, max_receives=2, report_failures=report).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["good", "bad", "fine"])
            await until(lambda: len(platform.messages) == 3)

    asyncio.run(main())
    ending = (1, 2, DEAD) if report else (1, 1, DONE)
    assert sorted(platform.messages) == [(0, 1, DONE), ending, (2, 1, DONE)]
    assert {outcome for *_, outcome in platform.events} == {DONE}


def test_a_malformed_report_fails_the_whole_batch(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: (Outcome.COMPLETED, b'{"batchItemFailures": 3}'))
    runner = Queue("f", "q", visibility_s=0.03, max_receives=2, report_failures=True).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["a", "b"])
            await until(lambda: len(platform.messages) == 2)

    asyncio.run(main())
    assert platform.messages == [(0, 2, DEAD), (1, 2, DEAD)] and platform.events[0][-1] == LOST


def test_batches_stay_below_what_a_call_may_carry(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Queue("f", "q", pollers=1, batch_size=5000).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(['"' * 2**20, "y" * 2**20, "z" * 2**20, *["small"] * 5000])
            await until(lambda: len(platform.messages) == 5003, 20)

    asyncio.run(main())
    sizes = [len(call.payload) for call in platform.calls]
    assert max(sizes) < 6 * 2**20 and len(sizes) < 8


def test_a_platform_that_ends_finds_its_messages_again_and_duplicates_are_counted(tmp_path):
    """Cancelled at random moments, again and again: every message is done at last, none more often than allowed."""
    chance, path, total = random.Random(2), tmp_path / "s.sqlite", 60
    seen, done, rounds = [], [], 0

    async def act(event):
        await asyncio.sleep(chance.uniform(0, 0.004))
        seen.extend(bodies(event))
        return Outcome.COMPLETED if chance.random() < 0.7 else Outcome.FAILED

    async def life(seconds, send):
        platform = FakePlatform(path, lambda event, call: act(event))
        runner = Queue("f", "q", batch_size=3, max_receives=1000, visibility_s=0.02, poll_s=0.001).runner(platform)
        async with Running(runner):
            runner.send(send)
            for _ in range(int(seconds * 1000)):
                if len(done) + len(platform.messages) == total:
                    break
                await asyncio.sleep(0.001)
        done.extend(platform.ended())
        held = runner.stats()
        platform.store.close()
        return held

    asyncio.run(life(0.02, [str(i) for i in range(30)]))
    held = asyncio.run(life(0.02, [str(i) for i in range(30, total)]))
    while held["visible"] + held["in_flight"]:
        held = asyncio.run(life(chance.uniform(0.005, 0.05), []))
        rounds += 1
    assert sorted(done) == list(range(total)) and set(seen) == {str(i) for i in range(total)}
    assert held["done"] == held["sent"] == total and held["received"] >= len(seen) >= total
    print(
        f"{rounds + 2} lives: {total} messages done, {len(seen) - total} handled again, {held['received']} deliveries"
    )


def test_a_full_store_refuses_senders_while_the_queue_drains(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", capacity_mb=0.25)
    runner = Queue("f", "q", batch_size=10).runner(platform)
    sent = refused = 0

    async def main():
        nonlocal sent, refused
        async with Running(runner):
            while refused < 3 or sent < 300:
                try:
                    runner.send(["x" * 2000] * 7)
                    sent += 7
                except InputError as error:
                    assert "are full; nothing was stored" in str(error)
                    refused += 1
                    await asyncio.sleep(0.001)
            await until(lambda: len(platform.messages) == sent)

    asyncio.run(main())
    assert runner.stats()["done"] == sent and platform.ended() == list(range(sent))
    print(f"0.25 MB: {sent} messages of 2000 bytes stored and done, {refused} sends refused, 0 lost")


def test_a_store_that_fails_now_and_then_loses_nothing(tmp_path):
    """A full disk under the consumers: receiving, deleting and moving fail at random and are tried again."""
    from faaslab.runtime.durable.store import StoreFull

    chance = random.Random(3)
    platform = FakePlatform(
        tmp_path / "s.sqlite", lambda e, c: Outcome.FAILED if chance.random() < 0.3 else Outcome.COMPLETED
    )
    runner = Queue("f", "q", batch_size=2, visibility_s=0.02, max_receives=2, poll_s=0.001).runner(platform)
    runner.send([str(i) for i in range(30)])
    writing = platform.store.writing

    def failing():
        if chance.random() < 0.3:
            raise StoreFull("store: expected room, but the disk is full; nothing was stored")
        return writing()

    platform.store.writing = failing

    async def main():
        async with Running(runner):
            await until(lambda: len(platform.messages) == 30, 20)

    asyncio.run(main())
    stats = runner.stats()
    assert stats["done"] + stats["dead"] == 30 and stats["failures"] > 0 and "disk is full" in stats["last_failure"]
    assert sorted(number for number, *_ in platform.messages) == list(range(30))
    assert all(deliveries <= 2 for _, deliveries, _ in platform.messages)


def test_a_measurement_has_numbers_of_its_own_and_knows_what_is_pending(tmp_path):
    hold = asyncio.Event()

    async def act(event):
        if "new" not in bodies(event)[0]:
            await hold.wait()
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: act(event))
    runner = Queue("f", "q", batch_size=1).runner(platform)

    async def main():
        async with Running(runner):
            runner.send(["old"])
            await until(lambda: platform.calls)
            events, messages = runner.pending()
            assert [(e[1], e[3], e[-1]) for e in events] == [(0, -1, PENDING)]
            assert [(m[1], m[3], m[4], m[-1]) for m in messages] == [(0, -1, 1, PENDING)]
            runner.measure()
            assert runner.pending() == ([], [])
            runner.send(["new 0", "new 1"])
            await until(lambda: len(platform.messages) == 2)
            hold.set()
            await until(lambda: runner.stats()["done"] == 3)
            await asyncio.sleep(0.01)

    asyncio.run(main())
    assert platform.messages == [(0, 1, DONE), (1, 1, DONE)]
    assert platform.events == [("q", 0, 1, DONE), ("q", 1, 1, DONE)]


def test_a_message_wakes_a_poller_at_once_and_an_idle_queue_uses_no_cpu(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Queue("f", "q", pollers=5, poll_s=0.001).runner(platform)
    delays = []

    async def main():
        async with Running(runner):
            for i in range(100):
                begin = platform.now_ns()
                runner.send([str(i)])
                await until(lambda i=i: len(platform.messages) == i + 1)
                delays.append((platform.calls[-1].at_ns - begin) / 1e6)
            used = time.process_time()
            await asyncio.sleep(0.5)
            return time.process_time() - used

    idle_s = asyncio.run(main())
    print(f"from send to call: median {statistics.median(delays):.2f} ms; idle: {idle_s * 200:.2f} % of a core")
    assert statistics.median(delays) < 20 and idle_s < 0.05


def test_the_description_is_checked_and_goes_through_json():
    queue = Queue("f", "photos", batch_size=5, report_failures=True, capacity_mb=2)
    assert Trigger.from_json(queue.to_json()) == queue and queue.dead_letter == "photos-dead-letters"
    for wrong, said in [
        ({"batch_size": 0}, "batch_size: expected a whole number >= 1"), ({"visibility_s": 0}, "visibility_s"),
        ({"pollers": 1.5}, "pollers"), ({"report_failures": "yes"}, "report_failures"),
        ({"name": "a/b"}, "without '/'"),
        ({"dead_letter": ""}, "dead_letter"), ({"dead_letter": False}, "dead_letter"), ({"capacity_mb": 0}, "capacity"),
        ({"batchsize": 5}, "did you mean 'batch_size'"), ({"kind": "que"}, "did you mean 'queue'"),
        ({"function": None}, "is missing"), ({"function": []}, "function: expected a name"),
    ]:  # fmt: skip
        given = {"kind": "queue", "function": "f", "name": "q"} | wrong
        if wrong == {"function": None}:
            del given["function"]
        with pytest.raises(InputError, match=said):
            Trigger.from_json(json.dumps(given))
    for text in ("[]", "{", '{"kind": []}', b"\xff"):
        with pytest.raises(InputError, match="trigger"):
            Trigger.from_json(text)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (7, "expected a text, got int"),
        ("", "1 to 1048576 bytes"),
        ("x" * 1048577, "got 1048577"),
        ("\ud800", "surrogate"),
    ],
)
def test_a_queue_takes_texts_of_up_to_a_megabyte_all_or_none(tmp_path, bad, said):
    runner = Queue("f", "q").runner(FakePlatform(tmp_path / "s.sqlite"))
    with pytest.raises(InputError, match=f"queue 'q', message 1: .*{said}"):
        runner.send(["good", bad])
    assert runner.stats()["sent"] == 0
    with pytest.raises(InputError, match="receipt"):
        runner.queue.delete(["nonsense"])


def test_a_message_that_becomes_visible_while_the_queue_is_looked_at_is_not_left_lying(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda e, c: Outcome.FAILED)
    runner = Queue("f", "q", batch_size=1, visibility_s=0.05, max_receives=1).runner(platform)
    redrive = runner.queue.redrive

    def slow():
        found = redrive()
        time.sleep(0.1)  # longer than the visibility: its end falls between the two looks
        return found

    runner.queue.redrive = slow
    runner.send(["a"])

    async def main():
        async with Running(runner):
            await until(lambda: len(platform.messages) == 1, 10)

    asyncio.run(main())
    assert runner.stats()["dead"] == 1
