"""The lab "What it costs": right answers are right, slips have sentences of their own, mistakes in code cost points."""

import math

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import what_it_costs as lab_keys
from faaslab.course.words import table
from faaslab.model.usage import usage_columns
from faaslab.pricing import PROVIDERS, bill, price_sheet, server

NAME = "what-it-costs"
SEEDS = (0, 1, 2, 3, 4)


@pytest.fixture(scope="module")
def lab():
    return open_lab(NAME)


def test_the_run_is_read(lab):
    result, photos = lab_keys.a_day(1)
    columns = usage_columns(result)
    starts, work = columns["init_s"].sum(), columns["service_s"].sum()
    total = bill("aws-lambda", lab_keys.Usage(**columns), free_tier=False).total_usd
    attempts = len(columns["service_s"])
    assert lab.verdict("run", attempts / photos, starts / (starts + work), 30 * total).state == "right"
    slips = table(f"labs/{NAME}")["task"]["run"]["slips"]
    per_call = np.mean(columns["init_s"] > 0)
    for answers, slip in [
        ((photos / attempts, 1, 1), "inverted"), ((attempts / photos - 1, 1, 1), "extra"),
        ((1, per_call, 1), "of-calls"), ((1, 1, total), "day"),
        ((1, 1, 30 * (total - attempts * 2e-7)), "compute-only"),
    ]:  # fmt: skip
        assert slips[slip] in repr(lab.verdict("run", *answers)), slip


def test_attempts_are_those_that_failures_ask_for():
    for seed in SEEDS:
        result, photos = lab_keys.a_day(seed)
        damaged = np.sum(result.calls["function"] == 1) / 3 / photos
        assert len(result.calls["function"]) / photos == pytest.approx(3 * damaged + 1.01 * (1 - damaged), abs=0.005)
        assert 0.01 < damaged < 0.06


def function_bill(calls, memory_mb, sheet):
    seconds = 0.0
    for duration_ms, count in calls.items():
        least_ms = max(duration_ms, sheet["minimum_ms"])
        seconds += count * math.ceil(least_ms / sheet["step_ms"]) * sheet["step_ms"] / 1000
    paid = max(0, sum(calls.values()) - sheet["free_requests"])
    gb_s = max(0, seconds * memory_mb / 1024 - sheet["free_gb_s"])
    return paid * sheet["request_usd"] + gb_s * sheet["gb_s_usd"]


def with_sheet(**changes):
    return lambda calls, memory_mb, sheet: function_bill(calls, memory_mb, {**sheet, **changes})


def rounds_the_mean(calls, memory_mb, sheet):
    count = sum(calls.values())
    return function_bill({sum(d * n for d, n in calls.items()) / count: count}, memory_mb, sheet)


def never_below_zero_in_sum_only(calls, memory_mb, sheet):
    gross = with_sheet(free_requests=0, free_gb_s=0)(calls, memory_mb, sheet)
    return max(0, gross - sheet["free_requests"] * sheet["request_usd"] - sheet["free_gb_s"] * sheet["gb_s_usd"])


def test_the_bill_function_agrees_with_the_price_sheets(lab):
    assert lab.verdict("bill", function_bill).state == "right"
    for seed in SEEDS:
        assert grade(NAME, "bill", function_bill, seed=seed) == 4.0


@pytest.mark.parametrize(
    "wrong",
    [
        with_sheet(step_ms=1), with_sheet(minimum_ms=0), with_sheet(free_requests=0), with_sheet(free_gb_s=0),
        rounds_the_mean, never_below_zero_in_sum_only,
    ],
)  # fmt: skip
def test_each_mistake_of_a_bill_function_costs_points(lab, wrong):
    verdict = lab.verdict("bill", wrong)
    assert 0 < verdict.score < 1 and verdict.state == "partly"
    for seed in SEEDS:
        assert 0 < grade(NAME, "bill", wrong, seed=seed) < 4


def test_the_bill_function_as_given_is_no_answer(lab):
    assert lab.verdict("bill", lab_keys.simple_bill).state == "open"
    assert grade(NAME, "bill", lab_keys.simple_bill) == 0.0


@pytest.mark.parametrize("seed", range(25))
def test_each_service_has_another_place_by_a_clear_margin(seed):
    service, places, usd = lab_keys.services(seed), [], {}
    for name, needs in service.items():
        usd[name] = lab_keys.usd(needs)
        first, second, _ = sorted(usd[name].values())
        assert second > 1.05 * first
        places.append(min(usd[name], key=usd[name].get))
        assert needs["servers"] * server(lab_keys.SERVER).vcpu >= needs["containers"] or needs["memory_mb"] == 256
        work_s = needs["requests"] * needs["duration_ms"] / 1000
        assert work_s <= needs["containers"] * needs["hours_a_day"] * 3600 * 30
    assert places == ["on demand", "kept ready", "server"]
    lab, kept_usd = open_lab(NAME, seed), usd["night"]["kept ready"]
    assert lab.verdict("decide", kept_usd, *places).state == "right"
    shown = repr(lab.verdict("decide", usd["night"]["on demand"], "server", "on demand", "kept ready"))
    assert "720 hours" in shown and "busy for most" in shown and "share of the time" in shown


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bill_of_night_by_hand_and_its_slips(seed):
    night, lab = lab_keys.services(seed)["night"], open_lab(NAME, seed)
    slips = table(f"labs/{NAME}")["task"]["decide"]["slips"]
    gb = night["memory_mb"] / 1024
    fee = night["containers"] * gb * 30 * night["hours_a_day"] * 3600 * 0.0000041667
    work = night["requests"] * night["duration_ms"] / 1000 * gb * 0.0000097222
    requests = night["requests"] * 0.0000002
    answers = ("on demand", "kept ready", "server")
    assert lab.verdict("decide", fee + work + requests, *answers).state == "right"
    for answer, slip in [
        (fee, "fee-only"), (fee + requests, "work-left-out"), (fee + work, "requests-left-out"),
        (fee * 24 / night["hours_a_day"] + work + requests, "all-day"),
        (fee / night["containers"] + work + requests, "one-container"),
    ]:  # fmt: skip
        assert slips[slip] in repr(lab.verdict("decide", answer, *answers)), slip


def test_the_sheets_of_the_bill_function_are_those_of_the_package():
    for provider in ("aws-lambda", "azure-consumption", "azure-flex"):
        assert provider in PROVIDERS
        sheet, ours = price_sheet(provider), lab_keys.sheet_of(provider)
        numbers = {"requests": 5_000_000, "duration_ms": 1234, "memory_mb": 512}
        assert function_bill({1234: 5_000_000}, 512, ours) == pytest.approx(bill(sheet, **numbers).total_usd, rel=1e-9)
