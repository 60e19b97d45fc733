"""The words of a chapter, kept beside it as data: predictions and wrong answers, explorers, pictures.

A chapter `cold-and-warm-starts.md` has `cold-and-warm-starts.toml` beside it, so that no sentence stands in a code cell
and a translation changes one file of words. The format, with every key (those marked optional may be left out):

    language = "en"                       # optional; the language of the few words that explorers bring themselves

    [chapter]                             # the half page that is written before the chapter
    claim = "..."                         # what a novice finds plausible
    experiment = "..."                    # the one experiment that separates the answers
    remember = "..."                      # the one sentence to remember

    [prediction.opening]                  # a question; any number of them, each with its own name
    question = "..."
    reveal = "... {slow} ..."             # shown afterwards; {names} are filled in with computed values
    [[prediction.opening.answers]]        # two to five; exactly one is right
    key = "five"
    text = "five"
    right = true
    remark = "..."                        # optional for the right answer: what the reader sees who chose it
    [[prediction.opening.answers]]
    key = "one"
    text = "only the first"
    misconception = "..."                 # needed for a wrong answer: what one believes who chooses it
    remark = "..."                        # needed for a wrong answer
    lecture = "..."                       # optional: for the instructor, what to ask or show; not on the chapter's page

    [explorer.keep-alive]
    title = "..."
    caption = "..."
    alt = "..."                           # what is to be seen, for readers who cannot see it
    sentence = "{window_s}: {cold} cold"  # {column}, or {column[name of a series]}; a unit comes with each value
    [explorer.keep-alive.columns.window_s]   # one for each column that is shown, in the order of the table
    label = "Keep-alive"
    unit = "min"                          # optional
    format = "duration"                   # optional: number, integer, duration (of s), percent (of a fraction), text
    names = { lru = "LRU" }               # optional: how the column's values are called
    [explorer.keep-alive.series]          # optional: how series are called in the legend
    fixed = "fixed window"

    [picture.phases]                      # a figure that does not move: the same keys, without `sentence`

In all sentences `backticks` mean code; everything else is plain text.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from faaslab.errors import InputError, member
from faaslab.viz.tables import FORMATS, word

SLUG = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True)
class Column:
    """How one column is called and worded."""

    label: str
    unit: str = ""
    format: str | None = None
    names: dict = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """The label with its unit, as on an axis or over a table."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def cell(self, value) -> str:
        """A value as in a table: without its unit."""
        return self.names.get(str(value)) or word(value, self.format)

    def value(self, value) -> str:
        """A value as in a sentence: with its unit."""
        return f"{self.cell(value)} {self.unit}" if self.unit else self.cell(value)


@dataclass(frozen=True)
class FigureTexts:
    """The words of an explorer or a picture."""

    name: str
    title: str
    caption: str
    alt: str
    columns: dict[str, Column]
    sentence: str = ""
    series: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The words of a column; InputError where there are none."""
        return self.columns[member(name, f"texts of {self.name!r}, columns", tuple(self.columns))]

    def series_name(self, key) -> str:
        """What a series is called: by [series], else by the label of the column of that name, else its own key."""
        key = str(key)
        return self.series.get(key) or (self.columns[key].label if key in self.columns else self.words.get(key, key))


@dataclass(frozen=True)
class Answer:
    """One answer to a prediction; a wrong one carries the misconception behind it, and a word for the lecture."""

    key: str
    text: str
    right: bool = False
    misconception: str = ""
    remark: str = ""
    lecture: str = ""


@dataclass(frozen=True)
class PredictionTexts:
    """A question that is asked before the result is shown."""

    name: str
    question: str
    reveal: str
    answers: tuple[Answer, ...]
    words: dict[str, str] = field(default_factory=dict)

    @property
    def right(self) -> Answer:
        """The right answer."""
        return next(answer for answer in self.answers if answer.right)


@dataclass(frozen=True)
class ChapterTexts:
    """All words of one chapter."""

    claim: str
    experiment: str
    remember: str
    predictions: dict[str, PredictionTexts]
    explorers: dict[str, FigureTexts]
    pictures: dict[str, FigureTexts]

    def prediction(self, name: str) -> PredictionTexts:
        """The prediction of that name; InputError where there is none."""
        return self.predictions[member(name, "prediction", tuple(self.predictions))]

    def explorer(self, name: str) -> FigureTexts:
        """The explorer of that name; InputError where there is none."""
        return self.explorers[member(name, "explorer", tuple(self.explorers))]

    def picture(self, name: str) -> FigureTexts:
        """The picture of that name; InputError where there is none."""
        return self.pictures[member(name, "picture", tuple(self.pictures))]


@cache
def own_words(language: str, where: str) -> dict[str, str]:
    """The words that explorers bring themselves, such as the names of buttons, in a language."""
    table = tomllib.loads(resources.files("faaslab.viz").joinpath("words.toml").read_text(encoding="utf-8"))
    return table[member(language, f"{where}, language", tuple(table))]


def read_texts(path) -> ChapterTexts:
    """Read and check the file of words beside a chapter; `path` is relative to the chapter, where its kernel starts.

    Raises InputError, with file and key, for a missing or unknown key, a prediction without exactly one right answer,
    and a wrong answer without its misconception and remark.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"texts: expected a file, found none at {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: expected TOML, got {error}") from None
    return parse_texts(data, path.name)


