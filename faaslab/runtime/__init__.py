"""The real thing: functions in real processes on this machine, with the simulator's words, policies and results.

Each name is loaded when it is first asked for, so that a client does not load the server.
"""

from importlib import import_module

_HOMES = {
    "Answer": "faaslab.runtime.client",
    "Asynchronous": "faaslab.runtime.triggers",
    "Calibration": "faaslab.runtime.measuring.calibration",
    "Client": "faaslab.runtime.client",
    "Deployment": "faaslab.runtime.deployment",
    "InvocationError": "faaslab.runtime.client",
    "Queue": "faaslab.runtime.triggers",
    "Report": "faaslab.runtime.report",
    "Runtime": "faaslab.runtime.runtime",
    "Settings": "faaslab.runtime.settings",
    "Storage": "faaslab.runtime.triggers",
    "Stream": "faaslab.runtime.triggers",
    "Timer": "faaslab.runtime.triggers",
    "Url": "faaslab.runtime.triggers",
    "calibrate": "faaslab.runtime.measuring.calibration",
    "play": "faaslab.runtime.measuring.load",
    "samples": "faaslab.runtime.samples",
    "start_modes": "faaslab.runtime.sandbox.starter",
}

__all__ = [*_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'faaslab.runtime' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    return home if name == "samples" else getattr(home, name)


def __dir__():
    return sorted(__all__)
