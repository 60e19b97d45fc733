"""Round robin: each placement begins at the invoker after the one at which the last placement began.

Source: the field's standard rule. The turn passes with every placement, also where the invoker whose turn it was had no
room.
"""


class RoundRobin:
    """Takes the invokers in turn."""

    def __init__(self):
        self.reset(0)

    def reset(self, seed):
        self._next = 0

    def order(self, function, invokers):
        first = self._next % len(invokers)
        self._next = first + 1
        return [*invokers[first:], *invokers[:first]]
