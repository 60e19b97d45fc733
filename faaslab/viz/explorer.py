"""Explorers: figures with a control or two, whose every state was computed before, so that they move without a kernel.

On a page an explorer is one SVG, a live sentence and a table, moved by one static script (static/explorer.js); without
the script its default state remains; in JupyterLab it is a widget with the same controls, sentence and table; as text
it is a short table. Moving a control never runs a model: running one is what the labs are for.

The kinds are `curve`, `frontier`, `timeline` and `cells`; each has a full example in its own file.
"""

import json
from dataclasses import dataclass, replace
from html import escape
from itertools import product

from faaslab.errors import InputError
from faaslab.viz import marks, style
from faaslab.viz.picture import caption, check_numbers, details, inline, text_table, within_size
from faaslab.viz.tables import missing, need, tidy
from faaslab.viz.texts import FigureTexts

MAX_CONTROLS = 2
MAX_STATES = 60


@dataclass(frozen=True)
class Control:
    """One dimension of the states: a column, its choices, the default, and whether it is a slider or a list."""

    column: str
    choices: tuple
    default: int
    slider: bool


class States:
    """The states that a tidy table holds: every combination of the choices of its controls.

    columns: the tidy table; controls: at most two names of columns; preset: one more, always shown as a list; start:
    {column: choice} of the default state, else the first choice of each. A row in which a control's cell is empty
    belongs to every choice of it. Raises InputError for too many controls or states, and for a state without a row.
    """

    def __init__(self, columns, controls, preset, start, where):
        names = [*([preset] if preset else []), *controls]
        if not 1 <= len(controls) <= MAX_CONTROLS:
            raise InputError(f"{where}: expected one or two controls, got {len(controls)}")
        if len(set(names)) < len(names):
            raise InputError(f"{where}: expected each control once, got {', '.join(names)}")
        need(columns, names, where)
        need(dict.fromkeys(names), start, f"{where}, start")
        self.columns, self.where = columns, where
        self.controls = [self._control(name, start, name == preset) for name in names]
        self.all = list(product(*(range(len(control.choices)) for control in self.controls)))
        if not 2 <= len(self.all) <= MAX_STATES:
            raise InputError(f"{where}: expected 2 to {MAX_STATES} states, got {len(self.all)}")
        self.default = self.all.index(tuple(control.default for control in self.controls))
        self.own = [self.rows(i, shared=False) for i in range(len(self.all))]
        for i, rows in enumerate(self.own):
            if not rows:
                raise InputError(f"{where}: expected a row for every state, found none for {self.values(i)}")

    def _control(self, name, start, is_preset):
        choices = list(dict.fromkeys(v for v in self.columns[name] if not missing(v)))
        numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in choices)
        if numeric:
            choices.sort()
        if name in start and start[name] not in choices:
            raise InputError(f"{self.where}, start: expected {name} to be one of {choices}, got {start[name]!r}")
        default = choices.index(start[name]) if name in start else 0
        return Control(name, tuple(choices), default, numeric and not is_preset)

    def values(self, state: int) -> dict:
        """{column: choice} of a state."""
        return {control.column: control.choices[i] for control, i in zip(self.controls, self.all[state], strict=True)}

    def rows(self, state: int, *, shared: bool = True, free: str = "", columns=None) -> list[int]:
        """The rows of a state in the table's order, with `shared` also those of all states; control `free` may vary."""
        columns = columns or self.columns
        wanted = {name: value for name, value in self.values(state).items() if name != free}
        return [
            i
            for i in range(len(next(iter(columns.values()))))
            if all(columns[n][i] == v or (shared and missing(columns[n][i])) for n, v in wanted.items())
        ]


class Field:
    """A column in a sentence: the value of the state's first row, or of the first row of a series by its name."""

    def __init__(self, column, values, keys):
        self.column, self.values, self.keys = column, values, keys

    def __str__(self):
        return _unbroken(self.column.value(self.values[0]))

    def __format__(self, spec):
        return str(self)

    def __getitem__(self, key):
        if key not in self.keys:
            raise InputError(f"sentence: expected a series among {', '.join(map(str, self.keys))}; got {key!r}")
        return _unbroken(self.column.value(self.values[self.keys.index(key)]))


def _unbroken(value):
    """A number stays on one line with its unit."""
    return value.replace(" ", "\u00a0") if value[:1].isdigit() or value[:1] == "-" else value


