"""FaaSRM: a learnt network scores the options that the safeguard allows, and the best one is taken.

Chapter "FaaSRM". Source: H. Yu et al., "Harvesting Idle Resources in Serverless Computing via Reinforcement Learning",
arXiv 2108.12717; later published as Freyr (WWW 2022). With threshold=None it runs without its safeguard. Left out:
learning while it is deployed.
"""

import numpy as np

from faaslab.harvest.features import COUNT, Features
from faaslab.harvest.manager import SafeguardedManager
from faaslab.harvest.scores import NumpyScores
from faaslab.streams import stream


class FaaSRM(SafeguardedManager):
    """policy: a NumpyScores or the file of one (see scores.py). samples: take an option with its probability, as in
    training, instead of the most probable one."""

    name = "FaaSRM"

    def __init__(self, policy, options=None, threshold=0.9, coupled=False, samples=False):
        self.policy = policy if isinstance(policy, NumpyScores) else NumpyScores.load(policy, features=COUNT)
        self.samples = samples
        super().__init__(options, threshold, coupled)
        self._features = Features(self.options)

    def reset(self, seed):
        super().reset(seed)
        self._uniform = stream(seed, "FaaSRM").random

    def pick(self, known, ranges, call, platform):
        allowed = self.mask(ranges).nonzero()[0]
        if len(allowed) == 1:
            return int(allowed[0])
        scores = self.policy.scores(self._features.of(known, platform)[allowed])
        if not self.samples:
            return int(allowed[scores.argmax()])
        weights = np.cumsum(np.exp(scores - scores.max()))
        return int(allowed[np.searchsorted(weights, self._uniform() * weights[-1])])
