"""Export for instructors: the labs as assignments of nbgrader.

    python -m faaslab.course.export DIR --seed 7
    cd DIR && nbgrader generate_assignment cold-and-warm-starts --force

writes DIR/source/<lab>/<lab>.ipynb (solutions and hidden tests), DIR/release/<lab>/<lab>.ipynb (what students get) and
DIR/nbgrader_config.py. The seed draws the numbers of the problems: keep it, and the source folder, to yourself.
`generate_assignment` makes the release again and enters the lab in nbgrader's gradebook. Source of the layout: nbgrader
0.9 documentation. Left out: isolation; nbgrader runs submissions as the user who grades them.
"""

import argparse
import sys
from pathlib import Path

from faaslab.course.build import text_of
from faaslab.course.master import STUB, TEXT_STUB, read_master, release_version, source_version
from faaslab.course.words import lab_names
from faaslab.errors import InputError, member, whole

CONFIG = f'''"""Settings of nbgrader for the labs of faaslab."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "faaslab"
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}
c.ClearSolutions.text_stub = "{TEXT_STUB}"
c.ExecutePreprocessor.timeout = 300
'''


def export(target, *, labs=None, masters="labs/masters", seed: int = 1, force: bool = False) -> list[Path]:
    """Write source and release of `labs` (default: all) below the folder `target`; returns the files' paths.

    InputError for an unknown lab, a bad seed, or a file that exists already, unless `force`.
    """
    target, whole_seed = Path(target), whole(seed, "seed")
    files = {target / "nbgrader_config.py": CONFIG}
    for name in [member(name, "lab", lab_names()) for name in labs or lab_names()]:
        master = read_master(Path(masters) / f"{name}.md")
        for step, version in (("source", source_version), ("release", release_version)):
            files[target / step / name / f"{name}.ipynb"] = text_of(version(master, whole_seed))
    there = [path for path in files if path.exists()]
    if there and not force:
        raise InputError(f"export: expected to write new files, found {there[0]}; --force replaces it")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def main(arguments=None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m faaslab.course.export", description="The labs as assignments of nbgrader."
    )
    parser.add_argument("target", metavar="DIR", help="the folder of the course")
    parser.add_argument("labs", nargs="*", metavar="LAB", help="names of labs (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="draws the problems' numbers (default 1, the public one)")
    parser.add_argument("--masters", default="labs/masters", metavar="DIR", help="where the masters are")
    parser.add_argument("--force", action="store_true", help="replace what is there")
    options = parser.parse_intermixed_args(arguments)
    try:
        files = export(
            options.target, labs=options.labs, masters=options.masters, seed=options.seed, force=options.force
        )
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    for path in files:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