class Explorer:
    """A figure with controls; made by `curve`, `frontier`, `timeline` or `cells`.

    texts: the words; states: what can be chosen; figure: a matplotlib figure with axes fixed for all states; draw: from
    the number of a state to its marks; series: the column that tells series apart, if any; whole_table: whether the
    table shows all rows and highlights the state's (else the state's rows alone); summary: a tidy table with one row a
    state, whose columns may stand in the sentence; defs: SVG definitions that the marks use.
    """

    def __init__(
        self, texts: FigureTexts, states: States, figure, draw, *, series="", whole_table=True, summary=None, defs=""
    ):
        self.texts, self.states, self.figure, self.name = texts, states, figure, texts.name
        self.where, self.ident = f"explorer {self.name!r}", f"explorer-{self.name}"
        self.series, self.whole_table, self.defs = series, whole_table, defs
        self.summary = None if summary is None else tidy(summary, f"{self.where}, summary")
        if self.summary is not None:
            need(self.summary, [control.column for control in states.controls], f"{self.where}, summary")
        need({**(self.summary or {}), **states.columns}, texts.columns, f"texts of {self.where}")
        for control in states.controls:
            texts.column(control.column)
        check_numbers(self.where, states.columns, self.summary or {})
        count = len(states.all)
        self.scenes = marks.fill([draw(i) for i in range(count)])
        self.sentences = [self._sentence(i) for i in range(count)]
        if len(set(self.sentences)) < count:
            twice = next(sentence for sentence in self.sentences if self.sentences.count(sentence) > 1)
            raise InputError(
                f"texts of {self.where}, sentence: expected another one in every state, got twice {twice!r}"
            )
        self._frame = style.svg(figure, self.ident, texts.alt).removesuffix("</svg>")
        self._html = self.html()

    def _sentence(self, state: int) -> str:
        fields = {}
        for table in (self.states.columns, self.summary):
            if table is None:
                continue
            rows = self.states.rows(state, columns=table, shared=table is self.states.columns)
            own = self.states.own[state] if table is self.states.columns else rows
            if not rows:
                raise InputError(f"{self.where}, summary: expected a row for {self.states.values(state)}, found none")
            ordered = [*own, *(i for i in rows if i not in own)]
            keys = [table[self.series][i] for i in ordered] if self.series in table else []
            for name in table:
                if name in self.texts.columns:
                    fields[name] = Field(self.texts.columns[name], [table[name][i] for i in ordered], keys)
        try:
            return self.texts.sentence.format(**fields)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise InputError(f"texts of {self.where}, sentence: expected {{column}} in it, got {error!r}") from None

    @property
    def table_columns(self) -> dict:
        """The columns of the table: those of the texts that the table of rows has."""
        return {key: column for key, column in self.texts.columns.items() if key in self.states.columns}

    def rows(self, state: int) -> list[list[str]]:
        """The rows that the table shows in a state, as texts."""
        columns = self.states.columns
        which = range(len(next(iter(columns.values())))) if self.whole_table else self.states.rows(state)
        return [[column.cell(columns[key][i]) for key, column in self.table_columns.items()] for i in which]

    def current(self, state: int) -> list[int]:
        """Which of the shown rows are the state's own: all of them where only they are shown."""
        return self.states.own[state] if self.whole_table else []

    def svg(self, state: int) -> str:
        """The picture of a state."""
        return self._frame + style.paint(self.defs + marks.write(self.scenes[state], self.ident)) + "</svg>"

    def table_html(self, state: int) -> str:
        """The folded table of a state, the state's own rows marked."""
        rows, current = self.rows(state), self.current(state)
        marks_of_rows = [' aria-current="true"' if i in current else "" for i in range(len(rows))]
        return details(replace(self.texts, columns=self.table_columns), rows, marks_of_rows)

    def html(self) -> str:
        """The explorer as HTML in its default state, the same bytes in every run."""
        state = self.states.default
        parts = [
            f'<figure class="explorer" id="{self.ident}">',
            '<div class="explorer-controls" hidden>',
            *(self._control_html(control) for control in self.states.controls),
            "</div>",
            self.svg(state),
            f'<p class="explorer-sentence" aria-live="polite">{inline(self.sentences[state])}</p>',
            self.table_html(state),
            caption(self.texts),
            f'<script type="application/json" class="explorer-data">{self._data()}</script></figure>',
        ]
        return within_size("".join(parts), self.where)

    def _control_html(self, control: Control) -> str:
        column = self.texts.column(control.column)
        ident = f"{self.ident}-{control.column.replace('_', '-')}"
        words = [column.value(choice) for choice in control.choices]
        head = f'<div class="explorer-control"><label for="{ident}">{inline(column.label)}</label>'
        if control.slider:
            return (
                f'{head}<input type="range" id="{ident}" min="0" max="{len(words) - 1}" step="1" '
                f'value="{control.default}" aria-valuetext="{escape(words[control.default])}" autocomplete="off">'
                f'<output for="{ident}">{escape(words[control.default])}</output></div>'
            )
        options = "".join(
            f'<option value="{i}"{" selected" if i == control.default else ""}>{escape(text)}</option>'
            for i, text in enumerate(words)
        )
        select = f'<select id="{ident}" autocomplete="off">{options}</select>'
        return f'{head}{select}<output for="{ident}" hidden></output></div>'

    def _data(self) -> str:
        words = [[self.texts.column(c.column).value(choice) for choice in c.choices] for c in self.states.controls]
        count = len(self.states.all)
        data = {
            "controls": words,
            "sentences": [inline(sentence) for sentence in self.sentences],
            "tracks": marks.tracks(self.scenes, self.ident, style.paint),
        }
        if self.whole_table:
            data["current"] = [self.current(i) for i in range(count)]
        else:
            data["rows"] = [self.rows(i) for i in range(count)]
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return text.replace("<", "\\u003c").replace("&", "\\u0026")

    def __repr__(self) -> str:
        state = self.states.default
        texts = replace(self.texts, columns=self.table_columns)
        near = sorted({i for c in self.states.controls for i in self.states.rows(state, free=c.column)})
        lines = text_table(texts, self.rows(state), self.current(state), near if self.whole_table else None)
        return "\n".join([self.texts.title, self.sentences[state].replace("`", "").replace("\u00a0", " "), *lines])

    def widget(self):
        """The live widget: the same controls, sentence, picture and table; it needs ipywidgets and a kernel."""
        from faaslab.viz.widget import explorer_widget

        return explorer_widget(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        from faaslab.viz.widget import with_widget

        return with_widget({"text/html": self._html, "text/plain": repr(self)}, self)
