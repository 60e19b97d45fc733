"""A Result as bytes: NumPy's npz with one array a column, and the rest as JSON. No pickle, so that reading it runs no
code.

Left out: functions whose `speed` is code.
"""

import dataclasses
import io
import json
import zipfile

import numpy as np

from faaslab import durations
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.result import SCHEMA, Result

_PARTS = {
    kind.__name__: kind
    for kind in (
        durations.Constant, durations.Exponential, durations.LogNormal, durations.HyperExponential,
        durations.Quantiles, ColdStart, Step, Function,
    )
}  # fmt: skip
_PLAIN = ("seed", "horizon_ns", "warmup_ns", "groups", "sources", "invokers_memory_mb", "invokers_cpu", "notes")


def to_npz(result: Result) -> bytes:
    """InputError where a function has what JSON cannot say: a speed, or a duration of a kind of its own."""
    about = {name: getattr(result, name) for name in _PLAIN}
    about["notes"] = dict(result.notes)
    about["functions"] = [_written(function, f"function {function.name!r}") for function in result.functions]
    arrays = {f"{table}.{name}": values for table in SCHEMA for name, values in getattr(result, table).items()}
    file = io.BytesIO()
    np.savez_compressed(file, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    return file.getvalue()


def from_npz(data: bytes) -> Result:
    """InputError where the bytes are not such a file."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(arrays.pop("about").tobytes())
        plain = {name: _tuple(about[name]) for name in _PLAIN}
        functions = tuple(_read(function) for function in about["functions"])
        tables = {
            table: {name: arrays[f"{table}.{name}"].astype(dtype, copy=False) for name, dtype in schema.items()}
            for table, schema in SCHEMA.items()
        }
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"result: expected the bytes of a stored result, got something else ({error})") from None
    return Result(functions=functions, **plain, **tables)


def _written(value, where):
    """A function or a part of one as JSON."""
    if type(value).__name__ in _PARTS and type(value) is _PARTS[type(value).__name__]:
        fields = {f.name: _written(getattr(value, f.name), where) for f in dataclasses.fields(value)}
        return {"class": type(value).__name__, **fields}
    if isinstance(value, (tuple, list)):
        return [_written(part, where) for part in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise InputError(f"{where}: expected numbers, texts and published kinds of durations to store, got {value!r}")


def _read(value):
    if isinstance(value, list):
        return tuple(_read(part) for part in value)
    if not isinstance(value, dict):
        return value
    fields = {name: _read(part) for name, part in value.items() if name != "class"}
    if value["class"] == "ColdStart":
        fields["cpu_phases"] = frozenset(fields["cpu_phases"])
    return _PARTS[value["class"]](**fields)


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value
