"""Checks: the verdict on an answer, at once, with what a wrong answer most likely comes from. A check never raises.

Three kinds of answers: a Number with its tolerance, unit and known slips; a Choice among names or numbers; Cases (in
cases.py), where code is tried on calls. Each has `judge(answer)`, which returns a Finding. What each can recognise is
in data/verdicts.toml.
"""

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from faaslab.course.verdict import Finding, Verdict, right, show, unanswered, wrong
from faaslab.course.words import say, shown, table

# In which unit somebody calculated whose answer is this many times the right one.
FACTORS = (
    (1000.0, "kilo"), (1024.0, "binary"), (60.0, "sixty"), (3600.0, "hour"), (24.0, "day"), (30.0, "month"),
    (100.0, "hundred"),
)  # fmt: skip


def check(answer, key, *, name="", unit="", tolerance=0.005, slips=None, remarks=None, allowed=None) -> None:
    """Show the verdict on `answer`: right where it agrees with `key`. Never raises, whatever the answer is.

    key: a number, or a text among `allowed`. unit: shown with the answer ("fraction" for a share between 0 and 1).
    tolerance: relative. slips: sentence -> the wrong number that this slip leads to. remarks: wrong choice -> sentence.
    """
    if isinstance(key, str) or allowed is not None:
        judge = Choice(key, tuple(allowed or (key,)), dict(remarks or {}))
    else:
        judge = Number(float(key), unit, tolerance, dict(slips or {}))
    show(Verdict(name, ((name, find(judge, answer)),)))


def find(judge, answer) -> Finding:
    """`judge.judge(answer)`, or the finding that the answer cannot be read, where it has a mind of its own."""
    try:
        return judge.judge(answer)
    except Exception as error:
        return wrong(say("unreadable", error=type(error).__name__, expected=judge.expected))


def kind_of(answer) -> str:
    """What an answer is, in words."""
    name = "function" if callable(answer) and not isinstance(answer, type) else type(answer).__name__
    return table("verdicts")["kinds"].get(name, f"`{name}`")


def quoted(value) -> str:
    """A value as a student would write it, cut where it is long."""
    text = repr(value) if isinstance(value, str) else f"`{value!r}`"
    return text if len(text) <= 60 else text[:56] + "..."


def listed(values) -> str:
    """Values in a row."""
    return ", ".join(quoted(value) for value in values)


def not_given(answer) -> Finding | None:
    """The finding for None and `...`, else None."""
    if answer is None:
        return unanswered(say("none"))
    return unanswered(say("ellipsis")) if answer is Ellipsis else None


def as_number(answer) -> float | Finding:
    """The answer as a float, or the finding that says why it is none."""
    if isinstance(answer, str):
        try:
            float(answer.replace(",", "").split()[0])
        except (ValueError, IndexError):
            return wrong(say("text", shown=quoted(answer)))
        return wrong(say("text_number", shown=quoted(answer)))
    if isinstance(answer, bool) or getattr(getattr(answer, "dtype", None), "kind", "") == "b":
        count = getattr(answer, "size", 1)
        return wrong(say("truth", shown=str(answer)) if count == 1 else say("truths", count=int(count)))
    if callable(answer):
        return wrong(say("function"))
    if getattr(answer, "ndim", None) == 0 and hasattr(answer, "item"):
        answer = answer.item()
    if hasattr(answer, "__len__"):
        count = getattr(answer, "size", None) or len(answer)
        key = "one_in_array" if count == 1 else "many"
        return wrong(say(key, count=int(count), kind=kind_of(answer)))
    if isinstance(answer, complex):
        return wrong(say("complex"))
    if not isinstance(answer, numbers.Number):
        return wrong(say("not_number", kind=kind_of(answer)))
    value = float(answer)
    if math.isnan(value):
        return wrong(say("nan"))
    return wrong(say("infinite")) if math.isinf(value) else value


