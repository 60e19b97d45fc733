"""Bad input to figures and their texts: one line that says what was expected, found and where."""

import copy
import math
import textwrap
import tomllib
from importlib import import_module
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viz_samples import TEXTS, curve_rows, replay

from faaslab.errors import InputError
from faaslab.viz import (
    Picture,
    canvas,
    curve,
    frontier,
    parse_texts,
    phases,
    prediction,
    read_texts,
    run_rows,
    timeline,
)
from faaslab.viz.tables import duration, three_digits, tidy


def make(texts, rows=None, **changes):
    rows = curve_rows() if rows is None else rows
    return curve(
        "curve", rows, texts, **{"x": "window_s", "y": ["cold", "half"], "controls": ["window_s", "rate"], **changes}
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controls": []}, "one or two controls, got 0"),
        ({"controls": ["window_s", "rate", "half"]}, "one or two controls, got 3"),
        ({"controls": ["window_s", "window_s"]}, "each control once"),
        ({"controls": ["windows"]}, "did you mean 'window_s'"),
        ({"start": {"window_s": 61}}, "expected window_s to be one of"),
        ({"start": {"speed": 61}}, "start, column"),
        ({"y": ["warm"]}, "expected one of"),
        ({"y": ["cold", "half"], "series": "rate"}, "one y column"),
        ({"xscale": "cubic"}, "linear, log"),
        ({"yscale": "log", "y": ["zero"]}, "above 0 on a logarithmic axis"),
        ({"interval": {"colder": ("half", "half")}}, "did you mean 'cold'"),
        ({"rows": []}, "at least one row"),
        ({"rows": curve_rows()[1:]}, "a row for every state"),
        ({"summary": [{"window_s": 1, "rate": 1}]}, "summary: expected a row for"),
    ],
)
def test_explorers_say_what_is_wrong(texts, changes, message):
    changes = dict(changes)
    rows = changes.pop("rows", [{**row, "zero": 0.0} for row in curve_rows()])
    with pytest.raises(InputError, match=message) as error:
        make(texts, rows, **changes)
    assert "\n" not in str(error.value) and "'curve'" in str(error.value)


def test_at_most_60_states(texts):
    def rows(n):
        return [{"window_s": w, "rate": 1, "cold": 0.5, "half": 0.5} for w in range(n)]

    assert len(make(texts, rows(60), controls=["window_s"]).states.all) == 60
    with pytest.raises(InputError, match="2 to 60 states, got 61"):
        make(texts, rows(61), controls=["window_s"])
    with pytest.raises(InputError, match="2 to 60 states, got 1"):
        make(texts, rows(1), controls=["window_s"])


def test_at_most_5000_numbers(texts):
    def lines(n):
        state = {"burst": "calm", "kind": "bursty", "mean_s": 1.0}
        rows = [{**state, "service_s": s, "load": i / n} for s in (1, 2) for i in range(n)]
        return curve("lines", rows, texts, x="load", y="mean_s", series="kind", controls=["service_s"])

    assert len(lines(800).html()) < 150_000
    with pytest.raises(InputError, match="at most 5000 numbers, got 5004"):
        lines(834)


def test_at_most_150_kb(texts):
    longer = copy.deepcopy(TEXTS)
    longer["explorer"]["curve"]["caption"] = "x" * 150_000
    with pytest.raises(InputError, match="at most 150000 bytes"):
        make(parse_texts(longer))


def test_rows_without_the_control_belong_to_every_state(policies):
    for state in range(len(policies.states.all)):
        assert [mark.key for mark in policies.scenes[state]].count("dots-2") == 1
        assert len(policies.states.own[state]) == 2


def test_infinite_and_odd_cells(texts):
    for bad, message in ((math.inf, "finite number"), ("much", "expected a number")):
        rows = curve_rows()
        rows[3]["cold"] = bad
        with pytest.raises(InputError, match=message):
            make(texts, rows)
    with pytest.raises(InputError, match="row 1"):
        tidy([{"a": 1}, {"b": 1}], "table")
    with pytest.raises(InputError, match="one length"):
        tidy({"a": [1], "b": [1, 2]}, "table")
    pandas = pytest.importorskip("pandas")
    assert tidy(pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "table") == {"a": [1, 2], "b": ["x", "y"]}


def test_a_gap_in_a_line_stays_a_gap(texts):
    rows = curve_rows()
    rows[3]["cold"] = math.nan
    drawn = make(texts, rows, xscale="log")
    line = next(mark for mark in drawn.scenes[0] if mark.key == "line-0")
    assert line.attributes["d"].count("M") == 2 and "nan" not in drawn.html()


def test_timeline_and_frontier_and_pictures_say_what_is_wrong(texts):
    calls, containers, _ = replay(10.0)
    with pytest.raises(InputError, match="got 'created_s'"):
        timeline(
            "eight-still",
            calls,
            [{("create_s" if k == "created_s" else k): v for k, v in c.items()} for c in containers],
            texts,
        )
    with pytest.raises(InputError, match="until_s: expected a finite number > 0"):
        timeline("eight-still", calls, containers, texts, until_s=0)
    with pytest.raises(InputError, match="at most 24 containers"):
        timeline("eight-still", calls, [{**containers[0], "container": i} for i in range(25)], texts)
    with pytest.raises(InputError, match="expected one of eight-calls"):
        timeline("nine-calls", calls, containers, texts, controls=["keep_alive_s"])
    nothing = [{"window_s": w, "policy": "fixed", "cold": math.nan, "idle_memory_mb": 1.0} for w in (1, 2)]
    with pytest.raises(InputError, match="at least one point"):
        frontier("frontier", nothing, texts, x="cold", y="idle_memory_mb", controls=["window_s"])
    with pytest.raises(InputError, match=">= 0"):
        phases(
            "phases",
            [{"start": "cold", "phase": "code", "seconds": -1.0}],
            texts,
            bar="start",
            segment="phase",
            value="seconds",
        )
    with pytest.raises(InputError, match="expected one of"):
        Picture(canvas()[0], texts.picture("phases"), [{"start": "cold"}])


