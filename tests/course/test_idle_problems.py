"""The problems of the chapter "Why resources idle": their keys by hand, by brute force and by running the manager."""

import numpy as np
import pytest

from faaslab.course.problems import problem
from faaslab.course.tasks.why_resources_idle import call_by_call
from faaslab.functions import ColdStart
from faaslab.harvest.demand import Saturating, harvested
from faaslab.harvest.managers import Fixed, Greedy
from faaslab.harvest.options import Options

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_duration_by_the_formula_and_by_a_run(seed):
    posed = problem("allocated-duration", seed)
    given = posed.given
    ways = [(given["need_cores"], given["cores"]), (given["need_units"], given["units"])]
    cores, units = (max(0.0, (need - has) / (need - 1)) for need, has in ways)
    spread_s = given["longest_s"] - given["shortest_s"]
    assert posed.key == pytest.approx(given["shortest_s"] + spread_s * (2 * cores / 3 + units / 3))
    demand = Saturating(given["shortest_s"], given["longest_s"], given["need_cores"], given["need_units"])
    function = harvested("f", demand, given["cores"], given["units"], Options(), cold_start=ColdStart())
    assert call_by_call(function, Fixed(), 1, calls=1)[0]["duration_s"] == pytest.approx(posed.key, abs=1e-6)


def test_both_resources_are_short_and_both_count():
    for posed in (problem("allocated-duration", seed) for seed in SEEDS):
        given = posed.given
        assert 1 < given["cores"] < given["need_cores"] and 1 < given["units"] < given["need_units"]
        assert given["shortest_s"] < posed.slips["cores-only"] < posed.key < given["longest_s"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_peak_by_adding_up_milliseconds(seed):
    posed = problem("window-peak", seed)
    given = posed.given
    use = np.concatenate([np.full(given[f"{p}_ms"], given[f"{p}_cores"]) for p in ("before", "burst", "after")])
    windows = np.pad(use, (0, -len(use) % 100)).reshape(-1, 100).mean(axis=1)
    assert posed.key == pytest.approx(windows.max())
    assert windows.argmax() == posed.steps["window"] - 1 and posed.key == pytest.approx(posed.steps["area"] / 100)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cores_by_running_greedy(seed):
    posed = problem("greedy-cores", seed)
    given = posed.given
    demand = Saturating(1.0, 5.0, cpu=given["need"], memory=2)
    function = harvested("f", demand, given["configured"], given["configured"], Options(), cold_start=ColdStart())
    rows = call_by_call(function, Greedy(step=given["step"]), 1, calls=given["call"])
    assert rows[-1]["cores"] == posed.key
    assert posed.steps["sequence"] == ", ".join(str(row["cores"]) for row in rows)


def test_greedy_is_met_below_at_and_above_the_need():
    sides = {np.sign(posed.key - posed.given["need"]) for posed in (problem("greedy-cores", s) for s in range(60))}
    assert {-1, 1} <= sides
