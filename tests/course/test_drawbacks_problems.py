"""The problems of the chapter "The drawbacks of reinforcement learning": their keys by drawing and by adding up."""

import numpy as np
import pytest

from faaslab.course.problems import problem

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_so_many_trainings_go_well_with_the_chance_given(seed):
    posed = problem("failures-unseen", seed)
    trainings, chance = posed.given["trainings"], posed.given["chance"]
    fails = np.random.default_rng(seed).random((20_000, trainings)) < posed.key
    assert (~fails.any(axis=1)).mean() == pytest.approx(chance, abs=0.006)


def test_the_rule_of_three_is_recognised_where_it_applies():
    for posed in (problem("failures-unseen", seed) for seed in SEEDS):
        if posed.given["chance"] == 0.1:
            assert "rule-of-three" not in posed.slips
        elif "rule-of-three" in posed.slips:
            assert posed.slips["rule-of-three"] > posed.key


@pytest.mark.parametrize("seed", SEEDS)
def test_after_so_many_calls_nothing_is_lost_any_more(seed):
    posed = problem("training-break-even", seed)
    calls, during, after = (posed.given[name] for name in ("calls", "during", "after"))
    times = np.concatenate([np.full(calls, during), np.full(round(posed.key), after)])
    assert (times - 1).sum() == pytest.approx(0, abs=1)
