"""What calls functions: descriptions of triggers, and the runners that do their work."""

from faaslab.runtime.triggers.asynchronous import Asynchronous
from faaslab.runtime.triggers.http import Url
from faaslab.runtime.triggers.queue import Queue
from faaslab.runtime.triggers.storage import Storage
from faaslab.runtime.triggers.stream import Stream
from faaslab.runtime.triggers.timer import Timer
from faaslab.runtime.triggers.trigger import Trigger

__all__ = ["Asynchronous", "Queue", "Storage", "Stream", "Timer", "Trigger", "Url"]
