"""Misconceptions: what readers and students believe who answer wrongly, gathered for the one who teaches them.

Two sources, each already part of the course: the wrong answers to a chapter's predictions (belief, what the reader is
told, a remark for the lecture), and the slips of the problem topics (what each comes from, the first hint, a remark).
Nothing is worded here, so a new chapter or topic appears by itself. Left out: how often each mistake is made.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from faaslab.course.problems import problem
from faaslab.course.topics import asked, topics_of, without_fields
from faaslab.course.words import fill, table
from faaslab.viz.picture import inline
from faaslab.viz.tables import MISSING
from faaslab.viz.texts import FigureTexts, read_texts

COLUMNS = ("mistake", "told", "lecture")
SEED = 1


@dataclass(frozen=True)
class Misconception:
    """One row: mistakes (usually one), what whoever makes them is told, and the remark for the lecture."""

    mistakes: tuple[str, ...]
    told: str
    lecture: str


@dataclass(frozen=True)
class Asked:
    """A question or a topic, and the misconceptions that it brings to light."""

    text: str
    rows: tuple[Misconception, ...]


@dataclass(frozen=True)
class ChapterMistakes:
    """All of one chapter: its file name and title, the claim it starts from, and what it asks."""

    name: str
    title: str
    claim: str
    asked: tuple[Asked, ...]


def of_chapter(page: Path) -> ChapterMistakes | None:
    """The misconceptions of the chapter at `page` (a path without suffix); None for a page that asks no prediction."""
    words = page.with_suffix(".toml")
    texts = read_texts(words) if words.exists() else None
    if texts is None or not texts.claim:
        return None
    title = next(
        line[2:] for line in page.with_suffix(".md").read_text(encoding="utf-8").splitlines() if line[:2] == "# "
    )
    questions = [of_prediction(prediction) for prediction in texts.predictions.values()]
    return ChapterMistakes(page.name, title, texts.claim, (*questions, *map(of_topic, topics_of(page.name))))


def of_prediction(prediction) -> Asked:
    """A chapter's question with its wrong answers."""
    wrong = [answer for answer in prediction.answers if not answer.right]
    rows = (Misconception((f"“{a.text}”: {a.misconception}",), a.remark, a.lecture) for a in wrong)
    return Asked(without_fields(prediction.question), tuple(rows))


def of_topic(topic: str) -> Asked:
    """A topic of generated problems with its slips; a sentence with numbers shows those of seed 1."""
    words = table(f"problems/{topic}")
    texts = [*dict.fromkeys(words["slips"].values()), words["hints"]["concept"], words["lecture"]]
    values = problem(topic, SEED).values if any("{" in text for text in texts) else {}
    *slips, concept, lecture = (fill(text, values) if "{" in text else text for text in texts)
    return Asked(f"`{topic}`: {asked(topic)}", (Misconception(tuple(slips), concept, lecture),))


class Misconceptions:
    """The instructor's tables, one a chapter: HTML for a page, where narrow screens stack the cells; text elsewhere.

    pages: the book's pages in its order (paths without suffix, inside the book's folder); those that ask nothing are
    passed over. words: title, caption and the headings of the columns mistake, told, lecture.
    """

    def __init__(self, pages, words: FigureTexts):
        found = [(page, of_chapter(page)) for page in map(Path, pages)]
        self.chapters = {page: chapter for page, chapter in found if chapter is not None}
        self.headings = [words.column(name).heading for name in COLUMNS]
        self.words = words

    def _repr_html_(self) -> str:
        links = " · ".join(f'<a href="#mistakes-{c.name}">{escape(c.title)}</a>' for c in self.chapters.values())
        parts = [f"<p><strong>{inline(self.words.title)}</strong> {inline(self.words.caption)}</p><p>{links}</p>"]
        for page, chapter in self.chapters.items():
            link = f"../{page.parent.name}/{page.name}.html"
            head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in self.headings)
            body = "".join(self._group(group) for group in chapter.asked)
            title = f'<h2><a href="{link}">{escape(chapter.title)}</a></h2><p>{inline(chapter.claim)}</p>'
            rows = f"<table><thead><tr>{head}</tr></thead>{body}</table>"
            parts.append(f'<section class="mistakes" id="mistakes-{chapter.name}">{title}{rows}</section>')
        return "".join(parts)

    def _group(self, group):
        rows = [f'<tr><th colspan="{len(COLUMNS)}" scope="rowgroup">{inline(group.text)}</th></tr>']
        for row in group.rows:
            texts = [_listed(row.mistakes), inline(row.told), inline(row.lecture or MISSING)]
            cells = zip(self.headings, texts, strict=True)
            rows.append("<tr>" + "".join(f'<td data-heading="{escape(h)}">{text}</td>' for h, text in cells) + "</tr>")
        return f"<tbody>{''.join(rows)}</tbody>"

    def __repr__(self) -> str:
        lines = []
        for chapter in self.chapters.values():
            lines += ["", chapter.title]
            for group in chapter.asked:
                lines.append(f"  {group.text}")
                lines += [f"    - {mistake}" for row in group.rows for mistake in row.mistakes]
        return "\n".join(lines[1:])


def _listed(texts):
    if len(texts) == 1:
        return inline(texts[0])
    return "<ul>" + "".join(f"<li>{inline(text)}</li>" for text in texts) + "</ul>"
