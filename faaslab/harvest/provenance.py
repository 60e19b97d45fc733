"""Provenance: which command, which commit and which versions a result comes from.

Left out: the machine. What is not known (no git, a package that is not there) is None.
"""

import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import faaslab

_RESULTS = [f":!faaslab/harvest/data/{folder}" for folder in ("policies", "studies")]


def provenance(packages=("numpy", "simpy")) -> dict:
    """{"command", "commit", "versions"} of this process; `packages` are those whose versions matter."""
    versions = {"faaslab": faaslab.__version__, "python": platform.python_version()}
    return {
        "command": this_command(),
        "commit": commit(),
        "versions": versions | {name: version_of(name) for name in packages},
    }


def this_command() -> str:
    """The command line of this process, without the folder that its program lies in."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    program = ["python", "-m", main.name.removesuffix(".__main__")] if main else [Path(sys.argv[0]).name]
    return shlex.join([*program, *sys.argv[1:]])


def commit() -> str | None:
    """The git commit of the checkout that this package lies in, "+changes" where files differ from it; else None.

    Stored results do not count as changes: the study before has just written its own.
    """
    checkout = Path(faaslab.__file__).resolve().parents[1]
    if not (checkout / ".git").exists():
        return None
    try:
        name = _git(checkout, "rev-parse", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no", "--", ".", *_RESULTS)
        return name + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder, *words):
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def version_of(package: str) -> str | None:
    """The installed version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
