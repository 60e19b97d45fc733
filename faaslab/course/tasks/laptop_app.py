"""The task of the lab "A cloud on your laptop" in which an app.py is changed: it is deployed and called for real.

Chapter "A cloud on your laptop". The app is text, as it would be in a file. It is judged by what its container has
loaded and computed, not by its times, so that a busy machine changes nothing. Left out: imports that the app hides.
"""

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from faaslab.course.cases import Case, Cases
from faaslab.course.check import kind_of, not_given
from faaslab.course.verdict import Finding, unanswered, wrong
from faaslab.course.words import say
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

FOLDER = Path(__file__).resolve().parents[1] / "apps" / "brighten"
PING = {"action": "ping"}


def given() -> str:
    """The app as the lab gives it."""
    return (FOLDER / "app.py").read_text(encoding="utf-8")


@contextlib.contextmanager
def folder_of(app: str):
    """A folder with this text as app.py and the given tables.py, to be deployed; gone after the block."""
    with tempfile.TemporaryDirectory(prefix="faaslab-app-") as place:
        folder = Path(place, "brighten")
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "app.py").write_text(app, encoding="utf-8")
        yield folder


@cache
def gamma_table() -> tuple[int, ...]:
    """The table of tables.py."""
    namespace = {}
    exec(compile((FOLDER / "tables.py").read_text(encoding="utf-8"), "tables.py", "exec"), namespace)
    return tuple(namespace["gamma_table"]())


def photos(seed: int, hidden: bool) -> list[list[int]]:
    """Two small photos, as rows of brightness."""
    rng = np.random.default_rng([seed, 11, hidden])
    return [rng.integers(0, 256, 12).tolist() for _ in range(2)]


@cache
def observed(app: str, seed: int, hidden: bool) -> tuple[dict, ...]:
    """What three calls in one container of this app gave, a ping and two photos: the values, or the errors."""
    events = [PING, *({"action": "brighten", "pixels": pixels} for pixels in photos(seed, hidden))]
    with folder_of(app) as folder, Runtime(keep_alive=FixedWindow(60)) as cloud:
        cloud.deploy("app", folder, handler="probe.handler", memory_mb=256, timeout_s=10)
        answers = [cloud.invoke("app", events[0])]
        for event in events[1:]:  # where one call has taken too long, the others would as well
            late = answers[-1].error is not None and answers[-1].error.get("errorType") == "Sandbox.Timedout"
            answers.append(answers[-1] if late else cloud.invoke("app", event))
    return tuple({"error": answer.error, "value": answer.value} for answer in answers)


@dataclass(frozen=True)
class AppCases:
    """An app, given as text, that is run on the platform. words: the task's; hidden: with the photos of grades."""

    words: dict
    seed: int
    hidden: bool = False

    @property
    def expected(self) -> str:
        return self.words["what"]

    def judge(self, answer) -> Finding:
        """Right where all cases pass; the given text as it stands is not answered yet."""
        missing = not_given(answer)
        if missing:
            return missing
        if not isinstance(answer, str):
            return wrong(say("not_callable", expected=self.words["what"], kind=kind_of(answer)))
        cases = self._cases()
        if answer.strip() == given().strip():
            lines = tuple(("open", case.about) for case in cases)
            return Finding("open", 0.0, unanswered(say("unchanged")).text, lines)
        seen = observed(answer, self.seed, self.hidden)
        return Cases(self.words["what"], cases).judge(lambda: seen)

    def _cases(self):
        about = self.words["cases"]
        ping, first, second = self._ping, self._photo(1), self._photo(2)

        def once_right(look):
            """What is saved counts only where the answers are right."""

            def run(code):
                seen = code()
                if not (ping(seen) == PONG and first(seen) and second(seen)):
                    raise ValueError(about["first"])
                return look(seen)

            return run

        return (
            Case(about["ping"], lambda code: ping(code()), PONG),
            Case(about["photos"], lambda code: first(code()) and second(code()), True),
            Case(about["numpy"], once_right(lambda seen: seen[0]["value"]["numpy"]), False),
            Case(about["table"], once_right(lambda seen: seen[0]["value"]["built"]), 0),
            Case(about["once"], once_right(lambda seen: seen[2]["value"]["built"]), 1),
        )

    @staticmethod
    def _ping(seen):
        return _answer(seen[0])

    def _photo(self, number):
        pixels = photos(self.seed, self.hidden)[number - 1]
        expected = {"pixels": [gamma_table()[p] for p in pixels]}
        return lambda seen: _answer(seen[number]) == expected


PONG = {"pong": True}


class AppError(Exception):
    """What the container said."""


def _answer(seen):
    if seen["error"] is not None:
        raise AppError(f"{seen['error'].get('errorType')}: {seen['error'].get('errorMessage')}")
    return seen["value"]["answer"]
