"""The labs as they are made: the committed version is the master's, and the solved version scores full marks."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from faaslab.course.build import execute, make, strip
from faaslab.course.master import read_master, release_version, solved, source_version, student
from faaslab.course.words import lab_names, table
from faaslab.errors import InputError

LABS_FOLDER = Path(__file__).parents[2] / "labs"
MASTERS = LABS_FOLDER / "masters"


@pytest.mark.parametrize("lab", lab_names())
def test_the_committed_lab_is_what_its_master_makes(lab):
    committed = (LABS_FOLDER / f"{lab}.ipynb").read_text(encoding="utf-8")
    assert json.loads(make(lab, student, MASTERS, LABS_FOLDER)) == json.loads(committed), "run `make labs`"
    assert not re.search(r"(/home|/root|/tmp|/work|site-packages)/|20\d\d-\d\d-\d\dT", committed)
    checks = [cell for cell in nbformat.reads(committed, 4).cells if cell["id"].endswith("-check")]
    assert len(checks) == 4 and all("not answered yet" in cell.outputs[0].data["text/plain"] for cell in checks)


@pytest.mark.parametrize(("lab", "seed"), [(lab, 5) for lab in lab_names()])
def test_the_solved_lab_scores_full_marks_with_nbgrader(lab, seed):
    grades = pytest.importorskip("nbgrader.utils")
    notebook = execute(source_version(read_master(MASTERS / f"{lab}.md"), seed), LABS_FOLDER)
    given = [grades.determine_grade(cell) for cell in notebook.cells if cell["id"].endswith("-check")]
    points = [float(words["points"]) for words in table(f"labs/{lab}")["task"].values()]
    assert sorted(given) == sorted(zip(points, points, strict=True))
    verdicts = [c for c in notebook.cells if c["id"].endswith("-check")]
    assert all(c.outputs[0].data["text/plain"].startswith("✓") for c in verdicts)


@pytest.mark.parametrize("lab", lab_names())
def test_a_lab_handed_in_untouched_scores_nothing(lab):
    grades = pytest.importorskip("nbgrader.utils")
    master = read_master(MASTERS / f"{lab}.md")
    untouched, source = release_version(master), source_version(master)
    hidden = {cell["id"]: cell.source for cell in source.cells if cell["id"].endswith("-check")}
    for cell in untouched.cells:
        cell.source = hidden.get(cell["id"], cell.source)
    execute(untouched, LABS_FOLDER)
    assert [grades.determine_grade(c)[0] for c in untouched.cells if c["id"] in hidden] == [0.0] * 4


def test_a_cell_that_raises_or_warns_is_refused():
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(InputError, match="ZeroDivisionError"):
        execute(broken, LABS_FOLDER)
    output = nbformat.v4.new_output("stream", name="stderr", text="a warning")
    warned = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])
    with pytest.raises(InputError, match="stderr"):
        strip(warned)


def test_solved_and_student_differ_only_where_they_must():
    master = read_master(MASTERS / "cold-and-warm-starts.md")
    for cell, other in zip(solved(master).cells, student(master).cells, strict=True):
        assert (cell.source != other.source) == other["id"].endswith(("-answer", "-check", "-open"))
