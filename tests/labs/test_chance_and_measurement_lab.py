"""The lab "Chance and measurement": keys come from days on the simulator, every mistake of the measurement costs."""

import numpy as np
import pytest
from scipy.stats import t

from faaslab.course import grade, open_lab
from faaslab.course.tasks import chance_and_measurement as chance
from faaslab.course.words import table

NAME = "chance-and-measurement"


@pytest.fixture(scope="module")
def lab():
    return open_lab(NAME)


def mended(one_run, seeds, warmup_s, *, kept=np.greater_equal, factor=None, ddof=1, power=0.5, p99=np.percentile):
    values = []
    for seed in seeds:
        arrival_s, response_s = one_run(seed)
        values.append(p99(response_s[kept(arrival_s, warmup_s)], 99))
    n = len(values)
    return np.mean(values), (factor or t.ppf(0.975, n - 1)) * np.std(values, ddof=ddof) / n**power


def hourly(one_run, seeds, warmup_s):
    values = []
    for seed in seeds:
        arrival_s, response_s = one_run(seed)
        counted = arrival_s >= warmup_s
        hours = arrival_s // 3600
        values.append(np.mean([np.percentile(response_s[counted & (hours == h)], 99) for h in np.unique(hours)]))
    return np.mean(values), t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5


def one_seed(one_run, seeds, warmup_s):
    return mended(lambda _: one_run(seeds[0]), seeds, warmup_s)


def without(**change):
    return lambda one_run, seeds, warmup_s: mended(one_run, seeds, warmup_s, **change)


def test_the_mended_measurement_passes_every_case(lab):
    assert lab.verdict("measure", mended).state == "right"
    assert grade(NAME, "measure", mended) == 5.0 == grade(NAME, "measure", mended, seed=9)
    table_factors = {3: 4.30, 5: 2.78}
    rounded = lambda run, seeds, warmup_s: mended(run, seeds, warmup_s, factor=table_factors[len(seeds)])  # noqa: E731
    assert lab.verdict("measure", rounded).state == "right"


@pytest.mark.parametrize(
    ("wrong", "passed"),
    [
        (hourly, 5),
        (one_seed, 2),
        (without(kept=lambda arrival_s, warmup_s: arrival_s >= 0), 5),
        (without(kept=np.greater), 4),
        (without(factor=1.96), 4),
        (without(factor=2.776), 5),
        (without(ddof=0), 4),
        (without(power=0), 4),
        (without(power=1), 4),
        (without(p99=lambda values, _: np.percentile(values, 95)), 1),
        (lambda one_run, seeds, warmup_s: mended(one_run, seeds, warmup_s)[0], 1),
    ],
)
def test_each_mistake_of_the_measurement_costs_something(lab, wrong, passed):
    verdict = lab.verdict("measure", wrong)
    assert f"{passed} of 6 cases pass" in repr(verdict)
    assert 0 < grade(NAME, "measure", wrong) < 5


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda one_run, seeds, warmup_s: mended(one_run, seeds, warmup_s)[::-1], "swapped"),
        (lambda one_run, seeds, warmup_s: mended(one_run, seeds, warmup_s)[0], "no-pair"),
        (lambda one_run, seeds, warmup_s: None, "no-pair"),
        (
            lambda one_run, seeds, warmup_s: [
                m + k * h for m, h in [mended(one_run, seeds, warmup_s)] for k in (-1, 1)
            ],
            "ends",
        ),
    ],
)
def test_what_is_not_mean_and_half_width_is_told_so(lab, wrong, sentence):
    words = table(f"labs/{NAME}")["task"]["measure"]["form"]
    shown = repr(lab.verdict("measure", wrong))
    assert words[sentence].split("{")[0] in shown
    assert all(text.split("{")[0] not in shown for key, text in words.items() if key != sentence)
    assert "{" not in shown


def test_a_run_with_a_seed_that_was_not_given_is_told_so(lab):
    shown = repr(lab.verdict("measure", lambda one_run, seeds, warmup_s: mended(one_run, range(5), warmup_s)))
    assert "one_run was called with 0" in shown and "[11, 12, 13, 14, 15]" in shown


