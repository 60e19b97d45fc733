"""The ten applications of FaaSRM's second experiment as real functions: folders with an `app.py` and its `handler`.

All are deployed from one folder, so that they share `fork_join.py`: `Deployment(name, path(), handler=handler(name))`.
An event is {"size": input size, 1 for an ordinary one, "cores": how many to use}; an answer is JSON. Each app also has
`parts(size)`, the independent parts into which it cuts its work: more cores than that are of no use to it.

Source: H. Yu et al., arXiv 2108.12717, which takes the applications from SeBS, ServerlessBench and ENSURE. The code is
ours, with inputs that the functions generate themselves: left out are downloads from storage and libraries beyond
NumPy, so that durations are not those of the originals.
"""

import importlib.util
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faaslab.errors import member

FOLDER = Path(__file__).resolve().parent
CATALOGUE = FOLDER.parent / "data" / "applications.toml"


@dataclass(frozen=True)
class Application:
    """short: the paper's abbreviation. cpu, memory: how its user configured it, whole cores and units of 64 MB."""

    name: str
    short: str
    title: str
    cpu: int
    memory: int


def catalogue() -> dict[str, Application]:
    """Every application by its name, in the paper's order."""
    with open(CATALOGUE, "rb") as file:
        return {name: Application(name, **given) for name, given in tomllib.load(file).items()}


def names() -> list[str]:
    """Names of the applications, in alphabetical order."""
    return sorted(path.parent.name for path in FOLDER.glob("*/app.py"))


def path() -> Path:
    """The folder to deploy, the same for all."""
    return FOLDER


def handler(name: str) -> str:
    """The handler's name to deploy with; InputError for an application that is not there."""
    return f"{member(name, 'application', names())}.app.handler"


def load(name: str):
    """The application's module, loaded into this process; it is not kept among the imported modules."""
    place = FOLDER / member(name, "application", names()) / "app.py"
    spec = importlib.util.spec_from_file_location(f"application_{name}", place)
    module = importlib.util.module_from_spec(spec)
    with _importable(FOLDER):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(folder):
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
