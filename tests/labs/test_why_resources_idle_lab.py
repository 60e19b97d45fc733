"""The lab "Why resources idle": right answers are right, each misconception fails, and the keys follow from runs."""

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import why_resources_idle as lab
from faaslab.harvest.managers import Fixed, Greedy
from faaslab.harvest.worlds.six_functions import site_function

NAME = "why-resources-idle"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


def columns(seed):
    rows = lab.log(seed)["rows"]
    return (np.array([row[key] for row in rows]) for key in ("cores", "peak", "duration_s", "own_s"))


@pytest.mark.parametrize("seed", range(6))
def test_forty_calls_are_read_from_their_log(seed):
    posed, user = open_lab(NAME, seed), lab.log(seed)["user"]
    cores, peak, took, own = columns(seed)
    share, mean, idle = np.mean(took > 1.0001 * own), np.mean(took / own), np.sum((cores - peak) * took)
    assert 0.1 < share < 0.5 and mean > 1  # as the lab's choices have it
    assert posed.verdict("read", share, mean, idle).state == "right"
    slips = posed.words["task"]["read"]["slips"]
    for answers, slip in [
        ((np.mean(cores < user), mean, idle), "fewer-cores"),
        ((share * len(took), mean, idle), "count"),
        ((share, np.sum(took) / np.sum(own), idle), "sums"),
        ((share, np.mean(own / took), idle), "turned"),
        ((share, mean, np.sum(cores * took)), "held"),
        ((share, mean, np.sum(cores - peak)), "cores"),
    ]:
        verdict = posed.verdict("read", *answers)
        assert verdict.state == "partly" and slips[slip] in repr(verdict), slip


def test_own_duration_is_that_of_the_same_call_under_fixed():
    cores, _, took, own = columns(1)
    assert cores[0] == 8 and took[0] == own[0]
    fixed = lab.call_by_call(lab.lab_function("archive"), Fixed(), 1, 40)
    assert [row["duration_s"] for row in fixed] == own.tolist() and len(set(own)) == 40


# --- the rule ------------------------------------------------------------------------------------------------------


