"""The stream trigger: shards by hash, order under failures, checkpoints over restarts, dead letters, retention."""

import asyncio
import base64
import hashlib
import json
import random
import time

import pytest
from fake_platform import FakePlatform, Running, until

from faaslab.errors import InputError
from faaslab.model.result import EventOutcome, Outcome
from faaslab.runtime.durable.stream import shard_of
from faaslab.runtime.triggers import Stream, Trigger

DONE, DEAD, LOST, PENDING = EventOutcome.DONE, EventOutcome.DEAD_LETTERED, EventOutcome.LOST, EventOutcome.PENDING


def data(event):
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]


def shard_in(event):
    (shard,) = {record["eventID"].split(":")[0] for record in event["Records"]}
    return shard


def test_a_key_belongs_to_the_shard_in_whose_range_of_hashes_it_falls():
    # A new Kinesis stream of three shards begins its second and third range at these hashes.
    begins = [0, 113427455640312821154458202477256070485, 226854911280625642308916404954512140970]
    keys = [f"key {i}" for i in range(3000)]
    for key in keys:
        hashed = int(hashlib.md5(key.encode()).hexdigest(), 16)
        assert shard_of(key, 3) == max(i for i in range(3) if begins[i] <= hashed)
    counts = [sum(shard_of(key, 3) == i for key in keys) for i in range(3)]
    assert min(counts) > 900 and {shard_of(key, 1) for key in keys} == {0}


def test_a_batch_is_an_event_of_kinesis(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Stream("f", "clicks", shards=1).runner(platform)

    async def main():
        async with Running(runner):
            numbers = runner.put([("Ada", "ü"), ("Bob", b"\x00\xff")])
            await until(lambda: len(platform.messages) == 2)
            return numbers

    numbers = asyncio.run(main())
    assert [len(n) for n in numbers] == [56, 56] and int(numbers[0]) < int(numbers[1])
    ((first, second),) = [json.loads(call.payload)["Records"] for call in platform.calls]
    assert base64.b64decode(second["kinesis"]["data"]) == b"\x00\xff"
    assert first["kinesis"] == {
        "kinesisSchemaVersion": "1.0", "partitionKey": "Ada", "sequenceNumber": numbers[0], "data": "w7w=",
        "approximateArrivalTimestamp": pytest.approx(time.time(), abs=9),
    }  # fmt: skip
    assert first["eventID"] == f"shardId-000000000000:{numbers[0]}" and first["eventName"] == "aws:kinesis:record"
    assert first["eventSource"] == "aws:kinesis" and first["eventSourceARN"].endswith("stream/clicks")
    assert platform.events == [("clicks", 0, 1, DONE)] and platform.messages == [(0, 1, DONE), (1, 1, DONE)]


def test_order_within_shards_holds_under_random_failures_and_ends(tmp_path):
    """Batches fail at random and the platform ends at random moments: no record overtakes another of its shard."""
    chance, path, total = random.Random(5), tmp_path / "s.sqlite", 200
    handled, rows, lives, attempts = [], [], 0, 0

    async def act(event):
        good = chance.random() < 0.6
        if good:
            handled.append((shard_in(event), data(event)))
        await asyncio.sleep(chance.uniform(0, 0.008))
        return Outcome.COMPLETED if good else Outcome.FAILED

    async def life(records):
        nonlocal attempts
        platform = FakePlatform(path, lambda event, call: act(event))
        trigger = Stream("f", "clicks", shards=3, batch_size=7, retries=1000, retry_after_s=0.001, keep=20)
        runner = trigger.runner(platform)
        async with Running(runner):
            runner.put([(f"key {i % 10}", str(i)) for i in records])
            await asyncio.sleep(chance.uniform(0.005, 0.03))
        rows.extend(platform.messages)
        attempts += len(platform.calls)
        waiting = runner.stats()["waiting"]
        assert waiting == len(platform.store.stream("clicks").unread())
        platform.store.close()
        return waiting

    waiting = 1
    while waiting or lives * 50 < total:
        waiting = asyncio.run(life(range(lives * 50, min(total, lives * 50 + 50))))
        lives += 1
    assert sorted(number for number, *_ in rows) == list(range(total))
    again = 0
    for shard in range(3):
        expected = [i for i in range(total) if shard_of(f"key {i % 10}", 3) == shard]
        over = 0  # how many of them have been handled
        for _, batch in (entry for entry in handled if entry[0] == f"shardId-{shard:012d}"):
            first = expected.index(int(batch[0]))
            assert first <= over and [int(n) for n in batch] == expected[first : first + len(batch)]
            again += over - first
            over = first + len(batch)
        assert over == len(expected)
    print(f"{lives} lives, {attempts} attempts: {total} records done in order, {again} handled again")


def test_one_batch_a_shard_is_under_way_and_shards_do_not_hold_up_one_another(tmp_path):
    async def slow(call):
        await asyncio.sleep(0.005)
        return Outcome.COMPLETED

    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: slow(call))
    runner = Stream("f", "s", shards=4, batch_size=5).runner(platform)

    async def main():
        async with Running(runner):
            runner.put([(f"key {i}", str(i)) for i in range(200)])
            await until(lambda: len(platform.messages) == 200)

    asyncio.run(main())
    assert platform.most_in_calls == 4


