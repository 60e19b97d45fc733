"""A process becomes a container: it confines itself, loads the function and serves its calls.

The order it is given: `handler`; `folder`, the container's folder with `task` (code) and `tmp`; `client`, "faaslab" or
"awslambdaric"; `limits`; `ruleset`, a Landlock ruleset or -1; `parent`, the process with which it dies.
"""

import os
import sys

from .confinement import die_with_parent, restrict_files, set_limits


def python_path():
    """The folders in PYTHONPATH: with the option -E, which keeps the platform's out, Python does not look at it."""
    return [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]


def become(order, first_ns):
    """Confine this process, then run the runtime client; returns never, ends as the function's code has it end."""
    set_limits(order["limits"])
    die_with_parent(order["parent"])
    task = os.path.join(order["folder"], "task")
    os.chdir(task)
    restrict_files(order["ruleset"])
    sys.path[:0] = [task, *python_path()]
    sys.argv[:] = [sys.argv[0], order["handler"]]
    if order["client"] == "awslambdaric":
        import runpy

        runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
    else:
        from .client import serve

        serve(order["handler"], task, first_ns)
