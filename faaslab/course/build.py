"""The making of labs: from each master the student's version, executed, and the solved version, executed.

    python -m faaslab.course.build                 labs/<lab>.ipynb and _build/labs/solved/<lab>.ipynb, of every lab
    python -m faaslab.course.build --check         write nothing; exit 1 where a lab is not what its master makes
    python -m faaslab.course.build --solved DIR    only the solved versions, into DIR
    python -m faaslab.course.build cold-and-warm-starts          only this lab

Outputs are the same in every run: cell ids come from the master, no times, no paths, no widget state. What a cell with
the tag `nbval-ignore-output` measures differs from run to run: its outputs are not kept, except the verdict of a
check. A cell that raises or writes to stderr is an error. Left out: images; figures of a lab carry text and HTML.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat

from faaslab.course.master import read_master, solved, student
from faaslab.course.words import lab_names
from faaslab.errors import InputError, member

VIEW = "application/vnd.jupyter.widget-view+json"
MEASURED = "nbval-ignore-output"
TIMEOUT_S = 300


def execute(notebook, folder):
    """`notebook` executed in place with its kernel in `folder`; InputError where a cell raises or writes to stderr."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    environment = {key: value for key, value in os.environ.items() if key != "JPY_SESSION_NAME"}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        extra_arguments=["--log-level=40"],
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise InputError(f"lab: a cell raised {error.ename}: {error.evalue}") from None
    return strip(notebook)


def strip(notebook):
    """Leave out what changes from run to run or belongs to a live kernel; InputError for output on stderr."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = joined(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise InputError(f"lab, {cell['id']}: expected nothing on stderr, got {output.text[:200]!r}")
            output.get("data", {}).pop(VIEW, None)
        if MEASURED in cell.metadata.get("tags", ()) and not cell["id"].endswith("-check"):
            cell.outputs = []
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
         "language_info": {"name": "python"}}
    )  # fmt: skip
    return notebook


def joined(outputs):
    """The outputs with neighbouring pieces of one stream made one: where a kernel cuts them is chance."""
    whole = []
    for output in outputs:
        last = whole[-1] if whole else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last["text"] += output.text
        else:
            whole.append(output)
    return whole


def text_of(notebook) -> str:
    """The file's text: the same for the same notebook."""
    return nbformat.writes(notebook, version=4) + "\n"


def make(name: str, version, masters, folder) -> str:
    """The text of one version (`student` or `solved`) of a lab, executed."""
    return text_of(execute(version(read_master(Path(masters) / f"{name}.md")), folder))


def main(arguments=None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m faaslab.course.build", description="Make the labs from their masters."
    )
    parser.add_argument("labs", nargs="*", metavar="LAB", help="names of labs (default: all)")
    parser.add_argument(
        "--labs-folder", default="labs", metavar="DIR", help="where labs are; masters are in DIR/masters"
    )
    parser.add_argument("--solved", metavar="DIR", help="make only the solved versions, into DIR")
    parser.add_argument("--check", action="store_true", help="compare with the committed labs and write nothing")
    options = parser.parse_intermixed_args(arguments)
    try:
        return _make_all(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2


def _make_all(options) -> int:
    folder, status = Path(options.labs_folder), 0
    for name in [member(name, "lab", lab_names()) for name in options.labs] or lab_names():
        if not options.solved:
            status |= _student(name, folder, options.check)
        if not options.check:
            target = Path(options.solved or "_build/labs/solved") / f"{name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(make(name, solved, folder / "masters", folder), encoding="utf-8")
            print(f"{target}: made")
    return status


def _student(name, folder, check) -> int:
    target = folder / f"{name}.ipynb"
    text = make(name, student, folder / "masters", folder)
    before = target.read_text(encoding="utf-8") if target.exists() else None
    if text == before:
        print(f"{target}: up to date")
    elif check:
        print(f"{target}: differs from what its master makes; run `make labs`", file=sys.stderr)
        return 1
    else:
        target.write_text(text, encoding="utf-8")
        print(f"{target}: made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
