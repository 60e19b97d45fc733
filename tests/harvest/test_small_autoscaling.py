"""The small autoscaling problem: its model by hand and by the environment, its optimum by three ways, the platform."""

import itertools
import math

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.harvest.markov_decision import (
    always,
    long_run,
    policy_iteration,
    policy_values,
    value_iteration,
)
from faaslab.harvest.small_autoscaling import BUSY, IDLE_CENTS, QUIET, WAIT_CENTS, SmallAutoscaling
from faaslab.harvest.small_autoscaling_env import SmallAutoscalingEnv
from faaslab.harvest.small_autoscaling_run import TableAutoscaler, Ticks, cents, draw_ticks, model_cents, run

PROBLEM = SmallAutoscaling()


# --- exact solutions -------------------------------------------------------------------------------------------------


def a_process(seed, states, actions):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(states, 0.5), (states, actions)), rng.normal(size=(states, actions))


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.sampled_from([0.0, 0.3, 0.9, 0.99]))
@settings(max_examples=40, deadline=None)
def test_both_iterations_find_the_best_of_all_policies(seed, states, actions, gamma):
    transitions, rewards = a_process(seed, states, actions)
    every = [
        policy_values(transitions, rewards, gamma, always(table, actions))
        for table in itertools.product(range(actions), repeat=states)
    ]
    best = np.max(every, axis=0)
    swept, values, _ = value_iteration(transitions, rewards, gamma)
    improved, exact = policy_iteration(transitions, rewards, gamma)
    assert values == pytest.approx(best, abs=1e-8)
    assert exact == pytest.approx(best, abs=1e-8)
    for table in (swept, improved):
        assert policy_values(transitions, rewards, gamma, always(table, actions)) == pytest.approx(best, abs=1e-7)


def test_values_and_shares_of_time_by_hand():
    # From state 0 to 1 with chance 1/2; from 1 back with chance 1/4: two thirds of the time in 1.
    transitions = np.array([[[0.5, 0.5]], [[0.25, 0.75]]])
    rewards = np.array([[1.0], [0.0]])
    policy = np.ones((2, 1))
    values = policy_values(transitions, rewards, 0.5, policy)
    # V0 = 1 + (V0 + V1) / 4, V1 = V0 / 8 + 3 V1 / 8
    assert values == pytest.approx([10 / 7, 2 / 7])
    assert long_run(transitions, policy) == pytest.approx([1 / 3, 2 / 3])


def test_the_sweeps_shrink_the_error_as_promised():
    transitions, rewards = a_process(3, 5, 3)
    _, values, sweeps = value_iteration(transitions, rewards, 0.9, precision=1e-3)
    assert np.abs(values - policy_iteration(transitions, rewards, 0.9)[1]).max() <= 1e-3
    assert value_iteration(transitions, rewards, 0.9, precision=1e-6)[2] > sweeps


def test_what_is_no_process_is_named():
    transitions, rewards = a_process(1, 3, 2)
    with pytest.raises(InputError, match="gamma"):
        value_iteration(transitions, rewards, 1.0)
    with pytest.raises(InputError, match="add up to 1"):
        value_iteration(2 * transitions, rewards, 0.9)
    with pytest.raises(InputError, match="shape"):
        value_iteration(transitions[:2], rewards, 0.9)
    with pytest.raises(InputError, match="policy"):
        policy_values(transitions, rewards, 0.9, np.ones((3, 2)))


# --- the problem -----------------------------------------------------------------------------------------------------


def test_prices_are_those_of_the_sheet_and_of_the_hour():
    assert pytest.approx(100 * 4.1667e-6 * 10 * 10, rel=1e-4) == IDLE_CENTS
    assert pytest.approx(100 * 0.5 / 360) == WAIT_CENTS


@pytest.mark.parametrize(
    ("state", "wanted", "arriving", "expected", "idle", "left", "refused"),
    [
        ((QUIET, 0, 0), 0, 0, (0, 0), 0, 0, 0),
        ((QUIET, 0, 0), 0, 1, (0, 1), 0, 1, 0),
        ((QUIET, 0, 1), 1, 0, (1, 1), 1, 1, 0),  # the start counts as idle, the call waits for it
        ((QUIET, 1, 1), 1, 0, (1, 0), 0, 0, 0),
        ((BUSY, 3, 1), 4, 1, (4, 0), 2, 0, 0),  # two served, one of the ready and the new one idle
        ((BUSY, 4, 2), 1, 0, (1, 1), 0, 1, 0),  # ended at once: one serves, one waits
        ((BUSY, 1, 8), 1, 3, (1, 8), 0, 8, 2),
    ],
)
def test_a_tick_by_hand(state, wanted, arriving, expected, idle, left, refused):
    ready, waiting, cost = PROBLEM.tick(state, wanted, arriving)
    assert (ready, waiting) == expected
    assert cost == pytest.approx(idle * IDLE_CENTS + left * WAIT_CENTS + refused * 1.0)


def test_the_model_by_hand_in_one_state():
    problem = SmallAutoscaling(quiet=0.5, containers=1, queue=1)
    transitions, rewards = problem.model
    row = transitions[problem.index(QUIET, 1, 0), 1]
    none, one = math.exp(-0.5), 0.5 * math.exp(-0.5)
    assert row[problem.index(QUIET, 1, 0)] == pytest.approx(0.95 * (none + one))
    assert row[problem.index(BUSY, 1, 1)] == pytest.approx(0.05 * (1 - none - one))
    refused = sum((k - 2) * math.exp(-0.5) * 0.5**k / math.factorial(k) for k in range(3, 30))
    cost = none * IDLE_CENTS + (1 - none - one) * WAIT_CENTS + refused * 1.0
    assert rewards[problem.index(QUIET, 1, 0), 1] == pytest.approx(-cost)


