"""A policy for ordinary problems: one network reads the state and gives every action a logit; a second one, its value.

The score network (network.py) needs features of every option; where a problem has only a state, such as "3 containers
run, 5 calls wait", this is the usual form. It trains with the same ppo.py.
"""

from torch import nn

from faaslab.errors import InputError
from faaslab.harvest.network import masked, perceptron


class PerceptronPolicy(nn.Module):
    """States (batch, features) and masks (batch, actions) -> logits (batch, actions), values (batch,)."""

    def __init__(self, features: int, actions: int, hidden=(32, 32)):
        super().__init__()
        self.features = features
        self.hidden = tuple(hidden)
        self.actor = perceptron(features, self.hidden, actions)
        self.critic = perceptron(features, self.hidden, 1)

    def forward(self, states, mask):
        if states.shape[-1] != self.features:
            raise InputError(f"policy: expected {self.features} features of a state, got {states.shape[-1]}")
        return masked(self.actor(states), mask), self.critic(states).squeeze(-1)
