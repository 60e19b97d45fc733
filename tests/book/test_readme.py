"""The examples of README.md run as they are printed there, in its order and in one folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built_book import ROOT

BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf8"), re.DOTALL)


@pytest.fixture
def environment(tmp_path):
    """Of a shell in which `faaslab` is found, beside a platform that runs."""
    here = Path(sys.executable).parent
    variables = {
        **os.environ,
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "FAASLAB_ENDPOINT": str(tmp_path / "endpoint.json"),
    }
    command = [here / "faaslab", "serve", "--json"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as platform:
        assert platform.stdout.readline()  # it says that it runs
        yield variables
        platform.terminate()


def test_examples_run(tmp_path, environment):
    assert [language for language, _ in BLOCKS].count("bash") >= 3
    for language, text in BLOCKS:
        runner = [sys.executable, "-c"] if language == "python" else [shutil.which("bash"), "-euc"]
        command = [*runner, text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert language == "python" or len(done.stdout.splitlines()) > 3


def names(file: str) -> dict[str, str]:
    """{package: version} of the lines that pin one."""
    lines = (ROOT / file).read_text().splitlines()
    pins = [line.partition(";")[0].split("==") for line in lines if line and not line.startswith(("#", "-"))]
    return {name: version for name, version in pins}


def test_binder_has_the_same_versions_and_no_torch():
    binder, here = names("binder/requirements.txt"), names("requirements.txt")
    assert "torch" in here and "torch" not in binder
    assert binder.items() <= here.items()


def test_a_package_is_pinned_once():
    assert not names("requirements.txt").keys() & names("constraints.txt").keys()
