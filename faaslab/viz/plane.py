"""The axes that curves and frontiers share: limits that hold for all states, labels with units, ticks in words."""

import math

from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from faaslab.errors import InputError, member
from faaslab.viz import style
from faaslab.viz.tables import missing, three_digits

SCALES = ("linear", "log")


def numbers(columns, name: str, where: str) -> list[float]:
    """A column as floats, NaN where a cell is empty; InputError where it holds anything else."""
    out = []
    for i, value in enumerate(columns[name]):
        if missing(value):
            value = math.nan
        elif isinstance(value, (str, bool)):
            raise InputError(f"{where}, column {name!r}, row {i}: expected a number, got {value!r}")
        out.append(float(value))
    return out


def scales(axes, where: str, **given) -> None:
    """Set the scales of both axes, linear or log; InputError for anything else."""
    for side, scale in given.items():
        getattr(axes, f"set_{side}scale")(member(scale, f"{where}, {side}scale", SCALES))


def limits(values, scale: str, given, where: str, *, from_zero: bool) -> tuple[float, float]:
    """The range of an axis over all states: as given, which must hold all values, or all values with a little room."""
    finite = [v for v in values if not math.isnan(v)]
    if not finite:
        raise InputError(f"{where}: expected at least one number, got none")
    low, high = min(finite), max(finite)
    if given and not (given[0] <= low and high <= given[1]):
        raise InputError(f"{where}: expected limits around all values, {low!r} to {high!r}, got {given!r}")
    if scale == "log":
        if low <= 0:
            raise InputError(f"{where}: expected values above 0 on a logarithmic axis, got {low!r}")
        room = (high / low) ** 0.05 if high > low else 2.0
        return given or (low / room, high * room)
    if given:
        return given
    room = 0.06 * ((high - min(low, 0.0) if from_zero else high - low) or abs(high) or 1.0)
    return (min(low - room, 0.0) if low < 0 else 0.0) if from_zero else low - room, high + room


def dress(axes, columns: dict, scales: dict, given_ticks: dict) -> None:
    """Labels and ticks of both axes; `columns`, `scales` and `given_ticks` are keyed by "x" and "y"."""
    for side, column in columns.items():
        axis = getattr(axes, f"{side}axis")
        getattr(axes, f"set_{side}label")(column.label if column.format in ("duration", "percent") else column.heading)
        if given_ticks.get(side) is not None:
            axis.set_major_locator(FixedLocator(list(given_ticks[side])))
        if given_ticks.get(side) is not None or scales[side] == "log":
            axis.set_minor_locator(NullLocator())
        elif column.format == "duration":
            axis.set_major_locator(duration_locator())
        unit = f" {column.unit}" if column.format == "percent" and column.unit else ""
        if column.format in ("duration", "percent"):
            axis.set_major_formatter(FuncFormatter(lambda v, _, column=column, unit=unit: column.cell(v) + unit))
        else:
            axis.set_major_formatter(FuncFormatter(lambda v, _: three_digits(v)))
        axis.set_minor_formatter(NullFormatter())


def choice_ticks(choices, scale: str, low: float, high: float) -> list[float] | None:
    """Ticks at the choices of a control whose axis, from `low` to `high`, is logarithmic: as many as do not touch."""
    if scale != "log":
        return None
    ticks = []
    for choice in choices:
        if not ticks or math.log(choice / ticks[-1]) > 0.13 * math.log(high / low):
            ticks.append(choice)
    return ticks


def duration_locator() -> MaxNLocator:
    """At most six ticks, since durations are written with their unit."""
    return MaxNLocator(6, steps=[1, 2, 3, 5, 6, 10])


def line_handle(i: int, label: str) -> Line2D:
    """A legend's sample of the i-th series."""
    return Line2D([], [], label=label, **style.series(i).line)


def line_style(i: int) -> str:
    """The CSS of the i-th series' line."""
    look = style.series(i)
    dash = f"; stroke-dasharray: {' '.join(format(d * 2, 'g') for d in look.dash)}" if look.dash else ""
    return f"fill: none; stroke: {look.color}; stroke-width: 2; stroke-linejoin: round{dash}"


def dots_style(i: int, ident: str) -> str:
    """The CSS of a path that carries the i-th series' marker at each of its points."""
    url = f"url(#{ident}-marker-{i})"
    return f"fill: none; stroke: none; marker-start: {url}; marker-mid: {url}; marker-end: {url}"


def marker_defs(count: int, ident: str) -> str:
    """SVG definitions of the markers of the first `count` series."""
    from faaslab.viz.marks import MARKERS

    glyphs = "".join(
        f'<marker id="{ident}-marker-{i}" markerUnits="userSpaceOnUse" markerWidth="8.5" markerHeight="8.5" '
        f'viewBox="-1.3 -1.3 2.6 2.6">'
        f'<path d="{MARKERS[style.series(i).marker]}" style="fill: {style.series(i).color}"/></marker>'
        for i in range(count)
    )
    return f"<defs>{glyphs}</defs>"