@dataclass(frozen=True)
class Number:
    """An answer that is one number.

    tolerance: relative. unit: "fraction" means a share, "" none, "count" things counted (exactly). slips: sentence ->
    the wrong number it explains.
    """

    key: float
    unit: str = ""
    tolerance: float = 0.005
    slips: Mapping[str, float] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return "a number" if self.unit in ("", "count", "fraction") else f"a number of {self.unit}"

    def judge(self, answer) -> Finding:
        """Right within the tolerance; else the slip, the unit or at least the direction of what is wrong."""
        value = not_given(answer) or as_number(answer)
        if isinstance(value, Finding):
            return value
        if self._near(value, self.key):
            unit = "" if self.unit in ("", "count", "fraction") else f" {self.unit}"
            return right(say("value", value=shown(int(value) if self.unit == "count" else value), unit=unit))
        slips = [sentence for sentence, slip in self.slips.items() if self._near(value, slip)]
        if slips:
            return wrong(f" {say('or')} ".join(slips))
        return wrong(say(self._diagnosis(value), factor=self._factor(value)))

    def _near(self, value, wanted):
        margin = 1e-9 if self.unit == "count" else self.tolerance * abs(wanted)
        return abs(value - wanted) <= max(margin, 1e-12)

    def _factor(self, value):
        """The largest power of ten by which the answer is off."""
        if not self.key or not value:
            return 1
        return 10 ** int(abs(math.log10(abs(value)) - math.log10(abs(self.key))))

    def _diagnosis(self, value) -> str:
        key = self.key
        if self.unit == "count":
            return (
                "negative"
                if value < 0
                else "whole"
                if value != int(value)
                else "too_large"
                if value > key
                else "too_small"
            )
        if key == 0:
            return "too_large" if value > 0 else "too_small"
        if self._near(value, -key):
            return "sign"
        if self.unit == "fraction" and self._near(value, 1 - key):
            return "complement"
        ratio = value / key
        for factor, name in FACTORS:
            for suffix, size in (("big", factor), ("small", 1 / factor)):
                if abs(ratio / size - 1) <= max(self.tolerance, 0.005):
                    return f"{'percent' if name == 'hundred' and self.unit == 'fraction' else name}_{suffix}"
        # narrower than a right answer's margin: a rounded answer is not a slip
        if any(abs(ratio / size - 1) <= 0.002 for size in (1.024, 1 / 1.024)):
            return "decimal_gb"
        if self._near(value, 1 / key):
            return "reciprocal"
        if abs(ratio - 1) < 0.05:
            return "coarse"
        if ratio < 0:
            return "negative" if value < 0 else "positive"
        if self.unit == "fraction" and value > 1:
            return "fraction"
        if value and key > 0 and not 0.1 <= ratio <= 10:
            return "far_large" if ratio > 1 else "far_small"
        return "too_large" if value > key else "too_small"


@dataclass(frozen=True)
class Choice:
    """An answer that is one of `allowed` (texts or numbers). remarks: wrong choice -> what it takes for granted."""

    key: str | float
    allowed: tuple
    remarks: Mapping = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return f"one of {listed(self.allowed)}"

    def judge(self, answer) -> Finding:
        """Right where the choice is the key; upper and lower case and spaces around a text do not matter."""
        missing = not_given(answer)
        if missing:
            return missing
        if isinstance(self.key, str):
            if not isinstance(answer, str):
                return wrong(say("choice_text", allowed=listed(self.allowed)))
            allowed = {choice.lower(): choice for choice in self.allowed}
            value = " ".join(answer.split()).lower()
            value = allowed.get(value, value)
        else:
            value = as_number(answer)
            if isinstance(value, Finding):
                return value
        if value not in self.allowed:
            near = get_close_matches(str(value), [str(a) for a in self.allowed], n=1) if isinstance(value, str) else []
            words = {"allowed": listed(self.allowed), "shown": quoted(answer)}
            return wrong(say("choice_near", **words, near=quoted(near[0])) if near else say("choice", **words))
        if value == self.key:
            return right(say("value", value=quoted(answer), unit=""))
        return wrong(self.remarks.get(value) or say("choice_wrong", shown=quoted(answer)))


@dataclass(frozen=True)
class Deferred:
    """A judge that `make` makes when an answer comes, since its key takes a simulation.

    expected: what the answer has to be, in words. make: a function without parameters that returns the judge.
    """

    expected: str
    make: Callable

    def judge(self, answer) -> Finding:
        """What the judge that was made finds; what has no answer yet waits for no simulation."""
        return not_given(answer) or self.make().judge(answer)
