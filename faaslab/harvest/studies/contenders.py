"""Who takes part in the studies: rules and controls by name, and FaaSRM under each stored recipe."""

from pathlib import Path

from faaslab.errors import member
from faaslab.harvest.manager import ResourceManager
from faaslab.harvest.managers import MANAGERS, RandomChoice
from faaslab.harvest.studies.policies import RECIPES, STORED
from faaslab.harvest.studies.trained import Trained

UNGUARDED = "random, unguarded"


def contender(name: str, policies: Path = STORED) -> ResourceManager:
    """A new manager: one of MANAGERS, random without its safeguard, or a recipe's policies from that folder."""
    if name in RECIPES:
        return Trained(name, policies)
    if name == UNGUARDED:
        return RandomChoice(threshold=None)
    return MANAGERS[member(name, "contender", (*MANAGERS, UNGUARDED, *RECIPES))]()
