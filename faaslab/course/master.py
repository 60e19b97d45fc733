"""Masters: the one source of a lab, and the versions that are made of it.

A master is labs/masters/<lab>.md, a MyST notebook with nbgrader's delimiters. A cell's metadata say what it is for:
`role: answer` (with a solution between BEGIN SOLUTION and END SOLUTION), `role: check` (with hidden tests between BEGIN
HIDDEN TESTS and END HIDDEN TESTS) and `role: open` (a text, graded by hand, with its `points`), each with the name of
its `task`. Versions: student (no solutions, no hidden tests), solved (both, without delimiters), source and release
(nbgrader's).
Source of the delimiters and the metadata: nbgrader 0.9 documentation, "Creating and grading assignments".
"""

import copy
import re
from pathlib import Path

import nbformat

from faaslab.course.words import table
from faaslab.errors import InputError

STUB = "# your code here"
TEXT_STUB = "*Your answer here.*"
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION[ \t]*\n?", re.M | re.S)
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS\n(.*?)^[ \t]*### END HIDDEN TESTS[ \t]*\n?", re.M | re.S)
DELIMITER = re.compile(r"^[ \t]*### (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)[ \t]*\n?", re.M)
SEED_LINE = re.compile(r"^SEED = \d+$", re.M)


def read_master(path) -> nbformat.NotebookNode:
    """The notebook of a master, checked, with cell ids that depend on the text alone; InputError says what is amiss."""
    import jupytext

    path = Path(path)
    if not path.exists():
        raise InputError(f"lab: expected a master, found none at {path}")
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
    cells = [cell for cell in notebook.cells if cell.source.strip()]
    plain = 0
    for cell in cells:
        if "role" in cell.metadata:
            cell["id"] = f"{cell.metadata['task']}-{cell.metadata['role']}"
        else:
            plain += 1
            cell["id"] = f"cell-{plain}"
        cell.source = cell.source.strip("\n")
    _check(path.stem, cells)
    for cell in cells:
        if cell.metadata.get("role") == "check":
            cell.metadata["points"] = table(f"labs/{path.stem}")["task"][cell.metadata["task"]]["points"]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
         "language_info": {"name": "python"}}
    )  # fmt: skip
    return made


def _check(lab, cells):
    """Every task of the lab's words has one answer cell with a solution, and one check cell with hidden tests."""
    tasks = list(table(f"labs/{lab}")["task"])
    for role, region, what in (("answer", SOLUTION, "a solution"), ("check", HIDDEN, "hidden tests")):
        found = [cell.metadata["task"] for cell in cells if cell.metadata.get("role") == role]
        if sorted(found) != sorted(tasks):
            raise InputError(f"master {lab!r}: expected one cell of role {role} for each of {tasks}, got {found}")
        for cell in cells:
            if cell.metadata.get("role") == role and not region.search(cell.source + "\n"):
                raise InputError(f"master {lab!r}, {cell['id']}: expected {what} between delimiters, found none")
    for cell in cells:
        if cell.metadata.get("role") is None and DELIMITER.search(cell.source + "\n"):
            raise InputError(f"master {lab!r}, {cell['id']}: expected delimiters only in cells with a role")
    if not any(SEED_LINE.search(cell.source) for cell in cells):
        raise InputError(f"master {lab!r}: expected a line SEED = NUMBER, found none")


def clear(source: str) -> str:
    """The source of a code cell without solutions and hidden tests, as nbgrader clears it."""
    text = SOLUTION.sub(lambda found: f"{found[1]}{STUB}\n", source + "\n")
    return HIDDEN.sub("", text).strip("\n")


def student(master) -> nbformat.NotebookNode:
    """The student's version: stubs in place of solutions, no hidden tests."""
    return _version(master, clear, TEXT_STUB, graded=False)


def solved(master) -> nbformat.NotebookNode:
    """The solved version: solutions and hidden tests, without the delimiters around them."""
    return _version(master, lambda source: DELIMITER.sub("", source + "\n").strip("\n"), None, graded=False)


def source_version(master, seed: int = 1) -> nbformat.NotebookNode:
    """nbgrader's source: solutions, hidden tests, delimiters and metadata; problems drawn from `seed`."""
    return _version(_with_seed(master, seed), lambda source: source, None, graded=True)


def release_version(master, seed: int = 1) -> nbformat.NotebookNode:
    """nbgrader's release: what students get from `nbgrader generate_assignment`."""
    return _version(_with_seed(master, seed), clear, TEXT_STUB, graded=True)


def _version(master, change, text, *, graded):
    notebook = copy.deepcopy(master)
    for cell in notebook.cells:
        role = cell.metadata.get("role")
        kept = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if graded and role:
            kept["nbgrader"] = _nbgrader(role, cell["id"], cell.cell_type, cell.metadata.get("points"))
        if role == "open":
            cell.source = text or cell.source
        elif cell.cell_type == "code" and role:
            cell.source = change(cell.source)
        cell.metadata = nbformat.from_dict(kept)
    return notebook


def _nbgrader(role, grade_id, cell_type, points):
    """Metadata of nbgrader's schema 3: answers may be changed, checks are locked, texts are graded by hand."""
    metadata = {"schema_version": 3, "grade_id": grade_id, "task": False, "grade": role != "answer",
                "solution": role != "check", "locked": role == "check", "cell_type": cell_type}  # fmt: skip
    return metadata | ({"points": points} if role != "answer" else {})


def _with_seed(master, seed):
    """The master with problems drawn from `seed`, also in hidden tests, where a student cannot change it."""
    notebook = copy.deepcopy(master)
    for cell in notebook.cells:
        cell.source = SEED_LINE.sub(f"SEED = {seed}", cell.source)
        if cell.metadata.get("role") == "check":
            cell.source = HIDDEN.sub(
                lambda found: found[0].replace("seed=SEED", f"seed={seed}"), cell.source + "\n"
            ).strip("\n")
    return notebook
