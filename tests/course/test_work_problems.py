"""The problems of the chapter "Does it work?": their keys by other ways."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from faaslab.course.problems import problem
from faaslab.functions import ColdStart
from faaslab.harvest.demand import Saturating, harvested
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.world import World
from faaslab.workload import Workload

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_paired_interval_by_scipys_test(seed):
    posed = problem("paired-interval", seed)
    low, high = ttest_rel(posed.given["mine_s"], posed.given["fixed_s"]).confidence_interval()
    assert posed.key == pytest.approx((high - low) / 2, rel=1e-3)
    assert posed.slips["not-paired"] > posed.key  # what pairing is good for


@pytest.mark.parametrize("seed", SEEDS)
def test_the_load_by_a_world(seed):
    posed = problem("offered-load", seed)
    given = posed.given
    demand = Saturating(given["duration_s"], given["duration_s"], given["cores"], 1)
    function = harvested("f", demand, given["cores"], 1, Options(), cold_start=ColdStart())
    times = np.linspace(0, 60 * given["minutes"], given["calls"], endpoint=False)
    world = World(
        "w", Workload((function,), {"f": times}), Options(), 60.0 * given["minutes"], given["servers"],
        float(given["server_cores"]), 2048.0,
    )  # fmt: skip
    assert world.load().cpu == pytest.approx(posed.key)