def test_after_its_retries_a_batch_is_described_in_the_dead_letters_and_the_shard_goes_on(tmp_path):
    platform = FakePlatform(
        tmp_path / "s.sqlite", lambda event, call: Outcome.FAILED if "bad" in data(event) else Outcome.COMPLETED
    )
    runner = Stream("f", "s", shards=1, batch_size=2, retries=2, retry_after_s=0.01).runner(platform)

    async def main():
        async with Running(runner):
            numbers = runner.put([("k", "a"), ("k", "bad"), ("k", "c")])
            await until(lambda: len(platform.messages) == 3)
            return numbers

    numbers = asyncio.run(main())
    assert [data(json.loads(c.payload)) for c in platform.calls] == [["a", "bad"]] * 3 + [["c"]]
    assert [(c.event, c.attempt, c.batch) for c in platform.calls] == [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 1)]
    assert platform.messages == [(0, 3, DEAD), (1, 3, DEAD), (2, 1, DONE)]
    assert platform.events == [("s", 0, 3, DEAD), ("s", 1, 1, DONE)]
    (letter,) = platform.store.queue("s-dead-letters").peek(9)
    letter = json.loads(letter["body"])
    info = letter["KinesisBatchInfo"]
    assert (info["shardId"], info["batchSize"]) == ("shardId-000000000000", 2)
    assert [info["startSequenceNumber"], info["endSequenceNumber"]] == numbers[:2]
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert (
        info["approximateArrivalOfFirstRecord"].endswith("Z") and letter["requestContext"]["requestId"] == "request 2"
    )


