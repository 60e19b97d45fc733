"""Two runs on the same arrivals, compared call by call: who was helped, who was hurt, and what it cost.

A mean over all calls hides that one policy shortens some calls by lengthening others. Two runs with one workload and
one seed meet the same calls with the same service times, so that each call can be compared with itself. First attempts
are matched on (source, event). Source: our own. Left out: retries, which only one of the runs may have, and workloads
whose arrivals depend on the platform (closed loops), where there is nothing to match.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faaslab.errors import InputError
from faaslab.model.result import Outcome, Result, Start
from faaslab.model.summary import summary
from faaslab.units import NS_PER_S


@dataclass(frozen=True, eq=False)
class Diff:
    """`b` against `a`: a positive change is an increase in b. Arrays have shape (matched calls,), in the order of
    arrival.

    rows_a, rows_b: rows of the two results. Changes are in seconds and NaN where one of the two runs has no such time:
    wait for calls that began in both, response for calls completed in both.
    """

    a: Result
    b: Result
    rows_a: np.ndarray
    rows_b: np.ndarray

    def __len__(self):
        return len(self.rows_a)

    @cached_property
    def response_change_s(self) -> np.ndarray:
        completed = [self._column(i, "outcome") == Outcome.COMPLETED for i in (0, 1)]
        return self._change("end_ns", completed[0] & completed[1])

    @cached_property
    def wait_change_s(self) -> np.ndarray:
        return self._change("begin_ns", (self._column(0, "begin_ns") >= 0) & (self._column(1, "begin_ns") >= 0))

    def helped(self, more_than_s: float = 0.0) -> np.ndarray:
        """Boolean array: response shorter in b by more than so many seconds, or completed only in b."""
        return (self.response_change_s < -more_than_s) | (self._completed(1) & ~self._completed(0))

    def hurt(self, more_than_s: float = 0.0) -> np.ndarray:
        """Boolean array: response longer in b by more than so many seconds, or completed only in a."""
        return (self.response_change_s > more_than_s) | (self._completed(0) & ~self._completed(1))

    def became(self, start_a: Start, start_b: Start) -> int:
        """Number of calls whose start was of the one kind in a and of the other in b."""
        return int(np.count_nonzero((self._column(0, "start") == start_a) & (self._column(1, "start") == start_b)))

    @cached_property
    def cost(self) -> dict:
        """Change (b - a) of memory_mb_seconds, container_seconds and idle_memory_mb_seconds over the measured
        window."""
        a, b = self._summaries
        change = {key: b[key] - a[key] for key in ("memory_mb_seconds", "container_seconds")}
        idle = [figures["idle_memory_fraction"] * figures["memory_mb_seconds"] for figures in (a, b)]
        return change | {"idle_memory_mb_seconds": idle[1] - idle[0]}

    @cached_property
    def figures(self) -> dict:
        """The comparison in numbers; changes in seconds, means over those calls whose response is known in both
        runs."""
        known = self.response_change_s[~np.isnan(self.response_change_s)]
        gains, losses = known[known < 0], known[known > 0]
        return {
            "calls": len(self),
            "helped": int(np.count_nonzero(self.helped())),
            "hurt": int(np.count_nonzero(self.hurt())),
            "completed_only_in_a": int(np.count_nonzero(self._completed(0) & ~self._completed(1))),
            "completed_only_in_b": int(np.count_nonzero(self._completed(1) & ~self._completed(0))),
            "warm_to_cold": self.became(Start.WARM, Start.COLD),
            "cold_to_warm": self.became(Start.COLD, Start.WARM),
            "mean_response_change_s": float(known.mean()) if len(known) else float("nan"),
            "mean_gain_s": float(-gains.mean()) if len(gains) else float("nan"),
            "mean_loss_s": float(losses.mean()) if len(losses) else float("nan"),
            **{f"{key}_change": value for key, value in self.cost.items()},
        }

    def text(self, name_a: str = "a", name_b: str = "b") -> str:
        """The comparison as a few readable lines."""
        f = self.figures
        memory_a = self._summaries[0]["memory_mb_seconds"]
        share = f" ({f['memory_mb_seconds_change'] / memory_a:+.1%})" if memory_a else ""
        return "\n".join(
            [
                f"{name_b} against {name_a}, {f['calls']:,} calls matched:",
                f"  helped  {f['helped']:>10,}  by {_seconds(f['mean_gain_s'])} in the mean",
                f"  hurt    {f['hurt']:>10,}  by {_seconds(f['mean_loss_s'])} in the mean",
                f"  same    {len(self) - f['helped'] - f['hurt']:>10,}",
                f"  cold to warm {f['cold_to_warm']:,}, warm to cold {f['warm_to_cold']:,}",
                f"  completed only in {name_a} {f['completed_only_in_a']:,}, in {name_b} {f['completed_only_in_b']:,}",
                f"  memory {_three_digits(f['memory_mb_seconds_change'])} MB-seconds{share}",
            ]
        )

    def __str__(self):
        return self.text()

    def frame(self):
        """One row a matched call as a pandas DataFrame: function, arrival, starts, outcomes and changes in seconds."""
        import pandas as pd

        names = [f.name for f in self.a.functions]
        frame = {
            "function": pd.Categorical.from_codes(self._column(0, "function"), names),
            "source": pd.Categorical.from_codes(self._column(0, "source"), list(self.a.sources)),
            "event": self._column(0, "event"),
            "arrival_s": self._column(0, "arrival_ns") / NS_PER_S,
        }
        for i, suffix in enumerate("ab"):
            for column, codes in (("start", Start), ("outcome", Outcome)):
                labels = [code.name.lower() for code in codes]
                frame[f"{column}_{suffix}"] = pd.Categorical.from_codes(self._column(i, column), labels)
        frame |= {"wait_change_s": self.wait_change_s, "response_change_s": self.response_change_s}
        return pd.DataFrame(frame)

    @cached_property
    def _summaries(self):
        return summary(self.a), summary(self.b)

    def _column(self, i, name):
        return (self.a.calls[name][self.rows_a], self.b.calls[name][self.rows_b])[i]

    def _completed(self, i):
        return self._column(i, "outcome") == Outcome.COMPLETED

    def _change(self, column, known):
        change = (self._column(1, column) - self._column(0, column)) / NS_PER_S
        return np.where(known, change, np.nan)


def diff(a: Result, b: Result) -> Diff:
    """Compare two runs on the same arrivals. Calls that arrived before the warm-up are left out.

    InputError where their functions, sources or the arrivals of first attempts differ, or their windows do.
    """
    if [f.name for f in a.functions] != [f.name for f in b.functions] or a.sources != b.sources:
        raise InputError("diff: expected two runs of the same functions and sources, got different ones")
    if (a.horizon_ns, a.warmup_ns) != (b.horizon_ns, b.warmup_ns):
        raise InputError("diff: expected two runs of one horizon and warm-up, got different ones")
    rows_a, rows_b = _first_attempts(a), _first_attempts(b)
    if len(rows_a) != len(rows_b):
        raise InputError(
            f"diff: expected the same arrivals in both runs, got {len(rows_a)} and {len(rows_b)} first attempts"
        )
    for name in ("source", "event", "function", "arrival_ns"):
        differs = a.calls[name][rows_a] != b.calls[name][rows_b]
        if differs.any():
            at = rows_a[int(differs.argmax())]
            call = f"event {a.calls['event'][at]} of source {a.sources[a.calls['source'][at]]!r}"
            raise InputError(f"diff: expected the same arrivals in both runs, {call} differs in {name}")
    by_arrival = np.argsort(rows_a, kind="stable")
    return Diff(a, b, rows_a[by_arrival], rows_b[by_arrival])


def _first_attempts(result):
    """Rows of the first attempts after the warm-up, by source, then event, then row."""
    calls = result.calls
    rows = np.flatnonzero((calls["attempt"] == 0) & (calls["arrival_ns"] >= result.warmup_ns))
    return rows[np.lexsort((calls["event"][rows], calls["source"][rows]))]


def _seconds(value):
    return "-" if np.isnan(value) else f"{value:.3g} s"


def _three_digits(change):
    """A change with its sign, to three significant digits, written out: -9,520,000, +0.5."""
    rounded = float(f"{change:.3g}")
    return f"{rounded:+,.0f}" if abs(rounded) >= 100 else f"{rounded:+.3g}"
