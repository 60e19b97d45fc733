"""Checks: a verdict on whatever a student writes, never an exception, and the right message for the usual slips."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.course import check
from faaslab.course.cases import Case, Cases, Changed, time_limit
from faaslab.course.check import Choice, Number, find
from faaslab.course.verdict import Verdict, right, unanswered, wrong
from faaslab.course.words import fill, say, table, three_digits
from faaslab.errors import InputError


class Hostile:
    def __float__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")


NO_NUMBERS = [
    (None, "none", "open"),
    (..., "ellipsis", "open"),
    (True, "truth", "wrong"),
    (np.bool_(False), "truth", "wrong"),
    (math.exp, "function", "wrong"),
    (1j, "complex", "wrong"),
    (float("nan"), "nan", "wrong"),
    (np.float64("nan"), "nan", "wrong"),
    (-math.inf, "infinite", "wrong"),
]


@pytest.mark.parametrize(("answer", "message", "state"), NO_NUMBERS)
def test_what_is_no_number_is_named(answer, message, state):
    finding = Number(0.4, "fraction").judge(answer)
    assert (finding.text, finding.state, finding.score) == (say(message, shown=str(answer)), state, 0.0)


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ("0.4", "without quotation marks"),
        ("0.4 s", "without quotation marks"),
        ("forty", "is text"),
        ([0.4, 0.5], "2 values"),
        (np.array([0.4, 0.5, 1]), "an array"),
        ([0.4], "inside a list"),
        (np.array([[0.4]]), "inside an array"),
        ({"a": 0.4, "b": 1}, "a dictionary"),
        ([], "0 values"),
        (object(), "`object`"),
        (Hostile(), "cannot be read"),
    ],
)
def test_what_holds_a_number_or_none_is_named(answer, part):
    finding = find(Number(0.4), answer)
    assert finding.state == "wrong" and part in finding.text


@pytest.mark.parametrize("answer", [0.4, np.float64(0.4), np.float32(0.4), np.array(0.4), 0.4009])
def test_numbers_of_every_type_within_the_tolerance_are_right(answer):
    assert Number(0.4).judge(answer).state == "right"


FACTORS = [
    (1000, "kilo_big"), (1 / 1000, "kilo_small"), (1024, "binary_big"), (1 / 1024, "binary_small"), (60, "sixty_big"),
    (1 / 60, "sixty_small"), (3600, "hour_big"), (1 / 3600, "hour_small"), (100, "hundred_big"), (24, "day_big"),
    (30, "month_big"), (1 / 30, "month_small"), (-1, "sign"), (1.024, "decimal_gb"), (1.03, "coarse"), (2, "too_large"),
    (0.5, "too_small"), (-3, "negative"),
]  # fmt: skip


@pytest.mark.parametrize(("factor", "message"), FACTORS)
@pytest.mark.parametrize("key", [7.3, 123_456.0, 0.0123])
def test_the_wrong_unit_is_named(key, factor, message):
    assert Number(key, "s").judge(key * factor).text == say(message)


def test_a_key_below_0_has_its_own_messages():
    judge = Number(-0.46)
    assert judge.judge(0.54).text == say("positive")
    assert judge.judge(-0.9).text == say("too_small")
    assert judge.judge(-0.2).text == say("too_large")
    assert judge.judge(0.46).text == say("sign")


def test_fractions_have_their_own_messages():
    judge = Number(0.3, "fraction")
    assert judge.judge(30).text == say("percent_big")
    assert judge.judge(0.7).text == say("complement")
    assert judge.judge(17).text == say("fraction")
    assert judge.judge(0.003).text == say("percent_small")
    assert judge.judge(1 / 0.3).text == say("reciprocal")


def test_a_known_slip_is_named_before_the_unit():
    assert Number(5.0, slips={"as ms": 5000.0}).judge(5001).text == "as ms"


def test_counts_are_exact():
    assert Number(1000, "count").judge(1001).text == say("too_large")
    assert Number(3, "count").judge(2.5).text == say("whole")
    assert Number(3, "count").judge(-3).text == say("negative")
    assert Number(3, "count").judge(3.0).text == "3."


def test_far_off_says_how_far():
    assert "more than 10,000" in Number(2.0).judge(7e4).text
    assert "more than 100" in Number(2.0).judge(0.013).text


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(), st.binary(),
    st.lists(st.floats(), max_size=3), st.dictionaries(st.text(), st.integers(), max_size=2), st.functions(),
)  # fmt: skip


@given(answer=ANYTHING, key=st.floats(-1e12, 1e12), unit=st.sampled_from(["", "s", "count", "fraction"]))
def test_a_number_is_right_only_near_the_key(answer, key, unit):
    finding = Number(key, unit).judge(answer)
    near = (
        isinstance(answer, (int, float))
        and not isinstance(answer, bool)
        and abs(answer - key) <= 0.005 * abs(key) + 1e-12
    )
    assert finding.text and finding.score == (finding.state == "right") and (near or finding.state != "right")


@given(answer=ANYTHING)
def test_a_choice_judges_anything(answer):
    assert Choice("server", ("functions", "server")).judge(answer).state in ("wrong", "open")
    assert (Choice(60, (10, 60)).judge(answer).state == "right") == (type(answer) in (int, float) and answer == 60)


def test_choices_forgive_case_and_offer_the_nearest():
    judge = Choice("server", ("functions", "server"), {"functions": "remark"})
    assert judge.judge(" Server ").state == "right"
    assert "mean 'server'" in judge.judge("sever").text
    assert judge.judge("functions").text == "remark"
    assert "quotation marks" in judge.judge(3).text
    assert "without quotation marks" in Choice(60, (10, 60)).judge("60").text
    setting = Choice("cannot tell", ("A", "B", "cannot tell"), {"B": "remark"})
    assert setting.judge(" Cannot  tell").state == "right"
    assert setting.judge("b").text == "remark"
    assert "'A', 'B', 'cannot tell'" in setting.judge("neither").text


def test_an_array_of_truth_values_is_told_to_count_them():
    assert ".sum()" in Number(2, "count").judge(np.array([True, True, False])).text
    assert "is a truth value" in Number(2, "count").judge(True).text


def test_check_shows_and_returns_nothing(capsys):
    assert check(Hostile(), 3.0, name="x") is None
    assert check(3000, 3.0, unit="s") is None
    assert check("b", "a", allowed=("a", "b"), remarks={"b": "no, a"}) is None
    shown = capsys.readouterr()
    assert "cannot be read" in shown.out and "1,000" in shown.out and "no, a" in shown.out and not shown.err


# --- code ------------------------------------------------------------------------------------------------------------

DOUBLE = Cases("a function", (Case("two", lambda f: f(1), 2), Case("four", lambda f: f(2), 4)))


def _raises(x):
    return x / 0


def _exits(x):
    raise SystemExit(1)


def _noisy(x):
    print("noise")
    return 2 * x


@pytest.mark.parametrize(
    ("code", "score", "part"),
    [
        (_noisy, 1.0, "2 of 2"),
        (lambda x: 2, 0.5, "expected `4`, got `2`"),
        (lambda x: None, 0.0, "got `None`"),
        (_raises, 0.0, "ZeroDivisionError"),
        (_exits, 0.0, "ends the program"),
        (lambda: 1, 0.0, "TypeError"),
        (3, 0.0, "a number"),
    ],
)
def test_code_is_tried_on_every_case(code, score, part, capsys):
    finding = find(DOUBLE, code)
    assert finding.score == score and part in str(finding)
    assert not any(capsys.readouterr())


def test_the_line_of_an_error_is_that_of_the_students_code():
    number = _raises.__code__.co_firstlineno + 1
    assert f"line {number} of your cell" in find(DOUBLE, _raises).lines[0][1]
    assert find(DOUBLE, _raises).lines[1][1] == "four: the same."


def test_a_loop_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr("faaslab.course.cases.LIMIT_S", 0.05)

    def endless(x):
        while True:
            pass

    assert "never ends" in find(DOUBLE, endless).lines[0][1]
    with time_limit(0.05):
        pass


def test_code_as_it_was_given_is_not_answered():
    judge = Changed(DOUBLE, lambda x: 2)
    assert find(judge, lambda x: 2).state == "open" and find(judge, lambda x: 2).score == 0
    assert find(judge, lambda x: 2 * x).state == "right"
    assert find(judge, lambda x: x * x).state == "partly"
    assert find(judge, None).state == "open"


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_a_verdict_is_the_sum_of_its_findings():
    both = Verdict("T", (("a", right("3.")), ("b", wrong("no <b>`x`</b>"))), "next")
    assert both.state == "partly" and both.score == 0.5
    assert repr(both).split("\n") == ["≈ T: partly right", "  ✓ a: 3.", "  ✕ b: no <b>`x`</b>", "  next"]
    assert "&lt;b&gt;<code>x</code>" in both._repr_html_() and "next" in both._repr_html_()
    assert Verdict("T", (("a", unanswered("-")), ("b", unanswered("-")))).state == "open"
    assert Verdict("T", (("a", unanswered("-")), ("b", wrong("-")))).state == "wrong"


def test_words_name_a_missing_field():
    with pytest.raises(InputError, match="'speed'"):
        fill("{speed} m/s", {})
    with pytest.raises(InputError, match="words of the course"):
        table("verdict")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1161.0, "1,160"),
        (0.67032, "0.67"),
        (0.0001234, "0.000123"),
        (9.999, "10"),
        (0.0, "0"),
        (-2.5, "-2.5"),
        (1e-7, "1e-07"),
        (100.0, "100"),
    ],
)
def test_three_digits(value, text):
    assert three_digits(value) == text
