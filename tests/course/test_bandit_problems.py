"""The generated problems of "From bandit to policy gradient": their keys, computed a second way from what is given."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from faaslab.course.problems import problem


@pytest.mark.parametrize("seed", range(25))
def test_a_step_is_the_numerical_slope_times_the_advantage(seed):
    posed = problem("policy-gradient-step", seed)
    given, h = posed.given, np.array([1e-6, 0.0, 0.0])
    theta = np.array(given["preferences"])

    def log_probability(preferences):
        return preferences[0] - np.log(np.exp(preferences).sum())

    slope = (log_probability(theta + h) - log_probability(theta - h)) / 2e-6
    moved = theta[0] + given["step"] * (given["reward"] - given["baseline"]) * slope
    assert posed.key == pytest.approx(moved, rel=1e-6)
    assert (posed.key > theta[0]) == (given["reward"] > given["baseline"])


@pytest.mark.parametrize("seed", range(25))
def test_the_days_are_the_fewest_with_five_percent(seed):
    posed = problem("days-apart", seed)
    given = posed.given

    def wrong(days):
        return norm.cdf(-given["difference_cents"] * math.sqrt(days) / (math.sqrt(2) * given["scatter_cents"]))

    assert wrong(posed.key) <= 0.05001 < wrong(posed.key - 1)
    assert wrong(posed.key) < wrong(posed.slips["no-factor"])


def test_the_days_agree_with_days_that_are_drawn():
    posed = problem("days-apart", 1)
    rng, difference, scatter = np.random.default_rng(1), posed.given["difference_cents"], posed.given["scatter_cents"]
    days = rng.normal([0.0, difference], scatter, (4000, posed.key, 2)).mean(axis=1)
    expected = norm.cdf(-difference * math.sqrt(posed.key) / (math.sqrt(2) * scatter))
    assert np.mean(days[:, 0] > days[:, 1]) == pytest.approx(expected, abs=0.012)
