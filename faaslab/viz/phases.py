"""The picture of phases: what happens between a call and its handler, one bar a kind of start, one segment a phase.

A full example, in a chapter with `cold-and-warm-starts.toml` beside it:

    [picture.phases]
    title = "Where a cold start's time goes"
    caption = "Medians of 20 starts on this machine."
    alt = "Three bars. The cold start's is the longest, most of it loading libraries."
    [picture.phases.columns]
    start = { label = "Start", names = { cold = "cold", warm = "warm" } }
    phase = { label = "Phase", names = { runtime = "start the runtime", code = "load the code" } }
    seconds = { label = "Time", format = "duration" }

    from faaslab.viz import phases, read_texts
    texts = read_texts("cold-and-warm-starts.toml")
    phases("phases", rows, texts, bar="start", segment="phase", value="seconds")
"""

from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from faaslab.errors import number
from faaslab.viz import plane, style
from faaslab.viz.picture import Picture
from faaslab.viz.tables import need, tidy

HATCHES = ("", "//", "\\\\", "||", "--", "xx")  # no dots: they make large files


def phases(name, table, texts, *, bar, segment, value) -> Picture:
    """Stacked bars: one for each value of column `bar`, its segments those of `segment`, as long as `value`.

    name: of the picture in `texts`; table: tidy, one row a bar and segment; the total stands at the end of each bar.
    Raises InputError for bad columns, a negative length, or more than six kinds of segments.
    """
    words, where = texts.picture(name), f"picture {name!r}"
    columns = tidy(table, where)
    need(columns, (bar, segment, value), where)
    lengths = [number(v, f"{where}, column {value!r}", minimum=0.0) for v in columns[value]]
    bars, segments = (list(dict.fromkeys(columns[c])) for c in (bar, segment))
    labels = [words.column(segment).cell(s) for s in segments]
    totals = dict.fromkeys(bars, 0.0)
    rows = style.legend_rows(labels)
    names = [words.column(bar).cell(b) for b in bars]
    left_in = 0.3 + 0.085 * max(map(len, names))
    figure, axes = style.canvas(0.75 + 0.42 * len(bars), legend_rows=rows, left_in=left_in)
    with style.settings():
        for b, s, length in zip(columns[bar], columns[segment], lengths, strict=True):
            i = segments.index(s)
            face = dict(facecolor=style.series(i).color, edgecolor=style.PAPER, linewidth=0.8, hatch=HATCHES[i])
            axes.barh(bars.index(b), length, left=totals[b], height=0.62, **face)
            totals[b] += length
        for i, b in enumerate(bars):
            axes.annotate(
                words.column(value).value(totals[b]), (totals[b], i), (5, 0), textcoords="offset points", va="center"
            )
    axes.set(xlim=(0.0, 1.22 * max(totals.values()) or 1.0), ylim=(len(bars) - 0.5, -0.5))
    column = words.column(value)
    axes.set_xlabel(column.label if column.format == "duration" else column.heading)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: column.cell(v)))
    axes.xaxis.set_major_locator(plane.duration_locator())
    axes.yaxis.set_major_locator(FixedLocator(range(len(bars))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: names[round(v)]))
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    handles = [
        Patch(facecolor=style.series(i).color, edgecolor=style.PAPER, linewidth=0.8, hatch=HATCHES[i], label=label)
        for i, label in enumerate(labels)
    ]
    style.legend(figure, axes, handles, rows)
    style.fit(figure, axes)
    return Picture(figure, words, columns)
