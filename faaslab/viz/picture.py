"""Pictures: figures that do not move, as inline SVG with alternative text, caption, and their numbers in a table.

On a page they follow the theme, light or dark; without one they are plain SVG; as text they are their table.
"""

from html import escape

from faaslab.errors import InputError
from faaslab.viz.style import svg
from faaslab.viz.tables import count_numbers, need, tidy
from faaslab.viz.texts import FigureTexts

MAX_HTML_BYTES = 150_000
MAX_NUMBERS = 5_000
TEXT_ROWS, TEXT_COLUMNS = 12, 5


def inline(text: str) -> str:
    """Plain text as HTML; `backticks` become code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


class Picture:
    """A matplotlib figure with its words: shown by a notebook, a page, or as text.

    figure: a matplotlib Figure, best made by `style.canvas`; texts: the words (`texts.picture(name)`); table: optional,
    the numbers it shows, of which the columns named in the texts are listed; over: SVG elements to draw on top. Raises
    InputError where the table lacks a column that the texts name, or the HTML is too large.
    """

    def __init__(self, figure, texts: FigureTexts, table=None, *, over=""):
        self.figure, self.texts, self.name, self.over = figure, texts, texts.name, over
        self.table = None if table is None else tidy(table, f"picture {self.name!r}")
        if self.table is not None:
            need(self.table, texts.columns, f"picture {self.name!r}")
            check_numbers(f"picture {self.name!r}", self.table)
        self._html = self.html()

    def html(self) -> str:
        """The figure as HTML, the same bytes in every run."""
        ident = f"picture-{self.name}"
        parts = [f'<figure class="picture" id="{ident}">', svg(self.figure, ident, self.texts.alt, self.over)]
        if self.table is not None:
            rows = [self.cells(i) for i in range(len(next(iter(self.table.values()))))]
            parts.append(details(self.texts, rows))
        parts.append(caption(self.texts) + "</figure>")
        return within_size("".join(parts), f"picture {self.name!r}")

    def cells(self, i: int) -> list[str]:
        """Row i of the table as texts, in the columns and the order of the texts."""
        return [column.cell(self.table[key][i]) for key, column in self.texts.columns.items()]

    def __repr__(self) -> str:
        if self.table is None:
            return f"{self.texts.title}\n{self.texts.alt}"
        rows = [self.cells(i) for i in range(len(next(iter(self.table.values()))))]
        return "\n".join([self.texts.title, *text_table(self.texts, rows)])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._html, "text/plain": repr(self)}


def caption(texts: FigureTexts) -> str:
    """Title and caption below a figure."""
    return f"<figcaption><strong>{inline(texts.title)}</strong> {inline(texts.caption)}</figcaption>"


def details(texts: FigureTexts, rows, attributes=None) -> str:
    """The numbers in a folded table; `attributes` gives the attributes of each row."""
    attributes = attributes or [""] * len(rows)
    head = "".join(f'<th scope="col">{inline(column.heading)}</th>' for column in texts.columns.values())
    body = "".join(f"<tr{extra}>{table_row(cells)}</tr>" for cells, extra in zip(rows, attributes, strict=True))
    summary = inline(texts.words.get("data", "data"))
    return (
        f'<details class="explorer-table"><summary>{summary}</summary><div><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )


def table_row(cells) -> str:
    """The cells of one row."""
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def text_table(texts: FigureTexts, rows, marked=(), among=None) -> list[str]:
    """At most 12 rows (of those in `among`) by 5 columns as lines of text; rows in `marked` stay and carry a `>`."""
    shown = choose(range(len(rows)) if among is None else among, marked)
    headings = [column.heading for column in texts.columns.values()][:TEXT_COLUMNS]
    cells = [headings, *([*rows[i][:TEXT_COLUMNS]] for i in shown)]
    widths = [max(len(row[c]) for row in cells) for c in range(len(headings))]
    signs = [" ", *(">" if i in marked else " " for i in shown)]
    lines = [
        (f"{sign} " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for sign, row in zip(signs, cells, strict=True)
    ]
    if len(shown) < len(rows):
        lines.append(texts.words.get("rows", "{shown}/{all}").format(shown=len(shown), all=len(rows)))
    return lines


def choose(rows, marked=()) -> list[int]:
    """At most 12 of `rows`: the marked ones first, then others evenly spread, in order."""
    if len(rows) <= TEXT_ROWS:
        return list(rows)
    chosen = set(list(marked)[:TEXT_ROWS])
    for i in range(TEXT_ROWS):
        if len(chosen) < TEXT_ROWS:
            chosen.add(rows[round(i * (len(rows) - 1) / (TEXT_ROWS - 1))])
    return sorted(chosen)


def check_numbers(where: str, *tables) -> None:
    """Raise InputError for more than 5,000 numbers: a page shows what a reader can look at."""
    count = sum(count_numbers(table) for table in tables)
    if count > MAX_NUMBERS:
        raise InputError(f"{where}: expected a table of at most {MAX_NUMBERS} numbers, got {count}")


def within_size(html: str, where: str) -> str:
    """The HTML, or InputError where it is larger than 150 KB."""
    size = len(html.encode())
    if size > MAX_HTML_BYTES:
        raise InputError(
            f"{where}: expected at most {MAX_HTML_BYTES} bytes of HTML, got {size}; give fewer rows or columns"
        )
    return html
