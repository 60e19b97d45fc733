"""The lab "Autoscaling": right answers are right, each misconception fails, and the keys follow from runs and rules."""

import math

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import autoscaling as lab
from faaslab.course.tasks import autoscaling_designs as designs
from faaslab.model.queueing import erlang_b, erlang_c
from faaslab.policies import KPA

NAME = "autoscaling"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_crowd_is_read_from_its_run(seed):
    given, posed = lab.crowd(seed), open_lab(NAME, seed)
    calls = lab.crowd_result(**given, seed=seed).frame("calls")
    share = (calls["outcome"] == "throttled").mean()
    wait_s, load = (calls["begin_s"] - calls["arrival_s"]).max(), given["rate_per_s"] * given["service_s"]
    assert posed.verdict("crowd", share, wait_s, load).state == "right"
    assert 0.2 < share < 0.35 and load > given["limit"]  # as the lab's words have it
    assert share == pytest.approx(erlang_b(given["limit"], load), abs=0.05)
    shown = repr(posed.verdict("crowd", 1 - share, (calls["end_s"] - calls["arrival_s"]).max(), given["limit"]))
    for slip in ("response", "limit"):
        assert posed.words["task"]["crowd"]["slips"][slip] in shown
    assert "rest to 1" in shown or "completed" in shown


def test_the_fleet_is_the_smallest(opened):
    posed = opened.problem("servers")
    load, most = posed.given["rate_per_s"] * posed.given["service_s"], posed.given["most_waiting_percent"] / 100
    assert erlang_c(posed.key, load) <= most < erlang_c(posed.key - 1, load)
    assert opened.verdict("servers", posed.key).state == "right"
    assert "formula B" in repr(opened.verdict("servers", posed.slips["lost"]))
    assert opened.verdict("servers", posed.key + 1).score == 0


