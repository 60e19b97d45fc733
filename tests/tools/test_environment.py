"""The script that makes the environment, with stand-ins for Python: nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "environment.sh"
# Answers every question with success, and makes an "environment" whose Python is itself.
STAND_IN = """#!/bin/sh
case "$*" in
*"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/python3"; echo "$0" >>made ;;
esac
"""


def test_an_environment_is_made_again_when_requirements_change_and_only_then(tmp_path):
    system = tmp_path / "system"
    for folder in (system, tmp_path / "tools"):
        folder.mkdir()
    shutil.copy(SCRIPT, tmp_path / "tools")
    (system / "python3").write_text(STAND_IN)
    (system / "python3").chmod(0o755)
    (tmp_path / "constraints.txt").touch()
    (tmp_path / "pyproject.toml").touch()
    # As make does: the environment's own programs come first.
    path = os.pathsep.join([str(tmp_path / ".venv" / "bin"), str(system), os.environ["PATH"]])
    for requirements, makings in (("numpy", 1), ("numpy", 1), ("numpy\nscipy", 2)):
        (tmp_path / "requirements.txt").write_text(requirements)
        done = subprocess.run(
            ["bash", "tools/environment.sh"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "made").read_text().split() == [str(system / "python3")] * makings
