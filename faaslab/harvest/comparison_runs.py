"""The runs of a comparison: one after another or in several processes, each written down as soon as it is done.

Left out: a run that was interrupted in its middle begins again.
"""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path

import cloudpickle
import numpy as np

from faaslab.errors import InputError
from faaslab.harvest.demand import Speed
from faaslab.harvest.measures import FIGURES, measure
from faaslab.harvest.provenance import provenance
from faaslab.harvest.worlds.world import World

FORMAT, VERSION = "faaslab harvest runs", 1


@dataclass(frozen=True)
class Task:
    """One run: a manager in a world with a seed."""

    world: str
    manager: str
    seed: int
    make_world: Callable[[int], World]
    make_manager: Callable

    @property
    def key(self):
        return self.world, self.manager, self.seed

    def run(self, progress=None) -> dict:
        """The run's row."""
        world = _made(self.make_world, self.seed)
        began = time.perf_counter()
        figures = measure(world, self.make_manager(), self.seed, progress)
        wall_s = time.perf_counter() - began
        key = {"world": self.world, "manager": self.manager, "seed": self.seed}
        return key | figures | {"wall_s": wall_s, "digest": digest(world)}


@lru_cache(maxsize=2)
def _made(make_world, seed):
    """The last worlds, since managers meet the same one in turn."""
    return make_world(seed)


def digest(world: World) -> str:
    """A short text that differs where anything differs that a run of the world depends on."""
    hashed = hashlib.sha256()
    for name, value in vars(world).items():
        if name not in ("name", "workload"):
            hashed.update(repr(_plain(value)).encode())
    for function in world.workload.functions:
        hashed.update(repr(_plain(function)).encode())
        hashed.update(np.asarray(world.workload.arrivals_s.get(function.name, ()), dtype=float).tobytes())
    return hashed.hexdigest()[:16]


def _plain(value):
    """As tuples, texts and numbers that have the same repr in every process: sets have an order, objects no address."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(map(repr, map(_plain, value))))
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    if isinstance(value, Mapping):
        return tuple((_plain(k), _plain(v)) for k, v in value.items())
    if isinstance(value, Speed):  # its other attributes follow, or grow while a run goes on
        return "speed", _plain(value.demand), value.cpu, value.memory
    if is_dataclass(value):
        return type(value).__name__, tuple((f.name, _plain(getattr(value, f.name))) for f in fields(value) if f.compare)
    return type(value).__name__, _plain(getattr(value, "__dict__", ()))


class RowFile:
    """Lines of JSON: one for each process that wrote here (a session), one for each run.

    A last line without an end is what an interruption left of a run: it is dropped. InputError for any other line that
    cannot be read, and for a file that is something else.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.sessions, self.rows = [], {}
        content = self._content()
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            self._read(number, line)
        if whole != content:
            with open(self.path, "r+b") as file:
                file.truncate(len(whole))
        session = provenance()
        if session not in self.sessions:
            self._append({"format": FORMAT, "version": VERSION, "session": session})
            self.sessions.append(session)

    def _content(self):
        try:
            return self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None

    def _read(self, number, line):
        where = f"{self.path}, line {number}"
        try:
            parts = json.loads(line)
        except ValueError:
            raise InputError(f"{where}: expected a line of JSON") from None
        if not isinstance(parts, dict):
            raise InputError(f"{where}: expected an object, got {parts!r}")
        if "session" in parts:
            if (parts.get("format"), parts.get("version")) != (FORMAT, VERSION):
                raise InputError(f"{where}: expected {FORMAT}, version {VERSION}; got {parts.get('format')!r}")
            self.sessions.append(parts["session"])
            return
        missing = [name for name in ("world", "manager", "seed", *FIGURES, "digest") if name not in parts]
        if missing or not self.sessions:
            raise InputError(f"{where}: expected a row of {FORMAT}" + (f", {missing[0]!r} is missing" * bool(missing)))
        row = {k: float("nan") if v is None else v for k, v in parts.items()}
        self.rows[row["world"], row["manager"], row["seed"]] = row

    def add(self, row: dict) -> None:
        """Write a run's row, at once."""
        self._append({k: None if v != v else v for k, v in row.items()})

    def _append(self, parts):
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(parts, allow_nan=False) + "\n")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror})") from None


def run_tasks(tasks: list[Task], file: RowFile | None, jobs: int, progress) -> dict[tuple, dict]:
    """Rows by the tasks' keys; those that `file` has are taken from it."""
    rows = {}
    for task in tasks if file is not None else ():
        row = file.rows.get(task.key)
        if row is not None:
            _check_same(task, row, file.path)
            rows[task.key] = row
    left = [task for task in tasks if task.key not in rows]
    runs = _in_processes(left, jobs) if jobs > 1 and len(left) > 1 else _in_turn(left, len(tasks), progress)
    for task, row in runs:
        rows[task.key] = row
        if file is not None:
            file.add(row)
        if progress is not None:
            progress(len(rows) / len(tasks), f"{task.manager}, {task.world}, seed {task.seed}")
    _made.cache_clear()
    return rows


def _check_same(task, row, path):
    found = digest(_made(task.make_world, task.seed))
    if row["digest"] != found:
        raise InputError(
            f"{path}: world {task.world!r}, seed {task.seed}, is not the one that this file has runs of (digest "
            f"{row['digest']}, now {found}): give it another name, or take another file"
        )


def _in_turn(tasks, of, progress):
    for i, task in enumerate(tasks):
        done = of - len(tasks) + i
        show = None
        if progress is not None:
            what = f"{task.manager}, {task.world}, seed {task.seed}"
            show = lambda share, done=done, what=what: progress((done + min(share, 0.99)) / of, what)  # noqa: E731
        yield task, task.run(show)


def _in_processes(tasks, jobs):
    """In the order in which they end. Processes are spawned: nothing of this one's state goes into a run."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context) as pool:
        waiting = {pool.submit(_run_pickled, cloudpickle.dumps(task)): task for task in tasks}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        finally:
            for future in waiting:
                future.cancel()


def _run_pickled(task: bytes) -> dict:
    return cloudpickle.loads(task).run()
