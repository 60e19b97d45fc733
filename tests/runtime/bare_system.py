"""A Python that lacks what only some systems have, for tests of what then still works.

`bare_environment(folder)` is the environment for an interpreter without os.fork, pidfds, process groups, prctl,
Landlock, /proc, resource limits, file locks and readiness of pipes, and the same for all that faaslab starts from it.
"""

import os
import shlex
import sys
from pathlib import Path

# Runs first in the interpreter that a test starts and in the platform's process.
SITE = """
import os, sys

for name in ("fork", "forkpty", "pidfd_open", "posix_spawn", "posix_spawnp", "killpg", "setsid", "sysconf",
             "sched_getaffinity", "prctl", "getuid"):
    if hasattr(os, name):
        delattr(os, name)
sys.modules["resource"] = sys.modules["fcntl"] = None  # importing them fails
multiarch = getattr(sys.implementation, "_multiarch", "")
os.environ.setdefault("_PYTHON_SYSCONFIGDATA_NAME", f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{multiarch}")
sys.platform = "bare"

class PathFinder:
    '''Hides what the modules look at once they are loaded.'''
    wanted = {
        "faaslab.runtime.sandbox.processes", "faaslab.runtime.sandbox.process_usage",
        "faaslab.runtime.server.pipe_reader",
    }

    def find_spec(self, name, path=None, target=None):
        if name not in self.wanted:
            return None
        self.wanted.discard(name)
        import importlib.util
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            if hasattr(module, "PROC"):
                module.PROC = "/no such folder"
            if hasattr(module, "PipeReader"):
                module.PipeReader.__init__.__defaults__ = (lambda: None, False)

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, PathFinder())
import builtins
real_open = builtins.open

def no_proc(file, *arguments, **options):
    if isinstance(file, str) and file.startswith("/proc/"):
        raise FileNotFoundError(2, "No such file or directory", file)
    return real_open(file, *arguments, **options)

builtins.open = no_proc
if sys.argv[:1] != ["worker"]:
    sys.executable = {executable!r}
"""
# Stands for the interpreter: a container is started with it, by the path of its program and without PYTHONPATH.
WORKER = """
import os, sys
arguments = sys.argv[1:]
program = next(i for i, argument in enumerate(arguments) if argument.endswith(".py"))
exec(compile(open({site!r}).read(), "sitecustomize", "exec"))
sys.argv = arguments[program:]
sys.path[0] = os.path.dirname(sys.argv[0])
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def bare_environment(folder: Path) -> dict[str, str]:
    """Writes what it takes into the folder."""
    site, worker, executable = folder / "sitecustomize.py", folder / "worker.py", folder / "python"
    site.write_text(SITE.replace("{executable!r}", repr(str(executable))))
    worker.write_text(WORKER.replace("{site!r}", repr(str(site))))
    real = shlex.quote(sys.executable)
    script = f'case "$1" in -E) exec {real} -E -s -u -X utf8 {shlex.quote(str(worker))} "$@";; esac\nexec {real} "$@"\n'
    executable.write_text(f"#!/bin/sh\n{script}")
    executable.chmod(0o755)
    paths = [str(folder), str(Path(__file__).resolve().parents[2])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
