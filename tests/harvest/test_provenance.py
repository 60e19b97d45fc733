"""Where a result comes from: the commit, and whether what it was computed with differs from that commit."""

import subprocess
from types import SimpleNamespace

import pytest

from faaslab.harvest import provenance


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in (
        "__init__.py",
        "harvest/data/policies/a.json",
        "harvest/data/studies/a.json",
        "harvest/data/demand.json",
    ):
        file = tmp_path / "faaslab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("before")
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    monkeypatch.setattr(provenance, "faaslab", SimpleNamespace(__file__=str(tmp_path / "faaslab" / "__init__.py")))
    return tmp_path / "faaslab"


def test_the_commit_of_a_clean_checkout(checkout):
    name = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert provenance.commit() == name


@pytest.mark.parametrize("name", ["__init__.py", "harvest/data/demand.json"])
def test_a_changed_source_is_said(checkout, name):
    (checkout / name).write_text("after")
    assert provenance.commit().endswith("+changes")


@pytest.mark.parametrize("folder", ["policies", "studies"])
def test_a_stored_result_is_not_a_change(checkout, folder):
    (checkout / "harvest" / "data" / folder / "a.json").write_text("after")
    assert not provenance.commit().endswith("+changes")


def test_none_without_git(checkout, monkeypatch):
    monkeypatch.setattr(provenance, "faaslab", SimpleNamespace(__file__="/nowhere/faaslab/__init__.py"))
    assert provenance.commit() is None
