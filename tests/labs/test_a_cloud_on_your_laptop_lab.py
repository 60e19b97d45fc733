"""The lab "A cloud on your laptop": keys come from what was measured, each slip fails with a sentence of its own."""

import re
from pathlib import Path

import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import a_cloud_on_your_laptop as laptop
from faaslab.course.tasks import laptop_app
from faaslab.course.words import table
from faaslab.runtime import Report

NAME = "a-cloud-on-your-laptop"
MASTER = Path(__file__).parents[2] / "labs" / "masters" / f"{NAME}.md"


@pytest.fixture(scope="module")
def lab():
    return open_lab(NAME)


# --- REPORT lines ----------------------------------------------------------------------------------------------------


def report(duration_ms, init_ms=None):
    return Report(
        "id", "cold" if init_ms else "warm", duration_ms / 1000, 0.0, 0.0, 256, 30.0, init_ms and init_ms / 1000
    )


LINES = [report(20.4, 210.3), report(4.2), report(3.9), report(18.8, 190.0), report(4.4), report(4.0)]
BILLED_MS = 231 + 5 + 4 + 209 + 5 + 4


def test_the_lines_are_read(lab):
    assert lab.verdict("report", (LINES, 2, BILLED_MS, 400.3 / BILLED_MS)).state == "right"
    assert grade(NAME, "report", (LINES, 2, BILLED_MS, 400.3 / BILLED_MS)) == 3.0
    assert lab.verdict("report", (LINES, None, None, None)).state == "open"
    assert lab.verdict("report", (LINES, 2, None, None)).score == pytest.approx(1 / 3)
    assert lab.verdict("report", (LINES, 2)).score == lab.verdict("report", ("junk", 2, 1, 1)).score == 0
    assert lab.verdict("report", (None, 2, 1, 1)).state == "open"


@pytest.mark.parametrize(
    ("values", "slip"),
    [
        ((4, 0, 0), "warm"), ((0, 55.7, 0), "duration"), ((0, 21 + 5 + 4 + 19 + 5 + 4, 0), "init-left-out"),
        ((0, BILLED_MS + 400.3, 0), "init-twice"), ((0, BILLED_MS / 1000, 0), "in-seconds"), ((0, 0, 2 / 6), "calls"),
    ],
)  # fmt: skip
def test_slips_of_reading_have_their_sentences(lab, values, slip):
    verdict = lab.verdict("report", (LINES, *values))
    assert verdict.score == 0 and table(f"labs/{NAME}")["task"]["report"]["slips"][slip] in repr(verdict)


def test_times_that_were_not_rounded_are_told_from_the_right_sum(lab):
    short = [report(0.2), report(0.3), report(0.1)]
    verdict = lab.verdict("report", (short, 0, 0.6, 0.0))
    assert "rounded up" in repr(verdict) and "Expected" not in repr(verdict)


@pytest.mark.parametrize("seed", range(12))
def test_some_pauses_are_shorter_than_the_window_and_some_longer_with_room(seed):
    waits = laptop.pauses(seed)
    assert len(waits) == 6 and waits[0] == 0
    assert all(wait <= 0.4 * laptop.WINDOW_S or wait >= 1.8 * laptop.WINDOW_S for wait in waits[1:])
    assert 0 < sum(wait > laptop.WINDOW_S for wait in waits) < 5
    assert f"FixedWindow({laptop.WINDOW_S})" in MASTER.read_text(encoding="utf-8")


# --- the app ---------------------------------------------------------------------------------------------------------


LAZY = """
from functools import cache

from tables import gamma_table

table = cache(gamma_table)


def handler(event, context):
    if event["action"] == "ping":
        return {"pong": True}
    import numpy as np

    return {"pixels": np.array(table())[event["pixels"]].tolist()}
"""


def test_the_given_app_stands_in_the_lab_and_is_no_answer(lab):
    assert laptop_app.given() in MASTER.read_text(encoding="utf-8")
    assert lab.verdict("app", laptop_app.given()).state == "open"
    assert lab.verdict("app", "\n" + laptop_app.given()).state == "open"
    assert grade(NAME, "app", laptop_app.given()) == 0.0


def test_an_app_that_loads_when_it_needs_to_passes(lab):
    assert lab.verdict("app", LAZY).state == "right"
    assert grade(NAME, "app", LAZY) == 5.0


