"""Watched folders: which changes are reported, when a file counts as complete, and what came while nobody watched."""

import asyncio
import json
import os
import time
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.runtime.durable.store import Store
from faaslab.runtime.triggers.folder import Change, Folder
from faaslab.runtime.triggers.storage import Storage, StorageRunner, change_event
from faaslab.runtime.triggers.trigger import Trigger

SOON_S = 5.0


class Platform:
    """Takes asynchronous events; `full` says that its store has no room."""

    def __init__(self, store):
        self.store, self.events, self.full = store, [], False

    def asynchronous(self, function, payload, source=None):
        if self.full:
            raise InputError("store: full")
        (record,) = json.loads(payload)["Records"]
        path = Path(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
        content = path.read_text() if path.exists() else None
        self.events.append((record["eventName"], record["s3"]["object"]["key"], content))
        assert (function, source) == ("f", "storage of f")


class Watched:
    """A folder that a runner watches in this test's loop."""

    def __init__(self, path, state, **options):
        self.path, self.state, self.options = path, state, options

    async def __aenter__(self):
        self.store = Store(self.state)
        self.platform = Platform(self.store)
        self.runner = StorageRunner(Storage("f", str(self.path), **self.options), self.platform)
        self.task = asyncio.create_task(self.runner.run())
        await self.until(lambda: self.runner.stats()["watching"])
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task
        self.store.close()

    async def until(self, condition):
        end = time.monotonic() + SOON_S
        while not condition():
            assert not self.task.done(), self.task.exception()
            assert time.monotonic() < end, f"it did not happen; so far {self.platform.events}"
            await asyncio.sleep(0.01)

    async def events(self, number):
        """Exactly so many events, and no other within a moment."""
        await self.until(lambda: len(self.platform.events) >= number)
        await asyncio.sleep(0.05)
        assert len(self.platform.events) == number, self.platform.events
        return self.platform.events


@pytest.fixture
def places(tmp_path):
    tmp_path.joinpath("bucket").mkdir()
    return tmp_path / "bucket", tmp_path / "events.sqlite"


PUT, DELETE = "ObjectCreated:Put", "ObjectRemoved:Delete"


def test_files_are_reported_when_they_are_complete(places, tmp_path):
    folder = places[0]

    async def main():
        async with Watched(*places) as watched:
            with open(folder / "slow.txt", "w") as file:
                file.write("half")
                file.flush()
                await asyncio.sleep(0.4)  # longer than a file whose writer is unknown needs to settle
                assert watched.platform.events == []
                file.write(" whole")
            assert await watched.events(1) == [(PUT, "slow.txt", "half whole")]
            tmp_path.joinpath("outside").write_text("moved")
            os.rename(tmp_path / "outside", folder / "red flower.txt")
            assert (await watched.events(2))[1] == (PUT, "red+flower.txt", "moved")
            os.rename(folder / "slow.txt", folder / "renamed.txt")
            assert (await watched.events(3))[2] == (PUT, "renamed.txt", "half whole")
            assert (await watched.events(3)) and watched.runner.stats()["reported"] == 3

    asyncio.run(main())


def test_which_kinds_and_names_are_reported(places):
    folder = places[0]

    async def main():
        async with Watched(*places, events=("modified", "deleted"), pattern="*.txt") as watched:
            (folder / "a.txt").write_text("1")
            (folder / "a.csv").write_text("1")
            await watched.until(lambda: (folder / "a.txt").exists())
            await asyncio.sleep(0.1)
            (folder / "a.txt").write_text("2")
            assert await watched.events(1) == [(PUT, "a.txt", "2")]
            (folder / "a.csv").unlink()
            (folder / "a.txt").unlink()
            assert (await watched.events(2))[1] == (DELETE, "a.txt", None)

    asyncio.run(main())


def test_folders_in_the_folder_count_too(places, tmp_path):
    folder = places[0]
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "x").write_text("x")

    async def main():
        async with Watched(*places, events=("created", "deleted")) as watched:
            (folder / "new").mkdir()
            (folder / "new" / "y").write_text("y")
            assert await watched.events(1) == [(PUT, "new/y", "y")]
            os.rename(tmp_path / "tree", folder / "tree")
            assert (await watched.events(2))[1] == (PUT, "tree/deep/x", "x")
            os.rename(folder / "tree", tmp_path / "away")
            assert (await watched.events(3))[2] == (DELETE, "tree/deep/x", None)

    asyncio.run(main())


