"""Marks: the elements of an SVG that an explorer moves, drawn in the coordinates of one matplotlib figure.

A mark has a key that is the same in every state, a tag, attributes and perhaps a text. The states of a scene are
compared mark by mark; what differs becomes a track (element, attribute, one value a state), and a track is all that the
page's script has to play. The same marks, written out for one state, are the picture without a script and in a live
widget.
"""

import math
from dataclasses import dataclass, field, replace
from html import escape

from faaslab.viz.style import PAPER, fit

RIM = f"paint-order: stroke; stroke: {PAPER}; stroke-width: 3px; stroke-linejoin: round"
MARKERS = {
    "o": "M-1,0a1,1 0 1,0 2,0a1,1 0 1,0 -2,0Z",
    "s": "M-.88,-.88h1.76v1.76h-1.76Z",
    "^": "M0,-1.1L1.05,.8H-1.05Z",
    "v": "M0,1.1L1.05,-.8H-1.05Z",
    "D": "M0,-1.2L1.2,0L0,1.2L-1.2,0Z",
    "P": "M-.4,-1.1h.8v.7h.7v.8h-.7v.7h-.8v-.7h-.7v-.8h.7Z",
}


@dataclass(frozen=True)
class Mark:
    """One element: `key` names it within its figure, `text` is its content, a higher `layer` lies above a lower one."""

    key: str
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    layer: int = 0


class Plane:
    """From data to SVG coordinates: y grows downward, one unit is a point. Limits and labels must be set before."""

    def __init__(self, figure, axes):
        fit(figure, axes)
        self.height = figure.get_size_inches()[1] * 72.0
        self.transform = axes.transData
        box = axes.get_window_extent()
        self.left, self.right = box.x0, box.x1
        self.top, self.bottom = self.height - box.y1, self.height - box.y0

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        """The point of the data values (x, y)."""
        px, py = self.transform.transform((x, y))
        return float(px), float(self.height - py)


def number(value: float) -> str:
    """A coordinate with one decimal and no minus zero: a tenth of a point is finer than a screen."""
    text = f"{value + 0.0:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def polyline(points, close: bool = False) -> str:
    """Path data through the points; a point with NaN interrupts the line."""
    parts, pen = [], "M"
    for x, y in points:
        if math.isnan(x) or math.isnan(y):
            pen = "M"
            continue
        parts.append(f"{pen}{number(x)},{number(y)}")
        pen = "L"
    return "".join(parts) + ("Z" if close and parts else "")


def line(key: str, points, style: str, *, close: bool = False, layer: int = 1) -> Mark:
    """A line, or with close=True an area, through points."""
    return Mark(key, "path", {"d": polyline(points, close), "style": style}, layer=layer)


def marker(key: str, shape: str, size: float, x: float, y: float, style: str, *, layer: int = 3) -> Mark:
    """A marker of `size` points (half its width) at a point."""
    style += "; vector-effect: non-scaling-stroke"
    glyph = f'<path d="{MARKERS[shape]}" transform="scale({number(size)})" style="{style}"/>'
    return Mark(key, "g", {"transform": f"translate({number(x)},{number(y)})"}, glyph, layer)


def rectangle(key: str, x0: float, x1: float, y0: float, y1: float, style: str, *, layer: int = 1) -> Mark:
    """A bar between two corners, at least half a point wide so that a short moment stays visible."""
    width = max(x1 - x0, 0.5)
    box = {"x": number(x0), "y": number(min(y0, y1)), "width": number(width), "height": number(abs(y1 - y0))}
    return Mark(key, "rect", {**box, "rx": "1.5", "style": style}, layer=layer)


def label(
    key: str, text: str, x: float, y: float, *, anchor: str = "start", size: float = 10.0, layer: int = 4
) -> Mark:
    """A text at a point, in the page's text colour, with a rim of paper that keeps it readable on a line."""
    style = f"font-size: {number(size)}px; fill: currentColor; {RIM}"
    place = {"x": number(x), "y": number(y), "text-anchor": anchor}
    return Mark(key, "text", {**place, "style": style}, escape(text), layer)


def fill(scenes) -> list[list[Mark]]:
    """The scenes with the same marks in each, in the order of drawing: a mark that a state lacks is there, hidden."""
    layers: dict[str, int] = {}
    for scene in scenes:
        for mark in scene:
            layers.setdefault(mark.key, mark.layer)
    order = sorted(layers, key=layers.get)
    tables = [{mark.key: mark for mark in scene} for scene in scenes]
    last = {key: next(table[key] for table in tables if key in table) for key in order}
    filled = []
    for table in tables:
        last.update(table)
        filled.append([table[key] if key in table else _hidden(last[key]) for key in order])
    return filled


def write(scene, prefix: str) -> str:
    """A scene as SVG elements, in one group."""
    out = []
    for mark in scene:
        attributes = "".join(f' {name}="{value}"' for name, value in mark.attributes.items())
        out.append(f'<{mark.tag} id="{prefix}-{mark.key}"{attributes}>{mark.text}</{mark.tag}>')
    return f'<g class="marks">{"".join(out)}</g>'


def tracks(scenes, prefix: str, paint) -> list[list]:
    """What changes between filled scenes: [element id, attribute, distinct values, the index of each state's value].

    The attribute "" is the element's content; the value null stands for an attribute that is absent.
    """
    out = []
    for marks in zip(*scenes, strict=True):
        for name in ["", *sorted({name for mark in marks for name in mark.attributes})]:
            values = [mark.attributes.get(name) if name else mark.text for mark in marks]
            distinct = list(dict.fromkeys(values))
            if len(distinct) > 1:
                painted = [value and paint(value) for value in distinct]
                out.append([f"{prefix}-{marks[0].key}", name, painted, [distinct.index(value) for value in values]])
    return out


def _hidden(mark: Mark) -> Mark:
    return replace(mark, attributes={**mark.attributes, "display": "none"})
