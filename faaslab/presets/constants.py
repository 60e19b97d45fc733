"""The constants of presets, read from data/constants.toml: each with its value, kind, source and date."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from faaslab.errors import member
from faaslab.functions import PHASES, ColdStart


@dataclass(frozen=True)
class Constant:
    """kind is documentation, code, paper, measurement or convention; date is that of the source."""

    value: float
    kind: str
    source: str
    date: str


@cache
def _all() -> dict[str, dict[str, Constant]]:
    data = tomllib.loads(files("faaslab.presets").joinpath("data/constants.toml").read_text(encoding="utf-8"))
    return {preset: {name: Constant(**entry) for name, entry in table.items()} for preset, table in data.items()}


def constants(preset: str) -> dict[str, Constant]:
    """name -> Constant of one preset ("start" holds the common start model)."""
    return _all()[member(preset, "constants", tuple(_all()))]


def value(preset: str, name: str) -> float:
    """The value alone."""
    return constants(preset)[name].value


def start_model() -> ColdStart:
    """The start that presets suggest for a function which states none: four phases, half a second in all."""
    return ColdStart(**{f"{phase}_s": value("start", f"{phase}_s") for phase in PHASES})
