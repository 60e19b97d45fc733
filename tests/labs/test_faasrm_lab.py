"""The lab "FaaSRM": right answers are right, each misconception fails, and the keys follow from runs."""

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import faasrm as lab
from faaslab.harvest.history import History, Usage
from faaslab.harvest.managers import RandomChoice
from faaslab.harvest.options import Options
from faaslab.harvest.safeguard import Safeguard
from faaslab.harvest.worlds.six_functions import six_functions

NAME = "faasrm"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


# --- the decision --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_decision_is_read_from_its_options(seed):
    posed, shown = open_lab(NAME, seed), lab.decision(seed)
    scores = np.array([row["score"] for row in shown["rows"]])
    assert scores.argmax() == shown["taken"] and len(scores) == (9 - shown["rows"][0]["cores"]) ** 2
    chance = np.exp(scores[shown["taken"]]) / np.exp(scores).sum()
    x = shown["took_s"] / shown["baseline_s"]
    assert x < 1 and chance > 1.2 / len(scores)
    right = (64 - len(scores), chance, 1 - 2 * x)
    assert posed.verdict("read", *right).state == "right"
    slips = posed.words["task"]["read"]["slips"]
    for place, wrong, slip in [
        (0, len(scores), "allowed"),
        (1, 1 / len(scores), "uniform"),
        (1, np.exp(scores[shown["taken"]]), "power"),
        (1, np.exp(scores[shown["taken"]]) / (np.exp(scores).sum() + 64 - len(scores)), "forbidden"),
        (2, -x, "minus"),
        (2, 1 - x, "bonus"),
        (2, x, "relative"),
    ]:
        verdict = posed.verdict("read", *(wrong if i == place else value for i, value in enumerate(right)))
        assert verdict.state == "partly" and slips[slip] in repr(verdict), slip


def test_the_decision_comes_from_the_run_of_the_network():
    shown, policy = lab.decision(3), lab.untrained(3)
    assert policy.features == 11 and policy.hidden == (32, 16)
    user = shown["user"]
    assert {(row["cores"], row["units"]) for row in shown["rows"]} == {
        (cores, units) for cores in range(user + 1, 9) for units in range(user + 1, 9)
    }


# --- the range -----------------------------------------------------------------------------------------------------


