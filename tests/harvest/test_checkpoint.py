"""Checkpoints and stored policies: whole or not there, and refused by name where they do not fit."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from small_worlds import Options

from faaslab.errors import InputError
from faaslab.harvest import atomic
from faaslab.harvest.checkpoint import PARTS, load_checkpoint, save_checkpoint
from faaslab.harvest.network import ScorePolicy
from faaslab.harvest.provenance import commit
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.training import train


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train(
        Options,
        lambda: ScorePolicy(4),
        episodes=4,
        episodes_per_update=2,
        folder=folder,
        seed=11,
        command="train it",
        tensorboard=False,
    )
    return folder


def test_provenance_is_in_the_checkpoint_in_the_policy_and_beside_them(trained):
    beside = json.loads((trained / "provenance.json").read_text())
    origin = load_checkpoint(trained / "checkpoint.pt")["provenance"]
    assert beside["provenance"] == origin == NumpyScores.load(trained / "policy.npz").about["provenance"]
    assert origin["commands"] == ["train it"] and origin["seed"] == 11 and origin["episodes"] == 4
    assert origin["elapsed_s"] > 0 and origin["commit"] == commit()
    assert set(origin["versions"]) == {"faaslab", "python", "torch", "numpy", "gymnasium"}
    assert all(origin["versions"].values())
    assert beside["settings"]["clip"] == 0.2 and beside["settings"]["seed"] == 11


def test_another_shape_is_named(trained):
    file = trained / "checkpoint.pt"
    assert load_checkpoint(file, shape={"features": 4, "options": 8, "hidden": [32, 16]})
    with pytest.raises(InputError, match=r"checkpoint.pt: features: expected 11, got 4"):
        load_checkpoint(file, shape={"features": 11, "options": 8})
    with pytest.raises(InputError, match=r"hidden: expected \[64\], got \[32, 16\]"):
        load_checkpoint(file, shape={"hidden": [64]})
    with pytest.raises(InputError, match=r"policy.npz: options: expected 64, got 8"):
        NumpyScores.load(trained / "policy.npz", features=4, options=64)


def test_another_version_or_format_is_named(trained, tmp_path):
    parts = load_checkpoint(trained / "checkpoint.pt")
    for changed, message in (
        ({"version": 2}, "expected version 1 of the format, got 2"),
        ({"format": "something"}, "expected a faaslab harvest checkpoint, got 'something'"),
    ):
        torch.save(parts | changed, tmp_path / "other.pt")
        with pytest.raises(InputError, match=message):
            load_checkpoint(tmp_path / "other.pt")
    torch.save([1, 2], tmp_path / "other.pt")
    with pytest.raises(InputError, match="expected a faaslab harvest checkpoint, got None"):
        load_checkpoint(tmp_path / "other.pt")
    del parts["optimiser"]
    torch.save(parts, tmp_path / "other.pt")
    with pytest.raises(InputError, match="without optimiser"):
        load_checkpoint(tmp_path / "other.pt")
    with pytest.raises(InputError, match="expected the parts"):
        save_checkpoint(tmp_path / "other.pt", {name: {} for name in PARTS[1:]})


@pytest.mark.parametrize("name, load", [("checkpoint.pt", load_checkpoint), ("policy.npz", NumpyScores.load)])
def test_a_damaged_file_is_named(trained, tmp_path, name, load):
    content = (trained / name).read_bytes()
    file = tmp_path / name
    for damaged in (b"", b"not a file of this kind", content[: len(content) // 2], content[:-30]):
        file.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{name}: expected a .* damaged"):
            load(file)
    with pytest.raises(InputError, match="no file"):
        load(tmp_path / "nothing")


def test_a_flipped_weight_in_a_policy_is_noticed(trained, tmp_path):
    content = bytearray((trained / "policy.npz").read_bytes())
    weights = NumpyScores.load(trained / "policy.npz").layers[0][0].tobytes()
    content[content.find(weights) + 5] ^= 0x10
    (tmp_path / "policy.npz").write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        NumpyScores.load(tmp_path / "policy.npz")


class Stranger:
    def __reduce__(self):
        return os.getcwd, ()


def test_a_checkpoint_cannot_carry_code(tmp_path):
    torch.save({"format": Stranger()}, tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match="damaged or something else"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    np.savez(tmp_path / "policy.npz", header=np.array([Stranger()], dtype=object))
    with pytest.raises(InputError, match="damaged or something else"):
        NumpyScores.load(tmp_path / "policy.npz")


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    file = tmp_path / "file"
    atomic.write_atomically(file, b"old")

    def fails(*names):
        raise OSError("no space left")

    monkeypatch.setattr(atomic.os, "replace", fails)
    with pytest.raises(OSError, match="no space"):
        atomic.write_atomically(file, b"new, and longer")
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_a_stored_policy_is_used_without_torch(trained):
    program = (
        "import sys, numpy as np\n"
        "from faaslab.harvest.scores import NumpyScores\n"
        f"policy = NumpyScores.load({str(trained / 'policy.npz')!r})\n"
        "print(policy.choose(np.zeros((8, 4)), np.arange(8) == 5), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "False"]
