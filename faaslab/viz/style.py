"""One style for all figures: colours, dashes and markers that survive colour blindness, grey print and the dark theme.

Colours are those of Okabe and Ito, "Color Universal Design" (2008), in the order of their luminance, dark first, so
that series that are drawn together stay apart in grey; each series has its own dash and marker besides. Pages show
figures as inline SVG whose text and axes take the colour of the text around them, and whose series colours are CSS
variables.
"""

import io
import math
import re
from contextlib import contextmanager
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from faaslab.errors import InputError

INK = "#1a1a1e"  # text and axes: on a page, the colour of the text
GRID = "#d4d4da"
PAPER = "#fefefe"  # the face of hollow markers: on a page, its background

BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"


@dataclass(frozen=True)
class Series:
    """How one series looks: its colour, the lengths of its dashes and gaps in points, its marker."""

    color: str
    dash: tuple[float, ...]
    marker: str  # as in matplotlib: o s ^ D v P

    @property
    def line(self) -> dict:
        """Keyword arguments for matplotlib's `plot`."""
        style = (0, self.dash) if self.dash else "-"
        return {"color": self.color, "linestyle": style, "marker": self.marker, "linewidth": 2.0, "markersize": 6}


SERIES = (
    Series(BLUE, (), "o"),
    Series(VERMILLION, (5.0, 2.0), "s"),
    Series(GREEN, (1.5, 1.5), "^"),
    Series(PURPLE, (6.0, 1.5, 1.5, 1.5), "D"),
    Series(SKY, (3.0, 1.2), "v"),
    Series(ORANGE, (8.0, 3.0), "P"),
)

RC = {
    "svg.hashsalt": "faaslab",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 11.0,
    "axes.labelsize": 11.0,
    "xtick.labelsize": 10.0,
    "ytick.labelsize": 10.0,
    "legend.fontsize": 10.0,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "path.simplify": False,
    "hatch.linewidth": 1.2,
}

WIDTH_IN = 4.5
HEIGHT_IN = 3.0
POINTS_PER_INCH = 72.0


@contextmanager
def settings():
    """The project's matplotlib settings, for a `with` block around whatever a chapter draws itself."""
    with rc_context(RC):
        yield


def series(i: int) -> Series:
    """The look of the i-th series; InputError beyond the sixth, since more cannot be told apart."""
    if not 0 <= i < len(SERIES):
        raise InputError(f"figure: expected at most {len(SERIES)} series, got a series number {i + 1}")
    return SERIES[i]


def canvas(height_in: float = HEIGHT_IN, *, legend_rows: int = 0, left_in: float = 0.72, bottom_in: float = 0.56):
    """A figure and its axes with fixed margins (inches), small enough to be read on a phone: (Figure, Axes).

    It lives outside pyplot, so that notebooks do not show it twice. Room for `legend_rows` is added above the axes.
    """
    top_in = 0.14 + 0.25 * legend_rows
    height_in = height_in + 0.25 * legend_rows
    with settings():
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=POINTS_PER_INCH)
        FigureCanvasSVG(figure)
        width = (WIDTH_IN - left_in - 0.14) / WIDTH_IN
        height = (height_in - bottom_in - top_in) / height_in
        axes = figure.add_axes((left_in / WIDTH_IN, bottom_in / height_in, width, height))
    return figure, axes


def legend(figure, axes, handles, rows: int) -> None:
    """A legend above the axes, in `rows` rows, aligned with the left edge of the figure."""
    columns = -(-len(handles) // max(1, rows))
    with settings():
        axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.005, 1.0),
            bbox_transform=figure.transFigure,
            ncols=columns,
            handlelength=2.9,
            handletextpad=0.5,
            columnspacing=1.2,
            borderaxespad=0.1,
            borderpad=0.2,
            labelspacing=0.35,
        )


def fit(figure, axes) -> None:
    """Narrow the axes by whole points until the labels of both axes lie inside the figure."""
    with settings():
        box, width = axes.get_position(), figure.bbox.width
        boxes = [part for axis in (axes.xaxis, axes.yaxis) if (part := axis.get_tightbbox())]
        left = max(0, math.ceil(1.0 - min(part.x0 for part in boxes)))
        right = max(0, math.ceil(max(part.x1 for part in boxes) - width + 1.0))
        axes.set_position((box.x0 + left / width, box.y0, box.width - (left + right) / width, box.height))


def legend_rows(labels) -> int:
    """How many rows a legend with these labels needs at the figure's width, counting 0.085 in a letter."""
    labels = list(labels)
    if not labels:
        return 0
    for rows in range(1, len(labels) + 1):
        columns = -(-len(labels) // rows)
        groups = [labels[i : i + rows] for i in range(0, len(labels), rows)]  # matplotlib fills column by column
        if columns == 1 or sum(0.64 + 0.085 * max(map(len, group)) for group in groups) <= WIDTH_IN:
            return rows
    return len(labels)


def svg(figure, prefix: str, alt: str, marks: str = "") -> str:
    """The figure as inline SVG, the same bytes for the same figure: ids begin with `prefix`, `marks` come on top.

    Text stays text; colours of this style become the page's text colour and CSS variables; size follows the page's
    width.
    """
    from html import escape

    with settings():
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    view_box = re.search(r'viewBox="([^"]+)"', text).group(1)
    width_rem = 7.1 * figure.get_size_inches()[0]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"\bid=\"([^\"]+)\"", rf'id="{prefix}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{prefix}-\1"', body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r">\s+<", "><", body)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" viewBox="{view_box}" '
        f'style="width: 100%; max-width: {width_rem:.4g}rem; height: auto; font-family: inherit">'
    )
    return paint(head + body + marks + "</svg>")


VARIABLES = {
    BLUE: "blue", VERMILLION: "vermillion", GREEN: "green", PURPLE: "purple", SKY: "sky", ORANGE: "orange",
    GRID: "grid", PAPER: "paper",
}  # fmt: skip


def paint(text: str) -> str:
    """Replace this style's colours in style attributes by currentColor and CSS variables that fall back to them."""
    text = text.replace(INK, "currentColor")
    for color, name in VARIABLES.items():
        text = text.replace(color, f"var(--faaslab-{name}, {color})")
    return text
