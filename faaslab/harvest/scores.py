"""A trained score network in use: scores of all options of one decision, in numpy, without torch.

The arithmetic is that of network.py in single precision. For a decision of 64 options it spares the overhead of torch,
which is several times the arithmetic, and the second or two that importing torch takes.
A policy is stored as .npz: one array a layer's weights, one its biases, and a header in JSON with the format's version,
the shape and where the policy comes from.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from faaslab.errors import InputError, whole
from faaslab.harvest.atomic import write_atomically

FORBIDDEN = -1e8
FORMAT = "faaslab harvest policy"
VERSION = 1


class NumpyScores:
    """Scores and choices of a trained actor.

    `weights`: a list of (weights (inputs, outputs), biases (outputs,)), the last with one output. `options`: how many a
    decision has. `about`: settings and provenance (JSON values). Attributes: features, options, hidden, about.
    """

    def __init__(self, weights, *, options: int = 64, about=None):
        self.layers = [(np.ascontiguousarray(w, np.float32), np.ascontiguousarray(b, np.float32)) for w, b in weights]
        self.options = whole(options, "options of a policy", minimum=1)
        self.features = self.layers[0][0].shape[0]
        self.hidden = tuple(w.shape[1] for w, _ in self.layers[:-1])
        self.about = dict(about or {})
        sizes = (self.features, *self.hidden, 1)
        for (w, b), inputs, outputs in zip(self.layers, sizes[:-1], sizes[1:], strict=True):
            if w.shape != (inputs, outputs) or b.shape != (outputs,):
                raise InputError(f"weights of a policy: expected {inputs} x {outputs}, got {w.shape} and {b.shape}")
            if not (np.isfinite(w).all() and np.isfinite(b).all()):
                raise InputError("weights of a policy: expected finite numbers")

    def scores(self, features):
        """Features (options, features) -> scores (options,), float32. InputError for another number of features."""
        values = np.asarray(features, np.float32)
        if values.ndim != 2 or values.shape[1] != self.features:
            raise InputError(f"score network: expected (options, {self.features}) features, got {values.shape}")
        for w, b in self.layers[:-1]:
            values = values @ w
            values += b
            np.tanh(values, out=values)
        w, b = self.layers[-1]
        return values @ w[:, 0] + b[0]

    def probabilities(self, features, mask):
        """softmax(scores + mask), float64 (options,): 0 exactly where `mask` (options,) bool forbids."""
        allowed = self._allowed(mask)
        scores = np.where(allowed, self.scores(features).astype(np.float64), -np.inf)
        chances = np.exp(scores - scores.max())
        return chances / chances.sum()

    def choose(self, features, mask, rng=None) -> int:
        """The allowed option with the highest score (of equals the first); with `rng`, one drawn from the softmax."""
        if rng is not None:
            return int(rng.choice(len(mask), p=self.probabilities(features, mask)))
        return int(np.where(self._allowed(mask), self.scores(features), -np.inf).argmax())

    def save(self, file) -> None:
        """Write the policy as `file` (.npz), atomically."""
        header = {"format": FORMAT, "version": VERSION, **self._shape(), "about": self.about}
        arrays = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for number, (w, b) in enumerate(self.layers):
            arrays |= {f"weights_{number}": w, f"biases_{number}": b}
        content = io.BytesIO()
        np.savez(content, **arrays)
        write_atomically(file, content.getvalue())

    @classmethod
    def load(cls, file, *, features: int | None = None, options: int | None = None) -> "NumpyScores":
        """Read `file`; InputError where it is missing, damaged, of another version, or not of the given shape."""
        if not Path(file).is_file():
            raise InputError(f"policy: no file {file}")
        try:
            with np.load(file, allow_pickle=False) as arrays:
                header = json.loads(arrays["header"].tobytes())
                check_header(header, FORMAT, VERSION, file)
                layers = range(len(header["hidden"]) + 1)
                weights = [(arrays[f"weights_{n}"], arrays[f"biases_{n}"]) for n in layers]
            policy = cls(weights, options=header["options"], about=header["about"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{file}: expected a policy, but the file is damaged or something else") from error
        expected = {"features": features, "options": options}
        check_shape(policy._shape(), {name: n for name, n in expected.items() if n is not None}, file)
        return policy

    def _shape(self):
        return {"features": self.features, "options": self.options, "hidden": list(self.hidden)}

    def _allowed(self, mask):
        allowed = np.asarray(mask, bool)
        if allowed.shape != (self.options,):
            raise InputError(f"mask: expected {self.options} options, got {allowed.shape}")
        if not allowed.any():
            raise InputError("mask: expected at least one allowed option, got none")
        return allowed


def check_header(header, form: str, version: int, file) -> None:
    """InputError where `header` is not that of a file of this format and version."""
    found = header.get("format") if isinstance(header, dict) else None
    if found != form:
        raise InputError(f"{file}: expected a {form}, got {found!r}")
    if header.get("version") != version:
        raise InputError(f"{file}: expected version {version} of the format, got {header.get('version')!r}")


def check_shape(found: dict, expected: dict, file) -> None:
    """InputError that names the first entry of `expected` that `found` differs in."""
    for name, value in expected.items():
        if found.get(name) != value:
            raise InputError(f"{file}: {name}: expected {value!r}, got {found.get(name)!r}")
