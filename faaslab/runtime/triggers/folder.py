"""Which files of a folder have changed and are complete.

Chapter "A cloud on your laptop". What a watcher tells are hints; what counts is how the folder stands against what was
reported. So a hint that is lost delays a report until the next comparison and loses none. A file is complete when it is
closed after writing or moved within the folder; where nobody can tell, such as for a file moved in or found by a
comparison, when it has not changed for SETTLE_S seconds and no open of it was seen, or for `patience_s` seconds.

What is missed: files that come and go between two looks; the first of two changes between two looks; a change that
leaves size, time and inode as they were while nobody watched. Source: inotify(7), of which the section on limitations
says why hints are not enough. Left out: links, devices, folders as such.
"""

import fnmatch
import os
import stat
import time
from typing import NamedTuple

SETTLE_S = 0.2
RETRY_S = 1.0

CREATED, MODIFIED, DELETED = "created", "modified", "deleted"


class Change(NamedTuple):
    """key: the path below the folder, with "/". signature: what tells a state of the file, None for a deleted one."""

    kind: str
    key: str
    size: int
    signature: str | None


class Folder:
    """known: key -> signature of what was reported. clock: seconds since 1970."""

    def __init__(self, path, pattern, known, *, patience_s=60.0, clock=time.time):
        self.path = os.fspath(path)
        self.pattern = pattern
        self.known = known
        self.patience_s = patience_s
        self._clock = clock
        self._open = {}  # key -> how often it was opened and not closed, as far as was seen
        self._settling = {}  # key -> [signature, unchanged since]
        self._ready = {}  # key -> whether it is reported even if it looks as before

    def hint(self, what, path):
        """A watcher has seen that `path` was "created", "modified", "opened", "closed" (after writing), "read" (closed
        without), "deleted" or "moved" (to there)."""
        key = os.path.relpath(path, self.path).replace(os.sep, "/")
        if not self._matches(key):
            return
        if what == "opened":
            self._open[key] = self._open.get(key, 0) + 1
        elif what in ("closed", "read"):
            self._open[key] = self._open.get(key, 0) - 1
            if self._open[key] <= 0:
                del self._open[key]
        if what in (CREATED, MODIFIED):
            self._settle(key, self._look(key))
        elif what in ("closed", "moved", DELETED):
            self._settling.pop(key, None)
            self._ready[key] = what != DELETED

    def compare(self, found):
        """Compare with a scan (key -> (signature, size, mtime)); what differs is looked at again by `due`."""
        for key, looked in found.items():
            if self.known.get(key) != looked[0] and key not in self._settling:
                self._settle(key, looked)
        for key in self.known.keys() - found.keys():
            self._ready.setdefault(key, False)

    def due(self) -> list[Change]:
        """The changes to report now. One that is not accepted comes again by `again`."""
        now = self._clock()
        for key, state in list(self._settling.items()):
            looked = self._look(key)
            signature = None if looked is None else looked[0]
            if signature is not None and signature != state[0]:
                state[:] = signature, now
            elif signature is None or now - state[1] >= (self.patience_s if key in self._open else SETTLE_S):
                del self._settling[key]
                self._ready.setdefault(key, False)
        ready, self._ready = self._ready, {}
        changes = [self._change(key, sure) for key, sure in ready.items()]
        return [change for change in changes if change is not None]

    def accept(self, change: Change):
        """The change was reported, or need not be."""
        if change.signature is None:
            self.known.pop(change.key, None)
        else:
            self.known[change.key] = change.signature

    def again(self, change: Change):
        """The change could not be reported: look at it again after RETRY_S."""
        self._settling[change.key] = [change.signature, self._clock() + RETRY_S - SETTLE_S]

    def waits_s(self) -> float | None:
        """Seconds until `due` may have something without a further hint; None where it will not."""
        if self._ready:
            return 0.0
        return SETTLE_S / 2 if self._settling else None

    def scan(self) -> dict:
        """key -> (signature, size, mtime) of every file there is. OSError where the folder is not there."""
        os.stat(self.path)
        found = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                key = os.path.relpath(os.path.join(folder, name), self.path).replace(os.sep, "/")
                if self._matches(key) and (looked := self._look(key)) is not None:
                    found[key] = looked
        return found

    def _settle(self, key, looked):
        if looked is None:
            self._ready.setdefault(key, False)
            return
        now = self._clock()
        # A file moved in has the time of its last change elsewhere: it need not settle.
        self._settling[key] = [looked[0], min(now, looked[2]) if key not in self._open else now]

    def _matches(self, key):
        return fnmatch.fnmatchcase(key, self.pattern)

    def _look(self, key):
        """(signature, size, mtime) of a regular file; None where there is none."""
        try:
            status = os.lstat(os.path.join(self.path, key))
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}", status.st_size, status.st_mtime

    def _change(self, key, sure):
        looked, known = self._look(key), self.known.get(key)
        if looked is None:
            return None if known is None else Change(DELETED, key, 0, None)
        if looked[0] == known and not sure:
            return None
        return Change(CREATED if known is None else MODIFIED, key, looked[1], looked[0])
