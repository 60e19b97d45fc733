"""Measures of a run by hand; comparisons: intervals, paired differences, resuming, processes, files."""

import json
from functools import partial

import numpy as np
import pytest

from faaslab.durations import Empirical
from faaslab.errors import InputError
from faaslab.functions import ColdStart
from faaslab.harvest.comparison import Comparison, compare
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.manager import SafeguardedManager
from faaslab.harvest.managers.fixed import Fixed
from faaslab.harvest.managers.random_choice import RandomChoice
from faaslab.harvest.measures import FIGURES, call_columns, measure
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.experiment_one import experiment_one
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.harvest.worlds.world import World
from faaslab.workload.workload import Workload

OPTIONS = Options()


class Most(SafeguardedManager):
    """The largest option that is allowed."""

    def pick(self, known, ranges, call, platform):
        return self.options.at(ranges.cpu[1], ranges.memory[1])


class One(SafeguardedManager):
    """One core, one unit, whatever happens."""

    def __init__(self):
        super().__init__(threshold=None)

    def pick(self, known, ranges, call, platform):
        return 0


def world(cpu, memory, demand, times, **more):
    function = harvested("f", demand, cpu, memory, OPTIONS, cold_start=ColdStart(1.0), **more)
    return World("w", Workload((function,), {"f": np.array(times, dtype=float)}), OPTIONS, 30.0, 1, 8.0, 2048.0)


def test_a_run_by_hand():
    # One core: 1 + 3 * 2/3 + 3 * 1/3 * 0 = 3 s; more than three cores: 1 s. Memory matters not.
    under = world(1, 1, Saturating(1.0, 4.0, 3, 1), (0, 10, 20))
    got = measure(under, Most(), seed=1)
    assert list(got) == list(FIGURES)
    expected = {
        "calls": 3, "failed": 0, "unfinished": 0, "span_s": 30,
        "mean_rfet": (1 + 1 / 3 + 1 / 3) / 3, "mean_measured_rfet": (1 + 1 / 3 + 1 / 3) / 3, "worst_rfet": 1,
        "p98_rfet": 1 / 3 + 0.96 * 2 / 3, "p99_rfet": 1 / 3 + 0.98 * 2 / 3,
        "mean_service_s": 5 / 3, "p98_service_s": 1 + 0.96 * 2, "p99_service_s": 1 + 0.98 * 2,
        "mean_response_s": 2, "p98_response_s": 1 + 0.96 * 3, "p99_response_s": 1 + 0.98 * 3,
        "mean_wait_s": 1 / 3, "mean_response_ratio": (4 + 1 + 1) / 9, "cold_fraction": 1 / 3,
        "harvested_fraction": 0, "accelerated_fraction": 2 / 3, "slowed_fraction": 0, "safeguard_fraction": 0,
        "cpu_allocated": (3 + 8 + 8) / 240, "cpu_used": (3 + 3 + 3) / 240,
    }  # fmt: skip
    assert got == pytest.approx(expected)


def test_harvested_and_slowed():
    # Two cores of which two are used, 2.5 s; one core and one unit: 4 s.
    over = world(2, 4, Saturating(1.0, 4.0, 3, 2), (0, 10, 20))
    got = measure(over, One(), seed=1)
    own_s = 1 + 3 * 2 / 3 / 2
    assert got["harvested_fraction"] == got["slowed_fraction"] == pytest.approx(2 / 3)
    assert got["worst_rfet"] == pytest.approx(4 / own_s)
    assert (got["accelerated_fraction"], got["failed"]) == (0, 0)


def test_a_safeguard_that_fires():
    # Six cores, four of which are used. Most gives all; then a manager that gives just what it may, fires at 4 of 4.
    class Least(SafeguardedManager):
        def pick(self, known, ranges, call, platform):
            return self.options.at(ranges.cpu[0] if ranges.calibrates_cpu else 4, ranges.memory[1])

    over = world(6, 1, Saturating(1.0, 4.0, 4, 1), (0, 5, 10, 15))
    assert measure(over, Least(), seed=1)["safeguard_fraction"] == 1 / 4


