"""The explorer of timelines: containers as rows, calls as bars, and what happened between them.

A call is a mark in the row on top; below, each container that lived: hatched while it starts, dark while it runs a
call, light while it is kept warm. With no controls the same drawing is a picture that does not move.

A full example, in a chapter with `cold-and-warm-starts.toml` beside it:

    [explorer.eight-calls]
    title = "Eight calls"
    caption = "A function that starts in 2 s and runs 1 s."
    alt = "Eight calls on a timeline and the containers that served them; a longer keep-alive starts fewer."
    sentence = "{keep_alive_s}: {slow} of 8 calls are slow, {idle_s} of idle time"
    [explorer.eight-calls.columns]
    keep_alive_s = { label = "Keep-alive", format = "duration" }
    call = { label = "Call" }
    arrival_s = { label = "Arrives", unit = "s" }
    start = { label = "Start", names = { cold = "cold", warm = "warm" } }
    end_s = { label = "Ends", unit = "s" }
    slow = { label = "Slow calls" }
    idle_s = { label = "Idle", unit = "s" }

    from faaslab.viz import read_texts, run_rows, timeline
    texts = read_texts("cold-and-warm-starts.toml")
    calls, containers = [], []
    for keep_alive_s, result in results.items():
        more_calls, more_containers = run_rows(result, keep_alive_s=keep_alive_s)
        calls += more_calls
        containers += more_containers
    timeline("eight-calls", calls, containers, texts, controls=["keep_alive_s"], summary=summary)

The time axis is labelled with the column "arrival_s"; `series` in the texts may rename starting, running, idle,
waiting, cold and warm. Containers that outlive the drawing end at its right edge.
"""

import math

from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from faaslab.errors import InputError, number
from faaslab.viz import marks, style
from faaslab.viz.explorer import Explorer, States
from faaslab.viz.picture import Picture
from faaslab.viz.tables import missing, need, tidy

CALL_COLUMNS = ("arrival_s", "begin_s", "end_s", "start", "container")
CONTAINER_COLUMNS = ("container", "created_s", "ready_s", "gone_s")
MOST_LANES = 24
LOOKS = {
    "starting": f"fill: url(#HATCH); stroke: {style.VERMILLION}; stroke-width: 1",
    "running": f"fill: {style.BLUE}; stroke: {style.BLUE}; stroke-width: 1",
    "idle": f"fill: {style.BLUE}; fill-opacity: .16; stroke: {style.BLUE}; stroke-opacity: .5; stroke-width: .7",
    "waiting": "stroke: currentColor; stroke-width: 1.2; stroke-dasharray: 2 2",
}
HATCH = (
    '<defs><pattern id="{id}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="5" height="5" style="fill: {style.PAPER}"/>'
    f'<rect width="2.2" height="5" style="fill: {style.VERMILLION}"/>'
    "</pattern></defs>"
)


def timeline(name, calls, containers, texts, *, controls=(), preset="", start=None, until_s=None, summary=None):
    """Calls and containers over time: an Explorer, or with no controls a Picture.

    name: of the explorer (or picture) in `texts`; calls: tidy, one row a call and state, with arrival_s, begin_s (the
    handler begins), end_s, start (cold, warm, prewarmed, joined or none) and container; containers: container,
    created_s, ready_s, gone_s; both also have the columns of the controls. An empty cell means "never". until_s: the
    right end of the axis, else the last end of a call with a little room; summary: a table with one row a state for the
    sentence. Raises InputError for bad columns, more than 24 containers in a state, 60 states, 5,000 numbers or 150 KB.
    """
    where = f"{'explorer' if controls else 'picture'} {name!r}"
    words = texts.explorer(name) if controls else texts.picture(name)
    calls, containers = tidy(calls, f"{where}, calls"), tidy(containers, f"{where}, containers")
    need(calls, (*CALL_COLUMNS, *controls), f"{where}, calls")
    need(containers, (*CONTAINER_COLUMNS, *controls), f"{where}, containers")
    states = States(calls, list(controls), preset, start or {}, where) if controls else None
    by_state = (
        [(states.rows(i), states.rows(i, columns=containers)) for i in range(len(states.all))] if states else None
    )
    by_state = by_state or [(range(len(calls["start"])), range(len(containers["container"])))]
    lanes = max(len(rows) for _, rows in by_state)
    if lanes > MOST_LANES:
        raise InputError(f"{where}: expected at most {MOST_LANES} containers in a state, got {lanes}")
    if until_s is None:
        until_s = 1.04 * max((v for v in calls["end_s"] if not missing(v)), default=math.nan)
    until_s = number(until_s, f"{where}, until_s", above=0.0)
    kinds = {"waiting"} if any(_waits(calls, i) for i in range(len(calls["start"]))) else set()
    figure, axes = _axes(words, lanes, until_s, kinds)
    point, ident = marks.Plane(figure, axes), f"{'explorer' if states else 'picture'}-{name}"
    drawings = [_scene(calls, containers, *rows, point, until_s, ident) for rows in by_state]
    defs = HATCH.replace("{id}", ident)
    if states is None:
        return Picture(figure, words, calls, over=defs + marks.write(marks.fill(drawings)[0], ident))
    return Explorer(words, states, figure, lambda i: drawings[i], whole_table=False, summary=summary, defs=defs)


