"""The explorer of curves: lines over x, where the control moves a marker along them or moves the lines themselves.

Where x is the column of a control, the lines stand and a marker walks along them; otherwise every state has its own
lines.

A full example, in a chapter with `cold-and-warm-starts.toml` beside it:

    [explorer.keep-alive-curve]
    title = "A longer keep-alive, fewer cold starts"
    caption = "One function, calls of a Poisson stream; simulated, beside the formula exp(-rate x window)."
    alt = "Two curves that fall from all calls cold at a window of 0 s to almost none at 20 min; they coincide."
    sentence = "{window_s}: {simulated} cold"
    [explorer.keep-alive-curve.columns]
    window_s = { label = "Keep-alive window", format = "duration" }
    rate = { label = "Rate", unit = "calls/min" }
    simulated = { label = "Cold calls, simulated", unit = "%" }
    formula = { label = "Cold calls, formula", unit = "%" }
    [explorer.keep-alive-curve.series]
    simulated = "simulated"
    formula = "formula"

    from faaslab.viz import curve, read_texts
    texts = read_texts("cold-and-warm-starts.toml")
    curve("keep-alive-curve", rows, texts, x="window_s", y=["simulated", "formula"], controls=["window_s", "rate"])

The y axis is labelled with the label of the first y column, unless `ylabel` names another column of the texts.
"""

import math

from faaslab.errors import InputError
from faaslab.viz import marks, plane, style
from faaslab.viz.explorer import Explorer, States
from faaslab.viz.tables import need, tidy

MOST_DOTS = 12


def curve(
    name, table, texts, *, x, y, controls, series="", preset="", start=None, interval=None, summary=None,
    xscale="linear", yscale="linear", xlim=None, ylim=None, xticks=None, yticks=None, ylabel="",
) -> Explorer:  # fmt: skip
    """Lines over column `x`: one for each column in `y`, or for each value of column `series` (then `y` is one column).

    name: of the explorer in `texts` (what `read_texts` gives); table: tidy, one row a state and point; controls: one or
    two columns; preset: one more, shown as a list; start: {column: choice} of the default state; interval: {y column:
    (column of the lower end, column of the upper end)}, drawn as a band; summary: a table with one row a state for the
    sentence. Raises InputError for bad columns, more than 60 states, 5,000 numbers or 150 KB.
    """
    words, where = texts.explorer(name), f"explorer {name!r}"
    columns = tidy(table, where)
    ys, interval = [y] if isinstance(y, str) else list(y), dict(interval or {})
    ends = [end for pair in interval.values() for end in pair]
    need(columns, [x, *ys, *([series] if series else []), *ends], where)
    need(dict.fromkeys(ys), interval, f"{where}, interval")
    if series and len(ys) != 1:
        raise InputError(f"{where}: expected one y column beside series={series!r}, got {len(ys)}")
    states = States(columns, list(controls), preset, start or {}, where)
    keys = list(dict.fromkeys(columns[series])) if series else ys
    data = {c: plane.numbers(columns, c, where) for c in dict.fromkeys([x, *ys, *ends])}

    labels = [words.series_name(key) for key in keys]
    rows = style.legend_rows(labels) if len(keys) > 1 else 0
    figure, axes = style.canvas(legend_rows=rows)
    plane.scales(axes, where, x=xscale, y=yscale)
    axes.set_xlim(plane.limits(data[x], xscale, xlim, f"{where}, x", from_zero=False))
    values = [v for c in (*ys, *ends) for v in data[c]]
    axes.set_ylim(plane.limits(values, yscale, ylim, f"{where}, y", from_zero=True))
    walking = x in [control.column for control in states.controls]
    if walking and xticks is None:
        choices = next(c.choices for c in states.controls if c.column == x)
        xticks = plane.choice_ticks(choices, xscale, *axes.get_xlim())
    sides = {"x": words.column(x), "y": words.column(ylabel or ys[0])}
    plane.dress(axes, sides, {"x": xscale, "y": yscale}, {"x": xticks, "y": yticks})
    if rows:
        style.legend(figure, axes, [plane.line_handle(i, label) for i, label in enumerate(labels)], rows)
    point, ident = marks.Plane(figure, axes), f"explorer-{name}"

    def draw(state):
        now = states.values(state)[x] if walking else None
        chosen = [r for r in states.rows(state, free=x if walking else "") if not math.isnan(data[x][r])]
        scene = [_rule(point, now, axes.get_ylim()[0])] if walking else []
        for i, key in enumerate(keys):
            mine = sorted((r for r in chosen if not series or columns[series][r] == key), key=lambda r: data[x][r])
            column = ys[0] if series else key
            low_high = [[data[end][r] for r in mine] for end in interval.get(column, ())]
            scene += _line(i, [data[x][r] for r in mine], [data[column][r] for r in mine], low_high, now, point, ident)
        return scene

    defs = plane.marker_defs(len(keys), ident)
    return Explorer(words, states, figure, draw, series=series, whole_table=walking, summary=summary, defs=defs)


def _rule(point, now, bottom):
    x = point(now, bottom)[0]
    look = "stroke: currentColor; stroke-opacity: .45; stroke-dasharray: 2 3"
    return marks.line("rule", [(x, point.top), (x, point.bottom)], look)


def _line(i, xs, ys, low_high, now, point, ident):
    if not xs:
        return []
    look, scene = style.series(i), []
    points = [point(*pair) for pair in zip(xs, ys, strict=True)]
    if low_high:
        low, high = ([point(*pair) for pair in zip(xs, edge, strict=True)] for edge in low_high)
        band = f"fill: {look.color}; fill-opacity: .18; stroke: none"
        scene.append(marks.line(f"band-{i}", high + low[::-1], band, close=True, layer=0))
    scene.append(marks.line(f"line-{i}", points, plane.line_style(i)))
    scene.append(marks.line(f"dots-{i}", _spread(points), plane.dots_style(i, ident), layer=2))
    if now in xs and not math.isnan(ys[xs.index(now)]):
        face = f"fill: {style.PAPER}; stroke: {look.color}; stroke-width: 2.5"
        scene.append(marks.marker(f"now-{i}", look.marker, 5.5, *points[xs.index(now)], face))
    return scene


def _spread(points):
    finite = [p for p in points if not math.isnan(p[1])]
    step = max(1, math.ceil(len(finite) / MOST_DOTS))
    return finite[step // 2 :: step]