@pytest.mark.parametrize(
    ("app", "passed", "part"),
    [
        (LAZY.replace("table = cache(gamma_table)", "table = gamma_table"), 4, "expected `1`, got `2`"),
        (
            LAZY.replace("table = cache(gamma_table)", "ready = gamma_table()\n\n\ndef table():\n    return ready"),
            4,
            "got `1`",
        ),
        ("import numpy\n" + LAZY, 4, "expected `False`, got `True`"),
        (LAZY.replace("tolist()", "tolist()[1:]"), 1, "first the answers"),
        (LAZY.replace('return {"pong": True}', 'return "pong"'), 1, "first the answers"),
        (LAZY.replace('event["action"]', 'event["kind"]'), 0, "KeyError"),
        ("def handler(event, context)\n    return 1", 0, "UserCodeSyntaxError"),
    ],
)
def test_each_thing_left_undone_costs_its_case(lab, app, passed, part):
    verdict = lab.verdict("app", app)
    assert verdict.score == pytest.approx(passed / 5) and part in repr(verdict)


def test_an_app_is_text(lab):
    assert "text of an `app.py`" in repr(lab.verdict("app", lambda event, context: None))


# --- what to keep ready ----------------------------------------------------------------------------------------------


WAYS = {
    "spawn": {"start_s": 0.2, "kept_mb": 0.0}, "zygote": {"start_s": 0.008, "kept_mb": 30.0},
    "warm": {"start_s": 0.0, "kept_mb": 600.0},
}  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("spawn_s", "zygote_s", "used_mb"), [(0.08, 0.002, 18), (0.2, 0.008, 30), (1.2, 0.04, 45)])
def test_each_service_has_its_own_way_on_slow_and_fast_machines(seed, spawn_s, zygote_s, used_mb):
    ways = {
        "spawn": {"start_s": spawn_s, "kept_mb": 0.0}, "zygote": {"start_s": zygote_s, "kept_mb": used_mb},
        "warm": {"start_s": 0.0, "kept_mb": laptop.FUNCTIONS * used_mb},
    }  # fmt: skip
    paid = laptop.prices(seed)
    for service, best in (("reports", "spawn"), ("gallery", "zygote"), ("checkout", "warm")):
        usd = {w: laptop.day_usd(row, paid[f"{service}_second"], paid["memory_gb_h"]) for w, row in ways.items()}
        ranked = sorted(usd.values())
        assert min(usd, key=usd.get) == best and ranked[1] > 1.2 * ranked[0]


def test_ways_are_chosen_by_what_was_measured(lab):
    assert lab.verdict("ready", (WAYS, "spawn", "zygote", "warm")).state == "right"
    wrong = repr(lab.verdict("ready", (WAYS, "warm", "spawn", "zygote")))
    assert "GB-h are kept" in wrong and wrong.count("callers wait") >= 2 and "{" not in wrong
    assert lab.verdict("ready", (WAYS, None, None, None)).state == "open"
    without_fork = {way: row for way, row in WAYS.items() if way != "zygote"}
    verdict = lab.verdict("ready", (without_fork, "spawn", "spawn", "warm"))
    assert verdict.score >= 2 / 3 and "zygote" not in repr(verdict)
    assert lab.verdict("ready", ({}, "spawn", "zygote", "warm")).score == 0


def test_the_ways_are_measured_on_this_machine():
    ways = laptop.measure_ways()
    assert ways["warm"]["start_s"] == 0 == ways["spawn"]["kept_mb"] < ways["warm"]["kept_mb"]
    assert 0 < ways["spawn"]["start_s"] < 10
    if "zygote" in laptop.available():
        assert ways["zygote"]["start_s"] < ways["spawn"]["start_s"]
        assert ways["warm"]["kept_mb"] == pytest.approx(laptop.FUNCTIONS * ways["zygote"]["kept_mb"])


def test_the_worked_examples_add_up(lab):
    example = lab.tasks["ready"].example
    assert example["wait_s"] == example["calls"] * example["start_ms"] / 1000
    assert example["gb_h"] == example["kept_mb"] / 1024 * 24
    for part in ("wait", "kept"):
        amount, price = {"wait": ("wait_s", "second_usd"), "kept": ("gb_h", "memory_usd")}[part]
        assert example[f"{part}_usd"] == pytest.approx(example[amount] * example[price])
    assert example["kept_usd"] < example["wait_usd"]
    example = lab.tasks["report"].example
    assert example["billed_ms"] == -(-(example["duration_ms"] + example["init_ms"]) // 1)
    assert example["sum_ms"] == example["billed_ms"] + example["billed_warm_ms"]
    assert re.search(r"= 0\.898 of it", repr(lab.hint_text("report", 3)))
