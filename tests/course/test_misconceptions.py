"""The instructor's tables hold every wrong answer of the chapters and every slip of the topics, in the book's order."""

from html import escape
from pathlib import Path

import pytest
import yaml

from faaslab.course import topic_names
from faaslab.course.misconceptions import Misconceptions
from faaslab.course.topics import topics_of
from faaslab.course.words import table
from faaslab.viz import read_texts
from faaslab.viz.picture import inline

ROOT = Path(__file__).resolve().parents[2]
WORDS = read_texts(ROOT / "book" / "reference" / "misconceptions.toml").picture("mistakes")
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [ROOT / entry["file"] for part in TOC["parts"] for entry in part["chapters"]]

NEW = """
[chapter]
claim = "More is better."
experiment = "Try it."
remember = "It is not."

[prediction.opening]
question = "Is more & more `x` better?"
reveal = "No."
[[prediction.opening.answers]]
key = "yes"
text = "Yes"
misconception = "A line never bends."
remark = "It bends."
lecture = "Draw one that bends."
[[prediction.opening.answers]]
key = "no"
text = "No"
right = true
"""


@pytest.fixture(scope="module")
def tables():
    return Misconceptions(PAGES, WORDS)


def test_every_wrong_answer_of_every_chapter_is_there(tables):
    html = tables._repr_html_()
    chapters = [page for page in PAGES if page.parent.parent.name == "book" and page.with_suffix(".toml").exists()]
    chapters = [page for page in chapters if read_texts(page.with_suffix(".toml")).claim]
    assert [page.name for page in tables.chapters] == [page.name for page in chapters]
    for page in chapters:
        texts = read_texts(page.with_suffix(".toml"))
        assert inline(texts.claim) in html
        for answer in (a for prediction in texts.predictions.values() for a in prediction.answers if not a.right):
            assert inline(answer.misconception) in html and inline(answer.remark) in html
            assert inline(answer.lecture) in html and answer.misconception in repr(tables)


def test_every_topic_of_a_chapter_is_there_with_its_slips(tables):
    html = tables._repr_html_()
    names = {page.name for page in tables.chapters}
    shown = [topic for topic in topic_names() if table(f"problems/{topic}")["chapter"] in names]
    assert shown
    for topic in shown:
        words = table(f"problems/{topic}")
        assert html.count(f"<code>{topic}</code>") == 1 and inline(words["hints"]["concept"]) in html
        assert all(inline(slip) in html for slip in words["slips"].values() if "{" not in slip)
    assert "{" not in html


def test_chapters_are_linked_and_stand_in_the_order_of_the_book(tables):
    html = tables._repr_html_()
    places = [html.index(f'id="mistakes-{page.name}"') for page in tables.chapters]
    assert places == sorted(places) and len(places) >= 2
    for page, chapter in tables.chapters.items():
        assert f'<a href="../{page.parent.name}/{page.name}.html">{escape(chapter.title)}</a>' in html
        assert f'<a href="#mistakes-{page.name}">' in html


def test_a_new_chapter_appears_by_itself(tmp_path):
    page = tmp_path / "book" / "part" / "bends"
    page.parent.mkdir(parents=True)
    page.with_suffix(".md").write_text("---\nx: 1\n---\n\n# Lines that bend\n\n## A section\n", encoding="utf-8")
    page.with_suffix(".toml").write_text(NEW, encoding="utf-8")
    still = page.with_name("still")
    still.with_suffix(".md").write_text("# Nothing asked\n", encoding="utf-8")
    html = Misconceptions([still, page], WORDS)._repr_html_()
    assert "Lines that bend" in html and "Nothing asked" not in html
    assert "Is more &amp; more <code>x</code> better?" in html
    for text in ("A line never bends.", "It bends.", "Draw one that bends."):
        assert text in html
    assert not topics_of("bends")
