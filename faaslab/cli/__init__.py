"""The command line: `faaslab simulate`, `faaslab replay`, `faaslab cost`."""

from faaslab.cli.main import main

__all__ = ["main"]
