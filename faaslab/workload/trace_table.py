"""Reading a trace's CSV file row by row, so that every complaint can name file, line and column.

Traces are large (a day of Azure has 46,000 rows of 1,440 columns): rows are handed on one at a time and never kept as
text.
Left out: quoting dialects other than the csv module's default; rows without any cell are passed over.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from faaslab.errors import InputError


class TraceTable:
    """A CSV file with a header line. Iterating yields (line number, cells); `columns` are the header's names in
    order."""

    def __init__(self, path):
        self.path = Path(path)
        self.columns = self._header()
        self._index = {name: i for i, name in enumerate(self.columns)}
        if len(self._index) < len(self.columns):
            twice = next(c for c in self.columns if self.columns.count(c) > 1)
            raise InputError(f"{self.path}: expected each column once, got {twice!r} twice")

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        try:
            with open(self.path, newline="", encoding="utf-8-sig") as file:
                reader = csv.reader(file)
                for cells in reader:
                    if cells:
                        yield reader.line_num, cells
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{self.path}: expected comma-separated text in UTF-8 ({error})") from None

    def _header(self) -> list[str]:
        lines = self._lines()
        for _, cells in lines:
            lines.close()
            return [name.strip() for name in cells]
        raise InputError(f"{self.path}: expected a header line, got an empty file")

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        next(lines)
        empty = True
        for line, cells in lines:
            if len(cells) != len(self.columns):
                raise InputError(
                    f"{self.path}, line {line}: expected {len(self.columns)} cells as in the header, got {len(cells)}"
                )
            empty = False
            yield line, cells
        if empty:
            raise InputError(f"{self.path}: expected at least one row below the header, got none")

    def has(self, column: str) -> bool:
        return column in self._index

    def index(self, column: str) -> int:
        """Position of the column; InputError where it is missing."""
        if column not in self._index:
            raise InputError(f"{self.path}, line 1: expected a column {column!r}, got {_some(self.columns)}")
        return self._index[column]

    def at(self, line: int, index: int) -> str:
        """Where a cell stands, for messages."""
        return f"{self.path}, line {line}, column {self.columns[index]!r}"

    def number(self, line: int, cells: list[str], index: int, *, above: float | None = None) -> float:
        """The cell as a finite float >= 0 (or > `above`); InputError names the place."""
        try:
            value = float(cells[index])
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0 or (above is not None and value <= above):
            limit = "finite number >= 0" if above is None else f"finite number > {above:g}"
            raise InputError(f"{self.at(line, index)}: expected a {limit}, got {cells[index]!r}")
        return value

    def count(self, line: int, cells: list[str], index: int) -> int:
        """The cell as a whole number >= 0; InputError names the place."""
        try:
            value = float(cells[index])
        except ValueError:
            value = math.nan
        if not (0 <= value < 2**53 and value == int(value)):
            raise InputError(f"{self.at(line, index)}: expected a whole number >= 0, got {cells[index]!r}")
        return int(value)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown}, ... ({len(names)} columns)"


def short_names(keys: list[tuple[str, ...]]) -> list[str]:
    """Names for functions known by (..., app, function): the function's own id where no other has it, else
    app/function."""
    seen: dict[str, int] = {}
    for key in keys:
        seen[key[-1]] = seen.get(key[-1], 0) + 1
    return [key[-1] if seen[key[-1]] == 1 else "/".join(part for part in key[-2:] if part) for key in keys]
