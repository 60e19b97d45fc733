"""What commands print: one JSON object and nothing else, or a readable table; progress on a terminal."""

import json
import math
import sys


def print_json(figures) -> None:
    """One JSON object on one line; NaN as null."""
    print(json.dumps(_null_for_nan(figures), allow_nan=False))


def _null_for_nan(value):
    if isinstance(value, dict):
        return {key: _null_for_nan(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_null_for_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def flatten(figures, prefix="") -> dict:
    """Nested figures with dotted names; an interval {"mean", "half_width"} becomes a text."""
    flat = {}
    for key, value in figures.items():
        if isinstance(value, dict) and set(value) == {"mean", "half_width"}:
            flat[prefix + key] = f"{three_digits(value['mean'])} ± {three_digits(value['half_width'])}"
        elif isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def three_digits(value) -> str:
    """A number to three significant digits, without an exponent where that can be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value is None or math.isnan(value):
        return "-"
    if value and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.3g}"
    digits = 3 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def print_table(columns: dict[str, dict]) -> None:
    """Named columns of figures side by side, a row a figure, in the order of the first column."""
    flats = {name: flatten(figures) for name, figures in columns.items()}
    names = list(dict.fromkeys(key for flat in flats.values() for key in flat))
    cells = [["", *flats], *([name, *(three_digits(flat.get(name)) for flat in flats.values())] for name in names)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        print(
            "  ".join(
                [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
            ).rstrip()
        )


def print_rows(columns, rows: list[dict]) -> None:
    """One line a row below the names of its columns: texts to the left, numbers to the right."""
    texts = [[three_digits(row.get(name)) for name in columns] for row in rows]
    numeric = [all(not isinstance(row.get(name), str) for row in rows) and bool(rows) for name in columns]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    for cells in (columns, *texts):
        parts = zip(cells, widths, numeric, strict=True)
        print("  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in parts).rstrip())


def progress(label):
    """A function of the share done that shows it on a terminal, and None where standard error is none."""
    if not sys.stderr.isatty():
        return None

    def show(share):
        end = "\r" if share < 1 else "\r\033[K"
        print(f"\r{label}: {share:4.0%}", end=end, file=sys.stderr, flush=True)

    return show
