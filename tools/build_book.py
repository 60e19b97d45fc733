"""Build the book: execute the chapters, write the pages, and say which page to open.

A build starts from nothing but the outputs of chapters that were executed before, so that no page of an earlier build
survives and a build that failed cannot pass the second time. It is skipped when nothing that the book is made of has
changed since the last build that succeeded. Options for a build by hand: `--force` builds in any case.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from book_shell import CACHE, data_files, execution_cache, fingerprint, sources, trace_mark  # noqa: E402

BUILD = ROOT / "_build"
STAMP = BUILD / "book.stamp"
KERNEL_NOISE = "Kernel is running over TCP without encryption"
PAGE = BUILD / "html" / "index.html"


def main(arguments: list[str]) -> int:
    """Build if needed; return the exit status."""
    now = fingerprint(sources(ROOT)) + trace_mark(ROOT)
    if "--force" in arguments or not PAGE.exists() or not STAMP.exists() or STAMP.read_text() != now:
        status = build()
        if status:
            print("The book was not built: the warnings and errors above must go first.", file=sys.stderr)
            return status
        STAMP.write_text(now)
    else:
        print("The book is up to date.")
    print(f"Open {PAGE.relative_to(ROOT)} in a browser, or follow {PAGE.as_uri()}")
    return 0


def build() -> int:
    """Remove the last build, except what was executed under the present key, and build."""
    STAMP.unlink(missing_ok=True)
    for folder in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)
    current = execution_cache(ROOT)
    for other in (ROOT / CACHE).glob("*"):
        if other != current:
            shutil.rmtree(other)
    start = time.perf_counter()
    print("Building the book; a chapter that has not been executed yet takes up to 20 seconds.", flush=True)
    jupyter_book = Path(sys.executable).parent / "jupyter-book"
    status, complaints = follow([jupyter_book, "build", ".", "-W", "-n", "--keep-going"])
    if status or not PAGE.exists():
        for folder in ("html", "jupyter_execute"):
            shutil.rmtree(BUILD / folder, ignore_errors=True)
        print("", *complaints, sep="\n", file=sys.stderr)
        return status or 1
    restore_outputs(current)
    copy_data()
    print(f"The book was built in {time.perf_counter() - start:.0f} s.")
    return 0


def follow(command: list) -> tuple[int, list[str]]:
    """Run the command in the repository, show what it says, and gather its warnings and errors, each once."""
    complaints: dict[str, None] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            if KERNEL_NOISE in line:
                continue
            print(line, end="", flush=True)
            if "WARNING:" in line or "ERROR:" in line:
                complaints[line.rstrip()] = None
    return process.returncode, list(complaints)


def restore_outputs(current: Path) -> None:
    """Write the chapters as they were executed over the copies that the build left behind.

    MyST-NB takes the outputs of `glue` out of its copies; the tests compare all outputs, so they need the originals.
    """
    cache = get_cache(str(current))
    for record in cache.list_cache_records():
        page = Path(record.uri).relative_to(ROOT).with_suffix(".ipynb")
        copy = BUILD / "jupyter_execute" / page
        if copy.exists():
            nbformat.write(cache.get_cache_bundle(record.pk).nb, copy)


def copy_data() -> None:
    """Put the data that chapters read beside the chapters as executed, where the tests run them once more."""
    for path in data_files(ROOT):
        copy = BUILD / "jupyter_execute" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
