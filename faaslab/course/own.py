"""Answers about what the student has measured: the keys are computed from the measurement that comes with them.

A measurement differs on each machine and in each run, so no key can stand in a file. The answer is a tuple, the
measurement first and then the values that were read from it. Left out: whether the measurement is honest; a grade that
somebody wants to win by inventing one is no grade of theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from faaslab.course.check import find, kind_of, not_given
from faaslab.course.verdict import Finding, right, unanswered, wrong
from faaslab.course.words import say


@dataclass(frozen=True)
class Own:
    """One answer that is a tuple: the measurement, then a value for each of `names`.

    what: what is expected, in words. names: of the values, in order. judges: from the measurement to the judges of the
    values; it raises where the measurement is none.
    """

    what: str
    names: tuple[str, ...]
    judges: Callable

    @property
    def expected(self) -> str:
        return self.what

    def judge(self, answer) -> Finding:
        """Right where every value is; the score is the share of those that are."""
        missing = not_given(answer)
        if missing:
            return missing
        if not isinstance(answer, tuple) or len(answer) != 1 + len(self.names):
            return wrong(say("not_callable", expected=self.what, kind=kind_of(answer)))
        measurement, *values = answer
        if not_given(measurement):
            return not_given(measurement)
        judges = self.judges(measurement)
        found = [find(judge, value) for judge, value in zip(judges, values, strict=True)]
        if all(finding.state == "open" for finding in found):
            return unanswered(found[0].text)
        lines = tuple(
            line
            for name, finding in zip(self.names, found, strict=True)
            for line in ((finding.state, f"{name}: {finding.text}"), *finding.lines)
        )
        score = sum(finding.score for finding in found) / len(found)
        return right("", lines) if score == 1.0 else wrong("", lines, score)
