"""Stored results of studies: faaslab/harvest/data/studies/NAME.json, each with its provenance.

The provenance has command, commit, versions, the seconds that the study took, and digests of the policies that it used,
so that a result from another policy is not taken for one from this.
"""

import hashlib
import json
from pathlib import Path

import faaslab.harvest
from faaslab.errors import InputError
from faaslab.harvest.atomic import write_atomically
from faaslab.harvest.scores import NumpyScores

DATA = Path(faaslab.harvest.__file__).parent / "data"
STUDIES = DATA / "studies"


def policy_digest(policy: NumpyScores) -> str:
    """A short text that differs where a weight differs."""
    hashed = hashlib.sha256()
    for weights, biases in policy.layers:
        hashed.update(repr(weights.shape).encode() + weights.tobytes() + biases.tobytes())
    return hashed.hexdigest()[:16]


def digests(folder: str | Path) -> dict[str, str]:
    """The digests of all policies in a folder, by name."""
    return {file.stem: policy_digest(NumpyScores.load(file)) for file in sorted(Path(folder).glob("*.npz"))}


def write_study(name: str, result: dict, provenance: dict, folder: str | Path = STUDIES) -> Path:
    """Write a study's result, with "provenance" as one more key; numbers that are not finite become null."""
    if not isinstance(result, dict) or "provenance" in result:
        raise InputError(f"study {name!r}: expected a result without a key 'provenance', got {str(result)[:60]}")
    file = Path(folder) / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    parts = {"provenance": plain(provenance)} | plain(result)
    write_atomically(file, (json.dumps(parts, indent=1, allow_nan=False) + "\n").encode())
    return file


def read_study(name: str, folder: str | Path = STUDIES) -> dict:
    """A study's result as it was stored, with its "provenance". InputError where it is missing or something else."""
    file = Path(folder) / f"{name}.json"
    try:
        parts = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"study {name!r}: expected the file {file} ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{file}: expected a study in JSON ({error})") from None
    if not isinstance(parts, dict) or not isinstance(parts.get("provenance"), dict):
        raise InputError(f"{file}: expected a study with its provenance, got another JSON file")
    return parts


def plain(value):
    """The value in what JSON can hold: numpy's numbers and arrays as Python's, NaN and infinity as None."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, (str, int)):
        return value
    raise InputError(f"study: expected values that JSON can hold, got {value!r}")
