"""The dispatcher: what the real platform decides about calls and containers, without doing any of it."""

from faaslab.runtime.dispatch.call import Call
from faaslab.runtime.dispatch.container import Container
from faaslab.runtime.dispatch.dispatcher import Dispatcher

__all__ = ["Call", "Container", "Dispatcher"]
