"""The words of the course, kept as data: no sentence that a student reads stands in code.

data/verdicts.toml says what checks answer, data/problems/<topic>.toml words the generated problems, and
data/labs/<lab>.toml has a lab's tasks, hints and pictures. A translation changes these files alone. Fields in braces
are filled in.
"""

import tomllib
from functools import cache
from importlib.resources import files

from faaslab.errors import InputError, member


def _folder():
    return files("faaslab.course").joinpath("data")


@cache
def table(name: str) -> dict:
    """The words in data/`name`.toml as a dict of tables: "verdicts", "labs/<lab>" or "problems/<topic>"."""
    folder, _, file = name.rpartition("/")
    member(file, f"words of the course, {folder or 'data'}", _names(folder))
    return tomllib.loads(_folder().joinpath(folder, f"{file}.toml").read_text(encoding="utf-8"))


def lab_names() -> list[str]:
    """Names of the labs, in alphabetical order."""
    return _names("labs")


def topic_names() -> list[str]:
    """Names of the topics of generated problems, in alphabetical order."""
    return _names("problems")


def _names(folder):
    files = _folder().joinpath(folder).iterdir()
    return sorted(path.name.removesuffix(".toml") for path in files if path.name.endswith(".toml"))


def say(key: str, **values) -> str:
    """The sentence `key` of data/verdicts.toml with its fields filled in."""
    return fill(table("verdicts")["messages"][key], values)


def fill(text: str, values) -> str:
    """`text` with every {name} or {name:form} filled in; InputError names a field that has no value."""
    try:
        return " ".join(text.split()).format_map({key: shown(value) for key, value in values.items()})
    except KeyError as missing:
        raise InputError(f"words: expected a value for {missing} in {text[:60]!r}") from None


class _Number(float):
    """A float that prints to three significant digits unless a format asks for something else."""

    def __format__(self, form):
        return format(float(self), form) if form else three_digits(float(self))

    def __str__(self):
        return three_digits(float(self))


def shown(value):
    """A value as it stands in a sentence: floats to three significant digits, whole numbers with separators."""
    if isinstance(value, float):
        return _Number(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def three_digits(value: float) -> str:
    """Three significant digits, with separators and without trailing zeros: 0.00123, 2.1, 12,300."""
    if value != value or value in (float("inf"), float("-inf")) or value == 0:
        return f"{value:g}"
    if not 1e-4 <= abs(value) < 1e12:
        return f"{value:.3g}"
    rounded = float(f"{value:.3g}")
    text = f"{rounded:,.{max(0, 2 - int(f'{value:e}'.split('e')[1]))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
