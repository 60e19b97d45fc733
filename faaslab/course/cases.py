"""Cases: a student's function or class, tried on calls whose results are known.

Left out: a sandbox. Code runs in the notebook's own process, with its output set aside and, on systems that have an
interval timer, a limit on its time.
"""

import contextlib
import io
import signal
import sysconfig
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from faaslab.course.check import kind_of, not_given, quoted
from faaslab.course.verdict import Finding, right, unanswered, wrong
from faaslab.course.words import say

LIMIT_S = 10.0
LIBRARIES = (
    str(Path(__file__).parents[1]),
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    "<frozen",
)


@dataclass(frozen=True)
class Case:
    """One call: what it is about, `run(code)` which makes it, and the result expected (compared with ==).

    explain: optional, from the result that came to a sentence that says more, or None.
    """

    about: str
    run: Callable
    expected: object
    explain: Callable | None = None


@dataclass(frozen=True)
class Cases:
    """Code that passes every case. what: what is expected, in words; unchanged: the given code, not an answer yet."""

    what: str
    cases: tuple[Case, ...]

    @property
    def expected(self) -> str:
        return self.what

    def judge(self, answer) -> Finding:
        """Right where all cases pass; the score is the share that does."""
        missing = not_given(answer)
        if missing:
            return missing
        if not callable(answer):
            return wrong(say("not_callable", expected=self.what, kind=kind_of(answer)))
        found = [attempt(case, answer) for case in self.cases]
        passed = sum(text is None for text in found)
        lines, told = [], set()
        for case, text in zip(self.cases, found, strict=True):
            detail = "" if text is None else say("the_same") if text in told else text
            told.add(text)
            lines.append(("wrong", f"{case.about}: {detail}") if detail else ("right", case.about))
        summary = say("cases", passed=passed, all=len(found))
        return right(summary, lines) if passed == len(found) else wrong(summary, lines, passed / len(found))


@dataclass(frozen=True)
class Changed:
    """Cases for code that is given and to be changed: while it does what `original` does, nothing is answered."""

    cases: Cases
    original: Callable

    @property
    def expected(self) -> str:
        return self.cases.what

    def judge(self, answer) -> Finding:
        """As Cases; the given code as it stands is "not answered yet" and scores nothing."""
        finding = self.cases.judge(answer)
        if finding.state in ("right", "open") or not callable(answer):
            return finding
        before = [_result(case, self.original) for case in self.cases.cases]
        now = [_result(case, answer) for case in self.cases.cases]
        if before == now:
            return replace(unanswered(say("unchanged")), lines=tuple(("open", case.about) for case in self.cases.cases))
        return finding


def first_difference(expected: list, tell: Callable) -> Callable:
    """A Case's `explain` for lists: `tell(index, got, expected)` of the first entry that differs.

    None where the result is no list of the expected length.
    """

    def explain(got):
        if not isinstance(got, list) or len(got) != len(expected):
            return None
        at = next((i for i, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e), None)
        return None if at is None else tell(at, got[at], expected[at])

    return explain


def attempt(case: Case, code) -> str | None:
    """None where the case passes, else the sentence that says what happened."""
    try:
        with quiet(), time_limit(LIMIT_S):
            got = case.run(code)
            passed = bool(got == case.expected)
    except TimeoutError:
        return say("case_slow", seconds=LIMIT_S)
    except SystemExit:
        return say("case_exit")
    except Exception as error:
        text = str(error).strip().split("\n")[0]
        named = f"`{type(error).__name__}`" + (f": {text[:120].rstrip('.')}" if text else "")
        number = _line(error)
        return say("case_raises_at" if number else "case_raises", error=named, number=number)
    if passed:
        return None
    return (case.explain and case.explain(got)) or say(
        "case_returns", expected=quoted(case.expected), got=quoted(got)
    )  # fmt: skip


def _result(case, code):
    try:
        with quiet(), time_limit(LIMIT_S):
            return repr(case.run(code))
    except (Exception, SystemExit) as error:
        return repr(error)


def _line(error) -> int | None:
    """The line of the student's own code at which the error came up: the last that is in no installed package."""
    number, step = None, error.__traceback__
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(LIBRARIES):
            number = step.tb_lineno
        step = step.tb_next
    return number


@contextlib.contextmanager
def quiet():
    """Set aside what is printed and warned meanwhile."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def time_limit(seconds: float):
    """TimeoutError after `seconds`, in the main thread of systems with an interval timer; elsewhere no limit."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signal, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
