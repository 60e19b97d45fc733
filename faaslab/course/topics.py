"""The topics of generated problems by chapter, with what each asks, for lists of them.

The words are those of data/problems/<topic>.toml, the chapters and their titles those of data/quiz.toml, in the book's
order. Left out: numbers; a list shows an ellipsis where a problem has one.
"""

import re

from faaslab.course.words import table, topic_names


def chapter_titles() -> dict[str, str]:
    """Titles of the chapters by their file names, in the book's order."""
    return table("quiz")["chapters"]


def topics_of(chapter: str) -> list[str]:
    """The topics that belong to the chapter with this file name, in alphabetical order."""
    return [topic for topic in topic_names() if table(f"problems/{topic}")["chapter"] == chapter]


def asked(topic: str) -> str:
    """What the problems of a topic ask, in one sentence."""
    return question(table(f"problems/{topic}")["statement"])


def question(statement: str) -> str:
    """The last question of a statement (if it has none, its last sentence), with an ellipsis for each field."""
    sentences = re.split(r"(?<=[.?]) ", " ".join(statement.split()))
    last = next((text for text in reversed(sentences) if text.endswith("?")), sentences[-1])
    return without_fields(last)


def without_fields(text: str) -> str:
    """A text with an ellipsis in the place of each field in braces."""
    return re.sub(r"\{\w+(:[^}]*)?\}", "…", text)
