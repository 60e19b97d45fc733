"""A chapter and the file of words beside it belong together: what one names the other has."""

import re
from pathlib import Path

import pytest

from faaslab.viz import read_texts

BOOK = Path(__file__).resolve().parents[2] / "book"
TEXTS = sorted(path for path in BOOK.rglob("*.toml") if path.with_suffix(".md").exists())
CHAPTERS = [path for path in TEXTS if "[chapter]" in path.read_text(encoding="utf-8")]
SECTIONS = ["Question and prediction", "The idea and a picture", "The experiment", "Check, and limits", "Practice"]


def words_of(text: str) -> str:
    """Lower-case text with single spaces, so that line breaks do not matter."""
    return " ".join(text.lower().split())


def named(path):
    return path.relative_to(BOOK).as_posix()


def test_there_are_chapters():
    assert CHAPTERS


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
def test_a_chapter_has_the_five_sections(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_says_minutes_and_what_it_needs_and_ends_with_its_sentence(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert "**Minutes:** " in page and "**You need:** " in page
    assert words_of(read_texts(path).remember) in words_of(page.partition("**To remember:**")[2])


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_brings_at_most_seven_terms(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    terms = {term.partition("<")[2].strip(">") or term for term in re.findall(r"\{term\}`([^`]+)`", page)}
    assert 1 <= len(terms) <= 7


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_a_chapter_has_two_self_checks_with_folded_solutions(path):
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    exercises = re.findall(r"^```\{exercise\}\n:label: (\S+)", page, re.MULTILINE)
    solutions = re.findall(r"^```\{solution\} (\S+)\n:class: dropdown", page, re.MULTILINE)
    assert len(exercises) == 2 and exercises == solutions
