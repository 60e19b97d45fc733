"""The lab "From bandit to policy gradient": right answers are right, misconceptions fail, keys follow from runs."""

import math

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import from_bandit_to_policy_gradient as lab
from faaslab.model.summary import summary
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.workload import thumbnails
from faaslab.workload.thumbnails import DAY_S

NAME = "from-bandit-to-policy-gradient"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


def test_a_recorded_cost_is_that_of_its_run():
    result = simulate(Platform(FixedWindow(120)), thumbnails(3), seed=3, duration_s=DAY_S)
    figures = summary(result)
    waiting = 100 * figures["wait_s"]["mean"] * figures["invocations"] / 3600 * 2
    idle = 100 * figures["idle_memory_fraction"] * figures["memory_mb_seconds"] / 1024 * 4.1667e-6
    assert lab.recorded()[2, lab.WINDOWS_S.index(120)] == pytest.approx(waiting + idle, rel=1e-3)
    means = np.sort(lab.recorded().mean(axis=0))
    assert lab.recorded().mean(axis=0).argmin() == 2 and 0.05 < means[1] - means[0] < 0.3  # as the lab's words have it


@pytest.mark.parametrize("seed", range(8))
def test_the_log_is_read_as_it_is(seed):
    windows_s, costs = lab.log(seed)
    means = dict(zip(lab.WINDOWS_S, lab.recorded().mean(axis=0), strict=True))
    best_s = min(means, key=means.get)
    seen = {w: np.mean([c for x, c in zip(windows_s, costs, strict=True) if x == w]) for w in set(windows_s)}
    regret = sum(means[w] - means[best_s] for w in windows_s)
    answers = windows_s.count(best_s), regret, min(seen, key=seen.get)
    posed = open_lab(NAME, seed)
    assert set(windows_s) == set(lab.WINDOWS_S) and len(windows_s) == 40
    assert posed.verdict("log", *answers).state == "right"
    assert regret == pytest.approx(lab.regret([lab.WINDOWS_S.index(w) for w in windows_s])[-1])
    slips = posed.words["task"]["log"]["slips"]
    shown = repr(posed.verdict("log", 40 - answers[0], regret / 40, 3600))
    for slip in ("off-best", "a-day", "not-seen-best"):
        assert slips[slip] in shown or (slip == "off-best" and answers[0] == 20)
    shown = repr(posed.verdict("log", -1, sum(costs), 3600))
    assert slips["paid-all"] in shown


def test_learners_differ_in_their_luck():
    """What the lab says: far fewer than 30 days for many learners, and some believe in the second best window."""
    days = [lab.log(seed)[0].count(120) for seed in range(20)]
    assert min(days) < 10 and max(days) > 20


class Right(lab.Greedy):
    def choose(self):
        if 0 in self.pulls:
            return self.pulls.index(0)
        t = sum(self.pulls)
        bounds = [m + self.scale * math.sqrt(2 * math.log(t) / n) for m, n in zip(self.means, self.pulls, strict=True)]
        return bounds.index(max(bounds))


def _bound(bonus, untried=True):
    class Learner(lab.Greedy):
        def choose(self):
            if untried and 0 in self.pulls:
                return self.pulls.index(0)
            t = sum(self.pulls)
            bounds = [m + bonus(self.scale, t, n) for m, n in zip(self.means, self.pulls, strict=True)]
            return bounds.index(max(bounds))

    return Learner


WRONG = {
    "no log": _bound(lambda c, t, n: c * math.sqrt(2 * t / n)),
    "no two": _bound(lambda c, t, n: c * math.sqrt(math.log(t) / n)),
    "no root": _bound(lambda c, t, n: c * 2 * math.log(t) / n),
    "no scale": _bound(lambda c, t, n: math.sqrt(2 * math.log(t) / n)),
    "minus": _bound(lambda c, t, n: -c * math.sqrt(2 * math.log(t) / n)),
    "constant": _bound(lambda c, t, n: c / n),
    "log10": _bound(lambda c, t, n: c * math.sqrt(2 * math.log10(t) / n)),
}


@pytest.mark.parametrize("right", [Right, lab.UCB])
@pytest.mark.parametrize("seed", range(5))
def test_ucb_is_right(right, seed):
    assert open_lab(NAME, seed).verdict("ucb", right).state == "right"
    assert grade(NAME, "ucb", right, seed=seed) == 4.0


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("seed", [0, 1, 6])
def test_each_mistake_in_the_bonus_costs_something(name, seed):
    verdict = open_lab(NAME, seed).verdict("ucb", WRONG[name])
    assert verdict.state in ("partly", "wrong") and verdict.score < 1
    assert grade(NAME, "ucb", WRONG[name], seed=seed) < 4


def test_the_greedy_learner_is_no_answer(opened):
    assert opened.verdict("ucb", lab.Greedy).state == "open"
    assert grade(NAME, "ucb", lab.Greedy) == 0.0
    assert opened.verdict("ucb", Right(3, 1)).score == 0


def test_an_unlucky_first_day_is_forgiven():
    (case,) = (c for c in lab._ucb_cases(1) if "unlucky" in c.about)
    assert 1 in case.expected[3:] and case.run(lab.Greedy).count(1) == 1


def test_what_the_lab_says_about_the_scale():
    lost = {s: [lab.regret(lab.play(lab.UCB(7, s), 365, seed)[0])[-1] for seed in range(1, 11)] for s in (0.5, 10)}
    greedy = [lab.regret(lab.play(lab.Greedy(7, 0), 365, seed)[0])[-1] for seed in range(1, 31)]
    assert np.mean(lost[10]) > 5 * np.mean(lost[0.5]) and max(greedy) > 1.5 * max(lost[0.5])


@pytest.mark.parametrize("seed", range(12))
def test_each_site_has_a_plan_of_its_own(seed):
    posed, simulator, places = open_lab(NAME, seed), lab.simulator_usd(seed), lab.sites(seed)
    best = {}
    for name, place in places.items():
        usd = {design: lab.site_usd(design, place, simulator) for design in lab.DESIGNS}
        ranked = sorted(usd.values())
        best[name] = min(usd, key=usd.get)
        assert ranked[1] > 1.3 * ranked[0]
    assert best == {"exhibition": "habit", "shop": "learn", "platform": "replay"}
    learn, replay = (np.mean(lab.lost_cents(design, 365)) for design in ("learn", "replay"))
    equal = simulator / (learn - replay) * 100
    for design in ("learn", "replay"):
        assert lab.site_usd(design, {"days": 365, "functions": equal}, simulator) == pytest.approx(equal * learn / 100)
    assert posed.verdict("decide", *best.values(), equal).state == "right"
    assert posed.verdict("decide", *best.values(), round(equal)).state == "right"
    shown = repr(posed.verdict("decide", "learn", "replay", "habit", equal / 100))
    assert shown.count("Another plan loses") == 3 and "in cents" in shown


def test_the_worked_example_adds_up(opened):
    example = opened.tasks["decide"].example
    assert example["learn_usd"] < example["replay_usd"]
    assert example["equal"] * (example["learn"] - example["replay"]) / 100 == pytest.approx(example["simulator"])
