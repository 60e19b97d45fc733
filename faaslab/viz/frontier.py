"""The explorer of frontiers: what a policy gains in one cost it pays in another; points in a plane, the choice ringed.

Every state's point stays visible, joined in the order of the first control, so that the reader compares; nearer to the
origin is better on both axes. A policy without the control (its cell is empty) is a point that is always there.

A full example, in a chapter with `cold-and-warm-starts.toml` beside it:

    [explorer.frontier]
    title = "Cold calls against idle memory"
    caption = "Each point is one keep-alive window on the same calls."
    alt = "Points on a falling curve: short windows have many cold calls and little idle memory."
    sentence = "{window_s}: {cold[fixed]} cold, {idle_memory_mb[fixed]} idle"
    [explorer.frontier.columns]
    policy = { label = "Policy", names = { fixed = "fixed window", none = "none" } }
    window_s = { label = "Keep-alive window", format = "duration" }
    cold = { label = "Cold calls", unit = "%", format = "percent" }
    idle_memory_mb = { label = "Mean idle memory", unit = "MB" }
    [explorer.frontier.series]
    fixed = "fixed window"
    none = "no keep-alive"

    from faaslab.viz import frontier, read_texts
    texts = read_texts("cold-and-warm-starts.toml")
    frontier("frontier", rows, texts, x="cold", y="idle_memory_mb", series="policy", controls=["window_s"])
"""

import math
from itertools import pairwise

from faaslab.errors import InputError
from faaslab.viz import marks, plane, style
from faaslab.viz.explorer import Explorer, States
from faaslab.viz.tables import missing, need, tidy


def frontier(
    name, table, texts, *, x, y, controls, series="", preset="", start=None, summary=None,
    xscale="linear", yscale="linear", xlim=None, ylim=None, xticks=None, yticks=None,
) -> Explorer:  # fmt: skip
    """Points (x, y), one a row, joined for each value of column `series` in the order of the first control.

    name: of the explorer in `texts`; table: tidy, one row for each state and series; controls: one or two columns, of
    which the first is the path and the others choose the path; preset: one more, shown as a list; start: {column:
    choice} of the default state; summary: a table with one row a state for the sentence. Raises InputError for bad
    columns, more than 60 states, 5,000 numbers or 150 KB.
    """
    words, where = texts.explorer(name), f"explorer {name!r}"
    columns = tidy(table, where)
    need(columns, [x, y, *([series] if series else [])], where)
    states = States(columns, list(controls), preset, start or {}, where)
    path = controls[0]
    keys = list(dict.fromkeys(columns[series])) if series else [y]
    data = {c: plane.numbers(columns, c, where) for c in (x, y)}
    if not any(not math.isnan(a) and not math.isnan(b) for a, b in zip(data[x], data[y], strict=True)):
        raise InputError(f"{where}: expected at least one point, got none")

    labels = [words.series_name(key) for key in keys]
    rows = style.legend_rows(labels) if len(keys) > 1 else 0
    figure, axes = style.canvas(3.2, legend_rows=rows)
    plane.scales(axes, where, x=xscale, y=yscale)
    axes.set_xlim(plane.limits(data[x], xscale, xlim, f"{where}, x", from_zero=True))
    axes.set_ylim(plane.limits(data[y], yscale, ylim, f"{where}, y", from_zero=True))
    plane.dress(
        axes, {"x": words.column(x), "y": words.column(y)}, {"x": xscale, "y": yscale}, {"x": xticks, "y": yticks}
    )
    if rows:
        style.legend(figure, axes, [plane.line_handle(i, label) for i, label in enumerate(labels)], rows)
    point, ident = marks.Plane(figure, axes), f"explorer-{name}"
    order = {choice: i for i, choice in enumerate(next(c.choices for c in states.controls if c.column == path))}

    def draw(state):
        scene, labels, now = [], [], states.values(state)
        chosen, taken = states.rows(state, free=path), []
        for i, key in enumerate(keys):
            mine = [r for r in chosen if not series or columns[series][r] == key]
            mine = [r for r in mine if not math.isnan(data[x][r]) and not math.isnan(data[y][r])]
            mine.sort(key=lambda r: order.get(columns[path][r], -1))
            points = [point(data[x][r], data[y][r]) for r in mine]
            if not points:
                continue
            if len(points) > 1:
                scene.append(marks.line(f"line-{i}", points, plane.line_style(i)))
            scene.append(marks.line(f"dots-{i}", points, plane.dots_style(i, ident), layer=2))
            taken += points
            for (ax, ay), (bx, by) in pairwise(points):
                taken += [(ax + t * (bx - ax), ay + t * (by - ay)) for t in (0.25, 0.5, 0.75)]
            for r, (px, py) in zip(mine, points, strict=True):
                if not missing(columns[path][r]) and columns[path][r] == now[path]:
                    face = f"fill: {style.PAPER}; stroke: {style.series(i).color}; stroke-width: 2.5"
                    scene.append(marks.marker(f"now-{i}", style.series(i).marker, 6.5, px, py, face))
                    labels.append((f"label-{i}", words.column(path).value(now[path]), px, py))
        return scene + _labels(labels, taken, point)

    defs = plane.marker_defs(len(keys), ident)
    return Explorer(words, states, figure, draw, series=series, summary=summary, defs=defs)


def _labels(labels, points, point):
    """Each label beside its point, where it covers the fewest points and labels: first towards the middle, above."""
    made, taken = [], list(points)
    for key, text, px, py in labels:
        width, side = 6.5 * len(text), -1 if px > (point.left + point.right) / 2 else 1
        places = [(px, py, way, down, width) for down in (-10, 18, 4) for way in (side, -side)]
        px, py, way, down, width = min(places, key=lambda place, taken=tuple(taken): _covered(*place, taken, point))
        made.append(marks.label(key, text, px + 10 * way, py + down, anchor="start" if way > 0 else "end", size=11))
        taken += [(px + (10 + width * part) * way, py + down - 4) for part in (0, 0.5, 1)]
    return made


def _covered(px, py, way, down, width, taken, point):
    """How many of the points `taken` a label would cover there; very many where it would leave the axes."""
    near, far = sorted((px + 10 * way, px + (10 + width) * way))
    high, low = py + down - 10, py + down + 2
    outside = near < point.left or far > point.right + 4 or high < point.top or low > point.bottom
    return 100 * outside + sum(near - 4 < x < far + 4 and high - 5 < y < low + 5 for x, y in taken)
