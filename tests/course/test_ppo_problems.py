"""The problems of the chapter "Proximal policy optimisation": their keys by the package's PPO and exact solutions."""

import numpy as np
import pytest
import torch

from faaslab.course.problems import problem
from faaslab.harvest.markov_decision import action_values, value_iteration
from faaslab.harvest.ppo import returns_to_go

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_clipped_objective_as_ppo_computes_it(seed):
    posed = problem("clipped-objective", seed)
    given = posed.given
    ratio = torch.exp(torch.log(torch.tensor(given["new"])) - torch.log(torch.tensor(given["old"])))
    held = torch.clamp(ratio, 1 - given["clip"], 1 + given["clip"])
    objective = torch.min(ratio * given["advantage"], held * given["advantage"]).item()
    assert posed.key == pytest.approx(objective, rel=1e-5)


def test_both_sides_of_the_clip_occur_for_both_signs():
    def kind(posed):
        given = posed.given
        clipped = posed.key != pytest.approx(given["new"] / given["old"] * given["advantage"])
        return given["advantage"] > 0, given["new"] > given["old"], clipped

    found = {kind(problem("clipped-objective", seed)) for seed in SEEDS}
    assert found == {(True, True, True), (True, False, False), (False, True, False), (False, False, True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_advantage_as_ppo_computes_it(seed):
    posed = problem("discounted-advantage", seed)
    returns = returns_to_go(list(posed.given["rewards"]), posed.given["gamma"])
    assert posed.key == pytest.approx(returns[0] - posed.given["value"])


@pytest.mark.parametrize("seed", SEEDS)
def test_bellman_s_equation_as_the_exact_solution_uses_it(seed):
    posed = problem("bellman-update", seed)
    given, gamma = posed.given, posed.given["gamma"]
    ahead = np.array([0.0, given["value_none"], given["value_waiting"]])
    rewards = np.array(
        [[given["reward_few"], given["reward_many"]], *([value * (1 - gamma)] * 2 for value in ahead[1:])]
    )
    transitions = np.zeros((3, 2, 3))
    for action, chance in enumerate((given["waiting_few"], given["waiting_many"])):
        transitions[0, action, 1:] = 1 - chance, chance
    transitions[1, :, 1] = transitions[2, :, 2] = 1
    assert action_values(transitions, rewards, gamma, ahead)[0].max() == pytest.approx(posed.key)
    assert value_iteration(transitions, rewards, gamma)[1][0] == pytest.approx(posed.key)


def test_either_action_may_be_the_better_one():
    steps = [problem("bellman-update", seed).steps for seed in SEEDS]
    assert {step["worth_few"] > step["worth_many"] for step in steps} == {True, False}
