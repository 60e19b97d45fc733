"""Deploying: a function's code is copied into the platform's state, so that later edits of the source change nothing.

The copy is compiled once, so that no start pays for it. Left out: packages in archives, layers.
"""

import compileall
import os
import shutil
from pathlib import Path

from faaslab.errors import InputError
from faaslab.runtime.deployment import Deployment

SKIPPED = ("__pycache__", ".git", ".ipynb_checkpoints", ".venv", ".mypy_cache", ".pytest_cache")
MOST_CODE_BYTES = 250 * 2**20  # Lambda's limit on an unpacked package


def code_folder(name: str, state: Path) -> Path:
    return state / "functions" / name


def install(deployment: Deployment, state: Path) -> Path:
    """Copy and compile the code; returns its folder. InputError where there is none or it is too large."""
    source = deployment.check_source()
    _check_size(source, deployment.name)
    final = code_folder(deployment.name, state)
    fresh = final.with_name(f".{deployment.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, fresh, ignore=shutil.ignore_patterns(*SKIPPED))
    else:
        fresh.mkdir()
        shutil.copy2(source, fresh / source.name)
    compileall.compile_dir(fresh, quiet=2, workers=1)  # code that does not compile says so when it is loaded
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)
    return final


def uninstall(name: str, state: Path) -> None:
    shutil.rmtree(code_folder(name, state), ignore_errors=True)


def _check_size(source, name):
    files = [source] if source.is_file() else [p for p in source.rglob("*") if not set(p.parts) & set(SKIPPED)]
    size = sum(os.path.getsize(path) for path in files if path.is_file())
    if size > MOST_CODE_BYTES:
        raise InputError(
            f"function {name!r}, source: expected at most {MOST_CODE_BYTES // 2**20} MB of code, got "
            f"{size / 2**20:.0f} MB in {str(source)!r}"
        )
