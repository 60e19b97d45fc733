"""The problems of the chapter "A cloud on your laptop" can be done by hand from what is given."""

import re

import pytest

from faaslab.course.problems import problem

SEEDS = range(25)


def field(line, name):
    return float(re.search(rf"{name}: ([\d.]+)", line)[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_bills_are_read_from_the_lines(seed):
    given = problem("report-lines", seed).given
    seconds = 0.0
    for line, percent in (
        (given["cold_line"], given["cold_percent"]),
        (given["warm_line"], 100 - given["cold_percent"]),
    ):
        init_ms = field(line, "Init Duration") if "Init" in line else 0.0
        billed_ms = field(line, "Billed Duration")
        assert 0 <= billed_ms - init_ms - field(line, r"\w Duration") < 1
        seconds += given["requests"] * percent / 100 * billed_ms / 1000
    usd = (
        given["requests"] * given["request_usd"]
        + seconds * field(given["cold_line"], "Memory Size") / 1024 * given["gb_s_usd"]
    )
    assert problem("report-lines", seed).key == pytest.approx(usd, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_code_is_what_the_outermost_imports_leave_of_the_loading(seed):
    given = problem("start-phases", seed).given
    begin, end = given["loading_begins_ms"], given["loading_ends_ms"]
    imported = {ms for first, last in given["imports_ms"].values() for ms in range(first, last)}
    assert imported <= set(range(begin, end))
    assert problem("start-phases", seed).key == (end - begin) - len(imported)
    assert given["arrival_ms"] < given["process_created_ms"] < begin < end < given["handler_ends_ms"]
