"""Policies: what the cloud decides, one class a file, behind the protocols of faaslab.model.policies."""

from faaslab.policies.concurrency_limit import ConcurrencyLimit
from faaslab.policies.earliest_deadline import EarliestDeadline
from faaslab.policies.fcfs import FCFS
from faaslab.policies.fixed_allocation import FixedAllocation
from faaslab.policies.fixed_fleet import FixedFleet
from faaslab.policies.fixed_window import FixedWindow
from faaslab.policies.from_scratch import FromScratch
from faaslab.policies.greedy_dual import GreedyDual
from faaslab.policies.hashed import Hashed
from faaslab.policies.hybrid_histogram import HybridHistogram
from faaslab.policies.kpa import KPA
from faaslab.policies.least_loaded import LeastLoaded
from faaslab.policies.lru import LRU
from faaslab.policies.names import parse_keep_alive, parse_placement, parse_queueing
from faaslab.policies.no_keep_alive import NoKeepAlive
from faaslab.policies.one_per_request import OnePerRequest
from faaslab.policies.random_placement import RandomPlacement
from faaslab.policies.round_robin import RoundRobin
from faaslab.policies.shortest_first import ShortestFirst
from faaslab.policies.stem_cells import StemCells
from faaslab.policies.step_up import StepUp
from faaslab.policies.target_tracking import TargetTracking
from faaslab.policies.warm_first import WarmFirst

__all__ = [
    "FCFS",
    "KPA",
    "LRU",
    "ConcurrencyLimit",
    "EarliestDeadline",
    "FixedAllocation",
    "FixedFleet",
    "FixedWindow",
    "FromScratch",
    "GreedyDual",
    "Hashed",
    "HybridHistogram",
    "LeastLoaded",
    "NoKeepAlive",
    "OnePerRequest",
    "RandomPlacement",
    "RoundRobin",
    "ShortestFirst",
    "StemCells",
    "StepUp",
    "TargetTracking",
    "WarmFirst",
    "parse_keep_alive",
    "parse_placement",
    "parse_queueing",
]
