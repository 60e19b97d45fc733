"""Verdicts: what a check found, as text and as HTML, with what to do next.

A finding is about one answer, a verdict about a task with one or more answers. States: right, partly, wrong, open (not
answered yet). Colour never carries the state alone: each has its word and its sign.
"""

from dataclasses import dataclass
from html import escape

from faaslab.course.words import table

SIGNS = {
    "right": "\N{CHECK MARK}",
    "partly": "\N{ALMOST EQUAL TO}",
    "wrong": "\N{MULTIPLICATION X}",
    "open": "\N{WHITE CIRCLE}",
}
COLOURS = {"right": "#009e73", "partly": "#e69f00", "wrong": "#d55e00", "open": "#8a8a94"}


@dataclass(frozen=True)
class Finding:
    """About one answer: its state, its score from 0 to 1, and a sentence (which may be empty)."""

    state: str
    score: float
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()  # of an answer that is tried on several cases: (state, sentence)


def right(text="", lines=()):
    """The finding of a right answer."""
    return Finding("right", 1.0, text, tuple(lines))


def wrong(text, lines=(), score=0.0):
    """The finding of an answer that is wrong, or right in part where `score` is above 0."""
    return Finding("partly" if score > 0 else "wrong", score, text, tuple(lines))


def unanswered(text):
    """The finding of an answer that is still to be given."""
    return Finding("open", 0.0, text)


@dataclass(frozen=True)
class Verdict:
    """About a task: its title, (label, finding) for each answer, and what to do next."""

    title: str
    findings: tuple[tuple[str, Finding], ...]
    next_step: str = ""

    @property
    def score(self) -> float:
        """The mean score of the answers, 0 to 1."""
        return sum(finding.score for _, finding in self.findings) / len(self.findings)

    @property
    def state(self) -> str:
        """right if all are, open if none is answered, wrong if no point was won, else partly."""
        states = {finding.state for _, finding in self.findings}
        if states == {"right"} or states == {"open"}:
            return states.pop()
        return "partly" if self.score > 0 else "wrong"

    def lines(self) -> list[tuple[str, str]]:
        """(state, sentence) for each thing to say below the headline."""
        several = len(self.findings) > 1
        if several and self.state == "open" and len({finding.text for _, finding in self.findings}) == 1:
            return [("open", self.findings[0][1].text)]
        lines = []
        for label, finding in self.findings:
            text = f"{label}: {finding.text or table('verdicts')['states'][finding.state]}" if several else finding.text
            if text:
                lines.append((finding.state, text))
            lines += finding.lines
        return lines

    def headline(self) -> str:
        """The state in words, with the title."""
        word = table("verdicts")["states"][self.state]
        return f"{self.title}: {word[0].lower()}{word[1:]}" if self.title else word

    def __repr__(self) -> str:
        several = len(self.lines()) > 1
        lines = [f"  {SIGNS[state]} {text}" if several else f"  {text}" for state, text in self.lines()]
        return "\n".join(
            [f"{SIGNS[self.state]} {self.headline()}", *lines, *([f"  {self.next_step}"] * bool(self.next_step))]
        )

    def _repr_html_(self) -> str:
        several = len(self.lines()) > 1
        body = "".join(
            f'<div style="margin:.15em 0">{sign(state) if several else ""} {code(text)}</div>'
            for state, text in self.lines()
        )
        after = f'<div style="margin-top:.4em;opacity:.8">{code(self.next_step)}</div>' if self.next_step else ""
        return (
            f'<div role="status" style="border-left:5px solid {COLOURS[self.state]};padding:.4em .9em;margin:.3em 0">'
            f"{sign(self.state)} <strong>{escape(self.headline())}</strong>{body}{after}</div>"
        )


def sign(state: str) -> str:
    """The sign of a state as HTML: in the text's own colour, which can be read on light and on dark ground."""
    return f"<strong>{SIGNS[state]}</strong>"


def code(text: str) -> str:
    """Plain text as HTML in which `backticks` become code."""
    parts = escape(text, quote=False).split("`")
    if len(parts) % 2 == 0:
        return escape(text, quote=False)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def show(thing) -> None:
    """Display in a notebook, print elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(repr(thing))
    else:
        display(thing)
