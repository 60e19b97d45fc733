"""The score network: its size, its mask, that it treats all options alike, and that numpy computes what torch does."""

import numpy as np
import pytest
import torch

from faaslab.errors import InputError
from faaslab.harvest.network import ScoreNetwork, ScorePolicy
from faaslab.harvest.perceptron_policy import PerceptronPolicy
from faaslab.harvest.scores import NumpyScores


@pytest.fixture
def policy():
    torch.manual_seed(3)
    return ScorePolicy()


def decisions(batch=5, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(batch, 64, 11)).astype(np.float32)
    masks = rng.random((batch, 64)) < 0.3
    masks[:, 7] = True
    return torch.from_numpy(features), torch.from_numpy(masks)


def parameters(module):
    return sum(weights.numel() for weights in module.parameters())


def test_the_paper_s_counts_of_parameters():
    assert parameters(ScoreNetwork()) == 929
    assert parameters(ScorePolicy()) == 1858
    assert parameters(ScoreNetwork(11, (64, 32))) == 11 * 64 + 64 + 64 * 32 + 32 + 32 + 1


def test_a_forbidden_option_has_no_chance_and_the_allowed_ones_share_it_all(policy):
    features, masks = decisions()
    logits, values = policy(features, masks)
    chances = torch.softmax(logits, dim=-1)
    assert (chances[~masks] == 0).all() and (chances[masks] > 0).all()
    assert torch.allclose(chances.sum(dim=-1), torch.ones(5))
    assert logits.shape == (5, 64) and values.shape == (5,)


def test_scores_follow_the_options_when_they_change_places_and_the_value_stays(policy):
    features, _ = decisions()
    everything = torch.ones(5, 64, dtype=torch.bool)
    order = torch.randperm(64)
    logits, values = policy(features, everything)
    moved, same = policy(features[:, order], everything)
    assert torch.allclose(moved, logits[:, order], atol=1e-6)
    assert torch.allclose(same, values, atol=1e-6)


def test_the_value_is_the_mean_over_all_options_whatever_the_mask(policy):
    features, masks = decisions()
    _, values = policy(features, masks)
    assert torch.allclose(values, policy.critic(features).mean(dim=1))
    assert torch.equal(values, policy(features, torch.ones_like(masks))[1])


@pytest.mark.parametrize("hidden", [(32, 16), (8,), (64, 32, 16), ()])
def test_numpy_computes_what_torch_does(hidden):
    torch.manual_seed(5)
    policy = ScorePolicy(11, hidden)
    features, masks = decisions(batch=20, seed=1)
    logits, _ = policy(features, masks)
    quick = policy.to_numpy()
    for row in range(20):
        allowed = masks[row].numpy()
        found = quick.scores(features[row].numpy())
        assert np.abs(found - policy.actor(features[row]).detach().numpy()).max() < 1e-6
        expected = torch.softmax(logits[row].double(), dim=-1).detach().numpy()
        assert np.abs(quick.probabilities(features[row].numpy(), allowed) - expected).max() < 1e-6
        assert quick.choose(features[row].numpy(), allowed) == int(logits[row].argmax())


def test_numpy_scores_keep_their_weights_when_the_network_goes_on_learning(policy):
    features, _ = decisions()
    quick = policy.to_numpy()
    before = quick.scores(features[0].numpy())
    with torch.no_grad():
        for weights in policy.parameters():
            weights += 1.0
    assert np.array_equal(quick.scores(features[0].numpy()), before)


def test_drawn_choices_come_as_often_as_their_chances(policy):
    features, masks = decisions(batch=1)
    quick = policy.to_numpy()
    chances = quick.probabilities(features[0].numpy(), masks[0].numpy())
    rng = np.random.default_rng(4)
    drawn = np.bincount([quick.choose(features[0].numpy(), masks[0].numpy(), rng) for _ in range(4000)], minlength=64)
    assert (np.abs(drawn / 4000 - chances) < 5 * np.sqrt(chances / 4000) + 1e-12).all()


def test_wrong_input_is_named(policy):
    features, masks = decisions()
    with pytest.raises(InputError, match="expected 11 features an option, got 10"):
        policy(features[..., :10], masks)
    with pytest.raises(InputError, match=r"expected \(options, 11\) features, got \(64, 10\)"):
        policy.to_numpy().scores(features[0, :, :10].numpy())
    with pytest.raises(InputError, match="at least one allowed option"):
        policy.to_numpy().choose(features[0].numpy(), np.zeros(64, bool))
    with pytest.raises(InputError, match="expected 64 options"):
        policy.to_numpy().choose(features[0].numpy(), np.ones(63, bool))
    with pytest.raises(InputError, match="hidden sizes"):
        ScorePolicy(11, (32, 0))
    with pytest.raises(InputError, match="expected 3 features of a state, got 4"):
        PerceptronPolicy(3, 2)(torch.zeros(1, 4), torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(InputError, match="finite"):
        NumpyScores([(np.full((11, 1), np.nan), np.zeros(1))])
    with pytest.raises(InputError, match="expected 32 x 1"):
        NumpyScores([(np.zeros((11, 32)), np.zeros(32)), (np.zeros((16, 1)), np.zeros(1))])
