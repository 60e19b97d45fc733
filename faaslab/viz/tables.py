"""Tidy tables and how their numbers are worded: one row a state and point, three significant digits, units.

Explorers and figures read tables and nothing else. A table is a list of mappings, a mapping of columns, or a pandas
DataFrame; here it becomes a mapping of plain Python lists. None (or NaN in a control's column) means "in every state".
"""

import math
from collections.abc import Mapping

from faaslab.errors import InputError, member
from faaslab.model.summary import t_interval

FORMATS = ("number", "integer", "duration", "percent", "text")
DURATIONS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))
MISSING = "–"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def tidy(table, where: str) -> dict[str, list]:
    """Columns of `table` as equally long lists of int, float, str, bool or None.

    Raises InputError for an empty table, rows with different columns, columns of different length, and infinite values.
    """
    if hasattr(table, "to_dict") and hasattr(table, "columns"):  # a pandas DataFrame
        table = table.to_dict("list")
    if isinstance(table, Mapping):
        columns = {str(key): [_plain(v) for v in values] for key, values in table.items()}
    else:
        rows = list(table)
        names = list(rows[0]) if rows else []
        for i, row in enumerate(rows):
            if set(row) != set(names):
                odd = sorted(map(str, set(row) ^ set(names)))
                raise InputError(
                    f"{where}, row {i}: expected the columns of row 0, got a difference in {', '.join(odd)}"
                )
        columns = {str(name): [_plain(row[name]) for row in rows] for name in names}
    lengths = {name: len(values) for name, values in columns.items()}
    if not lengths or max(lengths.values()) == 0:
        raise InputError(f"{where}: expected a table with at least one row, got an empty one")
    if len(set(lengths.values())) > 1:
        raise InputError(f"{where}: expected columns of one length, got {lengths}")
    for name, values in columns.items():
        for i, value in enumerate(values):
            if isinstance(value, float) and math.isinf(value):
                raise InputError(f"{where}, column {name!r}, row {i}: expected a finite number, got {value!r}")
    return columns


def need(columns: Mapping, names, where: str) -> None:
    """Raise InputError where one of `names` is not a column, with the nearest spelling."""
    for name in names:
        member(name, f"{where}, column", tuple(columns))


def missing(value) -> bool:
    """Whether a cell is empty: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def count_numbers(columns: Mapping) -> int:
    """How many cells of the table hold a number."""
    return sum(isinstance(v, (int, float)) and not isinstance(v, bool) for values in columns.values() for v in values)


def three_digits(value: float) -> str:
    """A number to three significant digits, without trailing zeros: 0.00123, 2.1, 12,300; 1.2e-7 as 1.2 × 10⁻⁷."""
    if missing(value):
        return MISSING
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, 2 - exponent)
    if -5 < exponent < 12:
        decimals = max(0, 2 - exponent)
        text = f"{rounded:,.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = f"{value / 10.0**exponent:.3g}"
    return f"{mantissa} × 10{str(exponent).translate(SUPERSCRIPT)}"


def plus_minus(interval: Mapping, scale: float = 1.0) -> str:
    """An interval {"mean", "half_width"} times `scale`: the mean to three significant digits, and as many decimals for
    the half-width; the same value in every run is that value ± 0."""
    mean, half = scale * interval["mean"], scale * interval["half_width"]
    if missing(mean) or missing(half):
        return MISSING
    if abs(half) <= 1e-12 * abs(mean):
        return f"{three_digits(mean)} ± 0"
    decimals = 2 if mean == 0 else max(0, 2 - math.floor(math.log10(abs(mean))))
    return f"{mean:,.{decimals}f} ± {half:,.{decimals}f}"


def over_seeds(values, scale: float = 1.0) -> str:
    """One figure of runs that differ in their seeds, times `scale`: the mean and its 95 % t interval, with a space that
    does not break; the value alone where all runs agree."""
    values = [float(value) for value in values]
    if len(set(values)) == 1:
        return three_digits(scale * values[0])
    return plus_minus(t_interval(values), scale).replace("± ", "±\N{NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would choose: 0.25 -> 250 ms, 600 -> 10 min, 5400 -> 1.5 h."""
    if missing(seconds):
        return MISSING
    if seconds == 0:
        return "0 s"
    for size, unit in DURATIONS:
        if abs(seconds) >= size:
            return f"{three_digits(seconds / size)} {unit}"
    return f"{three_digits(seconds * 1e3)} ms"


def word(value, form: str | None) -> str:
    """One cell as text, without its unit. With form=None text and whole numbers are exact, floats have three digits."""
    if missing(value):
        return MISSING
    if form == "duration":
        return duration(value)
    if form == "percent":
        return three_digits(100.0 * value)
    if form == "integer":
        return f"{round(value):,}"
    if form == "number":
        return three_digits(value)
    if form == "text" or isinstance(value, (str, bool)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else three_digits(value)


def _plain(value):
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
