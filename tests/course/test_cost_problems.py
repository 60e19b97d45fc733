"""The problems of the chapter "What it costs" can be done by hand from what is given."""

import math

import pytest

from faaslab.course.problems import problem

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_rounded_bills_by_hand(seed):
    posed = problem("rounding", seed)
    given = posed.given

    def billed_ms(time_ms):
        return math.ceil(max(time_ms, given["minimum_ms"]) / given["step_ms"]) * given["step_ms"]

    seconds = given["requests"] / 2 * (billed_ms(given["short_ms"]) + billed_ms(given["long_ms"])) / 1000
    gb_s = seconds * given["memory_mb"] / 1024
    assert posed.key == pytest.approx(given["requests"] * given["request_usd"] + gb_s * given["gb_s_usd"], rel=1e-9)
    assert posed.slips["not-rounded"] < posed.slips["minimum-left-out"] < posed.key


@pytest.mark.parametrize("seed", SEEDS)
def test_at_the_break_even_both_ways_of_capacity_cost_the_same(seed):
    posed = problem("provisioned", seed)
    given, gb = posed.given, posed.given["memory_mb"] / 1024
    work_gb_s = posed.key * given["duration_ms"] / 1000 * gb
    kept_usd = given["containers"] * 3600 * gb * given["ready_usd"] + work_gb_s * given["busy_usd"]
    assert kept_usd == pytest.approx(work_gb_s * given["on_demand_usd"], rel=1e-9)
    assert posed.slips["execution-left-out"] < posed.key < posed.slips["always-busy"]


@pytest.mark.parametrize("seed", SEEDS)
def test_waste_is_what_the_useful_rectangle_leaves(seed):
    posed = problem("waste-share", seed)
    given = posed.given
    billed_ms = given["duration_ms"] + given["cold_fraction"] * given["start_ms"]
    useful = given["compute_ms"] * given["used_mb"] / (billed_ms * given["memory_mb"])
    assert posed.key == pytest.approx(1 - useful, rel=1e-9)
    assert posed.slips["memory-only"] < posed.key > posed.slips["starts-left-out"]
