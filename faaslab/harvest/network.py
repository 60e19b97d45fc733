"""The score network: one small network gives every option a score, and a softmax turns scores into a choice.

All options of a decision go through the same weights, as rows of one batch: the network learns what a good option looks
like, not what option number 17 is worth, so its size does not depend on how many options there are.

    score of option n            q_n = f(s_n)                   s_n: the features of option n
    chance that it is chosen     P(n) = softmax_n(q_n + m_n)    m_n: 0 where allowed, -1e8 where forbidden
    value of the state           V = mean_n g(s_n)              g: a second network of the same shape

The mean in V runs over all options, the forbidden ones too, as in the paper ("mean over n"): V predicts what the
episode still brings, not what one option is worth. Left out thereby: the critic does not see the mask.
Source: FaaSRM (arXiv 2108.12717) and Freyr (WWW'22), section 4: layers 11-32-16-1 with tanh, 929 weights in each of
f and g, 1,858 together. The weights start as PyTorch draws them; the papers do not say.
"""

from itertools import pairwise

import torch
from torch import nn

from faaslab.errors import InputError, whole
from faaslab.harvest.scores import FORBIDDEN, NumpyScores

FEATURES = 11
HIDDEN = (32, 16)


def perceptron(inputs: int, hidden, outputs: int) -> nn.Sequential:
    """Linear layers with tanh between them: inputs -> each size in `hidden` -> outputs. InputError for bad sizes."""
    sizes = [whole(inputs, "inputs of the network", minimum=1)]
    sizes += [whole(size, "hidden sizes of the network", minimum=1) for size in hidden]
    steps = []
    for before, after in pairwise(sizes):
        steps += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*steps, nn.Linear(sizes[-1], whole(outputs, "outputs of the network", minimum=1)))


def masked(logits, mask):
    """`logits` (batch, options), plus -1e8 where `mask` (same shape, True: allowed) forbids: e^-1e8 is 0 exactly."""
    return logits + FORBIDDEN * (~mask)


class ScoreNetwork(nn.Module):
    """f: features (..., options, features) -> one score an option (..., options)."""

    def __init__(self, features: int = FEATURES, hidden=HIDDEN):
        super().__init__()
        self.layers = perceptron(features, hidden, 1)

    def forward(self, features):
        return self.layers(features).squeeze(-1)


class ScorePolicy(nn.Module):
    """Actor f and critic g: a policy that `training.train` can train.

    `features`: features of an option; `hidden`: sizes of the hidden layers, of both networks.
    """

    def __init__(self, features: int = FEATURES, hidden=HIDDEN):
        super().__init__()
        self.features = features
        self.hidden = tuple(hidden)
        self.actor = ScoreNetwork(features, self.hidden)
        self.critic = ScoreNetwork(features, self.hidden)

    def forward(self, features, mask):
        """(batch, options, features) float32, (batch, options) bool -> logits (batch, options), values (batch,)."""
        if features.shape[-1] != self.features:
            raise InputError(f"score network: expected {self.features} features an option, got {features.shape[-1]}")
        return masked(self.actor(features), mask), self.critic(features).mean(dim=-1)

    def to_numpy(self, options: int = 64, about=None) -> NumpyScores:
        """The actor as it is now, for use without torch; `about` (JSON values) is kept with it."""
        linear = [step for step in self.actor.layers if isinstance(step, nn.Linear)]
        with torch.no_grad():
            weights = [(step.weight.T.cpu().numpy().copy(), step.bias.cpu().numpy().copy()) for step in linear]
        return NumpyScores(weights, options=options, about=about)
