"""The boxes "For real": what they show is run on the real platform."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHAPTERS = sorted((Path(__file__).parents[2] / "book" / "foundations").glob("*.md"))
BOX = re.compile(r":::\{admonition\} For real: .*?```python\n(.*?)```", re.DOTALL)
EXPECTED = {
    "autoscaling": r"\['\d\.\d\d s'(, '\d\.\d\d s'){7}\]",
    "chance-and-measurement": r"(\d\.\d{4} s\n){5}",
    "cold-and-warm-starts": r"cold\nwarm\ncold\n",
    "events": r"\{.*'dead': 2",
    "from-servers-to-functions": r"REPORT RequestId: .*Billed Duration: \d+ ms.*Init Duration: .*",
    "inside-a-platform": r"\['\w+', 'thumbnails'\]",
    "what-it-costs": r"^\d\.\d+(e-\d\d)?$",
}
BOXES = {path.stem: match[1] for path in CHAPTERS if (match := BOX.search(path.read_text()))}


def test_every_chapter_about_the_simulator_has_one():
    assert set(BOXES) == set(EXPECTED)


@pytest.mark.parametrize("chapter", sorted(BOXES))
def test_what_it_shows_runs(chapter):
    done = subprocess.run([sys.executable, "-c", BOXES[chapter]], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.match(EXPECTED[chapter], done.stdout), done.stdout
