"""The lab "Proximal policy optimisation": right answers pass, each mistake costs something, what the lab says holds."""

import itertools

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import proximal_policy_optimization as lab
from faaslab.harvest.markov_decision import value_iteration
from faaslab.harvest.small_autoscaling import SmallAutoscaling

NAME = "proximal-policy-optimization"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
def test_the_episode_is_read_from_its_table(seed):
    posed, problem, rows = open_lab(NAME, seed), SmallAutoscaling(), lab.episode(seed)
    cost = sum(problem.idle_cents * row["idle"] + problem.wait_cents * row["left"] for row in rows)
    assert cost == pytest.approx(-sum(row["reward"] for row in rows))
    total = sum(0.9 ** row["tick"] * row["reward"] for row in rows)
    share = problem.wait_cents * sum(row["left"] for row in rows) / cost
    assert posed.verdict("episode", share, total, total - lab.critic(seed)).state == "right"
    slips = posed.words["task"]["episode"]["slips"]
    shown = repr(posed.verdict("episode", share * cost, -cost, total + lab.critic(seed)))
    assert slips["cents"] in shown and slips["added"] in shown and "adds up all rewards" in shown
    assert grade(NAME, "episode", 1 - share, -total, lab.critic(seed) - total, seed=seed) == 0.0
    for before, after in itertools.pairwise(rows):
        assert after["ready"] == before["wanted"] and after["waiting"] == before["left"]


def one_round(P, R, gamma, actions):
    rows = np.arange(len(R))
    values = np.linalg.solve(np.eye(len(R)) - gamma * P[rows, actions], R[rows, actions])
    return (R + gamma * P @ values).argmax(axis=1)


def by_sweeps(P, R, gamma, actions):
    values = np.zeros(len(R))
    for _ in range(2000):
        values = np.array([R[s, a] + gamma * P[s, a] @ values for s, a in enumerate(actions)])
    return [int(np.argmax(R[s] + gamma * P[s] @ values)) for s in range(len(R))]


def one_sweep(P, R, gamma, actions):
    values = R[np.arange(len(R)), actions]
    return (R + gamma * P @ values).argmax(axis=1)


def no_discount_at_the_end(P, R, gamma, actions):
    rows = np.arange(len(R))
    values = np.linalg.solve(np.eye(len(R)) - gamma * P[rows, actions], R[rows, actions])
    return (R + P @ values).argmax(axis=1)


def only_the_future(P, R, gamma, actions):
    rows = np.arange(len(R))
    return (P @ np.linalg.solve(np.eye(len(R)) - gamma * P[rows, actions], R[rows, actions])).argmax(axis=1)


def the_best_at_once(P, R, gamma, actions):
    return value_iteration(P, R, gamma)[0]


def next_reward(P, R, gamma, actions):
    return R.argmax(axis=1)


def in_place(P, R, gamma, actions):
    actions[:] = one_round(P, R, gamma, actions)
    return actions


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
@pytest.mark.parametrize("right", [one_round, by_sweeps])
def test_a_right_round_passes(right, seed):
    assert open_lab(NAME, seed).verdict("round", right).state == "right"
    assert grade(NAME, "round", right, seed=seed) == 4.0


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize(
    "wrong", [one_sweep, no_discount_at_the_end, only_the_future, the_best_at_once, next_reward, in_place]
)
def test_each_mistake_in_the_round_costs_something(wrong, seed):
    assert open_lab(NAME, seed).verdict("round", wrong).state in ("partly", "wrong")
    assert grade(NAME, "round", wrong, seed=seed) < 4


def test_taking_the_best_values_is_named(opened):
    case = opened.words["task"]["round"]["cases"]["old-table"]
    assert f"{case}: expected" in repr(opened.verdict("round", the_best_at_once))


def test_the_empty_function_is_no_answer(opened):
    assert opened.verdict("round", lambda P, R, gamma, actions: None).state == "open"
    assert grade(NAME, "round", lambda P, R, gamma, actions: None) == 0.0


def test_a_few_rounds_find_the_best_table():
    problem = SmallAutoscaling()
    table = np.zeros(len(problem.states), int)
    for _ in range(8):
        table = one_round(*problem.model, 0.99, table)
    assert (table == value_iteration(*problem.model, 0.99)[0]).all()


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_each_service_has_a_way_of_its_own(seed):
    posed = open_lab(NAME, seed)
    best = {}
    for name in lab.SERVICES:
        usd = {way: lab.total_usd(name, way, seed) for way in lab.WAYS}
        first, second = sorted(usd.values())[:2]
        best[name] = min(usd, key=usd.get)
        assert second - first > max(100.0, 0.005 * first), name
    assert best == {"fair": "constant", "shop": "rule", "chain": "solve"}
    costs = lab.cents_an_hour("shop")
    sites = 54 * lab.wage(seed) / ((costs["rule"] - costs["solve"]) / 100 * 720 * 12)
    assert posed.verdict("decide", *best.values(), sites).state == "right"
    shown = repr(posed.verdict("decide", "solve", "constant", "rule", 12 * sites))
    assert "not earned back" in shown and shown.count("dearer containers") == 2 and "for one month" in shown
