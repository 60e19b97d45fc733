"""The command line: `faaslab simulate`, `replay`, `cost`, `quiz`; `serve` and what speaks to it."""

from faaslab.cli.main import main

__all__ = ["main"]