def test_what_came_while_nobody_watched_is_reported_once(places):
    folder = places[0]
    (folder / "old").write_text("was there before the first watch")

    async def main():
        async with Watched(*places, events=("created", "modified", "deleted")) as watched:
            assert await watched.events(0) == []
            (folder / "seen").write_text("seen")
            (folder / "gone").write_text("gone")
            await watched.events(2)
        (folder / "missed").write_text("missed")
        (folder / "old").write_text("changed")
        (folder / "gone").unlink()
        os.utime(folder / "missed", (1, 1))
        async with Watched(*places, events=("created", "modified", "deleted")) as watched:
            expected = {(PUT, "missed", "missed"), (PUT, "old", "changed"), (DELETE, "gone", None)}
            assert set(await watched.events(3)) == expected
        async with Watched(*places, events=("created", "modified", "deleted")) as watched:
            assert await watched.events(0) == []

    asyncio.run(main())


def test_a_full_store_delays_a_report_and_loses_none(places, monkeypatch):
    monkeypatch.setattr("faaslab.runtime.triggers.folder.RETRY_S", 0.25)
    folder = places[0]

    async def main():
        async with Watched(*places) as watched:
            watched.platform.full = True
            (folder / "a").write_text("a")
            await watched.until(lambda: watched.runner.stats()["failures"] > 0)
            watched.platform.full = False
            assert await watched.events(1) == [(PUT, "a", "a")]

    asyncio.run(main())


def test_a_crash_between_event_and_ledger_repeats_the_notification(places, monkeypatch):
    folder = places[0]

    async def main():
        with monkeypatch.context() as patch:
            patch.setattr("faaslab.runtime.triggers.storage.Reported.write", lambda self, changes: None)
            async with Watched(*places) as watched:
                (folder / "a").write_text("a")
                await watched.events(1)
        async with Watched(*places) as watched:
            assert await watched.events(1) == [(PUT, "a", "a")]
        async with Watched(*places) as watched:
            assert await watched.events(0) == []

    asyncio.run(main())


def test_a_folder_that_is_gone_deletes_nothing_and_may_come_back(places, tmp_path):
    folder = places[0]

    async def main():
        async with Watched(*places, events=("created", "deleted"), rescan_s=0.1) as watched:
            (folder / "a").write_text("a")
            await watched.events(1)
            os.rename(folder, tmp_path / "away")
            await watched.until(lambda: watched.runner.stats()["failures"] > 0)
            assert len(watched.platform.events) == 1
            folder.mkdir()
            (folder / "b").write_text("b")
            expected = [(PUT, "b", "b"), (DELETE, "a", None)]
            assert sorted((await watched.events(3))[1:]) == sorted(expected)
            await watched.until(lambda: watched.runner.stats()["watching"])

    asyncio.run(main())


def test_without_watches_comparisons_find_the_files(places, monkeypatch):
    def no_watch(self):
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", no_watch)
    monkeypatch.setattr(Watched, "until", lambda self, condition: asyncio.sleep(0.1))
    folder = places[0]

    async def main():
        async with Watched(*places, rescan_s=0.1) as watched:
            (folder / "a").write_text("a")
            await asyncio.sleep(0.8)
            assert watched.platform.events == [(PUT, "a", "a")]
            assert not watched.runner.stats()["watching"] and "limit" in watched.runner.stats()["last_failure"]

    asyncio.run(main())


def test_a_burst_of_files_is_reported_in_full(places):
    folder = places[0]

    async def main():
        async with Watched(*places) as watched:
            for i in range(300):
                (folder / f"{i}").write_text(str(i))
            events = await watched.events(300)
            assert {(key, content) for _, key, content in events} == {(str(i), str(i)) for i in range(300)}

    asyncio.run(main())


# --- the rules alone, with a clock of the test's own ---


class Clock:
    def __init__(self):
        self.now_s = time.time() + 100.0

    def __call__(self):
        return self.now_s


def due(folder):
    changes = folder.due()
    for change in changes:
        folder.accept(change)
    return [(change.kind, change.key) for change in changes]


def test_a_file_that_is_held_open_is_reported_when_patience_ends(tmp_path):
    clock = Clock()
    folder = Folder(tmp_path, "*", {}, patience_s=60.0, clock=clock)
    path = tmp_path / "a"
    path.write_text("a")
    folder.hint("created", path)
    folder.hint("opened", path)
    folder.hint("modified", path)
    clock.now_s += 30
    assert due(folder) == []
    clock.now_s += 31
    assert due(folder) == [("created", "a")] and folder.waits_s() is None
    folder.hint("closed", path)
    assert due(folder) == [("modified", "a")], "the writer has ended now: reported again"


