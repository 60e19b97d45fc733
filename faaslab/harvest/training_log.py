"""The log of a training: one row an update, as lines of JSON and as curves for TensorBoard.

`training.jsonl` is read by anything (pandas.read_json(file, lines=True)); the folder `tensorboard` by
`tensorboard --logdir`. A training that goes on drops the rows after its checkpoint, which it will write again: no row
stands twice. TensorBoard is told the same (purge_step).
"""

import json
from pathlib import Path

from faaslab.errors import InputError
from faaslab.harvest.atomic import write_atomically

FILE = "training.jsonl"
CURVES = {
    "episode": ("mean_return", "mean_relative", "decisions_per_episode"),
    "policy": ("entropy", "kl", "clipped", "gradient_norm"),
    "loss": ("policy_loss", "value_loss"),
}


class TrainingLog:
    """Rows of the training in `folder`, kept up to `episodes` (0: a fresh log). `rows`: all rows, the old ones too."""

    def __init__(self, folder, *, episodes: int = 0, tensorboard: bool = True):
        self._file = Path(folder) / FILE
        self.rows = [row for row in _read(self._file, episodes) if row["episode"] <= episodes] if episodes else []
        write_atomically(self._file, "".join(map(_line, self.rows)).encode())
        self._writer = _summary_writer(Path(folder) / "tensorboard", episodes) if tensorboard else None

    def add(self, row: dict) -> None:
        self.rows.append(row)
        with open(self._file, "a", encoding="utf-8") as out:
            out.write(_line(row))
        if self._writer is not None:
            for group, names in CURVES.items():
                for name in names:
                    if row[name] is not None:
                        self._writer.add_scalar(f"{group}/{name}", row[name], row["episode"])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _line(row):
    return json.dumps(row) + "\n"


def _read(file, episodes):
    """Rows up to the one that ends with `episodes`; what stands after it may be torn and is not read."""
    if not file.is_file():
        raise InputError(f"{file}: expected the log of the training's first {episodes} episodes, found no file")
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
            if rows[-1]["episode"] >= episodes:
                return rows
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{file}, line {number}: expected a row of the training, got {line[:60]!r}") from error
    raise InputError(f"{file}: expected rows up to episode {episodes}, the checkpoint's; {len(rows)} rows end before")


def _summary_writer(folder, episodes):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("tensorboard=True: expected the package tensorboard to be installed, it is not") from error
    return SummaryWriter(str(folder), purge_step=episodes + 1 if episodes else None)
