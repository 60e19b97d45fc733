"""faaslab: a laboratory for serverless computing.

The names that most work begins with can be had from here (`from faaslab import Function, simulate`); each is loaded
when it is first asked for, so that prices do not load the engine, nor anything here a figure.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "ColdStart": "faaslab.functions",
    "Constant": "faaslab.durations",
    "Exponential": "faaslab.durations",
    "FixedWindow": "faaslab.policies",
    "Function": "faaslab.functions",
    "InputError": "faaslab.errors",
    "LogNormal": "faaslab.durations",
    "Platform": "faaslab.platform",
    "Simulation": "faaslab.platform",
    "Workload": "faaslab.workload",
    "aws_lambda": "faaslab.presets",
    "azure_functions": "faaslab.presets",
    "azure_like": "faaslab.workload",
    "bill": "faaslab.pricing",
    "diff": "faaslab.model.diff",
    "knative": "faaslab.presets",
    "openwhisk": "faaslab.presets",
    "poisson": "faaslab.workload",
    "read_azure2019": "faaslab.workload",
    "simulate": "faaslab.platform",
    "summary": "faaslab.model.summary",
    "summary_over_seeds": "faaslab.model.summary",
    "vm_fleet": "faaslab.presets",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'faaslab' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted(__all__)
