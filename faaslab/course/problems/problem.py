"""A generated problem: what is given, its key, and the wrong values that known slips lead to.

Left out: partial credit; a problem is one number or one choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from faaslab.course.check import Choice, Number
from faaslab.course.verdict import code
from faaslab.course.words import fill, table, topic_names
from faaslab.errors import InputError, member, whole

TRIES = 1000
OTHERS = 4  # problems among which a worked example is chosen


@dataclass(frozen=True)
class Problem:
    """A problem with its key.

    given: names with units -> values, what the student is told. key: a number in `unit`, or one of `allowed`. slips:
    name of a misconception -> the wrong answer it leads to. steps: values on the way, for the worked example.
    """

    topic: str
    seed: int
    given: Mapping
    key: float | str
    unit: str = ""
    slips: Mapping = field(default_factory=dict)
    steps: Mapping = field(default_factory=dict)
    allowed: tuple = ()

    @property
    def values(self) -> dict:
        """What is given, the steps, and the key, for filling in words."""
        return {**self.given, **self.steps, "key": self.key, **{f"slip_{k}": v for k, v in self.slips.items()}}

    @property
    def words(self) -> dict:
        """The topic's statement, slips and hints, with their fields still in braces."""
        return table(f"problems/{self.topic}")

    @property
    def statement(self) -> str:
        """The problem in words."""
        return fill(self.words["statement"], self.values)

    def judge(self):
        """The Number or Choice that judges an answer, with this topic's sentences for the slips."""
        sentences = {slip: fill(self.words["slips"][slip], self.values) for slip in self.slips}
        if self.allowed:
            return Choice(self.key, self.allowed, {self.slips[slip]: text for slip, text in sentences.items()})
        return Number(self.key, self.unit, slips={text: self.slips[slip] for slip, text in sentences.items()})

    def hints(self) -> tuple[str, str, str]:
        """The idea, the rule, and a worked example with other numbers."""
        words = self.words["hints"]
        return words["concept"], words["formula"], fill(words["example"], self.other().values)

    def other(self) -> "Problem":
        """A problem of the same topic with other numbers and another key, for a worked example.

        Of OTHERS such problems the one that shares the fewest numbers: else an example may give away the key.
        """
        found, seed = [], self.seed + 1000
        while len(found) < OTHERS:
            drawn = problem(self.topic, seed)
            if drawn.key != self.key and drawn.given != self.given:
                found.append(drawn)
            seed += 1
        return max(found, key=lambda drawn: sum(drawn.given[name] != value for name, value in self.given.items()))

    def __repr__(self):
        rows = [f"  {name} = {value!r}" for name, value in self.given.items()]
        return "\n".join([self.statement, *rows])

    def _repr_html_(self):
        rows = "".join(f"<li><code>{name}</code> = {value!r}</li>" for name, value in self.given.items())
        return f"<p>{code(self.statement)}</p><ul>{rows}</ul>"


def problem(topic: str, seed: int) -> Problem:
    """The problem of `topic` (see topic_names) for `seed`, a whole number >= 0: equal seeds give equal problems.

    Drawn until no slip leads to the key by chance. InputError for an unknown topic, or one that never comes to a
    problem in TRIES draws.
    """
    member(topic, "topic", topic_names())
    draw = import_module(f"faaslab.course.problems.{topic.replace('-', '_')}").draw
    rng = np.random.default_rng([whole(seed, "seed"), *topic.encode()])
    for _ in range(TRIES):
        drawn = Problem(topic, seed, **draw(rng))
        if not any(_same(slip, drawn.key) for slip in drawn.slips.values()):
            return drawn
    raise InputError(f"topic {topic!r}, seed {seed}: expected a draw without a slip that equals the key")


def _same(slip, key) -> bool:
    """Whether a slip would be taken for the key."""
    if isinstance(key, str):
        return slip == key
    return abs(slip - key) <= 0.015 * abs(key)
