"""Answers about a measurement: keys follow from it, junk is refused, and nothing is won by measuring alone."""

import pytest

from faaslab.course.check import Number, find
from faaslab.course.own import Own


@pytest.fixture
def judge():
    def judges(measured):
        return Number(sum(measured)), Number(len(measured), "count")

    return Own("(values, total, count)", ("total", "count"), judges)


def test_the_keys_are_those_of_the_measurement_that_comes_with_the_answer(judge):
    assert judge.judge(([1, 2], 3, 2)).state == "right"
    assert judge.judge(([10, 20, 30], 60, 3)).state == "right"
    partly = judge.judge(([1, 2], 3, 7))
    assert partly.state == "partly" and partly.score == 0.5
    assert [state for state, _ in partly.lines] == ["right", "wrong"] and partly.lines[1][1].startswith("count: ")


def test_a_measurement_without_answers_wins_nothing(judge):
    assert judge.judge(([1, 2], None, ...)).state == "open"
    half = judge.judge(([1, 2], 3, None))
    assert half.score == 0.5 and half.lines[1][0] == "open"


@pytest.mark.parametrize(
    "junk", [None, ..., "junk", 3, [], ([1], 2), (None, 3, 2), (7, 3, 2), (["a"], 1, 1), [[1, 2], 3, 2]]
)
def test_junk_is_told_and_wins_nothing(judge, junk):
    finding = find(judge, junk)
    assert finding.score == 0 and finding.text and finding.state in ("open", "wrong")
