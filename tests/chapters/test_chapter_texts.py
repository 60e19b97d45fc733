"""A chapter and the file of words beside it belong together: what one names the other has."""

import re
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from faaslab.viz import read_texts

BOOK = Path(__file__).resolve().parents[2] / "book"
TEXTS = sorted(path for path in BOOK.rglob("*.toml") if path.with_suffix(".md").exists())
CHAPTERS = [path for path in TEXTS if "[chapter]" in path.read_text(encoding="utf-8")]
TOC = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
ORDER = [BOOK.parent / f"{entry['file']}.toml" for part in TOC["parts"] for entry in part["chapters"]]
SECTIONS = ["Question and prediction", "The idea and a picture", "The experiment", "Check, and limits", "Practice"]


def words_of(text: str) -> str:
    """Lower-case text with single spaces, so that line breaks do not matter."""
    return " ".join(text.lower().split())


def named(path):
    return path.relative_to(BOOK).as_posix()


def terms_of(path) -> set[str]:
    """The glossary's terms that a chapter links."""
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    return {term.partition("<")[2].strip(">") or term for term in re.findall(r"\{term\}`([^`]+)`", page)}


def test_there_are_chapters_and_the_table_of_contents_has_them():
    assert CHAPTERS and set(CHAPTERS) <= set(ORDER)


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_figure_and_prediction_with_words_is_on_the_page(path):
    texts, page = read_texts(path), path.with_suffix(".md").read_text(encoding="utf-8")
    names = [*texts.explorers, *texts.pictures, *texts.predictions]
    assert not [name for name in names if f'"{name}"' not in page]


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_no_page_has_more_than_two_explorers(path):
    assert len(read_texts(path).explorers) <= 2


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_opens_with_a_prediction_of_three_answers(path):
    opening = read_texts(path).prediction("opening")
    assert len(opening.answers) >= 3
    assert all(answer.misconception for answer in opening.answers if not answer.right)


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_every_wrong_answer_has_a_remark_for_the_lecture(path):
    predictions = read_texts(path).predictions
    wrong = [(name, a) for name, prediction in predictions.items() for a in prediction.answers if not a.right]
    assert not [f"{name}: {answer.key}" for name, answer in wrong if not answer.lecture]


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_has_the_five_sections(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_says_minutes_and_what_it_needs_and_ends_with_its_sentence(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert "**Minutes:** " in page and "**You need:** " in page
    assert words_of(read_texts(path).remember) in words_of(page.partition("**To remember:**")[2])


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_brings_at_most_seven_new_terms(path):
    before = takewhile(lambda other: other != path, ORDER)
    known = set().union(*(terms_of(chapter) for chapter in before if chapter in CHAPTERS))
    assert terms_of(path)
    assert len(terms_of(path) - known) <= 7, sorted(terms_of(path) - known)


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_has_two_self_checks_with_folded_solutions(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    exercises = re.findall(r"^```\{exercise\}\n:label: (\S+)", page, re.MULTILINE)
    solutions = re.findall(r"^```\{solution\} (\S+)\n:class: dropdown", page, re.MULTILINE)
    assert len(exercises) == 2 and exercises == solutions
