"""Early stop: a training that has not improved for a while is ended.

The mean return of one update jumps about with the episodes that it met, so it is the moving mean over `window` updates
that must not have risen above its best for `patience` updates. It says that the training no longer improves, not that
the policy is good.
"""

import math
from dataclasses import dataclass, field


@dataclass
class Plateau:
    """`patience` None: never reached. The other fields are its memory, which a checkpoint keeps."""

    patience: int | None
    window: int
    returns: list = field(default_factory=list)
    best: float = -math.inf
    since: int = 0

    def note(self, mean_return: float) -> None:
        self.returns = [*self.returns, mean_return][-self.window :]
        if len(self.returns) < self.window:
            return
        moving = math.fsum(self.returns) / self.window
        self.since = 0 if moving > self.best else self.since + 1
        self.best = max(self.best, moving)

    @property
    def reached(self) -> bool:
        return self.patience is not None and self.since >= self.patience
