"""The program of a container: `python -E -s -u bootstrap.py ORDER`, where ORDER is a JSON object (see container.py).

It is short because a program run by path is compiled at every start; the modules that it loads are not.
"""

import time

FIRST_NS = time.monotonic_ns()

import os  # noqa: E402
import sys  # noqa: E402
import types  # noqa: E402


def load_package():
    """Make the modules of this folder importable as `_faaslab_worker` and take the folder off the module path."""
    package = types.ModuleType("_faaslab_worker")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["_faaslab_worker"] = package
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != package.__path__[0]]
    sys.dont_write_bytecode = True


if __name__ == "__main__":
    load_package()
    import json

    from _faaslab_worker.container import become

    become(json.loads(sys.argv[1]), FIRST_NS)