def test_states_are_where_the_index_says():
    assert [PROBLEM.index(*state) for state in PROBLEM.states] == list(range(90))
    assert PROBLEM.model[0].sum(axis=2) == pytest.approx(np.ones((90, 5)))
    assert PROBLEM.features.min() == 0 and PROBLEM.features.max() == 1


def test_what_the_chapter_says_about_the_optimum():
    transitions, rewards = PROBLEM.model

    def an_hour(actions):
        policy = always(actions, 5)
        return -360 * long_run(transitions, policy) @ (policy * rewards).sum(axis=1)

    best, values, _ = value_iteration(transitions, rewards, 0.99)
    again, exact = policy_iteration(transitions, rewards, 0.99)
    assert (best == again).all() and values == pytest.approx(exact, abs=1e-6)
    least = an_hour(best)
    rule = min(an_hour(PROBLEM.rule(q, b)) for q in range(5) for b in range(5))
    assert 1.0 < 100 * (rule / least - 1) < 3.0
    assert an_hour(np.full(90, 3)) > 1.7 * least
    shortsighted = value_iteration(transitions, rewards, 0.0)[0]  # who looks at the next reward only starts nothing
    assert all(wanted <= ready for wanted, (_, ready, _) in zip(shortsighted, PROBLEM.states, strict=True))
    assert best[PROBLEM.index(BUSY, 0, 0)] > best[PROBLEM.index(BUSY, 2, 0)]


@pytest.mark.parametrize(
    ("name", "value"), [("quiet", -1), ("busy", math.nan), ("becomes_busy", 1.5), ("containers", 0), ("queue", 1.5)]
)
def test_problems_out_of_range_are_named(name, value):
    with pytest.raises(InputError, match=name):
        SmallAutoscaling(**{name: value})


# --- the environment -------------------------------------------------------------------------------------------------


def test_gymnasium_s_checker_passes():
    check_env(SmallAutoscalingEnv(), skip_render_check=True)


def test_episodes_are_those_of_the_model():
    """Means of rewards and next states of one state and action, against the tables."""
    environment, (transitions, rewards) = SmallAutoscalingEnv(ticks=50), PROBLEM.model
    met, actions = {}, np.random.default_rng(7)
    for seed in range(150):
        _, info = environment.reset(seed=seed)
        assert info["state"] == 0
        over = False
        while not over:
            state, action = info["state"], int(actions.integers(5))
            _, reward, terminated, over, info = environment.step(action)
            assert not terminated
            met.setdefault((state, action), []).append((reward, info["state"]))
    (state, action), found = max(met.items(), key=lambda item: len(item[1]))
    found = np.array(found)
    assert len(found) > 100
    scatter = found[:, 0].std() / math.sqrt(len(found))
    assert abs(found[:, 0].mean() - rewards[state, action]) < 4 * scatter + 1e-9
    shares = np.bincount(found[:, 1].astype(int), minlength=90) / len(found)
    assert shares == pytest.approx(transitions[state, action], abs=4 * math.sqrt(0.25 / len(found)))
    assert all((transitions[s, a, int(t)] > 0) for (s, a), rows in met.items() for _, t in rows)


def test_an_episode_ends_and_says_so():
    environment = SmallAutoscalingEnv(ticks=3)
    environment.reset(seed=1)
    assert [environment.step(0)[3] for _ in range(3)] == [False, False, True]
    with pytest.raises(InputError, match="reset"):
        environment.step(0)
    environment.reset(seed=1)
    with pytest.raises(InputError, match="action"):
        environment.step(5)


# --- the platform ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 3, 4])
@pytest.mark.parametrize("name", ["best", "rule"])
def test_as_sketched_the_platform_costs_what_the_model_says(seed, name):
    actions = value_iteration(*PROBLEM.model, 0.99)[0] if name == "best" else PROBLEM.rule(1, 4)
    ticks = draw_ticks(PROBLEM, 400, seed)
    result = run(TableAutoscaler(PROBLEM, actions, ticks), ticks, seed, "sketch")
    assert cents(PROBLEM, result) == pytest.approx(model_cents(PROBLEM, actions, ticks), abs=1e-3)


def test_a_run_by_hand():
    """One call that finds nothing: it waits a tick for the start, is served, and the container goes."""
    ticks = Ticks(np.zeros(6, int), np.array([1, 0, 0, 0, 0, 0]))
    actions = PROBLEM.rule(0, 3)
    result = run(TableAutoscaler(PROBLEM, actions, ticks), ticks, 1, "sketch")
    assert cents(PROBLEM, result) == pytest.approx(2 * WAIT_CENTS + IDLE_CENTS, abs=1e-4)
    assert model_cents(PROBLEM, actions, ticks) == pytest.approx(2 * WAIT_CENTS + IDLE_CENTS)


def test_bad_tables_and_versions_are_named():
    ticks = draw_ticks(PROBLEM, 5, 1)
    with pytest.raises(InputError, match="actions"):
        TableAutoscaler(PROBLEM, [0, 1], ticks)
    with pytest.raises(InputError, match="version"):
        run(TableAutoscaler(PROBLEM, PROBLEM.rule(0, 3), ticks), ticks, 1, "dream")
