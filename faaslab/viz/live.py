"""A live view of a running platform: its containers and their states, requests, starts and cost so far.

Chapter "A cloud on your laptop". `live(cloud)` reads what `cloud.ps()` and `cloud.stats()` say and runs nothing itself.
In a notebook with a front end it is a widget that a thread keeps up to date, until it is stopped, the cloud ends or the
kernel does. Elsewhere it is the state at the moment of showing: HTML on a page, a table as text. States differ by word
and border as well as by colour. Left out: the past; a run's result has every call.
"""

import threading
import weakref
from html import escape

from faaslab.errors import number
from faaslab.viz.style import BLUE, ORANGE, PAPER, SKY, paint
from faaslab.viz.tables import duration, three_digits
from faaslab.viz.widget import with_widget

STATES = {"starting": ("start", ORANGE, "dashed"), "idle": ("idle", SKY, "solid"), "busy": ("busy", BLUE, "solid")}
STARTS = ("warm", "cold", "prewarmed", "joined")
MOST_BOXES = 24
NO_BREAK = "\u00a0"
BOX = (
    "display: inline-block; min-width: 2.6em; margin: 1px 2px; padding: 0 0.3em; border-radius: 0.25em; "
    "text-align: center; font-size: 0.85em; line-height: 1.5; border: 2px "
)
CELL = "text-align: {}; vertical-align: top; padding: 0.2em 0.4em; white-space: {}"

_views = weakref.WeakKeyDictionary()  # cloud -> a reference to its view: showing it again ends the earlier one


def live(cloud, every_s: float = 0.25) -> "Live":
    """The live view of a `cloud` with `ps()` and `stats()`, such as a Runtime, looked at every `every_s` seconds."""
    earlier = _views.get(cloud, lambda: None)()
    if earlier is not None:
        earlier.close()
    view = Live(cloud, every_s)
    _views[cloud] = weakref.ref(view)
    return view


