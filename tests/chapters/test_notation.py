"""The page of notation has every letter of the chapters' formulas, at the chapter that brings it."""

import re
from pathlib import Path

import pytest
import yaml

from faaslab.pricing import price_sheet
from faaslab.pricing.servers import HOURS_PER_MONTH
from faaslab.units import BYTES_PER_MB, MB_PER_GB

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
FILES = [ROOT / f"{entry['file']}.md" for part in TOC["parts"] for entry in part["chapters"]]
CHAPTERS = [path for path in FILES if path.parent.name in ("foundations", "harvesting")]
PAGE = (ROOT / "book" / "reference" / "notation.md").read_text(encoding="utf-8")
LETTERS = PAGE.partition("## Letters")[2].partition("\n## ")[0]
GREEK = {"alpha", "beta", "gamma", "delta", "lambda", "mu", "rho", "sigma", "tau"}


def formulas(path) -> str:
    """All formulas of a page, without its code."""
    prose = re.sub(r"```\{code-cell\}.*?\n```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+?)(?<!\\)\$", prose, flags=re.DOTALL)
    return " ".join(display or inline for display, inline in found)


def letters(formula: str) -> set[str]:
    """Single letters, Greek ones by their names; units and words set upright are none, nor is the number e."""
    plain = re.sub(r"\\(text|begin|end)\{[^}]*\}", " ", formula)
    latin = re.findall(r"(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z])", re.sub(r"\\[a-zA-Z]+", " ", plain))
    return {*latin} - {"e"} | GREEK.intersection(re.findall(r"\\([a-zA-Z]+)", plain))


def rows():
    """(signs, chapter) of each row of the tables of letters, which stand below a link to their chapter."""
    chapter = None
    for line in LETTERS.splitlines():
        if link := re.fullmatch(r"\*\*\[\]\((\S+)\)\*\*", line):
            chapter = (ROOT / "book" / "reference" / link.group(1)).resolve()
        elif signs := re.findall(r"\$([^$]+)\$", line.partition("| ")[2].partition(" | ")[0]):
            yield signs, chapter


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_letter_of_a_chapter_is_on_the_page(path):
    known = set().union(*(letters(sign) for signs, _ in rows() for sign in signs)) | {"i"}
    assert not letters(formulas(path)) - known


def test_a_letter_is_listed_at_a_chapter_that_has_it():
    assert len(list(rows())) > 10
    for signs, chapter in rows():
        named = set(re.findall(r"formula ([A-Z])\b", chapter.read_text(encoding="utf-8")))
        assert all(letters(sign) <= letters(formulas(chapter)) | named for sign in signs), (signs, chapter.stem)


def test_no_chapter_has_a_letter_before_the_chapter_that_the_page_names():
    named = {}
    for signs, chapter in rows():
        for letter in set().union(*map(letters, signs)):
            named.setdefault(letter, []).append(chapter)
    for letter, chapters in named.items():
        first = next((path for path in CHAPTERS if letter in letters(formulas(path))), None)
        assert first is None or first in chapters, (letter, first.stem)


def test_constants_are_those_of_the_package():
    assert "720 h" in PAGE and HOURS_PER_MONTH == 720
    assert f"{BYTES_PER_MB:,} bytes" in PAGE and f"| 1 GB | {MB_PER_GB:,} MB |" in PAGE
    assert f"one comes with {price_sheet('aws-lambda').vcpu.mb_per_vcpu:,.0f} MB" in PAGE


def test_letters_are_told_from_words_and_units():
    assert letters(r"e^{-\lambda w} \times 0.2\ \text{s}") == {"lambda", "w"}
    assert letters(r"t_n \frac{s}{\sqrt{n}}") == {"t", "n", "s"}
