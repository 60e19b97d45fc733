"""The command line: `faaslab simulate`, `faaslab replay`, `faaslab cost`, `faaslab quiz`."""

from faaslab.cli.main import main

__all__ = ["main"]
