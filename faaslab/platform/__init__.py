"""What the cloud does: containers, invokers, the controller, triggers, and the run. The only room with SimPy."""

from faaslab.platform.platform import Platform
from faaslab.platform.simulation import Simulation, simulate

__all__ = ["Platform", "Simulation", "simulate"]