def parse_texts(data: dict, where: str = "texts") -> ChapterTexts:
    """The same from a mapping that is already read."""
    _keys(data, where, (), ("language", "chapter", "prediction", "explorer", "picture"))
    words = own_words(data.get("language", "en"), where)
    chapter = data.get("chapter", {})
    if chapter:
        _keys(chapter, f"{where}, chapter", ("claim", "experiment", "remember"))
    read = {
        kind: {
            name: reader(name, part, f"{where}, {kind} {name!r}", words) for name, part in data.get(kind, {}).items()
        }
        for kind, reader in (("prediction", _prediction), ("explorer", _explorer), ("picture", _picture))
    }
    return ChapterTexts(
        claim=chapter.get("claim", ""),
        experiment=chapter.get("experiment", ""),
        remember=chapter.get("remember", ""),
        predictions=read["prediction"],
        explorers=read["explorer"],
        pictures=read["picture"],
    )


def _prediction(name, part, where, words) -> PredictionTexts:
    _name(name, where)
    _keys(part, where, ("question", "reveal", "answers"))
    answers = part["answers"]
    if not isinstance(answers, list) or not 2 <= len(answers) <= 5:
        raise InputError(f"{where}: expected two to five answers, got {len(answers)}")
    for i, answer in enumerate(answers, 1):
        wrong = () if answer.get("right") else ("misconception", "remark")
        _keys(answer, f"{where}, answer {i}", ("key", "text", *wrong), ("right", "misconception", "remark", "lecture"))
    right = sum(bool(answer.get("right")) for answer in answers)
    if right != 1:
        raise InputError(f"{where}: expected exactly one right answer, got {right}")
    if len({answer["key"] for answer in answers}) < len(answers):
        raise InputError(f"{where}: expected every answer to have its own key, got one twice")
    return PredictionTexts(name, part["question"], part["reveal"], tuple(Answer(**a) for a in answers), words)


def _explorer(name, part, where, words) -> FigureTexts:
    _keys(part, where, ("title", "caption", "alt", "sentence", "columns"), ("series",))
    return _figure(name, part, where, words)


def _picture(name, part, where, words) -> FigureTexts:
    _keys(part, where, ("title", "caption", "alt"), ("series", "columns"))
    return _figure(name, part, where, words)


def _figure(name, part, where, words) -> FigureTexts:
    _name(name, where)
    columns = {}
    for key, column in part.get("columns", {}).items():
        _keys(column, f"{where}, column {key!r}", ("label",), ("unit", "format", "names"))
        if "format" in column:
            member(column["format"], f"{where}, column {key!r}, format", FORMATS)
        columns[key] = Column(**column)
    rest = {key: part[key] for key in ("title", "caption", "alt", "sentence", "series") if key in part}
    return FigureTexts(name=name, columns=columns, words=words, **rest)


def _name(name, where):
    if not name or not set(name) <= SLUG:
        raise InputError(f"{where}: expected a name of lower-case letters, digits and hyphens, got {name!r}")


def _keys(part, where, required, optional=()):
    if not isinstance(part, dict):
        raise InputError(f"{where}: expected a table, got {part!r}")
    for key in part:
        member(key, f"{where}, key", (*required, *optional))
    for key in required:
        if part.get(key) in (None, "", [], {}):
            raise InputError(f"{where}: expected the key {key!r}, found none")