def run_rows(result, *, until_s=math.inf, **state) -> tuple[list[dict], list[dict]]:
    """The rows of calls and of containers of a run's Result that come before `until_s`, for `timeline`.

    **state: the control's column and its value in this run, such as keep_alive_s=600.0. Calls are numbered from 1.
    """
    from faaslab.model.result import Start

    def second(ns):
        return None if ns < 0 else float(ns) / 1e9

    calls, containers = result.calls, result.containers
    call_rows = [
        {
            **state, "call": i + 1,
            "arrival_s": second(calls["arrival_ns"][i]), "begin_s": second(calls["begin_ns"][i]),
            "end_s": second(calls["end_ns"][i]), "start": Start(int(calls["start"][i])).name.lower(),
            "container": int(calls["container"][i]) + 1 if calls["container"][i] >= 0 else None,
        }
        for i in range(len(calls["arrival_ns"]))
        if calls["arrival_ns"][i] < until_s * 1e9
    ]  # fmt: skip
    container_rows = [
        {
            **state,
            "container": i + 1,
            **{f"{key}_s": second(containers[f"{key}_ns"][i]) for key in ("created", "ready", "gone")},
        }
        for i in range(len(containers["created_ns"]))
        if containers["created_ns"][i] < until_s * 1e9
    ]
    return call_rows, container_rows


def _waits(calls, i):
    return (
        calls["start"][i] == "warm" and not missing(calls["begin_s"][i]) and calls["begin_s"][i] > calls["arrival_s"][i]
    )


def _axes(words, lanes, until_s, kinds):
    name = words.series_name
    handles = [
        Line2D([], [], linestyle="none", marker="D", markersize=6, color=style.VERMILLION, label=name("cold")),
        Line2D([], [], linestyle="none", marker="o", markersize=6.5, markerfacecolor=style.PAPER, markeredgewidth=1.6,
               color=style.BLUE, label=name("warm")),
        Patch(facecolor=style.PAPER, edgecolor=style.VERMILLION, hatch="////", label=name("starting")),
        Patch(facecolor=style.BLUE, edgecolor=style.BLUE, label=name("running")),
        Patch(facecolor=style.BLUE + "29", edgecolor=style.BLUE, linewidth=0.7, label=name("idle")),
    ]  # fmt: skip
    if "waiting" in kinds:
        handles.append(Line2D([], [], color=style.INK, linewidth=1.2, linestyle=":", label=name("waiting")))
    rows = style.legend_rows(handle.get_label() for handle in handles)
    lane_in = 0.3 if lanes <= 8 else 0.2
    figure, axes = style.canvas(0.7 + lane_in * (lanes + 1.4), legend_rows=rows, left_in=0.62)
    axes.set(xlim=(-0.015 * until_s, until_s), ylim=(lanes + 0.6, -0.8))
    column = words.column("arrival_s") if "arrival_s" in words.columns else None
    axes.set_xlabel(words.words.get("time", "time") + (f" ({column.unit})" if column and column.unit else ""))
    if column and column.format == "duration":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: column.cell(v)))
        axes.set_xlabel(words.words.get("time", "time"))
    axes.yaxis.set_major_locator(FixedLocator(range(lanes + 1)))
    axes.yaxis.set_minor_locator(NullLocator())
    step = 1 if lanes <= 12 else 2
    calls = words.words.get("calls", "calls")
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda v, _: calls if v == 0 else f"{v:.0f}" if v % step == 0 or v == 1 else "")
    )
    axes.set_ylabel(words.words.get("container", "container"))
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.spines["bottom"].set_bounds(0.0, until_s)
    axes.spines["left"].set_visible(False)
    style.legend(figure, axes, handles, rows)
    return figure, axes


def _scene(calls, containers, call_rows, container_rows, point, until_s, ident):
    looks = {key: look.replace("HATCH", f"{ident}-hatch") for key, look in LOOKS.items()}
    scene, lane = [], {}

    def bar(key, kind, row, begin, end, half, layer):
        begin, end = _time(begin, until_s), _time(end, until_s)
        if end > begin:
            (x0, y0), (x1, y1) = point(max(begin, 0.0), row - half), point(end, row + half)
            scene.append(marks.rectangle(key, x0, x1, y0, y1, looks[kind], layer=layer))

    for r in sorted(container_rows, key=lambda r: containers["created_s"][r]):
        row = lane[containers["container"][r]] = len(lane) + 1
        ready = _time(containers["ready_s"][r], until_s)
        bar(f"idle-{row}", "idle", row, ready, containers["gone_s"][r], 0.24, 1)
        bar(
            f"starting-{row}",
            "starting",
            row,
            containers["created_s"][r],
            min(ready, _time(containers["gone_s"][r], until_s)),
            0.32,
            2,
        )
    numbered = len(call_rows) <= 12
    for n, r in enumerate(call_rows, 1):
        arrival, begin = calls["arrival_s"][r], calls["begin_s"][r]
        if arrival > until_s:
            continue
        row = lane.get(calls["container"][r])
        px, py = point(arrival, 0.0)
        if row is not None and not missing(begin):
            bar(f"running-{n}", "running", row, begin, calls["end_s"][r], 0.32, 3)
            foot = point(arrival, row - 0.32)[1]
            scene.append(
                marks.line(f"thread-{n}", [(px, py), (px, foot)], "stroke: currentColor; stroke-opacity: .3", layer=0)
            )
            if _waits(calls, r):
                end = point(min(begin, until_s), row)[0]
                scene.append(
                    marks.line(
                        f"waiting-{n}", [(px, point(0, row)[1]), (end, point(0, row)[1])], looks["waiting"], layer=2
                    )
                )
        slow = calls["start"][r] in ("cold", "joined")
        face = (
            f"fill: {style.VERMILLION}; stroke: none"
            if slow
            else f"fill: {style.PAPER}; stroke: {style.BLUE}; stroke-width: 1.8"
        )
        scene.append(marks.marker(f"call-{n}", "D" if slow else "o", 4.2, px, py, face, layer=5))
        if numbered:
            scene.append(marks.label(f"number-{n}", str(n), px, py - 7, anchor="middle", size=9))
    return scene


def _time(value, until_s):
    return until_s if missing(value) or value > until_s else value
