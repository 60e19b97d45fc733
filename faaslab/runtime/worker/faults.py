"""What went wrong, as Lambda tells it: the error object of the Runtime API and the lines in the log.

Frames of this folder are left out of stack traces: a reader looks for the function's own. Source: AWS Lambda developer
guide, "Using the Lambda runtime API", and what its Python runtime writes.
"""

import os
import sys

MARSHAL_ERROR, UNMARSHAL_ERROR = "Runtime.MarshalError", "Runtime.UnmarshalError"
SYNTAX_ERROR, IMPORT_ERROR = "Runtime.UserCodeSyntaxError", "Runtime.ImportModuleError"
HANDLER_NOT_FOUND, MALFORMED_HANDLER = "Runtime.HandlerNotFound", "Runtime.MalformedHandlerName"
BUILT_IN_CONFLICT, CONTEXT_ERROR = "Runtime.BuiltInModuleConflict", "Runtime.LambdaContextUnmarshalError"
HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
NO_BREAK_SPACE = "\u00a0"  # keeps the indentation in consoles that drop leading spaces


class Fault(Exception):
    """An error that the runtime itself finds; `kind` is its errorType, `trace` the lines of its stackTrace."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


def error_object(error: BaseException, request_id="") -> dict:
    """The object that is posted: errorMessage, errorType, requestId, stackTrace."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        import traceback

        kind = type(error).__name__
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(HERE)]
        trace = traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def log(found: dict):
    """Write an error object to the log: one entry, so its lines are parted by carriage returns."""
    kind, message = found["errorType"], found["errorMessage"]
    head = f"[ERROR] {kind}: {message}" if message else f"[ERROR] {kind}"
    lines = [head, "Traceback (most recent call last):"]
    for entry in found["stackTrace"]:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")
