"""Starting from scratch: every container passes all phases of its function's cold start.

Chapter "Cold and warm starts". The baseline of the ways to start.
"""

from faaslab.functions import PHASES


class FromScratch:
    """No stock; allocate, runtime, dependencies, code."""

    def reset(self, seed):
        pass

    def stock(self):
        return ()

    def phases(self, function, from_stem):
        return PHASES
