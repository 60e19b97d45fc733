"""A comparison: resource managers in the same worlds with the same seeds, with intervals over the seeds.

Chapter "Does it work?". Every manager meets each seed's world, with the same calls and the same draws, so that two of
them can be compared seed by seed: the interval of the paired difference is far narrower than those of the two means.
Intervals are 95 % by the t distribution over seeds. Left out: corrections for many comparisons at once.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faaslab.errors import InputError, member, whole
from faaslab.harvest.atomic import write_atomically
from faaslab.harvest.comparison_runs import RowFile, Task, run_tasks
from faaslab.harvest.measures import FIGURES, measure
from faaslab.harvest.provenance import provenance
from faaslab.harvest.worlds.world import World
from faaslab.model.policies import Allocator
from faaslab.model.summary import t_interval
from faaslab.streams import check_seed

__all__ = ["Comparison", "compare", "measure"]

FORMAT, VERSION = "faaslab harvest comparison", 1
KEYS = ("world", "manager", "seed")
NAN = float("nan")


def compare(
    worlds: Mapping[str, Callable[[int], World]],
    managers: Mapping[str, Callable[[], Allocator]],
    seeds: Sequence[int],
    *,
    progress: Callable[[float, str], None] | None = None,
    jobs: int = 1,
    resume_file: str | Path | None = None,
) -> "Comparison":
    """Run every manager in every world with every seed.

    worlds: name -> function of a seed that makes the World. managers: name -> function that makes a manager (a class,
    or a lambda with its settings). progress: function of the share done and of what was run last. jobs: processes.
    resume_file: gets a line as soon as a run is done; lines that it has already are not run again. A name must mean the
    same then as now: for worlds that is checked, for managers it cannot be.
    """
    seeds = [check_seed(seed) for seed in seeds]
    for what, given in (("worlds", worlds), ("managers", managers), ("seeds", seeds)):
        if not given:
            raise InputError(f"comparison, {what}: expected at least one, got none")
    if len(set(seeds)) < len(seeds):
        raise InputError(f"comparison, seeds: expected different ones, got {seeds}")
    whole(jobs, "comparison, jobs", minimum=1)
    tasks = [
        Task(world, manager, seed, worlds[world], managers[manager])
        for world in worlds
        for seed in seeds
        for manager in managers
    ]
    file = None if resume_file is None else RowFile(resume_file)
    rows = run_tasks(tasks, file, jobs, progress)
    sessions = [provenance()] if file is None else file.sessions
    return Comparison([rows[task.key] for task in tasks], {"sessions": sessions, "seeds": seeds})


@dataclass(frozen=True)
class Comparison:
    """rows: one a run, {"world", "manager", "seed", a value for each of FIGURES, "wall_s", "digest"}; wall_s is what
    the run took, digest the world's. provenance: "seeds" and "sessions" (command, commit and versions of each process
    that ran a part).
    """

    rows: list[dict]
    provenance: dict = field(default_factory=dict)

    def names(self, key: str) -> list:
        """The worlds, managers or seeds ("world", "manager", "seed"), in the order of the rows."""
        member(key, "key", KEYS)
        return list(dict.fromkeys(row[key] for row in self.rows))

    def values(self, figure: str, manager: str, world: str | None = None) -> np.ndarray:
        """The figure of each seed, in the order of seeds: float array of shape (seeds,)."""
        member(figure, "figure", FIGURES)
        member(manager, "manager", self.names("manager"))
        world = self._world(world)
        return np.array([r[figure] for r in self.rows if r["manager"] == manager and r["world"] == world], dtype=float)

    def mean(self, figure: str, manager: str, world: str | None = None) -> dict:
        """{"mean", "half_width"} over seeds; half_width of the 95 % interval, NaN with one seed."""
        return _interval(self.values(figure, manager, world))

    def difference(self, figure: str, manager: str, other: str, world: str | None = None) -> dict:
        """{"mean", "half_width"} over seeds of manager's figure less other's, both with the same seed."""
        return _interval(self.values(figure, manager, world) - self.values(figure, other, world))

    def ratio(self, figure: str, manager: str, other: str, world: str | None = None) -> dict:
        """{"mean", "half_width"} over seeds of manager's figure over other's, both with the same seed."""
        return _interval(self.values(figure, manager, world) / self.values(figure, other, world))

    def columns(self, world: str | None = None, figures: Sequence[str] | None = None) -> dict[str, dict]:
        """manager -> figure -> {"mean", "half_width"}."""
        chosen = list(FIGURES) if figures is None else [member(f, "figure", FIGURES) for f in figures]
        return {m: {f: self.mean(f, m, world) for f in chosen} for m in self.names("manager")}

    def table(self, figures: Sequence[str] | None = None, world: str | None = None):
        """pandas DataFrame with a row a manager and columns (figure, "mean" or "half_width"); all worlds one below the
        other (index: world, manager) where there are several and none is named."""
        import pandas as pd

        worlds = self.names("world") if world is None else [self._world(world)]
        cells = {
            (name, manager): {(f, k): v for f, interval in columns.items() for k, v in interval.items()}
            for name in worlds
            for manager, columns in self.columns(name, figures).items()
        }
        frame = pd.DataFrame.from_dict(cells, orient="index")
        frame.index = pd.MultiIndex.from_tuples(cells, names=["world", "manager"])
        frame.columns = pd.MultiIndex.from_tuples(frame.columns)
        return frame.droplevel("world") if len(worlds) == 1 else frame

    def frame(self):
        """The rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def to_json(self, file: str | Path) -> None:
        """Write rows and provenance, atomically; NaN as null."""
        rows = [{k: None if v != v else v for k, v in row.items()} for row in self.rows]
        parts = {"format": FORMAT, "version": VERSION, "provenance": self.provenance, "rows": rows}
        write_atomically(file, (json.dumps(parts, indent=1, allow_nan=False) + "\n").encode())

    @classmethod
    def from_json(cls, file: str | Path) -> "Comparison":
        """What to_json wrote. InputError for a file that is something else."""
        try:
            parts = json.loads(Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise InputError(f"{file}: expected a comparison in JSON ({error})") from None
        if not isinstance(parts, dict) or parts.get("format") != FORMAT:
            raise InputError(f"{file}: expected a {FORMAT}, got another JSON file")
        if parts.get("version") != VERSION:
            raise InputError(f"{file}: expected version {VERSION} of a {FORMAT}, got {parts.get('version')!r}")
        wanted = (*KEYS, *FIGURES)
        for number, row in enumerate(parts.get("rows", []), start=1):
            missing = [name for name in wanted if name not in row]
            if missing:
                raise InputError(f"{file}, row {number}: expected {missing[0]!r}, which is missing")
        rows = [{k: NAN if v is None else v for k, v in row.items()} for row in parts.get("rows", [])]
        return cls(rows, parts.get("provenance", {}))

    def _world(self, world):
        worlds = self.names("world")
        if world is None and len(worlds) > 1:
            raise InputError(f"world: expected one of {', '.join(worlds)}; got none")
        return worlds[0] if world is None else member(world, "world", worlds)


def _interval(values):
    if len(values) < 2:
        return {"mean": float(values.mean()), "half_width": NAN}
    return t_interval(values)
