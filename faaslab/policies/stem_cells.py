"""Stem cells: containers with a running interpreter, held ready for any function of their runtime and memory size.

A start from one skips the sandbox and the interpreter and still loads dependencies and code; afterwards the container
is its function's for good, and another stem cell takes its place. Source: Apache OpenWhisk, runtimes.json (two of
nodejs with 256 MB on each invoker; master of 2026). Left out: OpenWhisk's adaptive number of stem cells and their
expiry.
"""

from faaslab.errors import InputError, number, whole
from faaslab.functions import PHASES
from faaslab.model.policies import StemCell

OPENWHISK = (StemCell("nodejs", 256.0, 2),)


class StemCells:
    """Holds `cells`, a sequence of StemCell(runtime, memory_mb, count). InputError for an invalid or repeated kind."""

    def __init__(self, cells=OPENWHISK):
        self.cells = tuple(cells)
        for cell in self.cells:
            if not isinstance(cell, StemCell):
                raise InputError(f"stem cells: expected StemCell(runtime, memory_mb, count), got {cell!r}")
            number(cell.memory_mb, f"stem cells of {cell.runtime!r}, memory_mb", above=0)
            whole(cell.count, f"stem cells of {cell.runtime!r}, count")
        kinds = [(cell.runtime, cell.memory_mb) for cell in self.cells]
        if len(set(kinds)) != len(kinds):
            raise InputError(
                f"stem cells: expected each runtime and memory size once, got {max(kinds, key=kinds.count)} twice"
            )

    def reset(self, seed):
        pass

    def stock(self):
        return self.cells

    def phases(self, function, from_stem):
        return ("dependencies", "code") if from_stem else PHASES
