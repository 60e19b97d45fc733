"""The recap of a part has every chapter of the part, with its sentence, and stays one page."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("foundations", "harvesting")


def prose(part):
    page = (ROOT / "book" / part / "recap.md").read_text(encoding="utf-8")
    return re.sub(r"```\{code-cell\}.*?\n```", "", page.partition("\n# ")[2], flags=re.DOTALL)


@pytest.mark.parametrize("part", PARTS)
def test_every_chapter_is_there_in_the_order_of_the_book(part):
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    files = [Path(entry["file"]) for part in parts for entry in part["chapters"]]
    chapters = [file.name for file in files if file.parent.name == part and file.name != "recap"]
    linked = re.findall(r"^\[\]\((\S+)\.md\): .+\?$", prose(part), re.MULTILINE)
    assert [name for name in linked if name in chapters] == chapters
    glued = re.findall(r"^: \{glue:text\}`(\w+)`", prose(part), re.MULTILINE)
    assert glued == [name.replace("-", "_") for name in linked]


@pytest.mark.parametrize("part", PARTS)
def test_it_is_one_page(part):
    assert len(prose(part).split()) < 480


def test_the_foundations_have_one_table():
    assert len(re.findall(r"^\|---", prose("foundations"), re.MULTILINE)) == 1
