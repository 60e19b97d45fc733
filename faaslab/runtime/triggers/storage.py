"""Storage: a file in a watched folder has changed; the notification comes at least once, so sometimes twice.

Chapter "A cloud on your laptop". The folder plays the bucket: its path is the bucket's name, the path below it is the
object's key, so that a function reads Path(bucket, key). It may read there only if its deployment says so (`readable`).
Each notification is an asynchronous event of S3's form; S3 calls a new object and one that is overwritten alike
("ObjectCreated:Put"), and so does this. watchdog sees changes; every `rescan_s` seconds, and when the watch begins, the
folder is compared with what was reported, so that what came while nobody watched is reported too. The first time a
folder is watched, what is in it already is not news. What was reported stands in the store, written after the event
was stored: a crash between the two repeats the notification.

A folder that is gone is not taken as the deletion of its files. Sources: Amazon S3 user guide, "Event message
structure" and "Amazon S3 Event Notifications" (at least once); watchdog's documentation. Left out: eTags and versions,
the test event that S3 sends first, other kinds of events, rules by prefix and suffix (`pattern` does both).
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote_plus

from faaslab.errors import InputError, member, number
from faaslab.runtime.arn import REGION
from faaslab.runtime.triggers.folder import CREATED, DELETED, MODIFIED, Change, Folder
from faaslab.runtime.triggers.trigger import Runner, Trigger, name_or

KINDS = (CREATED, MODIFIED, DELETED)
HINTS = {
    "created": "created", "modified": "modified", "opened": "opened", "closed": "closed", "closed_no_write": "read",
    "deleted": "deleted",
}  # fmt: skip
RESCAN_WITHOUT_WATCH_S = 1.0
TABLE = (
    "CREATE TABLE IF NOT EXISTS files (watch TEXT NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL, "
    "PRIMARY KEY (watch, key)) WITHOUT ROWID"
)


@dataclass(frozen=True)
class Storage(Trigger):
    """Watches `folder` and the folders in it. events: which changes are reported, of "created", "modified" and
    "deleted". pattern: of the keys, as a shell's ("*.jpg"; "*" also takes "/"). rescan_s: how often to compare."""

    kind: ClassVar[str] = "storage"

    function: str
    folder: str
    events: tuple[str, ...] = (CREATED,)
    pattern: str = "*"
    rescan_s: float = 60.0
    name: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "name", name_or(self.name, f"storage of {self.function}", "storage, name"))
        if not isinstance(self.folder, (str, os.PathLike)) or not os.path.isdir(self.folder):
            raise InputError(f"{self.name}, folder: expected a folder that is there, got {self.folder!r}")
        object.__setattr__(self, "folder", os.path.realpath(self.folder))
        if isinstance(self.events, str) or not self.events:
            raise InputError(f"{self.name}, events: expected a list of {', '.join(KINDS)}, got {self.events!r}")
        object.__setattr__(self, "events", tuple(member(kind, f"{self.name}, events", KINDS) for kind in self.events))
        if not isinstance(self.pattern, str) or not self.pattern:
            raise InputError(f"{self.name}, pattern: expected a pattern such as '*.jpg', got {self.pattern!r}")
        number(self.rescan_s, f"{self.name}, rescan_s", minimum=0.1)

    def runner(self, platform):
        return StorageRunner(self, platform)


def change_event(trigger: Storage, change: Change, sequencer: int, now_s: float) -> dict:
    """S3's notification of a change. sequencer: grows from change to change; now_s: seconds since 1970."""
    about = {"key": quote_plus(os.fsencode(change.key), safe="/"), "sequencer": f"{sequencer:018X}"}
    if change.kind != DELETED:
        about["size"] = change.size
    moment = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    owner = {"principalId": "local"}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": moment,
        "eventName": "ObjectRemoved:Delete" if change.kind == DELETED else "ObjectCreated:Put",
        "userIdentity": owner,
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": f"{sequencer:016X}", "x-amz-id-2": "local"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": trigger.name,
            "bucket": {"name": trigger.folder, "ownerIdentity": owner, "arn": f"arn:aws:s3:::{trigger.folder}"},
            "object": about,
        },
    }
    return {"Records": [record]}


class Reported:
    """What was reported of one watch, in the store: key -> signature."""

    def __init__(self, store, trigger):
        self._store = store
        self._watch = f"{trigger.name}\0{trigger.folder}"
        with store.writing() as db:
            db.execute(TABLE)

    def read(self) -> dict[str, str] | None:
        """None where this watch has never begun."""
        rows = self._store.db.execute("SELECT key, signature FROM files WHERE watch = ?", (self._watch,)).fetchall()
        known = dict(rows)
        return None if known.pop("", None) is None else known

    def begin(self, known):
        """The watch begins with these; the row without a key says that it has."""
        rows = [(self._watch, key, signature) for key, signature in [("", ""), *known.items()]]
        with self._store.writing() as db:
            db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)

    def write(self, changes):
        """These were reported, or need not be."""
        with self._store.writing() as db:
            for change in changes:
                if change.signature is None:
                    db.execute("DELETE FROM files WHERE watch = ? AND key = ?", (self._watch, change.key))
                else:
                    row = (self._watch, change.key, change.signature)
                    db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", row)


