"""Two runs call by call: who was helped, who was hurt, what it cost, and what cannot be compared."""

import math

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.diff import diff
from faaslab.model.result import CALL_COLUMNS, CONTAINER_COLUMNS, SCHEMA, Outcome, Result, Start

S = 10**9
DONE, LEFT, RETRIED = Outcome.COMPLETED, Outcome.ABANDONED, Outcome.FAILED
COLD, WARM, NONE = Start.COLD, Start.WARM, Start.NONE


def run(rows, container_s=10, horizon_s=100, warmup_s=0, names=("f", "g")):
    """rows: (source, event, attempt, arrival, begin, end, outcome, start), times in seconds."""
    keys = ("source", "event", "attempt", "arrival_ns", "begin_ns", "end_ns", "outcome", "start")
    times = {"arrival_ns", "begin_ns", "end_ns"}
    calls = {name: np.zeros(len(rows), dtype) for name, dtype in CALL_COLUMNS.items()}
    for key, values in zip(keys, zip(*rows, strict=True), strict=True):
        calls[key][:] = [v * S if key in times and v >= 0 else v for v in values]
    calls["function"][:] = calls["source"]
    containers = {name: np.zeros(1, dtype) for name, dtype in CONTAINER_COLUMNS.items()}
    containers["gone_ns"][:] = container_s * S
    containers["memory_mb"][:] = 100
    rest = [
        {name: np.zeros(0, dtype) for name, dtype in SCHEMA[table].items()}
        for table in ("resizes", "events", "messages")
    ]
    functions = tuple(Function(name, Constant(1.0)) for name in names)
    one = (math.inf,)
    return Result(0, horizon_s * S, warmup_s * S, functions, names, names, one, one, calls, containers, *rest)


A = [
    (0, 0, 0, 0, 2, 3, DONE, COLD),
    (1, 0, 0, 1, 1, 4, DONE, WARM),
    (0, 1, 0, 5, 5, 6, DONE, WARM),
    (1, 1, 0, 7, -1, 9, LEFT, NONE),
    (0, 2, 0, 20, 20, 25, RETRIED, WARM),
    (0, 2, 1, 30, 30, 31, DONE, WARM),
]
B = [
    (1, 0, 0, 1, 3, 6, DONE, COLD),
    (0, 0, 0, 0, 0, 1, DONE, WARM),
    (0, 1, 0, 5, 5, 6, DONE, WARM),
    (1, 1, 0, 7, 8, 9, DONE, COLD),
    (0, 2, 0, 20, 20, 25, RETRIED, WARM),
]


def test_call_by_call():
    d = diff(run(A, container_s=10), run(B, container_s=15))
    assert len(d) == 5  # the retry has no partner
    expected = [-2, 2, 0, math.nan, math.nan]
    assert np.array_equal(d.response_change_s, expected, equal_nan=True)
    assert np.array_equal(d.wait_change_s, [-2, 2, 0, math.nan, 0], equal_nan=True)
    assert d.helped().tolist() == [True, False, False, True, False]  # also who was served at last
    assert d.hurt().tolist() == [False, True, False, False, False]
    assert d.helped(more_than_s=2).tolist() == [False, False, False, True, False]
    f = d.figures
    assert (f["calls"], f["helped"], f["hurt"]) == (5, 2, 1)
    assert (f["warm_to_cold"], f["cold_to_warm"]) == (1, 1)
    assert (f["completed_only_in_a"], f["completed_only_in_b"]) == (0, 1)
    assert (f["mean_gain_s"], f["mean_loss_s"], f["mean_response_change_s"]) == (2, 2, 0)
    assert f["memory_mb_seconds_change"] == 500 and f["container_seconds_change"] == 5


@pytest.mark.parametrize("length_s, said", [(15, "+500 MB"), (100, "+9,000 MB"), (10, "+0 MB"), (9.9953, "-0.47 MB")])
def test_a_change_of_memory_is_written_out(length_s, said):
    assert f"  memory {said}-seconds" in diff(run(A, container_s=10), run(A, container_s=length_s)).text()


def test_text_and_frame():
    d = diff(run(A, container_s=10), run(B, container_s=15))
    text = d.text("fixed", "histogram")
    assert "histogram against fixed, 5 calls matched" in text and "+500 MB-seconds (+50.0%)" in text
    assert "warm to cold 1" in text and str(d).startswith("b against a")
    frame = d.frame()
    assert frame["arrival_s"].tolist() == [0, 1, 5, 7, 20]
    assert frame["function"].tolist() == ["f", "g", "f", "g", "f"]
    assert frame["start_a"].tolist()[:2] == ["cold", "warm"] and frame["outcome_b"].tolist()[3] == "completed"
    assert frame["response_change_s"].tolist()[:3] == [-2, 2, 0]


def test_a_run_against_itself_changes_nothing():
    d = diff(run(A), run(A))
    assert not d.helped().any() and not d.hurt().any()
    assert d.figures["memory_mb_seconds_change"] == 0 and math.isnan(d.figures["mean_gain_s"])
    assert "same             5" in d.text()


def test_turned_round_help_becomes_hurt():
    a, b = run(A), run(B, container_s=15)
    there, back = diff(a, b).figures, diff(b, a).figures
    assert (there["helped"], there["hurt"]) == (back["hurt"], back["helped"]) == (2, 1)
    assert there["memory_mb_seconds_change"] == -back["memory_mb_seconds_change"]


def test_warm_up_is_left_out():
    assert len(diff(run(A, warmup_s=5), run(B, warmup_s=5))) == 3


def test_what_cannot_be_compared():
    with pytest.raises(InputError, match="5 and 4 first attempts"):
        diff(run(A), run(B[:-1]))
    moved = [*B[:2], (0, 1, 0, 5.5, 6, 7, DONE, WARM), *B[3:]]
    with pytest.raises(InputError, match="event 1 of source 'f' differs in arrival_ns"):
        diff(run(A), run(moved))
    with pytest.raises(InputError, match="functions and sources"):
        diff(run(A), run(B, names=("f", "h")))
    with pytest.raises(InputError, match="horizon"):
        diff(run(A), run(B, horizon_s=50))