def test_the_exact_rfet_knows_the_inputs_and_the_scatter():
    demand = InputDependent(Saturating(1.0, 3.0, 2, 1))
    sizes = world(1, 1, demand, np.arange(10) * 2.5, input_size=Empirical((0.5, 1.0, 2.0)))
    manager = Fixed()
    columns = call_columns(manager, sizes.run(manager, 4))
    assert len(set(columns["own_s"].tolist())) == 3
    assert columns["rfet"] == pytest.approx(np.ones(10))
    assert not columns["slowed"].any() and not columns["accelerated"].any()
    assert np.ptp(columns["measured_rfet"]) > 0.5
    scattered = world(1, 1, Saturating(1.0, 3.0, 2, 1), np.arange(10) * 2.5, scatter=Empirical((0.5, 1.5)))
    manager = Most()
    columns = call_columns(manager, scattered.run(manager, 4))
    assert set(columns["own_s"].round(6).tolist()) == {1.166667, 3.5}  # half and one and a half times 1 + 2 * 2/3
    later = columns["rfet"][columns["cpu"] == 8]
    assert len(later) and later == pytest.approx(np.full(len(later), 3 / 7))


def test_decisions_of_another_run_are_refused():
    under = world(1, 1, Saturating(1.0, 4.0, 3, 1), (0, 10, 20))
    manager = Fixed()
    result = under.run(manager, 1)
    manager.reset(1)
    with pytest.raises(InputError, match="decisions of this run"):
        call_columns(manager, result)


# --- comparisons ------------------------------------------------------------------------------------------------------


def small(seed, minute_s=60.0, functions=12):
    """Small enough to be made anew in a process of its own."""
    return experiment_one(seed, minute_s=minute_s, functions=functions, sample=generated_sample(20, 60, 2), servers=2)


WORLDS = {"small": small, "dense": partial(small, minute_s=20.0)}
MANAGERS = {"fixed": Fixed, "random": RandomChoice, "wild": lambda: RandomChoice(threshold=None)}


@pytest.fixture(scope="module")
def comparison():
    return compare(WORLDS, MANAGERS, [1, 2, 3])


def without_wall(rows):
    return [{k: v for k, v in row.items() if k != "wall_s"} for row in rows]


def test_means_and_paired_differences(comparison):
    assert len(comparison.rows) == 2 * 3 * 3
    fixed, random = (comparison.values("mean_response_s", m, "small") for m in ("fixed", "random"))
    assert fixed[0] == measure(small(1), Fixed(), 1)["mean_response_s"]
    interval = comparison.mean("mean_response_s", "fixed", "small")
    t = 4.302652729911275  # of two degrees of freedom
    assert interval["mean"] == pytest.approx(fixed.mean())
    assert interval["half_width"] == pytest.approx(t * fixed.std(ddof=1) / np.sqrt(3))
    paired = comparison.difference("mean_response_s", "random", "fixed", "small")
    assert paired["mean"] == pytest.approx((random - fixed).mean())
    assert paired["half_width"] == pytest.approx(t * (random - fixed).std(ddof=1) / np.sqrt(3))
    assert comparison.ratio("mean_rfet", "fixed", "fixed", "small") == {"mean": 1, "half_width": 0}
    assert comparison.mean("mean_rfet", "fixed", "dense") == {"mean": 1, "half_width": 0}


def test_tables(comparison):
    table = comparison.table(["mean_rfet", "cold_fraction"])
    assert table.index.tolist() == [(w, m) for w in WORLDS for m in MANAGERS]
    assert table.loc[("small", "fixed"), ("mean_rfet", "mean")] == 1
    assert comparison.table(world="dense").index.tolist() == list(MANAGERS)
    assert len(comparison.frame()) == 18
    assert set(comparison.columns("small")["random"]) == set(FIGURES)


def test_a_single_seed_has_no_interval():
    alone = compare({"small": small}, {"fixed": Fixed}, [1])
    assert np.isnan(alone.mean("mean_rfet", "fixed")["half_width"])


