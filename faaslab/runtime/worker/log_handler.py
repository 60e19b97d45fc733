"""The logging module as Lambda sets it up: one handler on the root logger, each record with its request's id.

Logging takes as long to import as all the rest of a bare container, so it is set up when the function imports it, and
not at all where it does not. Source: AWS Lambda developer guide, "Log and monitor Python Lambda functions".
"""

import sys
import time

FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
current_request_id = ""


def _set_up(logging):
    class Handler(logging.Handler):
        """Writes to standard output, which the platform reads."""

        def emit(self, record):
            record.aws_request_id = current_request_id
            sys.stdout.write(self.format(record))

    logging.Formatter.converter = time.gmtime
    handler = Handler()
    handler.setFormatter(logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)


class _WhenImported:
    """A finder that waits for one module, and lets the others find it."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _add_set_up(spec.loader)
                return spec
        return None


def _add_set_up(loader):
    execute = loader.exec_module

    def execute_and_set_up(module):
        execute(module)
        _set_up(module)

    loader.exec_module = execute_and_set_up


def install():
    """Set logging up now where it is loaded, else when it will be."""
    if "logging" in sys.modules:
        _set_up(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _WhenImported())
