"""The lab "The drawbacks of reinforcement learning": right answers pass, each mistake costs something."""

import numpy as np
import pytest
from scipy.stats import t

from faaslab.course import grade, open_lab
from faaslab.course.tasks import drawbacks_of_reinforcement_learning as lab

NAME = "drawbacks-of-reinforcement-learning"


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_the_eight_trainings_are_read_from_their_table(seed):
    posed, rows = open_lab(NAME, seed), lab.trainings(seed)
    assert [row["training"] for row in rows] == list(range(1, 9))
    values = np.array([row["relative"] for row in rows])
    half = t.ppf(0.975, 7) * values.std(ddof=1) / np.sqrt(8)
    hours = 8 * rows[0]["episodes"] * 0.3
    assert posed.verdict("read", values.mean(), half, hours).state == "right"
    slips = posed.words["task"]["read"]["slips"]
    shown = repr(posed.verdict("read", values.min(), values.std(ddof=1), hours / 8))
    assert all(slips[name] in shown for name in ("best", "deviation", "one"))
    shown = repr(posed.verdict("read", values.max(), half / t.ppf(0.975, 7), 60 * hours))
    assert all(slips[name] in shown for name in ("worst", "error", "minutes"))
    assert grade(NAME, "read", values.min(), values.std(), hours / 8, seed=seed) == 0.0


def test_the_trainings_differ_and_the_rule_is_the_stored_one():
    for seed in range(6):
        assert len({row["relative"] for row in lab.trainings(seed)}) >= 6
    assert 0.5 < lab.largest_rule() < 1


def by_hand(validation, held_out):
    means = {name: sum(values) / len(values) for name, values in validation.items()}
    best = sorted(means, key=means.get)[0]
    return best, sum(held_out[best]) / len(held_out[best])


def peeking(validation, held_out):
    return lab.tuned(held_out, held_out)


def reports_validation(validation, held_out):
    return lab.tuned(validation, validation)


def best_training(validation, held_out):
    name, _ = lab.tuned(validation, held_out)
    return name, min(held_out[name])


def by_single_training(validation, held_out):
    name = min(validation, key=lambda setting: min(validation[setting]))
    return name, np.mean(held_out[name])


def by_sum(validation, held_out):
    name = min(validation, key=lambda setting: sum(validation[setting]))
    return name, np.mean(held_out[name])


def highest(validation, held_out):
    name = max(validation, key=lambda setting: np.mean(validation[setting]))
    return name, np.mean(held_out[name])


def takes_away(validation, held_out):
    found = lab.tuned(validation, held_out)
    validation.clear()
    return found


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
@pytest.mark.parametrize("right", [lab.tuned, by_hand])
def test_a_right_choice_passes(right, seed):
    assert open_lab(NAME, seed).verdict("tuned", right).state == "right"
    assert grade(NAME, "tuned", right, seed=seed) == 4.0


@pytest.mark.parametrize("seed", [0, 1, 4])
@pytest.mark.parametrize(
    "wrong",
    [lab.lucky, peeking, reports_validation, best_training, by_single_training, by_sum, highest, takes_away],
)
def test_each_mistake_in_the_choice_costs_something(wrong, seed):
    assert open_lab(NAME, seed).verdict("tuned", wrong).state in ("partly", "wrong")
    assert grade(NAME, "tuned", wrong, seed=seed) < 4


@pytest.mark.parametrize(("wrong", "case"), [(by_single_training, "lucky"), (peeking, "peeking"), (by_sum, "counts")])
def test_each_case_catches_what_it_is_about(wrong, case):
    posed = open_lab(NAME)
    assert f"{posed.words['task']['tuned']['cases'][case]}: expected" in repr(posed.verdict("tuned", wrong))


def test_the_empty_function_is_no_answer():
    assert open_lab(NAME).verdict("tuned", lambda validation, held_out: None).state == "open"
    assert grade(NAME, "tuned", lambda validation, held_out: None) == 0.0


def test_luck_is_reported_as_success():
    rng = np.random.default_rng(1)
    tries = [lab.noise(rng) for _ in range(300)]
    assert np.mean([lab.lucky(*each)[1] for each in tries]) < 0.8
    assert np.mean([lab.tuned(*each)[1] for each in tries]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("seed", range(8))
def test_each_service_has_a_way_of_its_own(seed):
    posed, given = open_lab(NAME, seed), lab.terms(seed)
    best = {}
    for name in lab.SERVICES:
        usd = {way: lab.total_usd(name, way, seed) for way in lab.WAYS}
        first, second = sorted(usd.values())[:2]
        best[name] = min(usd, key=usd.get)
        assert second > 1.01 * first, name
    assert best == {"kiosk": "rule", "shop": "live", "chain": "simulator"}
    n = given["training_calls"]
    calls = next(
        c for c in range(n, 10**6, 50) if given["during"] * n + 0.85 * (c - n) <= 0.95 * c
    )  # by trying, not by the formula
    assert posed.verdict("decide", *best.values(), calls).state == "right"
    shown = repr(posed.verdict("decide", "live", "simulator", "rule", calls - n))
    assert "at their own factor" in shown and "hours of work included" in shown and "smaller factor" in shown
    assert "add them" in shown