def test_the_measurement_as_given_is_no_answer(lab):
    assert lab.verdict("measure", chance.given_measure).state == "open"
    assert grade(NAME, "measure", chance.given_measure) == 0.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_day_is_read_from_the_simulator(seed):
    lab = open_lab(NAME, seed)
    arrival_s, response_s = chance.one_day(60, chance.day_of(seed))
    ranked = np.sort(response_s)
    by_rank = ranked[int(np.ceil(0.99 * len(ranked))) - 1]
    slow = int((response_s > 1).sum())
    assert lab.verdict("day", by_rank, slow, 10).state == "right"
    slips = table(f"labs/{NAME}")["task"]["day"]["slips"]
    hours = [np.percentile(response_s[arrival_s // 3600 == h], 99) for h in range(24)]
    for answers, slip in [
        ((np.mean(hours), 1, 1), "mean-of-hours"), ((response_s.mean(), 1, 1), "mean"),
        ((np.percentile(response_s[arrival_s // 3600 == 20], 99), 1, 1), "busy-hour"),
        ((np.percentile(response_s, 95), 1, 1), "p95"), ((ranked[-1], 1, 1), "slowest"),
        ((0.99 * ranked[-1], 1, 1), "of-the-slowest"), ((1, len(ranked) - slow, 1), "the-others"),
        ((1, (response_s > np.percentile(response_s, 99)).sum(), 1), "beyond-p99"), ((1, 1, 1), "p99-again"),
        ((1, 1, 100_000), "calls"),
    ]:  # fmt: skip
        assert slips[slip] in repr(lab.verdict("day", *answers)), slip
    assert "1,000" in repr(lab.verdict("day", 1000 * by_rank, slow, 10))


@pytest.mark.parametrize("seed", range(4))
def test_the_days_tell_two_settings_apart_and_not_the_third(seed):
    days, keys = chance.comparisons(seed), ("b", "cannot tell", "a")
    for pair, key in zip(days.values(), keys, strict=True):
        difference = np.subtract(pair["B"], pair["A"])
        half = 2.7764 * difference.std(ddof=1) / 5**0.5
        sure = abs(difference.mean()) > half
        assert key == ("cannot tell" if not sure else "b" if difference.mean() < 0 else "a")
    lab = open_lab(NAME, seed)
    difference = np.subtract(days["longer"]["B"], days["longer"]["A"])
    half = 2.776 * difference.std(ddof=1) / 5**0.5
    assert lab.verdict("decide", half, "B", "Cannot tell", " a ").state == "right"
    shown = repr(lab.verdict("decide", 2 * half, "cannot tell", "B", "B"))
    assert "so these days do tell" in shown
    assert "It contains 0" in shown and "look at their sign" in shown


def test_slips_of_the_half_width_have_sentences_of_their_own(lab):
    slips, pair = table(f"labs/{NAME}")["task"]["decide"]["slips"], chance.comparisons(1)["longer"]
    a, b = np.array(pair["A"]), np.array(pair["B"])
    half = 2.7764 / 5**0.5
    for answer, slip in [
        (half * (a.std(ddof=1) + b.std(ddof=1)), "own-sum"), (half * a.std(ddof=1), "own-a"),
        (half * b.std(ddof=1), "own-b"), ((a - b).mean(), "mean"), ((b - a).std(ddof=1), "deviation"),
        (2.7764 * (b - a).std(ddof=1), "no-root"), (1.96 / 5**0.5 * (b - a).std(ddof=1), "normal"),
        (half * (b - a).std(), "divided-by-n"),
        (2 * half * (b - a).std(ddof=1), "whole-width"),
    ]:  # fmt: skip
        assert slips[slip] in repr(lab.verdict("decide", answer, None, None, None)), slip


def test_the_silence_is_judged_with_its_slips(lab):
    posed = lab.problem("gap")
    assert lab.verdict("gap", posed.key).state == "right"
    assert "at least one call" in repr(lab.verdict("gap", 1 - posed.key))
    assert "percent" in repr(lab.verdict("gap", 100 * posed.key))
    assert grade(NAME, "gap", posed.key) == 2.0 and grade(NAME, "gap", 1 - posed.key) == 0.0