def with_a_loop(calls, user, most):
    largest = 0
    for i, (_, peak) in enumerate(calls):
        if i >= len(calls) - 5 and peak > largest:
            largest = peak
    if not len(calls) or (calls[-1][1] / calls[-1][0] >= 0.9 and calls[-1][0] < user):
        return user
    return min(int(largest // 1) + 1, most)


def no_safeguard(calls, user, most):
    return min(most, int(max(peak for _, peak in calls[-5:])) + 1) if calls else user


def only_the_last(calls, user, most):
    found = lab.careful(calls[-1:], user, most)
    return found if calls else user


def all_calls(calls, user, most):
    if calls and calls[-1][1] >= 0.9 * calls[-1][0] and calls[-1][0] < user:
        return user
    return min(most, int(max(peak for _, peak in calls)) + 1) if calls else user


def rounds_up(calls, user, most):
    if not calls or (calls[-1][1] >= 0.9 * calls[-1][0] and calls[-1][0] < user):
        return user
    return min(most, int(np.ceil(max(peak for _, peak in calls[-5:]))) + 1)


def no_limit(calls, user, most):
    return lab.careful(calls, user, 10**9)


def whenever_full(calls, user, most):
    if calls and calls[-1][1] >= 0.9 * calls[-1][0]:
        return user
    return lab.careful(calls, user, most)


def exactly_full(calls, user, most):
    if calls and calls[-1][1] >= calls[-1][0] and calls[-1][0] < user:
        return user
    return no_safeguard(calls, user, most)


def above_nine_tenths_only(calls, user, most):
    if calls and calls[-1][1] == 0.9 * calls[-1][0]:
        return min(most, int(max(peak for _, peak in calls[-5:])) + 1)
    return lab.careful(calls, user, most)


def capped_by_the_user(calls, user, most):
    return min(user, lab.careful(calls, user, most))


def forgets_the_beginning(calls, user, most):
    return lab.careful(calls, user, most) if calls else 1


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
@pytest.mark.parametrize("right", [lab.careful, with_a_loop])
def test_the_rule_in_other_words_is_right(right, seed):
    assert open_lab(NAME, seed).verdict("careful", right).state == "right"
    assert grade(NAME, "careful", right, seed=seed) == 4.0


@pytest.mark.parametrize(
    "wrong",
    [
        lab.greedy,
        no_safeguard,
        only_the_last,
        all_calls,
        rounds_up,
        no_limit,
        whenever_full,
        exactly_full,
        above_nine_tenths_only,
        capped_by_the_user,
        forgets_the_beginning,
    ],
)
@pytest.mark.parametrize("seed", [1, 4])
def test_each_mistake_in_the_rule_costs_something(wrong, seed):
    assert open_lab(NAME, seed).verdict("careful", wrong).state in ("partly", "wrong")
    assert grade(NAME, "careful", wrong, seed=seed) < 4


@pytest.mark.parametrize(
    "wrong, case",
    [(no_safeguard, "short"), (exactly_full, "nearly"), (above_nine_tenths_only, "exactly"), (rounds_up, "rounds-down"),
     (all_calls, "forgets"),
     (only_the_last, "largest"), (no_limit, "most"), (whenever_full, "climbs"), (forgets_the_beginning, "first")],
)  # fmt: skip
def test_a_slip_is_named_by_its_case(opened, wrong, case):
    name = opened.words["task"]["careful"]["cases"][case]
    assert f"{name}: expected" in repr(opened.verdict("careful", wrong))


def test_the_empty_rule_is_no_answer(opened):
    assert opened.verdict("careful", lambda calls, user, most: None).state == "open"
    assert grade(NAME, "careful", lambda calls, user, most: None) == 0.0


@pytest.mark.parametrize("name", ["report", "archive"])
def test_greedy_as_a_rule_is_the_manager(name):
    function = lab.lab_function(name)
    assert lab.call_by_call(function, lab.FromRule(lab.greedy), 3) == lab.call_by_call(function, Greedy(), 3)


def test_the_careful_rule_reaches_what_an_under_provisioned_function_can_use():
    rows = lab.call_by_call(site_function("faces"), lab.FromRule(lab.careful), 1, 20)
    assert [row["cores"] for row in rows[:6]] == [2, 3, 4, 5, 6, 7] and rows[-1]["duration_s"] == pytest.approx(1.0)


# --- the choice ----------------------------------------------------------------------------------------------------


def test_each_function_has_a_manager_of_its_own(opened):
    best = {name: lab.best_manager(name) for name in lab.FUNCTIONS}
    assert best == {"report": "greedy", "archive": "careful", "login": "fixed"}
    for name in lab.FUNCTIONS:
        for manager in lab.MANAGERS:  # on one side of the promise, clearly
            assert abs(lab.mean_of(name, manager)["slower"] - lab.MOST_SLOWER) > 0.02, (name, manager)
    fixed, careful, greedy = (lab.mean_of("archive", m)["core_s"] for m in ("fixed", "careful", "greedy"))
    calls = lab.calls_a_day(1)
    saved = calls * (fixed - careful) / 3600
    assert opened.verdict("decide", "greedy", "careful", "fixed", saved).state == "right"
    shown = repr(opened.verdict("decide", "fixed", "greedy", "careful", calls * (fixed - greedy) / 3600))
    slips = opened.words["task"]["decide"]["slips"]
    assert shown.count("breaks the promise") == 2 and "holds less" in shown and slips["with-greedy"] in shown
    assert slips["a-call"] in repr(opened.verdict("decide", "greedy", "careful", "fixed", fixed - careful))


def test_taking_needed_cores_from_login_saves_nothing():
    fixed, greedy = (lab.mean_of("login", manager) for manager in ("fixed", "greedy"))
    assert greedy["relative"] > 2 and greedy["core_s"] > fixed["core_s"]
