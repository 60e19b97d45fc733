"""A function as it stands on the platform: its limits in the engine's units, its group, its draws."""

from faaslab.platform.draws import Draws
from faaslab.units import microcores, ns


class Deployed:
    def __init__(self, index, function, group, seed):
        self.index = index
        self.function = function
        self.group = group
        self.timeout = _ns(function.timeout_s)
        self.start_timeout = _ns(function.start_timeout_s)
        self.patience = _ns(function.patience_s)
        self.cores = microcores(function.cpu)
        self.speed = function.speed
        self.fits = getattr(function.speed, "fits", None)
        self.kinds = tuple(step.kind == "compute" for step in function.steps)
        # Only then is a call's end known when it begins (besides what the platform as a whole may change).
        self.simple = self.kinds == (True,)
        self.concurrent = 0
        self._seed = seed
        self._draws = {}

    def draws(self, source):
        """The draws of the function's calls from the source of that name."""
        if source not in self._draws:
            self._draws[source] = Draws(self._seed, self.function, source)
        return self._draws[source]


def _ns(value):
    return None if value is None else ns(value)
