"""A lab: its tasks, each with a check, three hints and, where there is one, a generated problem.

What a lab asks is in labs/masters/<lab>.md, its words in data/labs/<lab>.toml, its keys in faaslab.course.tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

from faaslab.course.check import find, listed, quoted
from faaslab.course.problems import Problem, problem
from faaslab.course.verdict import SIGNS, Verdict, code, show, wrong
from faaslab.course.words import fill, lab_names, say, table
from faaslab.errors import InputError, member, whole

STEPS = ("concept", "formula", "example")


@dataclass(frozen=True)
class Task:
    """What a task's answers are compared with.

    judges: one for each answer, in order. hidden: those used for grades, where they differ. problem: the generated
    problem, or None. example: the values that fill the third hint, the same task with other numbers.
    """

    judges: tuple
    problem: Problem | None = None
    example: Mapping = field(default_factory=dict)
    hidden: tuple = ()


def problem_task(topic: str, seed: int) -> Task:
    """The Task of a generated problem; its third hint solves another problem of the topic."""
    posed = problem(topic, seed)
    return Task((posed.judge(),), posed, posed.other().values)


def open_lab(name: str, seed: int = 1) -> "Lab":
    """The lab of this name; its generated problems are drawn from `seed` (a whole number >= 0)."""
    return Lab(member(name, "lab", lab_names()), whole(seed, "seed"))


class Lab:
    """A lab as a student uses it: problem, check, hint, predict. None of the last three ever raises."""

    def __init__(self, name: str, seed: int):
        self.name, self.seed, self.words = name, seed, table(f"labs/{name}")
        self.title = self.words["title"]
        self.tasks = import_module(f"faaslab.course.tasks.{name.replace('-', '_')}").tasks(seed)
        self.hints_shown = dict.fromkeys(self.tasks, 0)
        self.predictions = {}
        if set(self.tasks) != set(self.words["task"]):
            raise InputError(f"lab {name!r}: expected the tasks of its words, got {sorted(self.tasks)}")

    def __repr__(self):
        answers = ", ".join(self.tasks)
        return f"{self.title} (seed {self.seed}); {answers}"

    def points(self, task: str) -> float:
        """The points of a task."""
        return float(self.words["task"][member(task, "task", self.tasks)]["points"])

    def problem(self, task: str) -> Problem:
        """The generated problem of a task; InputError where it has none."""
        found = self.tasks[member(task, "task", self.tasks)].problem
        if found is None:
            raise InputError(f"task {task!r}: expected one with a generated problem")
        return found

    def check(self, task: str, *answers) -> None:
        """Show the verdict on the answers to a task."""
        if not isinstance(task, str) or task not in self.tasks:
            show(_Note(say("unknown_task", shown=quoted(task), tasks=listed(self.tasks))))
        else:
            show(self.verdict(task, *answers))

    def verdict(self, task: str, *answers, hidden=False) -> Verdict:
        """The Verdict on the answers to a task; with `hidden`, by what grades are given for."""
        words, known = self.words["task"][task], self.tasks[task]
        judges = known.hidden if hidden and known.hidden else known.judges
        names = words["answers"]
        if len(answers) != len(judges):
            text = say("answers", expected=len(judges), names=listed(names), got=len(answers))
            return Verdict(words["title"], (("", wrong(text)),))
        found = tuple((name, find(judge, answer)) for name, judge, answer in zip(names, judges, answers, strict=True))
        verdict = Verdict(words["title"], found)
        steps = table("verdicts")["next"]
        following = {"right": steps["right"], "open": steps["open_code" if words.get("code") else "open"]}
        return Verdict(words["title"], found, following.get(verdict.state) or steps["stuck"].format(task=task))

    def hint(self, task: str) -> None:
        """Show the next of three hints: the idea, the rule, the same with other numbers; then they begin again."""
        if not isinstance(task, str) or task not in self.tasks:
            show(_Note(say("unknown_task", shown=quoted(task), tasks=listed(self.tasks))))
            return
        number = self.hints_shown[task] % 3 + 1
        self.hints_shown[task] = number
        show(self.hint_text(task, number))

    def hint_text(self, task: str, number: int) -> "_Note":
        """Hint `number` (1, 2 or 3) of a task."""
        step = STEPS[number - 1]
        text = self.words["task"][task]["hints"][step]
        title = f"{say('hint', number=number)}, {table('verdicts')['hints'][step]}"
        paragraphs = [fill(part, self.tasks[task].example) for part in text.strip().split("\n\n")]
        return _Note("\n\n".join(paragraphs), title, say("no_more_hints") if number == 3 else "")

    def predict(self, name: str, answer) -> None:
        """Note what the student expects before the result is shown; no verdict is given."""
        allowed = self.words["predictions"].get(name, [])
        given = answer.strip().lower() if isinstance(answer, str) else answer
        if not isinstance(given, (str, int, float)) or given not in allowed:
            show(_Note(say("predict", allowed=listed(allowed)), sign="open"))
            return
        self.predictions[name] = given
        show(_Note(say("noted", answer=quoted(given)), sign="right"))


class _Note:
    """Something to read that is not a verdict."""

    def __init__(self, text, title="", after="", sign=""):
        self.text, self.title, self.after, self.sign = text, title, after, SIGNS.get(sign, "")

    def __repr__(self):
        head = [f"{self.title}."] if self.title else []
        text = f"{self.sign} {self.text}" if self.sign else self.text
        return "\n".join([*head, text, *([self.after] if self.after else [])])

    def _repr_html_(self):
        title = f"<strong>{code(self.title)}.</strong> " if self.title else ""
        body = "".join(f'<p style="margin:.3em 0">{title if i == 0 else ""}{code(part)}</p>'
                       for i, part in enumerate(f"{self.sign} {self.text}".strip().split("\n\n")))  # fmt: skip
        after = f'<p style="margin:.3em 0;opacity:.8">{code(self.after)}</p>' if self.after else ""
        return f'<div style="border-left:5px solid #0072b2;padding:.2em .9em;margin:.3em 0">{body}{after}</div>'