class Live:
    """What `live` returns. `close()` stops it; it keeps showing what it saw last."""

    def __init__(self, cloud, every_s):
        self._cloud = cloud
        self._every_s = number(every_s, "live, every_s", minimum=0.05)
        self._stopped = threading.Event()
        self._thread = self._panel = None
        self._containers, self._figures, self._end = [], {"functions": {}}, None
        self.look()

    @property
    def closed(self) -> bool:
        """Whether it follows the cloud no longer."""
        return self._stopped.is_set()

    def look(self) -> None:
        """Ask the cloud how it stands; where it does not answer, the view ends and says so."""
        if self.closed:
            return
        try:
            containers, figures = self._cloud.ps(), self._cloud.stats()
        except Exception as error:  # whatever keeps it from answering ends the view, not the notebook
            closed = getattr(self._cloud, "closed", False)
            reason = "the platform is closed" if closed else str(error).partition("\n")[0] or type(error).__name__
            self._close(f"ended: {reason}")
            return
        self._containers, self._figures = containers, figures

    def close(self) -> None:
        """Follow the cloud no longer. Closing twice does nothing."""
        self._close("stopped")

    def _close(self, why):
        if not self._stopped.is_set():
            self._end = why
            self._stopped.set()
            self._paint()

    def widget(self):
        """The ipywidgets view, kept up to date from now on; the same one each time."""
        if self._panel is None:
            import ipywidgets

            self._panel = ipywidgets.HTML(self.html())
            stop = ipywidgets.Button(
                description="Stop", layout={"width": "auto", "align_self": "flex-start"}, disabled=self.closed
            )
            stop.on_click(lambda _: self.close())
            self._view = ipywidgets.VBox([self._panel, stop])
            self._stop = stop
            self._thread = threading.Thread(target=self._follow, name="faaslab live view", daemon=True)
            self._thread.start()
        return self._view

    def _follow(self):
        while not self._stopped.wait(self._every_s):
            self.look()
            self._paint()

    def _paint(self):
        if self._panel is not None:
            html = self.html()
            if html != self._panel.value:
                self._panel.value = html
            self._stop.disabled = self.closed

    def html(self) -> str:
        """The last look as an HTML table with a row of boxes for each function."""
        rows = "".join(self._row(name, figures) for name, figures in self._figures["functions"].items())
        head = "".join(f'<th scope="col" style="{_cell(text)}">{escape(text)}</th>' for text in ("function", *HEADINGS))
        body = rows or f'<tr><td colspan="{1 + len(HEADINGS)}">no function is deployed</td></tr>'
        return (
            '<div class="faaslab-live" style="overflow-x: auto">'
            '<table style="border-collapse: collapse; font-size: 0.86em; font-variant-numeric: tabular-nums">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{escape(self._sentence())}</p></div>"
        )

    def _row(self, name, figures):
        """Two rows of the table: the figures, and the boxes below them."""
        boxes = [_box(row) for row in self._containers if row["function"] == name]
        more = f" + {len(boxes) - MOST_BOXES} more" if len(boxes) > MOST_BOXES else ""
        cells = "".join(
            f'<td style="{_cell(heading)}">{escape(text)}</td>'
            for heading, text in zip(HEADINGS, _cells(figures), strict=True)
        )
        return (
            f'<tr><th scope="row" style="{_cell("function")}">{escape(name)}</th>{cells}</tr>'
            f'<tr><td colspan="{1 + len(HEADINGS)}" style="text-align: left; padding: 0 0.4em 0.5em">'
            f"{''.join(boxes[:MOST_BOXES])}{more or ('' if boxes else 'no container')}</td></tr>"
        )

    def _sentence(self):
        totals = self._figures["functions"].values()
        cost = sum(row.get("cost_usd", 0.0) for row in totals)
        used = sum(row.get("used_mb") or 0.0 for row in self._containers)
        parts = [
            f"{len(self._containers)} container{'s' * (len(self._containers) != 1)}, {three_digits(used)} MB used",
            f"${three_digits(cost)} so far at AWS Lambda's prices",
        ]
        if "uptime_s" in self._figures:
            parts.append(f"up {duration(self._figures['uptime_s'])}")
        if self._end is not None:
            parts.append(self._end)
        return "; ".join(parts)

    def __repr__(self):
        lines = [["function", "containers", *HEADINGS]]
        for name, figures in self._figures["functions"].items():
            states = [row["state"] for row in self._containers if row["function"] == name]
            counts = [f"{states.count(state)} {word}" for state, (word, _, _) in STATES.items() if state in states]
            lines.append([name, ", ".join(counts) or "none", *_cells(figures)])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([*(text.rstrip() for text in texts), self._sentence()])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return with_widget({"text/html": self.html(), "text/plain": repr(self)}, self)


HEADINGS = ("calls", "starts", "errors", "refused", "waiting", "cost", "p50", "p99")


def _cells(figures):
    """One function's figures as texts, in the order of HEADINGS."""
    errors = figures.get("failed", 0) + figures.get("timed_out", 0)
    refused = figures.get("throttled", 0) + figures.get("rejected", 0)
    starts = [f"{figures[start]:,}{NO_BREAK}{start}" for start in STARTS if figures.get(start)]
    counts = [f"{count:,}" for count in (errors, refused, figures.get("waiting", 0))]
    times = [duration(figures.get(name)) for name in ("p50_s", "p99_s")]
    cost = f"${three_digits(figures.get('cost_usd', 0.0))}"
    return [f"{figures['calls']:,}", ", ".join(starts) or "–", *counts, cost, *times]


def _box(row):
    word, color, border = STATES[row["state"]]
    # Dark text on the light colours, paper on the dark one; an idle container is hollow.
    fill = {"starting": "transparent", "idle": "transparent", "busy": color}[row["state"]]
    ink = PAPER if row["state"] == "busy" else "inherit"
    about = [f"container {row['id']}", row["state"], f"{row.get('uses', 0)} calls"]
    if row.get("used_mb") is not None:
        about.append(f"{three_digits(row['used_mb'])} of {three_digits(row['memory_mb'])} MB")
    style = paint(f"{BOX}{border} {color}; background: {fill}; color: {ink}")
    return f'<span style="{style}" title="{escape(", ".join(about))}">{word}</span>'


def _cell(heading):
    """Words to the left, the starts on as many lines as they need; numbers to the right, each on one line."""
    words = heading in ("function", "starts")
    return CELL.format("left" if words else "right", "normal" if heading == "starts" else "nowrap")
