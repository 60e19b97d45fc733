"""The controller's process: reads its orders on standard input, serves, and ends when its owner does.

The first line of standard input says what to do; the pipe then stays open as long as the owner lives. The first line of
standard output tells the port, or what was wrong.
"""

import asyncio
import base64
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import cloudpickle

from faaslab.errors import InputError
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.container_files import remove_folder
from faaslab.runtime.server.api import Api
from faaslab.runtime.server.pipe_reader import PipeReader
from faaslab.runtime.server.services import Services


def main() -> int:
    options = json.loads(sys.stdin.buffer.readline())
    sys.path.extend(folder for folder in options["path"] if folder not in sys.path)
    state = Path(options["state"])
    try:
        return asyncio.run(_serve(options, state))
    except (InputError, OSError) as error:
        _say({"error": f"runtime: {error}" if isinstance(error, OSError) else str(error)})
        return 2
    finally:
        if options["temporary"]:
            remove_folder(state)


async def _serve(options, state):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if os.name == "posix":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
    _watch_owner(loop, options["owner"], stop)
    processes.become_subreaper()
    _allow_open_files()
    settings = cloudpickle.loads(base64.b64decode(options["settings"]))
    services = Services(settings, state, options["runtime_id"], stop, options["capacity_mb"])
    api = None
    try:
        api = Api(services, options["token"], options["port"])
        await services.restore()
        _say({"port": api.server.port, "notes": services.controller.starter.notes})
        await stop.wait()
    finally:
        if api is not None:
            await api.server.close()
        await services.close()
    return 0


def _allow_open_files():
    """As many as the system lets us have: a container takes seven."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _watch_owner(loop, owner, stop):
    """`stop` is set when the owner closes the pipe or is gone, whichever is noticed first."""
    PipeReader(os.dup(0), on_data=lambda data: None, on_end=stop.set)
    if os.name == "posix":  # Windows cannot look at a process that is not its child; there the pipe tells
        processes.watch_exit(loop, owner, lambda *_: stop.set())


def _say(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    sys.exit(main())
