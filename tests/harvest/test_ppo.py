"""PPO: each equation against a value computed by hand, and the optimum of a problem that is solved exactly."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_worlds import NEXT, REWARDS, STEPS, ThreeStates, best_returns

from faaslab.errors import InputError
from faaslab.harvest.perceptron_policy import PerceptronPolicy
from faaslab.harvest.ppo import Batch, PPOSettings, returns_to_go, update
from faaslab.harvest.rollout import collect
from faaslab.harvest.training import train


class Table(torch.nn.Module):
    """Logits and a value that are themselves the parameters: every gradient is known by hand."""

    def __init__(self, logits, value=0.0):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits, dtype=torch.float32))
        self.value = torch.nn.Parameter(torch.tensor(float(value)))

    def forward(self, observations, masks):
        rows = len(observations)
        return self.logits.expand(rows, -1), self.value.expand(rows)


def batch_of(actions, returns, options=2):
    rows = len(actions)
    masks = torch.ones(rows, options, dtype=torch.bool)
    return Batch(torch.zeros(rows, 1), masks, torch.tensor(actions), torch.tensor(returns, dtype=torch.float32))


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.floats(0, 1))
def test_a_return_is_the_discounted_sum_of_what_follows(rewards, gamma):
    returns = returns_to_go(rewards, gamma)
    for t in range(len(rewards)):
        assert returns[t] == pytest.approx(sum(gamma**k * r for k, r in enumerate(rewards[t:])), abs=1e-9)


def test_figures_of_one_step_by_hand():
    policy = Table([0.0, math.log(3.0)], value=1.0)  # chances 1/4, 3/4
    settings = PPOSettings(epochs=1, normalise_advantages=False, gradient_norm=None)
    figures = update(policy, settings.optimiser(policy), batch_of([0, 1], [3.0, 1.5]), settings)
    assert figures["policy_loss"] == pytest.approx(-(2.0 + 0.5) / 2)  # ratios are 1: minus the mean advantage
    assert figures["value_loss"] == pytest.approx((1.5 + 0.125) / 2)  # |1 - 3| - 1/2 and (1 - 1.5)^2 / 2
    assert figures["entropy"] == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))
    assert figures["clipped"] == 0 and figures["kl"] == pytest.approx(0, abs=1e-6)
    # d log pi(a) / d logit_j = [a = j] - pi_j; the entropy's is -pi_j (log pi_j + H); smooth L1's: -1 and -0.5
    advantage, chances, h = np.array([2.0, 0.5]), np.array([0.25, 0.75]), figures["entropy"]
    logits = -(advantage - advantage.sum() * chances) / 2 + 0.01 * chances * (np.log(chances) + h)
    value = 0.5 * (-1 - 0.5) / 2
    assert figures["gradient_norm"] == pytest.approx(math.sqrt((logits**2).sum() + value**2), rel=1e-5)


def test_with_one_step_the_better_action_gains():
    policy = Table([0.0, 0.0])
    settings = PPOSettings(epochs=1)
    update(policy, settings.optimiser(policy), batch_of([0, 1, 0, 1], [1.0, 0.0, 1.0, 0.0]), settings)
    assert policy.logits[0] > policy.logits[1]


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.4])
def test_a_decision_that_has_left_the_clip_has_no_more_say(clip):
    # Without entropy and with constant values nothing but the ratio drives the logits: Adam's steps go on a little by
    # their momentum after the gradient has ended, and no further, however many steps are allowed.
    moved = {}
    for limit in (clip, 1e9):
        policy = Table([0.0, 0.0])
        settings = PPOSettings(clip=limit, epochs=400, entropy_weight=0, value_weight=0, weight_decay=0)
        settings = replace(settings, learning_rate=1e-2)
        update(policy, settings.optimiser(policy), batch_of([0, 1] * 8, [1.0, -1.0] * 8), settings)
        moved[limit] = torch.softmax(policy.logits, dim=0)[0].item() / 0.5
    assert 1 + clip <= moved[clip] < 1 + clip + 0.25
    assert moved[1e9] > 1.8


def test_the_entropy_s_weight_holds_the_policy_back():
    chances = {}
    for weight in (0.0, 5.0):
        policy = Table([0.0, 0.0])
        settings = PPOSettings(entropy_weight=weight, learning_rate=1e-2, gradient_norm=None)
        optimiser = settings.optimiser(policy)
        for _ in range(50):
            update(policy, optimiser, batch_of([0, 1] * 4, [1.0, -1.0] * 4), settings)
        chances[weight] = torch.softmax(policy.logits, dim=0)[0].item()
    assert chances[0.0] > 0.9 and chances[5.0] < 0.7


def test_what_is_not_finite_is_named_and_leaves_the_policy_alone():
    policy = Table([0.0, 0.0])
    settings = PPOSettings(normalise_advantages=False)
    with pytest.raises(InputError, match="loss of gradient step 1: expected a finite number, got nan"):
        update(policy, settings.optimiser(policy), batch_of([0, 1], [math.nan, 0.0]), settings)
    assert policy.logits.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "name, value", [("clip", 0), ("epochs", 0), ("gamma", 1.1), ("learning_rate", math.nan), ("return_scale", 0)]
)
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(InputError, match=name):
        PPOSettings(**{name: value})


def played(actions, start):
    state, total = start, 0.0
    for time in range(STEPS):
        total += REWARDS[state, actions[time][state]]
        state = NEXT[state, actions[time][state]]
    return total


def test_the_small_world_s_optimum_is_not_the_greedy_one():
    best, values = best_returns()
    greedy = [REWARDS.argmax(axis=1)] * STEPS
    assert [played(best, s) for s in range(3)] == pytest.approx(values)
    assert sum(played(greedy, s) for s in range(3)) < values.sum() - 1


@pytest.mark.parametrize("seed", range(1, 6))
def test_it_reaches_the_optimum_of_a_solved_problem(seed):
    settings = PPOSettings(learning_rate=1e-2, return_scale=STEPS)
    training = train(
        ThreeStates,
        lambda: PerceptronPolicy(3 * STEPS, 3, (16,)),
        episodes=60 * 64,
        episodes_per_update=64,
        parallel=64,
        seed=seed,
        settings=settings,
    )
    episodes = collect([ThreeStates()], training.policy, range(30), seed, purpose="evaluation", greedy=True)
    _, values = best_returns()
    starts = [int(episode.observations[0][:3].argmax()) for episode in episodes]
    assert set(starts) == {0, 1, 2}
    assert [episode.total for episode in episodes] == pytest.approx([values[s] for s in starts])