class StorageRunner(Runner):
    """Turns watchdog's hints and its own comparisons into asynchronous events."""

    def __init__(self, trigger, platform):
        super().__init__(trigger, platform)
        self._hints = asyncio.Queue()
        self._observer = self._inode = None
        self._reported = 0
        self._unwritten = []  # changes that the store does not know yet
        self._sequencer = 0
        self._ledger = Reported(platform.store, trigger)
        if self._ledger.read() is None:  # now, so that what comes after the trigger was added is news
            found = Folder(trigger.folder, trigger.pattern, {}).scan()
            self._ledger.begin({key: looked[0] for key, looked in found.items()})

    async def run(self):
        trigger, ledger = self.trigger, self._ledger
        folder = Folder(trigger.folder, trigger.pattern, ledger.read(), patience_s=trigger.rescan_s)
        rescan_at = 0.0  # the watch begins before the folder is compared, so that nothing falls between
        try:
            while True:
                if time.monotonic() >= rescan_at:
                    await self._compare(folder)
                    watched = self._observer is not None
                    rescan_s = trigger.rescan_s if watched else min(trigger.rescan_s, RESCAN_WITHOUT_WATCH_S)
                    rescan_at = time.monotonic() + rescan_s
                self._report(folder, ledger)
                if await self._listen(folder, rescan_at - time.monotonic()):
                    rescan_at = 0.0
        finally:
            await self._unwatch()

    def _report(self, folder, ledger):
        done = self._unwritten
        for change in folder.due():
            if change.kind in self.trigger.events:
                try:
                    self._notify(change)
                except (InputError, sqlite3.Error) as error:  # no room in the store
                    self.note(error)
                    folder.again(change)
                    continue
            folder.accept(change)
            done.append(change)
        if done:
            try:
                ledger.write(done)
                done.clear()
            except (InputError, sqlite3.Error) as error:  # tried again with the next
                self.note(error)

    def _notify(self, change):
        self._sequencer = max(self._sequencer + 1, time.time_ns())
        event = change_event(self.trigger, change, self._sequencer, time.time())
        self.platform.asynchronous(self.trigger.function, json.dumps(event).encode(), source=self.trigger.name)
        self._reported += 1

    async def _listen(self, folder, rescan_in_s) -> bool:
        """Take the hints that come, waiting no longer than there may be something to do; whether to compare anew."""
        waits = [wait for wait in (rescan_in_s, folder.waits_s()) if wait is not None]
        rescan = False
        with contextlib.suppress(TimeoutError):
            rescan = self._take(folder, await asyncio.wait_for(self._hints.get(), max(0.0, min(waits))))
        while not self._hints.empty():
            rescan |= self._take(folder, self._hints.get_nowait())
        return rescan

    @staticmethod
    def _take(folder, event) -> bool:
        """Whether the hint is about a folder: then only a comparison tells what became of the files in it."""
        what, is_folder, source, target = event
        if is_folder:
            return what in ("created", "moved", "deleted")
        if what == "moved":
            folder.hint("deleted", source)
            folder.hint("moved", target)
        elif what in HINTS:
            folder.hint(HINTS[what], source)
        return False

    async def _compare(self, folder):
        try:
            inode = os.stat(folder.path).st_ino
            if inode != self._inode:  # it is another folder of that name
                await self._unwatch()
                self._watch(folder.path)
                self._inode = inode
            folder.compare(await asyncio.to_thread(folder.scan))
        except OSError as error:
            self.note(error)

    def _watch(self, path):
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        loop, hints = asyncio.get_running_loop(), self._hints

        class Handler(FileSystemEventHandler):
            """Called in watchdog's thread: hands over to the loop."""

            def on_any_event(self, event):
                told = (event.event_type, event.is_directory, os.fsdecode(event.src_path), os.fsdecode(event.dest_path))
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(hints.put_nowait, told)

        observer = Observer()
        observer.schedule(Handler(), path, recursive=True)
        try:
            observer.start()
        except OSError as error:  # the system's limit on watches
            self.note(error)
            return
        self._observer = observer

    async def _unwatch(self):
        observer, self._observer, self._inode = self._observer, None, None
        if observer is not None:
            observer.stop()
            await asyncio.to_thread(observer.join)

    def stats(self):
        """reported: notifications handed over. watching: False where only comparisons tell of changes."""
        return super().stats() | {"reported": self._reported, "watching": self._observer is not None}
