"""Proximal policy optimisation: improve a policy from its own episodes, in steps too small to ruin it.

Of each decision t of the collected episodes: state s_t, action a_t, reward r_t, and pi_old, the policy that took it.

    return            G_t = r_t + gamma r_{t+1} + gamma^2 r_{t+2} + ... to the end of the episode        (1)
    advantage         A_t = G_t - V_old(s_t)          how much better it went than the critic expected   (2)
    ratio             rho_t = pi(a_t | s_t) / pi_old(a_t | s_t)                                          (3)
    policy loss       L_pi = -mean min(rho_t A_t, clip(rho_t, 1 - c, 1 + c) A_t)                         (4)
    value loss        L_V = mean smoothL1(V(s_t) - G_t)   x^2/2 for |x| < 1, else |x| - 1/2              (5)
    entropy           H = mean -sum_a pi(a | s_t) log pi(a | s_t)                                        (6)
    loss              L = L_pi + w_V L_V - w_H H                                                         (7)

Without the clip, (4) is the policy gradient's step. With it, a decision whose chance has already moved by the fraction
c in the direction that A_t asks for has no more say in this update: several steps on the same episodes are safe.
Source: Schulman et al. 2017 (arXiv 1707.06347); here as in FaaSRM and Freyr: returns in place of generalised advantage
estimation, gamma 1, the whole batch in each of 4 steps, AdamW. Where those are silent, the defaults are ours: see
PPOSettings. Left out: minibatches, bootstrapping of episodes that were cut off (a cut is an end).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import smooth_l1_loss

from faaslab.errors import InputError, number, whole


@dataclass(frozen=True)
class PPOSettings:
    """What an update does. The first seven are those of FaaSRM's and Freyr's code; the others are ours.

    `gamma`: discount a decision, 1 = none. `return_scale`: rewards are divided by it, so that returns, the critic's
    targets, are about 1; with gamma 1 the mean number of decisions of an episode is a good choice. `weight_decay`: that
    of AdamW (PyTorch's default). `normalise_advantages`: to mean 0 and standard deviation 1 over the batch.
    `gradient_norm`: longer gradients are shortened to it (None: never). `episodes_per_world`: how many episodes of an
    update meet the same world; with more than one, an advantage is compared with those of the others at the same
    decision, see Batch.groups.
    """

    clip: float = 0.2
    epochs: int = 4
    learning_rate: float = 1e-3
    entropy_weight: float = 0.01
    value_weight: float = 0.5
    gamma: float = 1.0
    weight_decay: float = 0.01
    return_scale: float = 1.0
    normalise_advantages: bool = False
    gradient_norm: float | None = 0.5
    episodes_per_world: int = 1

    def __post_init__(self):
        number(self.clip, "clip", above=0)
        whole(self.epochs, "epochs", minimum=1)
        whole(self.episodes_per_world, "episodes_per_world", minimum=1)
        number(self.learning_rate, "learning_rate", above=0)
        number(self.entropy_weight, "entropy_weight", minimum=0)
        number(self.value_weight, "value_weight", minimum=0)
        number(self.gamma, "gamma", minimum=0, maximum=1)
        number(self.weight_decay, "weight_decay", minimum=0)
        number(self.return_scale, "return_scale", above=0)
        if not isinstance(self.normalise_advantages, bool):
            raise InputError(f"normalise_advantages: expected True or False, got {self.normalise_advantages!r}")
        if self.gradient_norm is not None:
            number(self.gradient_norm, "gradient_norm", above=0)

    def optimiser(self, policy) -> torch.optim.AdamW:
        return torch.optim.AdamW(policy.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay)


@dataclass(frozen=True)
class Batch:
    """All decisions of the collected episodes, one row each; T rows.

    observations (T, ...) float32, masks (T, actions) bool, actions (T,) int64, returns (T,) float32 (scaled). groups:
    int64 (T,), equal numbers for the same decision of the same world in different episodes; None where every episode
    meets a world of its own.
    """

    observations: torch.Tensor
    masks: torch.Tensor
    actions: torch.Tensor
    returns: torch.Tensor
    groups: torch.Tensor | None = None


def compared(advantages, groups):
    """Each advantage less the mean of the others of its group.

    The world's own luck, its arrivals and their durations, is the same for all of a group, and cancels: an
    input-dependent baseline (Mao et al. 2019, arXiv 1807.02264). The others know nothing of this action, so that the
    gradient stays unbiased.
    """
    count = torch.bincount(groups)[groups]
    sums = torch.zeros(int(groups.max()) + 1).scatter_add_(0, groups, advantages)[groups]
    return torch.where(count > 1, advantages - (sums - advantages) / (count - 1).clamp(min=1), advantages)


def returns_to_go(rewards, gamma: float = 1.0) -> np.ndarray:
    """(1): the return from each decision of one episode to its end, float64 (decisions,)."""
    returns = np.empty(len(rewards))
    ahead = 0.0
    for t in range(len(rewards) - 1, -1, -1):
        ahead = rewards[t] + gamma * ahead
        returns[t] = ahead
    return returns


def update(policy, optimiser, batch: Batch, settings: PPOSettings) -> dict[str, float]:
    """Change `policy` by `settings.epochs` steps on `batch`; the figures are means over the steps.

    `policy(observations, masks)` gives logits (T, actions), already masked, and values (T,). Returned: policy_loss,
    value_loss, entropy, clipped (fraction of the decisions outside the clip), kl (how far the policy has moved from
    pi_old, in nats a decision), gradient_norm (before it is shortened).
    InputError where a loss or a gradient is not finite: the policy is then as the step before left it.
    """
    with torch.no_grad():
        logits, values = policy(batch.observations, batch.masks)
        old_log_chances = log_chances_of(logits, batch.actions)[1]
        advantages = batch.returns - values  # (2)
        if batch.groups is not None:
            advantages = compared(advantages, batch.groups)
        if settings.normalise_advantages:
            advantages = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)

    steps = []
    for step in range(settings.epochs):
        logits, values = policy(batch.observations, batch.masks)
        log_chances, of_actions = log_chances_of(logits, batch.actions)
        ratio = torch.exp(of_actions - old_log_chances)  # (3)
        within = torch.clamp(ratio, 1 - settings.clip, 1 + settings.clip)
        policy_loss = -torch.min(ratio * advantages, within * advantages).mean()  # (4)
        value_loss = smooth_l1_loss(values, batch.returns)  # (5)
        entropy = -(log_chances.exp() * log_chances).sum(dim=-1).mean()  # (6)
        loss = policy_loss + settings.value_weight * value_loss - settings.entropy_weight * entropy  # (7)
        _check_finite(loss.item(), "loss", step)

        optimiser.zero_grad()
        loss.backward()
        limit = math.inf if settings.gradient_norm is None else settings.gradient_norm
        norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), limit)
        _check_finite(norm.item(), "gradient", step)
        optimiser.step()
        with torch.no_grad():
            clipped = ((ratio - 1).abs() > settings.clip).float().mean()
            kl = (ratio - 1 - ratio.log()).mean()  # never negative, right in the mean (Schulman's estimator)
        steps.append(torch.stack([policy_loss, value_loss, entropy, clipped, kl, norm]).detach())

    names = ("policy_loss", "value_loss", "entropy", "clipped", "kl", "gradient_norm")
    return dict(zip(names, torch.stack(steps).mean(dim=0).tolist(), strict=True))


def log_chances_of(logits, actions):
    """log pi(. | s_t) of all actions (T, actions), and of those that were taken (T,)."""
    log_chances = torch.log_softmax(logits, dim=-1)
    return log_chances, log_chances.gather(-1, actions[:, None]).squeeze(-1)


def _check_finite(value, what, step):
    if not math.isfinite(value):
        raise InputError(f"{what} of gradient step {step + 1}: expected a finite number, got {value!r}")
