"""A Sphinx extension of this book: where executed chapters are kept, and which scripts a page loads.

Jupyter's execution cache looks at a chapter's cells alone: after a change in faaslab/ it would show the old numbers.
Here the folder of the cache is named after the content of everything a chapter computes from, so that a change there
makes every chapter run again. What it leaves out: the Python version and the machine.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

CACHE = Path("_build/.jupyter_cache")
NOISE = {"__pycache__", ".ipynb_checkpoints"}


def files(root: Path, *folders: str) -> list[Path]:
    """Every file below these folders, sorted, without what Python and Jupyter leave behind."""
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path for path in found if not NOISE & set(path.parts) and path.suffix != ".pyc")


def data_files(root: Path) -> list[Path]:
    """What chapters may read that stands beside them."""
    own = [path for path in files(root, "book") if not {"_static", "_ext"} & set(path.parts)]
    return [path for path in own if path.suffix in {".toml", ".json", ".csv"}]


def computed_from(root: Path) -> list[Path]:
    """What the numbers of a chapter come from, besides the chapter itself."""
    pins = [root / "requirements.txt", root / "constraints.txt"]
    return [*files(root, "faaslab"), *data_files(root), *pins]


def sources(root: Path) -> list[Path]:
    """Everything that the book is made of."""
    settings = [root / name for name in ("_config.yml", "_toc.yml")]
    return [*computed_from(root), *files(root, "book", "labs"), *settings]


def fingerprint(paths: list[Path]) -> str:
    """A hash over the names and the contents of these files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def trace_mark(root: Path) -> str:
    """What tells a build with traces at hand, which chapters read where they are present, from one without."""
    traces = root / os.environ.get("FAASLAB_TRACES", "../shared/traces")
    return "-trace" if traces.is_dir() else ""


def execution_cache(root: Path) -> Path:
    """The folder that holds the chapters as executed from the files of today, with a trace at hand or without one."""
    return root / CACHE / (fingerprint(computed_from(root))[:16] + trace_mark(root))


def set_execution_cache(app, config) -> None:
    """Sphinx reads every page again when this value changes."""
    config.nb_execution_cache_path = str(execution_cache(Path(app.srcdir)))


def set_theme_options(app, config) -> None:
    """One search field; and no launch button while there is no published repository for it to lead to."""
    config.html_theme_options["navbar_persistent"] = []
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = {}


def drop_thebe(app, pagename, templatename, context, doctree) -> None:
    """Jupyter Book puts Thebe's settings on every page, twice, though no page uses it: a script error on each."""
    context["script_files"] = [
        script for script in context["script_files"] if "thebe" not in f"{script} {script.attributes}".lower()
    ]


def setup(app) -> dict:
    app.connect("config-inited", set_execution_cache)
    app.connect("config-inited", set_theme_options)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