def with_ifs_inside(user, last, highest, most):
    if last:
        given, peak = last
        if peak / user < 0.9:
            if peak / given < 0.9:
                return [min(int(highest // 1) + 1, user), user, False]
            return [user, user, True]
        return [min(1 + int(highest), most), most, False]
    return [user, user, True]


def fires_first(user, last, highest, most):
    if last is not None and last[1] >= 0.9 * last[0]:
        return user, user, True
    return lab.allowed(user, last, highest, most)


def last_peak(user, last, highest, most):
    return lab.allowed(user, last, last[1] if last else 0, most)


def rounds_up(user, last, highest, most):
    return lab.allowed(user, last, np.ceil(highest), most)


def no_cap(user, last, highest, most):
    least, end, calibrates = lab.allowed(user, last, highest, most)
    return (least if calibrates else int(highest) + 1), end, calibrates


def user_ends_both(user, last, highest, most):
    least, end, calibrates = lab.allowed(user, last, highest, most)
    return min(least, user), min(end, user), calibrates


def eight_for_ever(user, last, highest, most):
    return lab.allowed(user, last, highest, 8)


def never_fires(user, last, highest, most):
    return lab.allowed(user, last and (100, last[1]), highest, most)


def forgets_to_say(user, last, highest, most):
    return (*lab.allowed(user, last, highest, most)[:2], False)


def exactly_used_up(user, last, highest, most):
    if last is None or last[1] >= user or last[1] < 0.9 * user:
        return lab.allowed(user, last, highest, most)
    return lab.allowed(user, (last[0], 0.0), highest, most)


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
@pytest.mark.parametrize("right", [lab.allowed, with_ifs_inside])
def test_the_range_in_other_words_is_right(right, seed):
    assert open_lab(NAME, seed).verdict("range", right).state == "right"
    assert grade(NAME, "range", right, seed=seed) == 4.0


@pytest.mark.parametrize(
    "wrong",
    [fires_first, last_peak, rounds_up, no_cap, user_ends_both, eight_for_ever, never_fires, forgets_to_say,
     exactly_used_up],
)  # fmt: skip
@pytest.mark.parametrize("seed", [1, 4])
def test_each_mistake_in_the_range_costs_something(wrong, seed):
    assert open_lab(NAME, seed).verdict("range", wrong).state in ("partly", "wrong")
    assert grade(NAME, "range", wrong, seed=seed) < 4


@pytest.mark.parametrize(
    "wrong, case",
    [(fires_first, "under"), (last_peak, "highest"), (user_ends_both, "under"), (never_fires, "fires"),
     (no_cap, "most"), (no_cap, "cap"), (forgets_to_say, "first"), (exactly_used_up, "enough")],
)  # fmt: skip
def test_a_slip_is_named_by_its_case(opened, wrong, case):
    name = opened.words["task"]["range"]["cases"][case]
    assert f"{name}: expected" in repr(opened.verdict("range", wrong))


def test_the_given_range_is_no_answer(opened):
    assert opened.verdict("range", lab._as_given).state == "open" and grade(NAME, "range", lab._as_given) == 0.0


def test_the_range_is_the_safeguards():
    rng, options, safeguard = np.random.default_rng(1), Options(), Safeguard(0.9)
    for _ in range(300):
        user, last, highest = lab._situation(rng, 8)
        history = History()
        history.last = Usage(last[0], 1, last[1], 1, 1.0)
        history.recent_cpu_peak = highest
        ranges = safeguard.ranges(history, user, 1, options)
        assert lab.allowed(user, last, highest, 8) == (*ranges.cpu, ranges.calibrates_cpu)


def test_the_manager_made_of_the_range_allows_what_the_safeguard_allows():
    for seed in (1, 2):
        world = six_functions(seed, "varying")
        mine, theirs = lab.FromRange(lab.allowed), RandomChoice()
        world.run(mine, seed)
        world.run(theirs, seed)
        for manager in (mine, theirs):
            assert all(d.ranges is not None for d in manager.decisions.values())
        slower = [np.mean([d.ranges.fires for d in manager.decisions.values()]) for manager in (mine, theirs)]
        assert abs(slower[0] - slower[1]) < 0.05
    known = next(known for known in mine.known.values() if known.history.last is not None)
    assert mine.allowed(known) == theirs.safeguard.ranges(known.history, known.cpu, known.memory, mine.options)


# --- the rewards ---------------------------------------------------------------------------------------------------


def test_each_reward_has_a_favourite_of_its_own(opened):
    best = {(site, reward): lab.preferred(site, reward) for site in lab.SITES for reward in ("duration", "response")}
    assert best["crowded", "duration"] == best["roomy", "duration"] == best["roomy", "response"] == "largest"
    assert best["crowded", "response"] == "smallest"
    for seed in lab.SEEDS:  # not only on average
        runs = {name: lab.measured("crowded", name, seed) for name in lab.MANAGERS}
        assert runs["largest"]["duration"] > runs["smallest"]["duration"] > runs["fixed"]["duration"]
        assert runs["smallest"]["response"] > runs["largest"]["response"] > runs["fixed"]["response"]
    first, second = (lab.mean_of("crowded", name)["response_s"] for name in ("largest", "smallest"))
    calls, slips = lab.calls_a_day(1), opened.words["task"]["decide"]["slips"]
    lost_h = calls * (first - second) / 3600
    assert opened.verdict("decide", "largest", "smallest", "largest", lost_h).state == "right"
    assert slips["a-call"] in repr(opened.verdict("decide", "largest", "smallest", "largest", first - second))
    shown = repr(opened.verdict("decide", "smallest", "largest", "smallest", calls * first / 3600))
    assert shown.count("Another one has") == 3 and slips["whole"] in shown


def test_the_reward_by_duration_is_that_of_the_environment():
    from faaslab.harvest.environment import HarvestEnv
    from faaslab.harvest.managers import Largest

    world = six_functions(1, rate_per_s=lab.RATE_PER_S, servers=1)
    manager = Largest()
    world.run(manager, 1)
    env = HarvestEnv(lambda seed: world)
    env.reset(seed=1)
    total, over, call = 0.0, False, 0
    while not over:
        _, reward, over, _, info = env.step(manager.decisions[call].option)
        total, call = total + reward, call + 1
    assert total / info["calls"] == pytest.approx(lab.measured("crowded", "largest", 1)["duration"])
