"""Decision points: where a run stops, shows what it sees, and goes on with what it is told.

They let a learner or a person stand where a policy stands, without a change in the engine.
"""

from dataclasses import dataclass

from faaslab.model.policies import Allocation
from faaslab.model.views import CallView, GroupView, PlatformView

POINTS = ("arrival", "tick")


@dataclass(frozen=True)
class Decision:
    """A question from a run. kind "arrival": what becomes of `call` (a Choice). kind "tick": how many containers
    `group` shall have (a whole number >= 0)."""

    kind: str
    platform: PlatformView
    call: CallView | None = None
    group: GroupView | None = None


@dataclass(frozen=True)
class Choice:
    """The answer at an arrival: let the call in or not, and with which allocation it will run (None: the platform's
    rule)."""

    admit: bool = True
    allocation: Allocation | None = None
