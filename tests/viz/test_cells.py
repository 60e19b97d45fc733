"""The explorer of cells: what a state shows, shades by value, limits, and bad input."""

import json
import re

import pytest

from faaslab.errors import InputError
from faaslab.viz import cells, parse_texts

WORDS = {
    "chapter": {"claim": "a", "experiment": "b", "remember": "c"},
    "explorer": {
        "grid": {
            "title": "A grid.",
            "caption": "Cells.",
            "alt": "Cells in a grid.",
            "sentence": "step {step}: {allowed} allowed",
            "columns": {
                "step": {"label": "Step", "names": {"1": "1 history", "2": "2 values"}},
                "mark": {"label": "What", "names": {"cell": "option"}},
                "cores": {"label": "Cores"},
                "units": {"label": "Memory", "unit": "units"},
                "value": {"label": "Value", "format": "number"},
                "allowed": {"label": "Allowed"},
            },
            "series": {"ring": "chosen", "user": "user's"},
        }
    },
}
SUMS = [{"step": 1, "allowed": 4}, {"step": 2, "allowed": 3}]


def row(step, mark, cores, units, value=None):
    return {"step": step, "mark": mark, "cores": cores, "units": units, "value": value}


ROWS = [
    row(1, "user", 2, 2),
    row(1, "peak", 1.5, 0.7),
    row(2, "cell", 2, 2, 0.25),
    row(2, "cell", 3, 2, 0.5),
    row(2, "cell", 3, 4, 0.75),
    row(2, "ring", 3, 4),
]


def make(rows=ROWS, **changes):
    settings = {"x": "cores", "y": "units", "mark": "mark", "value": "value", "controls": ["step"], "summary": SUMS}
    return cells("grid", rows, parse_texts(WORDS), **{**settings, **changes})


def marks_of(explorer, state):
    return {mark.key: mark for mark in explorer.scenes[state] if mark.attributes.get("display") != "none"}


def opacity(mark):
    return float(re.search(r"fill-opacity: ([\d.]+)", mark.attributes["style"]).group(1))


def test_a_state_shows_its_own_marks_and_no_others():
    explorer = make()
    assert set(marks_of(explorer, 0)) == {"point-0-0", "point-1-0"}
    second = marks_of(explorer, 1)
    assert set(second) == {"cell-2-2", "cell-3-2", "cell-3-4", "text-2-2", "text-3-2", "text-3-4", "ring"}
    assert [second[f"text-{at}"].text for at in ("2-2", "3-2", "3-4")] == ["0.25", "0.5", "0.75"]
    told = [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in explorer.sentences]
    assert told == ["step 1 history: 4 allowed", "step 2 values: 3 allowed"]
    assert explorer.rows(0)[1] == ["1 history", "peak", "1.5", "0.7", "–"]


def test_a_larger_value_is_darker_and_equal_ones_are_alike():
    second = marks_of(make(), 1)
    shades = [opacity(second[f"cell-{at}"]) for at in ("2-2", "3-2", "3-4")]
    assert shades == sorted(shades) and len(set(shades)) == 3
    equal = marks_of(make([{**r, "value": r["value"] and 1} for r in ROWS]), 1)
    assert len({opacity(equal[f"cell-{at}"]) for at in ("2-2", "3-2", "3-4")}) == 1


def test_cells_lie_where_they_belong_and_do_not_touch():
    second = marks_of(make(size=(4, 4)), 1)
    box = {key: {name: float(mark.attributes[name]) for name in ("x", "y", "width", "height")}
           for key, mark in second.items() if key.startswith("cell")}  # fmt: skip
    assert box["cell-3-2"]["y"] == box["cell-2-2"]["y"] > box["cell-3-4"]["y"]
    assert box["cell-2-2"]["x"] + box["cell-2-2"]["width"] < box["cell-3-2"]["x"]
    ring = {name: float(second["ring"].attributes[name]) for name in ("x", "y")}
    assert ring == {name: box["cell-3-4"][name] for name in ("x", "y")}


def test_the_page_plays_what_changes():
    html = make()._repr_mimebundle_()["text/html"]
    data = json.loads(html.split('class="explorer-data">')[1].split("</script>")[0])
    moved = {track[0] for track in data["tracks"]}
    assert {"explorer-grid-cell-2-2", "explorer-grid-ring", "explorer-grid-point-0-0"} <= moved
    assert make()._html == make()._html


def test_without_values_cells_are_filled_and_carry_no_text():
    second = marks_of(make(value=""), 1)
    assert not [key for key in second if key.startswith("text")] and len(second) == 4


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"rows": [r for r in ROWS if r["mark"] in ("user", "peak")] + [row(2, "user", 1, 1)]}, "at least one row"),
        ({"rows": [*ROWS, row(2, "cell", 1.5, 1)]}, "whole numbers from 1 on"),
        ({"rows": [*ROWS, row(2, "cell", 0, 1)]}, "whole numbers from 1 on"),
        ({"size": (2, 4)}, "within 2 x 4"),
        ({"size": (13, 12)}, "at most 144 cells"),
        ({"rows": [*ROWS, *(row(1, kind, 1, 1) for kind in "abc")]}, "at most 4 kinds"),
        ({"mark": "kind"}, "column"),
        ({"rows": [{**r, "value": "dark"} for r in ROWS]}, "expected a number"),
    ],
)
def test_bad_input(changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)
