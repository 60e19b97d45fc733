"""Tables and intervals in a chapter's words."""

import sys
import tomllib

import pytest

from faaslab.errors import InputError
from faaslab.viz import grid, over_seeds, parse_texts, plus_minus, say

TEXTS = """
[picture.sizes]
title = "Sizes."
caption = "Two of them."
alt = "A table."
[picture.sizes.columns]
name = { label = "Name", format = "text" }
size = { label = "Size", unit = "MB" }
"""


@pytest.fixture
def texts():
    return parse_texts(tomllib.loads(TEXTS))


def test_a_grid_has_the_headings_and_formats_of_the_texts(texts):
    table = grid("sizes", [{"name": "<small>", "size": 1.23456}, {"name": "large", "size": 12345.6}], texts)
    html = table._repr_html_()
    assert "&lt;small&gt;" in html and "<small>" not in html
    assert "1.23" in html and "12,300" in html and "Sizes." in html
    assert repr(table).splitlines()[1].split() == ["<small>", "1.23"]


def test_a_grid_needs_every_column(texts):
    with pytest.raises(InputError, match="size"):
        grid("sizes", [{"name": "a"}], texts)


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.02338, 0.00034, "0.0234 ± 0.0003"),
        (92.15, 0.32, "92.2 ± 0.3"),
        (1234.5, 67.8, "1,234 ± 68"),
        (0.0, 0.0, "0 ± 0"),
        (0.5, 0.0, "0.5 ± 0"),
        (-1.234, 0.5, "-1.23 ± 0.50"),
        (float("nan"), 1.0, "–"),
    ],
)
def test_an_interval_has_three_significant_digits(mean, half, text):
    assert plus_minus({"mean": mean, "half_width": half}) == text


def test_an_interval_may_be_scaled():
    assert plus_minus({"mean": 0.01234, "half_width": 0.001}, 100) == "1.23 ± 0.10"


def test_numbers_for_the_prose_are_printed_where_the_prose_cannot_show_them(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    say(cold=0.0123456, source="the trace")
    assert capsys.readouterr().out == "cold = 0.0123\nsource = the trace\n"


def test_runs_over_seeds_are_a_mean_with_its_interval_or_one_value():
    nbsp = "\N{NO-BREAK SPACE}"
    # Mean 2, standard deviation 1, Student's factor 4.303 for three runs: 4.303 / sqrt(3).
    assert over_seeds([1, 2, 3]) == f"2.00 ±{nbsp}2.48"
    assert over_seeds((x for x in (0.01, 0.02, 0.03)), 100) == f"2.00 ±{nbsp}2.48"
    assert over_seeds([0.25, 0.25], 100) == "25"
