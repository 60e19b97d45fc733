"""Resource managers: one class a file, all behind the interface of faaslab.harvest.manager.

MANAGERS has those that need nothing but options, by name; FaaSRM needs a trained policy, too. named.py makes any of
them, with settings, from a text.
"""

from faaslab.harvest.managers.ensure import Ensure
from faaslab.harvest.managers.faasrm import FaaSRM
from faaslab.harvest.managers.fixed import Fixed
from faaslab.harvest.managers.freyr_settings import freyr_settings
from faaslab.harvest.managers.greedy import Greedy
from faaslab.harvest.managers.heuristic import Heuristic
from faaslab.harvest.managers.largest import Largest
from faaslab.harvest.managers.libra import Libra
from faaslab.harvest.managers.oracle import Oracle
from faaslab.harvest.managers.random_choice import RandomChoice
from faaslab.harvest.managers.smallest import Smallest

MANAGERS = {
    "fixed": Fixed,
    "greedy": Greedy,
    "ensure": Ensure,
    "random": RandomChoice,
    "largest": Largest,
    "smallest": Smallest,
    "oracle": Oracle,
    "heuristic": Heuristic,
    "libra": Libra,
}

__all__ = [
    "MANAGERS",
    "Ensure",
    "FaaSRM",
    "Fixed",
    "Greedy",
    "Heuristic",
    "Largest",
    "Libra",
    "Oracle",
    "RandomChoice",
    "Smallest",
    "freyr_settings",
]
