"""The names of policies, as the command line, presets and labs write them.

`none`, `fixed:SECONDS` (a bare number means it), `lru`, `greedy-dual`, `histogram`; placements and queueings likewise.
"""

from faaslab.errors import InputError, member
from faaslab.policies.earliest_deadline import EarliestDeadline
from faaslab.policies.fcfs import FCFS
from faaslab.policies.fixed_window import FixedWindow
from faaslab.policies.greedy_dual import GreedyDual
from faaslab.policies.hashed import Hashed
from faaslab.policies.hybrid_histogram import HybridHistogram
from faaslab.policies.least_loaded import LeastLoaded
from faaslab.policies.lru import LRU
from faaslab.policies.no_keep_alive import NoKeepAlive
from faaslab.policies.random_placement import RandomPlacement
from faaslab.policies.round_robin import RoundRobin
from faaslab.policies.shortest_first import ShortestFirst
from faaslab.policies.warm_first import WarmFirst

KEEP_ALIVES = {"none": NoKeepAlive, "lru": LRU, "greedy-dual": GreedyDual, "histogram": HybridHistogram}
PLACEMENTS = {"hashed": Hashed, "round-robin": RoundRobin, "random": RandomPlacement, "least-loaded": LeastLoaded}
QUEUEINGS = {
    "fcfs": FCFS,
    "earliest-deadline": EarliestDeadline,
    "shortest-oracle": lambda: ShortestFirst("oracle"),
    "shortest-estimate": lambda: ShortestFirst("estimate"),
}


def parse_keep_alive(text, where="keep-alive", cost_s=None):
    """A new keep-alive policy by name: none, fixed:SECONDS or a bare number of seconds, lru, greedy-dual, histogram.

    cost_s: for greedy-dual, a mapping from functions' names to the seconds that a warm start saves. InputError names
    `where` and the nearest spelling.
    """
    name, colon, rest = str(text).strip().partition(":")
    window = rest if name == "fixed" and colon else name
    try:
        window_s = float(window)
    except ValueError:
        window_s = None
    if window_s is not None and (name == "fixed" or not colon):
        try:
            return FixedWindow(window_s)
        except InputError as error:
            raise InputError(f"{where} {text!r}: {error}") from None
    if name == "fixed":
        raise InputError(f"{where}: expected fixed:SECONDS, got {text!r}")
    member(str(text).strip(), where, ("none", "fixed:SECONDS", "lru", "greedy-dual", "histogram"))
    return GreedyDual(cost_s) if name == "greedy-dual" else KEEP_ALIVES[name]()


def parse_placement(text, where="placement"):
    """A new placement by name: hashed, round-robin, random, least-loaded, or warm-first:NAME with one of them."""
    name = str(text).strip()
    if name.startswith("warm-first:"):
        return WarmFirst(parse_placement(name.removeprefix("warm-first:"), where))
    return PLACEMENTS[member(name, where, (*PLACEMENTS, "warm-first:NAME"))]()


def parse_queueing(text, where="queueing"):
    """A new queueing policy by name: fcfs, earliest-deadline, shortest-oracle, shortest-estimate."""
    return QUEUEINGS[member(str(text).strip(), where, QUEUEINGS)]()
