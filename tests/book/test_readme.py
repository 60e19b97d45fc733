"""The examples of README.md run as they are printed there, in its order and in one folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from built_book import ROOT

BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf8"), re.DOTALL)


def test_examples_run(tmp_path):
    assert [language for language, _ in BLOCKS].count("bash") >= 3
    here = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    for language, text in BLOCKS:
        runner = [sys.executable, "-c"] if language == "python" else [shutil.which("bash"), "-euc"]
        command = [*runner, text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert language == "python" or len(done.stdout.splitlines()) > 3


def names(file: str) -> dict[str, str]:
    """{package: version} of the lines that pin one."""
    lines = (ROOT / file).read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith(("#", "-"))]
    return {name: version for name, version in pins}


def test_binder_has_the_same_versions_and_no_torch():
    binder, here = names("binder/requirements.txt"), names("requirements.txt")
    assert "torch" in here and "torch" not in binder
    assert binder.items() <= here.items()


def test_a_package_is_pinned_once():
    assert not names("requirements.txt").keys() & names("constraints.txt").keys()
