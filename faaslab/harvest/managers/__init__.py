"""Resource managers: one class a file, all behind the interface of faaslab.harvest.manager.

MANAGERS has those that need nothing but options, by the names that the command line takes. FaaSRM (faasrm.py) needs a
trained policy.
"""

from faaslab.harvest.managers.ensure import Ensure
from faaslab.harvest.managers.fixed import Fixed
from faaslab.harvest.managers.freyr_settings import freyr_settings
from faaslab.harvest.managers.greedy import Greedy
from faaslab.harvest.managers.heuristic import Heuristic
from faaslab.harvest.managers.largest import Largest
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
}

__all__ = [
    "MANAGERS",
    "Ensure",
    "Fixed",
    "Greedy",
    "Heuristic",
    "Largest",
    "Oracle",
    "RandomChoice",
    "Smallest",
    "freyr_settings",
]
