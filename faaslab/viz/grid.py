"""A table in the words of a chapter: columns, headings and formats come from the texts, rows from a computation.

In a chapter with `[picture.thumbnails]` in the file beside it: grid("thumbnails", rows, texts).
"""

import re
from html import escape

from faaslab.viz.picture import caption
from faaslab.viz.tables import need, tidy


class Grid:
    """What `grid` returns: HTML for a page, aligned text elsewhere."""

    def __init__(self, name, words, rows):
        self._name, self._words, self._rows = name, words, rows

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{escape(column.heading)}</th>' for column in self._words.columns.values())
        lines = ("".join(f"<td{_style(cell)}>{escape(cell)}</td>" for cell in row) for row in self._rows)
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return (
            f'<figure class="picture" id="picture-{self._name}"><div style="overflow-x: auto">'
            '<table class="table" style="display: table; width: 100%">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{caption(self._words)}</figure>"
        )

    def __repr__(self):
        cells = [[column.heading for column in self._words.columns.values()], *self._rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _style(cell):
    """A date stays on one line."""
    return ' style="white-space: nowrap"' if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else ""


def grid(name, rows, texts) -> Grid:
    """The table of that name in `texts` with these rows (tidy: a list of mappings with the columns the texts name).

    InputError for an empty table or a column that is missing.
    """
    words = texts.picture(name)
    columns = tidy(rows, f"table {name!r}")
    need(columns, words.columns, f"table {name!r}")
    cells = [[column.cell(value) for value in columns[key]] for key, column in words.columns.items()]
    return Grid(name, words, [list(row) for row in zip(*cells, strict=True)])
