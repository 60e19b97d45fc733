"""Checkpoints: all that a training needs to go on as if it had never stopped, in one file, with where it comes from.

A checkpoint holds the network, the optimiser's moments, torch's random generator, the counters, the problem's shape,
the settings, and the provenance: commands, seed, commit, versions, time taken. It is read with weights_only=True, so
that a checkpoint from a stranger can carry numbers, but no code.
"""

import io
import pickle
from pathlib import Path

import torch

from faaslab.errors import InputError
from faaslab.harvest.atomic import write_atomically
from faaslab.harvest.scores import check_header, check_shape

FORMAT = "faaslab harvest checkpoint"
VERSION = 1
PARTS = ("shape", "settings", "provenance", "counters", "stopping", "policy", "optimiser", "generator")


def save_checkpoint(file, parts: dict) -> None:
    """Write `parts` (exactly those in PARTS) as `file`, atomically."""
    if set(parts) != set(PARTS):
        raise InputError(f"checkpoint: expected the parts {', '.join(PARTS)}; got {', '.join(parts)}")
    content = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **parts}, content)
    write_atomically(file, content.getvalue())


def load_checkpoint(file, *, shape: dict | None = None, settings: dict | None = None) -> dict:
    """Read `file` as save_checkpoint wrote it.

    `shape` (features, options, hidden) and `settings`, where given, must be those of the checkpoint. InputError names
    the first that differs, and says where the file is missing, damaged, or of another version.
    """
    if not Path(file).is_file():
        raise InputError(f"checkpoint: no file {file}")
    try:
        parts = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, AttributeError, pickle.UnpicklingError) as error:
        raise InputError(f"{file}: expected a checkpoint, but the file is damaged or something else") from error
    check_header(parts, FORMAT, VERSION, file)
    missing = [part for part in PARTS if part not in parts]
    if missing:
        raise InputError(f"{file}: expected the parts {', '.join(PARTS)}; without {', '.join(missing)}")
    check_shape(parts["shape"], shape or {}, file)
    if settings is not None:
        check_settings(parts["settings"], settings, file)
    return parts


def check_settings(found: dict, expected: dict, file) -> None:
    """InputError that names the first setting in which a training that goes on differs from the one that began."""
    for name in [*expected, *(name for name in found if name not in expected)]:
        if name not in found or name not in expected or found[name] != expected[name]:
            began, now = (repr(each[name]) if name in each else "nothing" for each in (found, expected))
            raise InputError(f"{file}: setting {name}: expected {began}, with which the training began; got {now}")
