"""The explorer of cells: a grid of options, shaded by what each is worth, with a ring and a few points in its plane.

A row of the table is a cell that is filled ("cell"), the cell that is ringed ("ring"), or a point of a series. A cell
with a value carries it as text and is the darker the larger it is among the state's cells; a cell without a row is
blank. Left out: cells of different sizes, more than one ring a state.

A full example, in a chapter with `faasrm.toml` beside it:

    [explorer.decision]
    title = "One decision"
    caption = "Each cell is an option; a blank one is forbidden."
    alt = "A grid of eight by eight cells, some of them filled."
    sentence = "Step {step}: {allowed} options allowed"
    [explorer.decision.columns]
    step = { label = "Step", names = { 1 = "1 history", 2 = "2 mask" } }
    mark = { label = "What", names = { cell = "option" } }
    cores = { label = "Cores" }
    units = { label = "Memory", unit = "units" }
    value = { label = "Value" }
    allowed = { label = "Allowed" }
    [explorer.decision.series]
    ring = "chosen"
    user = "user's configuration"

    from faaslab.viz import cells, read_texts
    texts = read_texts("faasrm.toml")
    cells("decision", rows, texts, x="cores", y="units", mark="mark", value="value", controls=["step"], summary=sums)
"""

import math

from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from faaslab.errors import InputError
from faaslab.viz import marks, plane, style
from faaslab.viz.explorer import Explorer, States
from faaslab.viz.tables import need, tidy

CELL, RING = "cell", "ring"
MOST_CELLS = 144  # their values can be read on a phone
SIZES = (11.0, 7.5, 4.5, 3.0)  # points that coincide stay visible
PALEST, DARKEST = 0.16, 0.7
RING_LOOK = f"fill: none; stroke: {style.VERMILLION}; stroke-width: 3"


def cells(
    name, table, texts, *, x, y, mark, controls, value="", preset="", start=None, summary=None, size=None
) -> Explorer:  # fmt: skip
    """A grid of whole numbers x and y, one row a mark and state: see the module for what `mark` holds.

    name: of the explorer in `texts`; value: the column of the cells' values, if any; size: (columns, rows) of the grid,
    from 1 on, else the largest x and y of a cell or ring; the others as for `curve`. A point may lie between cells.
    Raises InputError for bad columns, a cell that is not on the grid, more than four kinds of points, 144 cells, 60
    states, 5,000 numbers or 150 KB.
    """
    words, where = texts.explorer(name), f"explorer {name!r}"
    columns = tidy(table, where)
    need(columns, [x, y, mark, *([value] if value else [])], where)
    states = States(columns, list(controls), preset, start or {}, where)
    data = {c: plane.numbers(columns, c, where) for c in (x, y, *([value] if value else []))}
    across, up = _grid(columns[mark], data[x], data[y], size, where)
    kinds = [kind for kind in dict.fromkeys(columns[mark]) if kind not in (CELL, RING)]
    if len(kinds) > len(SIZES):
        raise InputError(f"{where}: expected at most {len(SIZES)} kinds of points, got {', '.join(map(str, kinds))}")

    handles = _handles(words, kinds, RING in columns[mark])
    rows = style.legend_rows(handle.get_label() for handle in handles) if handles else 0
    figure, axes = style.canvas(0.7 + 3.6 * min(up / across, 1.5), legend_rows=rows)
    axes.set(xlim=(0.5, across + 0.5), ylim=(0.5, up + 0.5))
    sides = {"x": words.column(x), "y": words.column(y)}
    ticks = {"x": range(1, across + 1), "y": range(1, up + 1)}
    plane.dress(axes, sides, {"x": "linear", "y": "linear"}, ticks)
    _lines_between(axes, across, up)
    if handles:
        style.legend(figure, axes, handles, rows)
    point = marks.Plane(figure, axes)

    def draw(state):
        chosen = states.rows(state)
        mine = {kind: [r for r in chosen if columns[mark][r] == kind] for kind in (CELL, RING, *kinds)}
        scene = []
        shades = _shades([data[value][r] for r in mine[CELL]]) if value else [PALEST] * len(mine[CELL])
        for r, shade in zip(mine[CELL], shades, strict=True):
            at = f"{data[x][r]:.0f}-{data[y][r]:.0f}"
            face = f"fill: {style.BLUE}; fill-opacity: {shade:.2f}; stroke: none"
            scene.append(_square(f"cell-{at}", point, data[x][r], data[y][r], face, layer=0))
            if value and not math.isnan(data[value][r]):
                px, py = point(data[x][r], data[y][r])
                text = words.column(value).cell(columns[value][r])
                scene.append(marks.label(f"text-{at}", text, px, py + 3, anchor="middle", size=9))
        scene += [_square("ring", point, data[x][r], data[y][r], RING_LOOK, layer=5) for r in mine[RING]]
        for i, kind in enumerate(kinds):
            look = style.series(i)
            face = f"fill: none; stroke: {look.color}; stroke-width: 2.4"
            for n, r in enumerate(mine[kind]):
                place = point(data[x][r], data[y][r])
                scene.append(marks.marker(f"point-{i}-{n}", look.marker, SIZES[i], *place, face, layer=6))
        return scene

    return Explorer(words, states, figure, draw, whole_table=False, summary=summary)


