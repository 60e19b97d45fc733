"""What calls functions: open arrivals, and the triggers whose next call depends on how earlier ones ended."""

from faaslab.platform.triggers.asynchronous import Asynchronous
from faaslab.platform.triggers.closed_loop import ClosedLoop
from faaslab.platform.triggers.http import Http
from faaslab.platform.triggers.queue import Queue
from faaslab.platform.triggers.storage import Storage
from faaslab.platform.triggers.stream import Stream
from faaslab.platform.triggers.timer import Timer

__all__ = ["Asynchronous", "ClosedLoop", "Http", "Queue", "Storage", "Stream", "Timer"]
