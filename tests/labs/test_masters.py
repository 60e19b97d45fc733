"""Masters and the versions made of them: what students get, what nbgrader gets, and what is refused."""

import ast
from pathlib import Path

import nbformat
import pytest

from faaslab.course.build import main as build
from faaslab.course.export import export
from faaslab.course.export import main as export_command
from faaslab.course.master import STUB, read_master, release_version, solved, source_version, student
from faaslab.course.words import lab_names, table
from faaslab.errors import InputError

ROOT = Path(__file__).parents[2]
MASTERS = ROOT / "labs" / "masters"
LABS = lab_names()


def cells(notebook, role):
    return [cell for cell in notebook.cells if cell["id"].endswith(f"-{role}")]


def test_every_master_has_words_and_every_lab_a_master():
    assert sorted(path.stem for path in MASTERS.glob("*.md")) == LABS
    assert sorted(path.stem for path in (ROOT / "labs").glob("*.ipynb")) == LABS


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_four_tasks_with_three_hints_and_an_open_question(lab):
    tasks = table(f"labs/{lab}")["task"]
    assert len(tasks) == 4 and table(f"labs/{lab}")["minutes"] == 45
    assert all(set(words["hints"]) == {"concept", "formula", "example"} for words in tasks.values())
    master = read_master(MASTERS / f"{lab}.md")
    (question,) = cells(master, "open")
    assert question.metadata["points"] > 0
    rubric = master.cells[master.cells.index(question) - 1].source
    assert "I predicted" in rubric and "points" in rubric


@pytest.mark.parametrize("lab", LABS)
def test_students_see_neither_solutions_nor_hidden_tests(lab):
    master = read_master(MASTERS / f"{lab}.md")
    text = "\n".join(cell.source for cell in student(master).cells)
    assert "###" not in text.replace("\n## ", "") and "grade(" not in text
    for cell in cells(student(master), "answer"):
        assert STUB in cell.source
        ast.parse(cell.source)
    for cell in cells(student(master), "check"):
        assert cell.source.startswith("lab.check(") and "\n" not in cell.source
    assert all("nbgrader" not in cell.metadata for cell in student(master).cells)


@pytest.mark.parametrize("lab", LABS)
def test_solved_labs_keep_both_and_end_in_grades(lab):
    for cell in cells(solved(read_master(MASTERS / f"{lab}.md")), "check"):
        assert "###" not in cell.source
        assert ast.parse(cell.source).body[-1].value.func.id == "grade"


@pytest.mark.parametrize("lab", LABS)
def test_our_release_is_what_nbgrader_makes_of_our_source(lab):
    preprocessors = pytest.importorskip("nbgrader.preprocessors")
    from nbgrader.nbgraderformat import MetadataValidator
    from traitlets.config import Config

    master = read_master(MASTERS / f"{lab}.md")
    source, release = source_version(master, 7), release_version(master, 7)
    MetadataValidator().validate_nb(source)
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = "*Your answer here.*"
    for step in (preprocessors.ClearSolutions, preprocessors.ClearHiddenTests):
        source, _ = step(config=config).preprocess(source, {})
    for theirs, ours in zip(source.cells, release.cells, strict=True):
        assert theirs.source.strip() == ours.source and theirs.metadata == ours.metadata


def test_the_instructors_seed_stands_in_the_lab_and_in_the_hidden_tests():
    source = source_version(read_master(MASTERS / f"{LABS[0]}.md"), 7)
    assert any("SEED = 7" in cell.source for cell in source.cells)
    assert all("seed=7)\n### END HIDDEN TESTS" in cell.source for cell in cells(source, "check"))


def test_export_writes_once(tmp_path, capsys):
    files = export(tmp_path, masters=MASTERS, seed=7)
    assert {path.relative_to(tmp_path).parts[0] for path in files} == {"source", "release", "nbgrader_config.py"}
    for path in files[1:]:
        nbformat.validate(nbformat.read(path, 4))
    with pytest.raises(InputError, match="--force"):
        export(tmp_path, masters=MASTERS)
    assert export_command([str(tmp_path), "--masters", str(MASTERS), "--force", LABS[0]]) == 0
    assert export_command([str(tmp_path), "--masters", str(MASTERS), "no-such-lab"]) == 2
    assert export_command([str(tmp_path), "--masters", str(MASTERS), "--seed", "-1", "--force"]) == 2
    assert "expected one of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("### END SOLUTION", "", "expected a solution"),
        ("### BEGIN HIDDEN TESTS", "", "expected hidden tests"),
        (":task: window\n", ":task: windows\n", "one cell of role answer"),
        ("SEED = 1\n", "", "SEED"),
        (
            "paid = prices(SEED)",
            "### BEGIN SOLUTION\npaid = prices(SEED)\n### END SOLUTION",
            "only in cells with a role",
        ),
    ],
)
def test_bad_masters_are_refused(tmp_path, old, new, message):
    text = (MASTERS / "cold-and-warm-starts.md").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "cold-and-warm-starts.md").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_master(tmp_path / "cold-and-warm-starts.md")


def test_build_names_what_it_cannot_find(tmp_path, capsys):
    assert build(["--labs-folder", str(tmp_path)]) == 2
    assert "expected a master" in capsys.readouterr().err
    assert build(["cold-and-warm-start"]) == 2
    assert "did you mean" in capsys.readouterr().err