def test_rows_of_a_run():
    s = 1_000_000_000
    calls = {
        "arrival_ns": [0, 5 * s, 9 * s],
        "begin_ns": [2 * s, -1, 9 * s],
        "end_ns": [3 * s, -1, 10 * s],
        "start": [3, 0, 1],
    }
    containers = {"created_ns": [0, 9 * s], "ready_ns": [2 * s, -1], "gone_ns": [-1, -1]}
    result = SimpleNamespace(calls={**calls, "container": [0, -1, 0]}, containers=containers)
    rows, lives = run_rows(result, until_s=9, keep_alive_s=60)
    assert [(r["call"], r["start"], r["begin_s"], r["container"]) for r in rows] == [
        (1, "cold", 2.0, 1),
        (2, "none", None, None),
    ]
    assert lives == [{"keep_alive_s": 60, "container": 1, "created_s": 0.0, "ready_s": 2.0, "gone_s": None}]


def changed(path, value):
    texts = copy.deepcopy(TEXTS)
    part = texts
    for key in path[:-1]:
        part = part[key]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return texts


OPENING = ("prediction", "opening")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("chapter", "claim"), None, "the key 'claim', found none"),
        (("chapter", "clam"), "x", "did you mean 'claim'"),
        (("explorers",), {}, "did you mean 'explorer'"),
        (("language",), "xx", "expected one of en"),
        ((*OPENING, "answers", 1, "right"), False, "misconception"),
        ((*OPENING, "answers", 0, "right"), True, "exactly one right answer, got 2"),
        ((*OPENING, "answers", 0, "misconception"), "", "'misconception', found none"),
        ((*OPENING, "answers", 0, "key"), "five", "one twice"),
        ((*OPENING, "answers"), [{"key": "a", "text": "a", "right": True}], "two to five answers"),
        (("explorer", "curve", "alt"), None, "'alt', found none"),
        (("explorer", "curve", "columns", "cold", "format"), "percents", "did you mean 'percent'"),
        (("explorer", "curve", "columns", "cold"), "cold", "expected a table"),
        (("explorer", "My curve"), TEXTS["explorer"]["curve"], "lower-case letters"),
    ],
)
def test_texts_say_what_is_wrong(path, value, message):
    with pytest.raises(InputError, match=message) as error:
        parse_texts(changed(path, value), "chapter.toml")
    assert "\n" not in str(error.value) and "chapter.toml" in str(error.value)


def test_a_sentence_with_an_unknown_column():
    texts = parse_texts(changed(("explorer", "curve", "sentence"), "{windows}"))
    with pytest.raises(InputError, match="sentence"):
        make(texts)
    with pytest.raises(InputError, match="got twice"):
        make(parse_texts(changed(("explorer", "curve", "sentence"), "{window_s}")))
    with pytest.raises(InputError, match="column"):
        make(parse_texts(changed(("explorer", "curve", "columns", "rate"), None)))


def test_predictions_agree_with_what_was_computed(texts):
    assert prediction("opening", texts, answer="five", slow=5, calls=8).texts.reveal.startswith("5 of 8")
    with pytest.raises(InputError, match="computed 'one'"):
        prediction("opening", texts, answer="one", slow=5, calls=8)
    with pytest.raises(InputError, match="slow"):
        prediction("opening", texts, calls=8)
    with pytest.raises(InputError, match="explorer"):
        prediction("opening", texts, guards="nine-calls", slow=5, calls=8)


def test_texts_from_a_file(tmp_path):
    path = tmp_path / "chapter.toml"
    path.write_text('[chapter]\nclaim = "a"\nexperiment = "b"\nremember = "c"\n', encoding="utf-8")
    assert read_texts(path).claim == "a"
    path.write_text("[chapter", encoding="utf-8")
    for where, message in ((path, "expected TOML"), (tmp_path / "none.toml", "found none")):
        with pytest.raises(InputError, match=message):
            read_texts(where)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (2.1, "2.1"), (2.104, "2.1"), (12345.6, "12,300"), (0.001234, "0.00123"), (99.96, "100"),
     (0.9996, "1"), (-340.4, "-340"), (1.234e-7, "1.23 × 10⁻⁷"), (math.nan, "–"), (100.0, "100"), (7.6795, "7.68")],
)  # fmt: skip
def test_three_digits(value, text):
    assert three_digits(value) == text


@given(st.floats(1e-4, 1e11))
def test_three_digits_are_within_half_a_digit(value):
    assert math.isclose(float(three_digits(value).replace(",", "")), value, rel_tol=0.00501)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.25, "250 ms"), (45, "45 s"), (600, "10 min"), (5400, "1.5 h"), (86400, "1 d"), (2e-4, "0.2 ms")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("kind", ["curve", "frontier", "phases", "timeline", "texts"])
def test_the_examples_of_the_docstrings_are_read(kind):
    doc = import_module(f"faaslab.viz.{kind}").__doc__
    example = doc.split(":\n\n", 1)[1].split("\n\n    from faaslab")[0].split("\n\nIn all")[0]
    if kind == "texts":
        example = example.split("    [picture.phases]")[0]  # its keys are those of an explorer, said in words
    texts = parse_texts(tomllib.loads(textwrap.dedent(example)))
    assert len(texts.explorers) + len(texts.pictures) == 1