def test_without_dead_letters_it_is_lost_and_what_cannot_be_called_counts_as_an_attempt(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", lambda event, call: InputError("no such function"))
    runner = Stream("f", "s", retries=1, retry_after_s=0, dead_letter=False).runner(platform)

    async def main():
        async with Running(runner):
            runner.put([("k", "a")])
            await until(lambda: platform.messages)

    asyncio.run(main())
    assert platform.messages == [(0, 2, LOST)] and platform.store.queues() == {}
    assert runner.stats()["failures"] == 2 and runner.stats()["given_up"] == 1


def test_bisecting_finds_the_bad_record_and_keeps_the_order(tmp_path):
    platform = FakePlatform(
        tmp_path / "s.sqlite", lambda event, call: Outcome.FAILED if "5" in data(event) else Outcome.COMPLETED
    )
    runner = Stream("f", "s", shards=1, retries=1, retry_after_s=0, bisect=True).runner(platform)

    async def main():
        runner.put([("k", str(i)) for i in range(8)])
        async with Running(runner):
            await until(lambda: len(platform.messages) == 8)

    asyncio.run(main())
    assert [row[0] for row in platform.messages] == list(range(8))
    assert platform.ended(DEAD) == [5] and platform.ended(DONE) == [0, 1, 2, 3, 4, 6, 7]
    tried = [data(json.loads(c.payload)) for c in platform.calls]
    assert tried[:4] == [list("01234567"), list("0123"), list("4567"), list("45")] and tried[-1] == list("67")
    deliveries = [sum(str(i) in batch for batch in tried) for i in range(8)]
    assert [row[1] for row in platform.messages] == deliveries
    assert sum(row[-1] == LOST for row in platform.events) == 3  # the batches that were split


def test_attempts_survive_an_end_of_the_platform(tmp_path):
    async def life(act, condition):
        platform = FakePlatform(tmp_path / "s.sqlite", act)
        runner = Stream("f", "s", shards=1, retries=2, retry_after_s=0).runner(platform)
        async with Running(runner):
            if not runner.stream.count():
                runner.put([("k", "a"), ("k", "b")])
            await until(lambda: condition(platform))
            runner.put([("k", "later")])
        pending = runner.pending()
        platform.store.close()
        return platform, pending

    async def hang():
        await asyncio.Event().wait()

    _, (events, messages) = asyncio.run(life(lambda event, call: hang(), lambda p: p.calls))
    assert [(e[1], e[4], e[5]) for e in events] == [(0, 1, PENDING)]
    assert [(m[1], m[4]) for m in messages] == [(0, 1), (1, 1), (2, 0)]
    platform, _ = asyncio.run(life(lambda event, call: Outcome.FAILED, lambda p: len(p.messages) >= 2))
    assert [(c.attempt, data(json.loads(c.payload))) for c in platform.calls][:2] == [(1, ["a", "b"]), (2, ["a", "b"])]
    assert platform.messages[:2] == [(0, 3, DEAD), (1, 3, DEAD)]


@pytest.mark.parametrize(("start", "expected"), [("TRIM_HORIZON", ["old", "new"]), ("LATEST", ["new"])])
def test_where_a_new_consumer_begins(tmp_path, start, expected):
    platform = FakePlatform(tmp_path / "s.sqlite")
    platform.store.create_stream("s", 1).put([("k", "old")])
    runner = Stream("f", "s", shards=1, starting_position=start).runner(platform)

    async def main():
        async with Running(runner):
            runner.put([("k", "new")])
            await until(lambda: len(platform.messages) == len(expected))
            await asyncio.sleep(0.01)

    asyncio.run(main())
    assert [d for c in platform.calls for d in data(json.loads(c.payload))] == expected
    # The same consumer goes on where it was, whatever its starting position; another begins anew.
    again = Stream("f", "s", shards=1).runner(platform)
    assert again.stats()["waiting"] == 0
    other = Stream("g", "s", shards=1).runner(platform)
    assert other.stats()["waiting"] == 2


def test_what_is_over_is_kept_for_a_while_and_what_expires_unread_is_lost_and_counted(tmp_path):
    now = [1_000 * 10**9]
    platform = FakePlatform(tmp_path / "s.sqlite", now_ns=lambda: now[0])
    runner = Stream("f", "s", shards=2, batch_size=10, keep=30, retention_s=60).runner(platform)

    async def live(count):
        expected = len(platform.messages) + count
        async with Running(runner):
            await until(lambda: len(platform.messages) >= expected)
            await asyncio.sleep(0.01)

    async def main():
        runner.put([(str(i), "x") for i in range(100)])
        await live(100)
        assert 30 <= runner.stats()["stored"] <= 50 and set(platform.ended(DONE)) == set(range(100))
        runner.put([(str(i), "x") for i in range(5)])
        now[0] += 61 * 10**9
        runner.put([(str(i), "x") for i in range(3)])
        await live(8)

    asyncio.run(main())
    assert sorted(platform.ended(LOST)) == [100, 101, 102, 103, 104] and runner.stats()["lost"] == 5
    assert sorted(platform.ended(DONE)) == [*range(100), 105, 106, 107] and runner.stats()["stored"] == 3


def test_a_full_store_refuses_records_and_the_reader_goes_on(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite", capacity_mb=0.25)
    runner = Stream("f", "s", batch_size=10, keep=0).runner(platform)
    put = 0
    with pytest.raises(InputError, match="are full; nothing was stored"):
        while True:
            runner.put([(str(put), "x" * 2000)])
            put += 1

    async def main():
        async with Running(runner):
            await until(lambda: len(platform.messages) == put)

    asyncio.run(main())
    runner.put([("k", "there is room again")])
    assert platform.ended() == [number for number, *_ in platform.messages] and put > 20


def test_a_store_that_fails_now_and_then_neither_loses_nor_reorders(tmp_path):
    from faaslab.runtime.durable.store import StoreFull

    chance = random.Random(6)
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Stream("f", "s", shards=1, batch_size=2).runner(platform)
    runner.put([("k", str(i)) for i in range(12)])
    writing = platform.store.writing

    def failing():
        if chance.random() < 0.3:
            raise StoreFull("store: expected room, but the disk is full; nothing was stored")
        return writing()

    platform.store.writing = failing

    async def main():
        async with Running(runner):
            await until(lambda: len(platform.messages) == 12, 20)

    import faaslab.runtime.triggers.stream as module

    module.STORE_RETRY_S, before = 0.001, module.STORE_RETRY_S
    try:
        asyncio.run(main())
    finally:
        module.STORE_RETRY_S = before
    assert platform.ended() == list(range(12)) and runner.stats()["failures"] > 0


def test_a_window_gathers_records(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Stream("f", "s", shards=1, batch_size=3, batch_window_s=0.4).runner(platform)

    async def main():
        async with Running(runner):
            begins = []
            for i in range(5):
                begins.append(platform.now_ns())
                runner.put([("k", str(i))])
                await asyncio.sleep(0.005)
            await until(lambda: len(platform.messages) == 5)
            return begins[3]

    begin = asyncio.run(main())
    assert [data(json.loads(c.payload)) for c in platform.calls] == [["0", "1", "2"], ["3", "4"]]
    assert (platform.calls[1].at_ns - begin) / 1e9 >= 0.4


def test_a_measurement_has_numbers_of_its_own(tmp_path):
    platform = FakePlatform(tmp_path / "s.sqlite")
    runner = Stream("f", "s", shards=1).runner(platform)

    async def main():
        async with Running(runner):
            runner.put([("k", "old")])
            await until(lambda: platform.messages)
            platform.messages.clear(), platform.events.clear()
            runner.measure()
            runner.put([("k", "new")])
            assert [m[1] for m in runner.pending()[1]] == [0]
            await until(lambda: platform.messages)

    asyncio.run(main())
    assert platform.messages == [(0, 1, DONE)] and platform.events == [("s", 0, 1, DONE)]


def test_descriptions_and_records_are_checked(tmp_path):
    stream = Stream("f", "clicks", shards=3, bisect=True, starting_position="LATEST", dead_letter=False)
    assert Trigger.from_json(stream.to_json()) == stream
    for wrong, said in [
        ({"shards": 0}, "shards"), ({"batch_size": 10_001}, "batch_size"), ({"starting_position": "latest"}, "LATEST"),
        ({"bisect": 1}, "bisect"), ({"retention_s": 0}, "retention_s"), ({"keep": -1}, "keep"), ({"name": ""}, "name"),
    ]:  # fmt: skip
        with pytest.raises(InputError, match=said):
            Stream("f", **({"name": "s"} | wrong))
    runner = Stream("f", "s").runner(FakePlatform(tmp_path / "s.sqlite"))
    for wrong, said in [
        (("k",), "a key and data"), ("ab", "a key and data"), (("", "x"), "1 to 256"), ((None, "x"), "1 to 256"),
        (("k", None), "data: expected a text or bytes"), (("k", "x" * 2**20), "at most 1048576"),
        (("\ud800", "x"), "surrogate"),
    ]:  # fmt: skip
        with pytest.raises(InputError, match=f"stream 's', record 1.*{said}"):
            runner.put([("k", "good"), wrong])
    assert runner.stats()["put"] == 0 and runner.put([]) == []
