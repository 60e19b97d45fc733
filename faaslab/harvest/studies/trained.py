"""FaaSRM with a policy for each seed: the run's seed picks the training's, so that intervals contain both."""

from pathlib import Path

from faaslab.harvest.managers.faasrm import FaaSRM
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies.policies import RECIPES, STORED, file_of


class Trained(FaaSRM):
    """FaaSRM under a stored recipe's own safeguard; seed s runs the policy of training seed s (modulo how many)."""

    def __init__(self, recipe: str, folder: Path = STORED, **settings):
        made = RECIPES[recipe]
        self._policies = [NumpyScores.load(file_of(recipe, seed, folder)) for seed in made.seeds]
        super().__init__(self._policies[0], threshold=made.threshold, coupled=made.coupled, **settings)
        self.name = recipe

    def reset(self, seed):
        self.policy = self._policies[(seed - 1) % len(self._policies)]
        super().reset(seed)
