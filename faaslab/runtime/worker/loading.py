"""From the name of a handler to the function, and how long that took: dependencies and the function's own code.

Dependencies are the imports of modules that lie outside the function's folder, timed from the statement that asks for
them to its end; what they import in turn is theirs. Everything else that runs while the module is loaded is code.
Chapter "A cloud on your laptop". Source: the rules for handler names of AWS's Python runtime. Left out of the timing:
modules asked for through importlib rather than by an import statement count as code, though what they import does not.
"""

import builtins
import importlib
import os
import sys
import time

from .faults import BUILT_IN_CONFLICT, HANDLER_NOT_FOUND, IMPORT_ERROR, MALFORMED_HANDLER, SYNTAX_ERROR, Fault


class ImportTimer:
    """While it is entered, import statements are timed. `dependencies_ns`: what the outermost foreign ones took."""

    def __init__(self, task: str):
        self.inside = task.rstrip(os.sep) + os.sep
        self.dependencies_ns = 0

    def __enter__(self):
        self._import = builtins.__import__
        builtins.__import__ = self._timed
        return self

    def __exit__(self, *error):
        builtins.__import__ = self._import

    def _timed(self, name, globals=None, locals=None, fromlist=(), level=0):
        before, begin = self.dependencies_ns, time.monotonic_ns()
        try:
            return self._import(name, globals, locals, fromlist, level)
        finally:
            if level:
                name = (globals or {}).get("__package__") or ""
            if not self._is_own(name.partition(".")[0]):
                self.dependencies_ns = before + time.monotonic_ns() - begin

    def _is_own(self, top):
        module = sys.modules.get(top)
        places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        return any(f"{place}{os.sep}".startswith(self.inside) for place in places if place)


def load_handler(name: str):
    """The function that `name` ("module.function", "folder/module.function") stands for; Fault where there is none."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault(MALFORMED_HANDLER, f"Bad handler '{name}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(BUILT_IN_CONFLICT, f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(IMPORT_ERROR, f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Fault(SYNTAX_ERROR, f"Syntax error in module '{module_name}': {error}", [place]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault(HANDLER_NOT_FOUND, f"Handler '{function_name}' missing on module '{module_name}'") from None