def desired(concurrency, ready):
    """The rule as the lab asks for it."""
    by_stable = math.ceil(sum(concurrency) / 30 / 0.7)
    by_panic = math.ceil(sum(concurrency[-3:]) / 3 / 0.7)
    return max(by_stable, by_panic) if by_panic >= 2 * ready else max(by_stable, ready // 2)


def with_numpy(concurrency, ready):
    means = np.mean(concurrency), np.mean(np.array(concurrency)[-3:])
    by_stable, by_panic = (int(np.ceil(mean / 0.7)) for mean in means)
    return max(by_stable, by_panic) if by_panic >= 2 * ready else max(by_stable, ready // 2)


def only_stable(concurrency, ready):
    return max(math.ceil(sum(concurrency) / 30 / 0.7), ready // 2)


def only_panic(concurrency, ready):
    return max(math.ceil(sum(concurrency[-3:]) / 3 / 0.7), ready // 2)


def no_target(concurrency, ready):
    return desired([c * 0.7 for c in concurrency], ready)


def no_half(concurrency, ready):
    by_stable, by_panic = math.ceil(sum(concurrency) / 30 / 0.7), math.ceil(sum(concurrency[-3:]) / 3 / 0.7)
    return max(by_stable, by_panic) if by_panic >= 2 * ready else by_stable


def more_than_twice(concurrency, ready):
    by_stable, by_panic = math.ceil(sum(concurrency) / 30 / 0.7), math.ceil(sum(concurrency[-3:]) / 3 / 0.7)
    return max(by_stable, by_panic) if by_panic > 2 * ready else max(by_stable, ready // 2)


def only_the_short_one_in_panic(concurrency, ready):
    by_panic = math.ceil(sum(concurrency[-3:]) / 3 / 0.7)
    return by_panic if by_panic >= 2 * ready else desired(concurrency, ready)


def half_rounded_up(concurrency, ready):
    return max(desired(concurrency, ready), -(-ready // 2))


def newest_first(concurrency, ready):
    return desired(concurrency[::-1], ready)


def tutorial(concurrency, ready):
    return math.ceil(concurrency[-1])


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
@pytest.mark.parametrize("right", [desired, with_numpy])
def test_the_rule_of_the_lab_is_the_policys_own(right, seed):
    assert open_lab(NAME, seed).verdict("autoscaler", right).state == "right"
    assert grade(NAME, "autoscaler", right, seed=seed) == 4.0


@pytest.mark.parametrize(
    "wrong",
    [
        only_stable,
        only_panic,
        no_target,
        no_half,
        more_than_twice,
        only_the_short_one_in_panic,
        half_rounded_up,
        newest_first,
        tutorial,
    ],
)
@pytest.mark.parametrize("seed", [1, 4])
def test_each_mistake_in_the_rule_costs_something(wrong, seed):
    assert open_lab(NAME, seed).verdict("autoscaler", wrong).state in ("partly", "wrong")
    assert grade(NAME, "autoscaler", wrong, seed=seed) < 4


@pytest.mark.parametrize(
    "wrong, case", [(more_than_twice, "twice"), (only_the_short_one_in_panic, "larger"), (half_rounded_up, "half")]
)
def test_a_slip_is_named_by_its_case(opened, wrong, case):
    name = opened.words["task"]["autoscaler"]["cases"][case]
    assert f"{name}: expected" in repr(opened.verdict("autoscaler", wrong))


def test_the_empty_function_is_no_answer(opened):
    assert opened.verdict("autoscaler", lambda concurrency, ready: None).state == "open"
    assert grade(NAME, "autoscaler", lambda concurrency, ready: None) == 0.0


def test_what_the_lab_says_about_the_crowd():
    """The tutorial's rule is worst and starts most; the rule without memory drops containers that Knative's keeps."""
    own, theirs, knative = (lab.on_the_crowd(rule) for rule in (desired, tutorial, KPA(min_scale=1)))
    assert theirs["late"] > 2 * own["late"] and theirs["started"] > own["started"] > knative["started"]
    assert own["first"][2] <= 0.6 * own["first"][1]
    assert all(a <= b for a, b in zip(knative["first"], knative["first"][1:], strict=False))


def test_an_autoscaler_from_a_function_sees_means_of_two_seconds():
    class Group:
        concurrency_area_s, idle, busy = 0.0, 1, 2

    seen, scaler = [], lab.FromFunction(lambda concurrency, ready: seen.append((concurrency, ready)) or 3.7)
    for area_s in (4.0, 10.0):
        Group.concurrency_area_s = area_s
        assert scaler.desired(Group, 0.0) == 3
    assert seen[-1] == ([0.0] * 28 + [2.0, 3.0], 3) and scaler.log == [3, 3]


@pytest.mark.parametrize("seed", [1, 2, 3, 5])
def test_each_service_has_a_design_of_its_own(seed):
    paid, posed = designs.prices(seed), open_lab(NAME, seed)
    best = {name: designs.best_design(name, paid) for name in designs.SERVICES}
    assert best == {"thumbnails": "request", "frames": "fleet", "albums": "knative"}
    for name, chosen in best.items():
        for design in designs.DESIGNS:
            late = designs.mean_day(name, design)["late"]
            assert abs(late - designs.MOST_LATE) > 0.0015, (name, design)  # on one side of the goal, clearly
            if design != chosen and late <= designs.MOST_LATE:
                assert designs.day_usd(name, design, paid) > 1.05 * designs.day_usd(name, chosen, paid)
    usd = designs.day_usd("frames", "fleet", paid)
    assert posed.verdict("decide", "request", "fleet", "knative", usd).state == "right"
    shown = repr(posed.verdict("decide", "knative", "request", "fleet", designs.day_usd("frames", "request", paid)))
    knative_usd = designs.day_usd("frames", "knative", paid)
    assert "what Knative" in repr(posed.verdict("decide", "request", "knative", "knative", knative_usd))
    assert "misses the goal" in shown and shown.count("meets it for less") == 2 and "not the cheapest" in shown


def test_prices_are_the_sheets():
    paid = designs.prices(1)
    assert paid["function_hour"] == pytest.approx(0.25 * 3600 * 1.66667e-5, rel=1e-3)
    assert paid["function_call"] == pytest.approx(2e-7)
    assert 1 <= paid["place_hour"] / (0.085 / 2 * 256 / 1769) <= 1.16