def _grid(kinds, xs, ys, size, where):
    """Columns and rows of the grid; InputError where a cell or a ring lies beside it."""
    placed = [(a, b) for kind, a, b in zip(kinds, xs, ys, strict=True) if kind in (CELL, RING)]
    if not placed:
        raise InputError(f"{where}: expected at least one row with the mark {CELL!r}, got none")
    odd = next((pair for pair in placed if not all(v >= 1 and v == int(v) for v in pair)), None)
    if odd:
        raise InputError(f"{where}: expected cells at whole numbers from 1 on, got {odd}")
    across, up = size or (int(max(a for a, _ in placed)), int(max(b for _, b in placed)))
    if across * up > MOST_CELLS:
        raise InputError(f"{where}: expected at most {MOST_CELLS} cells, got {across} x {up}")
    beside = next(((a, b) for a, b in placed if a > across or b > up), None)
    if beside:
        raise InputError(f"{where}: expected cells within {across} x {up}, got {beside}")
    return across, up


def _shades(values):
    """Opacities, the larger the value the darker; values that are all equal, and none, are pale."""
    finite = [v for v in values if not math.isnan(v)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    if high <= low:
        return [PALEST] * len(values)
    shares = [0.0 if math.isnan(v) else (v - low) / (high - low) for v in values]
    return [PALEST + (DARKEST - PALEST) * share for share in shares]


def _square(key, point, x, y, look, layer):
    (x0, y0), (x1, y1) = point(x - 0.46, y - 0.46), point(x + 0.46, y + 0.46)
    return marks.rectangle(key, x0, x1, y0, y1, look, layer=layer)


def _handles(words, kinds, ring):
    handles = []
    for i, kind in enumerate(kinds):
        look = style.series(i)
        handles.append(
            Line2D([], [], linestyle="none", marker=look.marker, markersize=8, markerfacecolor="none",
                   markeredgecolor=look.color, markeredgewidth=2, label=words.series_name(kind))
        )  # fmt: skip
    if ring:
        face = {"markerfacecolor": "none", "markeredgecolor": style.VERMILLION, "markeredgewidth": 2.6}
        label = words.series_name(RING)
        handles.append(Line2D([], [], linestyle="none", marker="s", markersize=12, label=label, **face))
    return handles


def _lines_between(axes, across, up):
    """The grid lies between the cells, not on them."""
    for axis, count in ((axes.xaxis, across), (axes.yaxis, up)):
        axis.set_minor_locator(FixedLocator([i + 0.5 for i in range(1, count)]) if count > 1 else NullLocator())
        axis.set_tick_params(which="both", length=0)
    axes.grid(False, which="major")
    axes.grid(True, which="minor", color=style.GRID, linewidth=0.7)
