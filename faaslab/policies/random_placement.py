"""Random placement: every order of the invokers is equally likely.

Source: the field's standard baseline. A placement draws one permutation from the policy's own stream of random numbers.
"""

import numpy as np


class RandomPlacement:
    """Tries the invokers in random order."""

    def __init__(self):
        self.reset(0)

    def reset(self, seed):
        self._rng = np.random.default_rng(seed)

    def order(self, function, invokers):
        return [invokers[i] for i in self._rng.permutation(len(invokers)).tolist()]
