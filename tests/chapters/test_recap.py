"""The recap of a part has every chapter of the part, with its sentence, and stays one page."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "foundations" / "recap.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```\{code-cell\}.*?\n```", "", PAGE.partition("\n# ")[2], flags=re.DOTALL)


def test_every_chapter_is_there_in_the_order_of_the_book():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    files = [Path(entry["file"]) for part in parts for entry in part["chapters"]]
    chapters = [file.name for file in files if file.parent.name == "foundations" and file.name != "recap"]
    linked = re.findall(r"^\[\]\((\S+)\.md\): .+\?$", PROSE, re.MULTILINE)
    assert [name for name in linked if name in chapters] == chapters
    assert re.findall(r"^: \{glue:text\}`(\w+)` ", PROSE, re.MULTILINE) == [name.replace("-", "_") for name in linked]


def test_it_is_one_page():
    assert len(PROSE.split()) < 480
    assert len(re.findall(r"^\|---", PROSE, re.MULTILINE)) == 1
