"""Stored policies and studies: found by their files, made once, made again when what they come from has changed."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.harvest.features import COUNT
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies import __main__ as frame
from faaslab.harvest.studies import policies, stored


def made_up(name="made-up", **parts):
    """A study that counts how often it is done."""
    runs = []

    def run(*, policies: Path, progress=None, seeds=(1, 2, 3)):
        progress(0.5, "half")
        runs.append(list(seeds))
        return {"seeds": np.array(seeds), "missing": float("nan"), "policies": sorted(stored.digests(policies))}

    return SimpleNamespace(NAME=name, run=run, QUICK={"seeds": (1,)}, runs=runs, **parts)


@pytest.fixture
def only(monkeypatch):
    """The only study there is."""
    module = made_up()
    monkeypatch.setattr(frame, "studies", lambda: {module.NAME: module})
    monkeypatch.setattr(frame, "RECIPES", {"faasrm": replace(policies.RECIPES["faasrm"], seeds=(1, 2))})
    return module


def put(folder, name="faasrm", weight=1.0):
    folder.mkdir(parents=True, exist_ok=True)
    NumpyScores([(np.full((COUNT, 1), weight), np.zeros(1))]).save(folder / f"{name}.npz")


def test_studies_are_found_by_their_files():
    found = frame.studies()
    assert {"experiment-two", "drawbacks"} <= set(found)
    for name, module in found.items():
        assert name == module.NAME and module.__doc__ and isinstance(getattr(module, "QUICK", {}), dict)


def test_a_study_is_done_once_and_again_when_its_policies_change(capsys, only, tmp_path):
    put(tmp_path / "policies")
    arguments = ["--folder", str(tmp_path), "--only", "made-up"]
    assert frame.main(arguments) == frame.main(arguments) == 0
    assert len(only.runs) == 1 and "made-up: there" in capsys.readouterr().out
    put(tmp_path / "policies", weight=2.0)
    assert frame.main(arguments) == 0
    assert len(only.runs) == 2 and "other policies (faasrm)" in capsys.readouterr().out
    assert frame.main([*arguments, "--force"]) == 0 and len(only.runs) == 3

    kept = stored.read_study("made-up", tmp_path / "studies")
    assert kept["seeds"] == [1, 2, 3] and kept["missing"] is None and kept["policies"] == ["faasrm"]
    origin = kept["provenance"]
    assert origin["took_s"] >= 0 and origin["versions"]["numpy"] == np.__version__ and "commit" in origin
    assert origin["policies"] == stored.digests(tmp_path / "policies")


def test_a_policy_is_trained_once_and_again_when_its_recipe_changes(capsys, only, tmp_path):
    arguments = ["--quick", "--folder", str(tmp_path), "--only", "policies"]
    assert frame.main(arguments) == 0
    file = policies.file_of("faasrm", 1, tmp_path / "policies")
    beside = json.loads(file.with_suffix(".json").read_text())
    assert beside["provenance"]["seed"] == 1 and beside["provenance"]["commands"] and beside["wall_s"] > 0
    assert beside["provenance"]["episodes"] == 16
    assert NumpyScores.load(file, features=COUNT, options=Options().n).hidden == (32, 16)
    assert not list((tmp_path / "policies" / "training").iterdir())
    digest = stored.digests(tmp_path / "policies")
    capsys.readouterr()

    alone = ["--quick", "--folder", str(tmp_path), "--only", "policies/faasrm-1"]
    beside["settings"]["about.hidden"] = [8]
    file.unlink()
    file.with_suffix(".json").write_text(json.dumps(beside))
    assert frame.main(alone) == 0 and "trained" in capsys.readouterr().out
    assert stored.digests(tmp_path / "policies") == digest  # the same seed, the same weights
    recipe = replace(policies.RECIPES["faasrm"], episodes=16)
    assert frame._changed(recipe, file.with_suffix(".json")) == []
    assert frame._changed(replace(recipe, hidden=(8,), seeds=(1,)), file.with_suffix(".json")) == ["hidden"]
    assert frame._changed(replace(recipe, episodes=24), file.with_suffix(".json")) == ["episodes"]


def test_quick_leaves_nothing_behind(capsys, only):
    before = stored.digests(policies.STORED)
    assert frame.main(["--quick", "--only", "made-up"]) == 0
    assert only.runs == [[1]]
    assert not (stored.STUDIES / "made-up.json").exists() and stored.digests(policies.STORED) == before


def test_list_says_what_there_is(capsys, only, tmp_path):
    put(tmp_path / "policies")
    assert frame.main(["--list", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["policies/faasrm-1: there", "policies/faasrm-2: not there yet", "made-up: not there yet"]
    assert only.runs == []


def test_an_interruption_keeps_what_was_done(capsys, only, tmp_path, monkeypatch):
    def stop(**given):
        raise KeyboardInterrupt

    second = SimpleNamespace(NAME="second", run=stop)
    monkeypatch.setattr(frame, "studies", lambda: {"made-up": only, "second": second})
    put(tmp_path / "policies")
    arguments = ["--folder", str(tmp_path), "--only", "made-up", "--only", "second"]
    assert frame.main(arguments) == frame.main(arguments) == 130
    assert len(only.runs) == 1 and "the same command goes on" in capsys.readouterr().err


def test_bad_input(capsys, tmp_path):
    assert frame.main(["--only", "experiment-too"]) == 2
    assert "experiment-two" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"nothing\.json"):
        stored.read_study("nothing", tmp_path)
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(InputError, match="provenance"):
        stored.read_study("list", tmp_path)
    (tmp_path / "torn.json").write_text('{"provenance": {')
    with pytest.raises(InputError, match="JSON"):
        stored.read_study("torn", tmp_path)
    with pytest.raises(InputError, match="provenance"):
        stored.write_study("x", {"provenance": 1}, {}, tmp_path)
    with pytest.raises(InputError, match="JSON can hold"):
        stored.write_study("x", {"a": {1, 2}}, {}, tmp_path)


@pytest.mark.parametrize("file", sorted(policies.STORED.glob("*.npz")), ids=lambda file: file.stem)
def test_what_is_stored_says_where_it_comes_from(file):
    policy = NumpyScores.load(file, features=COUNT, options=Options().n)
    beside = json.loads(file.with_suffix(".json").read_text())
    origin = beside["provenance"]
    assert policy.about["provenance"] == origin
    assert origin["commands"] and origin["commit"] and origin["elapsed_s"] > 0 and all(origin["versions"].values())
    assert policies.file_of(beside["settings"]["about.recipe"], origin["seed"]) == file
    assert origin["episodes"] == policies.RECIPES[beside["settings"]["about.recipe"]].episodes


@pytest.mark.parametrize("file", sorted(stored.STUDIES.glob("*.json")), ids=lambda file: file.stem)
def test_a_stored_study_says_where_it_comes_from(file):
    origin = stored.read_study(file.stem)["provenance"]
    assert file.stem in frame.studies()
    assert origin["command"] and origin["commit"] and origin["took_s"] > 0 and all(origin["versions"].values())