def test_a_reader_does_not_hold_up_a_report_for_good(tmp_path):
    clock = Clock()
    folder = Folder(tmp_path, "*", {}, clock=clock)
    path = tmp_path / "a"
    path.write_text("a")
    for what in ("created", "opened", "read"):
        folder.hint(what, path)
    clock.now_s += 1
    assert due(folder) == [("created", "a")]


def test_two_closes_with_the_same_look_are_two_reports(tmp_path):
    folder = Folder(tmp_path, "*", {})
    path = tmp_path / "a"
    path.write_text("a")
    for kind in ("created", "modified"):
        folder.hint("opened", path)
        folder.hint("closed", path)
        assert due(folder) == [(kind, "a")]
    folder.compare(folder.scan())
    assert due(folder) == []


operations = st.lists(
    st.tuples(st.sampled_from(["write", "append", "delete", "rename", "compare", "lose"]), st.sampled_from("abc")),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(operations)
def test_after_a_comparison_what_is_known_is_what_is_there(tmp_path_factory, steps):
    """Whatever hints are lost, one comparison brings the reports up to date: created and deleted take turns."""
    path = tmp_path_factory.mktemp("any")
    clock = Clock()
    folder = Folder(path, "*", {}, clock=clock)
    reported = set()

    def report():
        for kind, key in due(folder):
            assert (kind == "created") == (key not in reported), (kind, key, reported)
            (reported.discard if kind == "deleted" else reported.add)(key)

    hints = True
    for operation, name in steps:
        file = path / name
        if operation in ("write", "append"):
            with open(file, "w" if operation == "write" else "a") as stream:
                stream.write("x")
            if hints:
                for what in ("opened", "modified", "closed"):
                    folder.hint(what, file)
        elif operation == "delete" and file.exists():
            file.unlink()
            if hints:
                folder.hint("deleted", file)
        elif operation == "rename" and file.exists():
            target = path / "d"
            file.rename(target)
            if hints:
                folder.hint("deleted", file)
                folder.hint("moved", target)
        elif operation == "compare":
            folder.compare(folder.scan())
        elif operation == "lose":
            hints = not hints
        clock.now_s += 0.05
        report()
    folder.compare(folder.scan())
    clock.now_s += 100
    report()
    assert reported == {p.name for p in path.iterdir()} == set(folder.known)
    assert due(folder) == [] and folder.waits_s() is None


def test_the_event_is_s3s():
    trigger = Storage("f", "/tmp", name="rule")
    (record,) = change_event(trigger, Change("created", "red flower/ü.jpg", 1024, "s"), 255, 0.5)["Records"]
    assert record["eventVersion"] == "2.1" and record["eventSource"] == "aws:s3"
    assert record["eventName"] == PUT and record["eventTime"] == "1970-01-01T00:00:00.500Z"
    assert record["s3"]["s3SchemaVersion"] == "1.0" and record["s3"]["configurationId"] == "rule"
    bucket, about = record["s3"]["bucket"], record["s3"]["object"]
    assert bucket["name"] == os.path.realpath("/tmp") and bucket["arn"] == "arn:aws:s3:::" + bucket["name"]
    assert about == {"key": "red+flower/%C3%BC.jpg", "size": 1024, "sequencer": "0000000000000000FF"}
    (record,) = change_event(trigger, Change("deleted", "a", 0, None), 256, 0.5)["Records"]
    assert record["eventName"] == DELETE and "size" not in record["s3"]["object"]


def test_the_description_survives_json(tmp_path):
    trigger = Storage("f", str(tmp_path), events=["created", "deleted"], pattern="*.jpg")
    assert Trigger.from_json(trigger.to_json()) == trigger


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"folder": "/no/such/folder"}, "folder"),
        ({"folder": __file__}, "folder"),
        ({"folder": 5}, "folder"),
        ({"events": "created"}, "list"),
        ({"events": ()}, "list"),
        ({"events": ("create",)}, "did you mean 'created'"),
        ({"pattern": ""}, "pattern"),
        ({"rescan_s": 0}, "rescan_s"),
    ],
)
def test_bad_descriptions_are_refused_on_one_line(tmp_path, options, word):
    with pytest.raises(InputError, match=word) as error:
        Storage("f", **{"folder": str(tmp_path), **options})
    assert "\n" not in str(error.value)