def test_json_and_back(comparison, tmp_path):
    file = tmp_path / "comparison.json"
    rows = [{**row, "worst_rfet": float("nan")} for row in comparison.rows[:2]] + comparison.rows[2:]
    Comparison(rows, comparison.provenance).to_json(file)
    assert "NaN" not in file.read_text()
    back = Comparison.from_json(file)
    assert np.isnan(back.rows[0]["worst_rfet"]) and back.rows[2:] == comparison.rows[2:]
    assert back.provenance["seeds"] == [1, 2, 3]
    assert {"command", "commit", "versions"} == set(back.provenance["sessions"][0])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "faaslab harvest comparison", "version": 9}', "{", None])
def test_files_that_are_no_comparison(tmp_path, text):
    file = tmp_path / "c.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=r"c\.json"):
        Comparison.from_json(file)


def test_a_row_without_a_figure(comparison, tmp_path):
    file = tmp_path / "c.json"
    comparison.to_json(file)
    parts = json.loads(file.read_text())
    del parts["rows"][4]["mean_rfet"]
    file.write_text(json.dumps(parts))
    with pytest.raises(InputError, match=r"row 5.*mean_rfet"):
        Comparison.from_json(file)


def test_an_interrupted_comparison_resumes(comparison, tmp_path):
    file = tmp_path / "runs.jsonl"
    seen = []

    def interrupt(share, what):
        seen.append(share)
        if share >= 7 / 18:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(WORLDS, MANAGERS, [1, 2, 3], progress=interrupt, resume_file=file)
    assert seen == sorted(seen)
    written = file.read_bytes()
    rows = written.count(b"\n") - 1
    assert 6 <= rows <= 7
    file.write_bytes(written + b'{"world": "small", "mana')  # the writing itself was cut
    resumed = compare(WORLDS, MANAGERS, [1, 2, 3], resume_file=file)
    assert without_wall(resumed.rows) == without_wall(comparison.rows)
    assert file.read_bytes().startswith(written)
    assert file.read_bytes().count(b"\n") == 19
    again = compare(WORLDS, MANAGERS, [1, 2, 3], resume_file=file)
    assert again.rows == resumed.rows and file.read_bytes().count(b"\n") == 19


def test_a_world_of_the_same_name_that_is_another(tmp_path):
    file = tmp_path / "runs.jsonl"
    compare({"small": small}, {"fixed": Fixed}, [1], resume_file=file)
    with pytest.raises(InputError, match=r"runs\.jsonl.*'small'.*another"):
        compare({"small": partial(small, functions=11)}, {"fixed": Fixed}, [1], resume_file=file)
    more = compare({"small": small}, {"fixed": Fixed, "random": RandomChoice}, [1], resume_file=file)
    assert more.names("manager") == ["fixed", "random"]


@pytest.mark.parametrize("line", ["{", "[]", '{"session": {}}', '{"world": "small"}'])
def test_damaged_files_of_runs(tmp_path, line):
    file = tmp_path / "runs.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(InputError, match=r"runs\.jsonl, line 1"):
        compare({"small": small}, {"fixed": Fixed}, [1], resume_file=file)


def test_several_processes_give_the_same(comparison):
    parts = {name: MANAGERS[name] for name in ("fixed", "wild")}
    shares = []
    two = compare({"small": small}, parts, [1], jobs=2, progress=lambda share, what: shares.append(share))
    wanted = [r for r in comparison.rows if (r["world"], r["seed"]) == ("small", 1) and r["manager"] in parts]
    assert without_wall(two.rows) == without_wall(wanted)
    assert shares == [0.5, 1.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "different"),
        ({"managers": {}}, "managers"),
        ({"worlds": {}}, "worlds"),
        ({"jobs": 0}, "jobs"),
    ],
)
def test_bad_arguments(change, words):
    with pytest.raises(InputError, match=words):
        compare(**{"worlds": WORLDS, "managers": MANAGERS, "seeds": [1]} | change)


def test_unknown_names(comparison):
    for call in (
        lambda: comparison.mean("rfet", "fixed", "small"),
        lambda: comparison.mean("mean_rfet", "fixt", "small"),
        lambda: comparison.mean("mean_rfet", "fixed", "smal"),
        lambda: comparison.mean("mean_rfet", "fixed"),
    ):
        with pytest.raises(InputError, match="expected one of"):
            call()
