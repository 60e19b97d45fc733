"""Sample functions: folders with an `app.py` and its `handler(event, context)`, as they would go to AWS Lambda.

Chapter "A cloud on your laptop". hello: no import, an answer at once. thumbnails: imports NumPy, makes small pictures
by block means. sleeper: waits, computes, fails or exits as its event says. Left out: packages of libraries; the samples
use what the interpreter already has.
"""

from pathlib import Path

from faaslab.errors import member

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Names of the samples, in alphabetical order."""
    return sorted(path.parent.name for path in FOLDER.glob("*/app.py"))


def path(name: str) -> Path:
    """The folder of a sample, to be given to `deploy`; InputError for a name that is not there."""
    return FOLDER / member(name, "sample function", names())
