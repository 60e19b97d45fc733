"""Markov decision processes of known model, solved exactly: what a learner could reach at best.

S states, A actions. In state s the action a brings the reward R(s, a) on average and leads to state t with probability
P(s, a, t); what comes k steps later counts with the factor gamma^k.

    value of a policy   V(s) = sum_a pi(a | s) (R(s, a) + gamma sum_t P(s, a, t) V(t))        linear equations in V
    best value          V*(s) = max_a (R(s, a) + gamma sum_t P(s, a, t) V*(t))                Bellman's equation

Chapter "Proximal policy optimisation". Source: Sutton and Barto, Reinforcement Learning (2nd ed. 2018), chapters 3, 4.
Everywhere `transitions` is P, shape (S, A, S), `rewards` R, shape (S, A), `policy` the chances pi(a | s), shape (S, A).
Left out: models too large for tables.
"""

import numpy as np

from faaslab.errors import InputError, number


def action_values(transitions, rewards, gamma: float, values) -> np.ndarray:
    """(S, A): what each action brings if from the next state on `values` (S,) is what is still to come."""
    return rewards + gamma * transitions @ values


def value_iteration(transitions, rewards, gamma: float, precision: float = 1e-10) -> tuple[np.ndarray, np.ndarray, int]:
    """The best actions (S,), the best values V* (S,) up to `precision`, and the number of sweeps.

    Every sweep puts the values so far into the right-hand side of Bellman's equation. The error shrinks by gamma each
    time, and is at most gamma / (1 - gamma) times the last change. Of equally good actions the first is taken.
    """
    _check(transitions, rewards, gamma)
    number(precision, "precision", above=0)
    values, sweeps, change = np.zeros(len(rewards)), 0, np.inf
    while not sweeps or gamma * change > (1 - gamma) * precision:
        better = action_values(transitions, rewards, gamma, values).max(axis=1)
        change, values, sweeps = np.abs(better - values).max(), better, sweeps + 1
    return action_values(transitions, rewards, gamma, values).argmax(axis=1), values, sweeps


def policy_values(transitions, rewards, gamma: float, policy) -> np.ndarray:
    """V (S,) of a policy: the solution of its linear equations, exact up to rounding."""
    _check(transitions, rewards, gamma)
    moves, earned = under(transitions, rewards, policy)
    return np.linalg.solve(np.eye(len(rewards)) - gamma * moves, earned)


def policy_iteration(transitions, rewards, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """The best actions (S,) and values V* (S,): evaluate a policy exactly, take the best actions by it, repeat."""
    _check(transitions, rewards, gamma)
    actions = np.zeros(len(rewards), int)
    while True:
        values = policy_values(transitions, rewards, gamma, always(actions, rewards.shape[1]))
        of_actions = action_values(transitions, rewards, gamma, values)
        here = of_actions[np.arange(len(actions)), actions]
        better = of_actions.max(axis=1) > here + 1e-12 * (1 + np.abs(here))  # never changes between equals
        if not better.any():
            return actions, values
        actions = np.where(better, of_actions.argmax(axis=1), actions)


def long_run(transitions, policy) -> np.ndarray:
    """(S,): the share of the time spent in each state in the long run, where that does not depend on the beginning."""
    moves, _ = under(transitions, np.zeros(transitions.shape[:2]), policy)
    equations = np.vstack([moves.T - np.eye(len(moves)), np.ones(len(moves))])
    return np.linalg.lstsq(equations, np.append(np.zeros(len(moves)), 1.0))[0]


def always(actions, count: int) -> np.ndarray:
    """The policy (S, count) that takes `actions` (S,) with certainty."""
    return np.eye(count)[np.asarray(actions, int)]


def under(transitions, rewards, policy) -> tuple[np.ndarray, np.ndarray]:
    """Chances of moving from state to state (S, S), and mean rewards (S,), under a policy."""
    policy = np.asarray(policy, float)
    if policy.shape != rewards.shape or not np.allclose(policy.sum(axis=1), 1) or policy.min() < 0:
        raise InputError(f"policy: expected chances of shape {rewards.shape} that add up to 1, got {policy.shape}")
    return np.einsum("sa,sat->st", policy, transitions), (policy * rewards).sum(axis=1)


def _check(transitions, rewards, gamma):
    number(gamma, "gamma", minimum=0)
    if gamma >= 1:
        raise InputError(f"gamma: expected a number below 1, got {gamma!r}")
    states, actions = rewards.shape
    if transitions.shape != (states, actions, states):
        raise InputError(f"transitions: expected shape {(states, actions, states)}, got {transitions.shape}")
    if not np.allclose(transitions.sum(axis=2), 1) or transitions.min() < 0:
        raise InputError("transitions: expected chances that add up to 1 for every state and action")
