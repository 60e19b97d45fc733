"""`faaslab serve`: a platform on this machine, in the foreground, until Ctrl-C."""

import argparse
import contextlib
import signal
import sys
import time

from faaslab.cli.endpoint import add_endpoint, clear_stale, endpoint_path, write_endpoint
from faaslab.cli.output import print_json
from faaslab.errors import number, whole

DESCRIPTION = """\
Run a serverless platform on this machine's loopback address, in the foreground; Ctrl-C ends it and all its processes.
Without --state it keeps nothing. The other commands (deploy, invoke, logs, ps, stats, calibrate) find it by a file that
only you can read. It runs functions as you: read in the book what its sandbox does not protect against."""

EXAMPLES = """\
examples:
  faaslab serve
  faaslab serve --port 8080 --state ~/cloud --memory-mb 2048 --keep-alive 60 --concurrency 50
  faaslab serve --endpoint second.json --json"""

LOOK_S = 0.1


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "serve",
        help="run a real platform on this machine",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--port", type=int, default=0, metavar="N", help="of the loopback address (default: any free one)")
    option("--state", metavar="FOLDER", help="keep functions, triggers, queues and logs here (default: keep nothing)")
    option("--memory-mb", type=float, metavar="MB", help="of all containers together (default: half of the machine's)")
    option(
        "--keep-alive", metavar="POLICY", help="none, SECONDS, fixed:SECONDS, lru, greedy-dual, histogram (default 600)"
    )
    option("--concurrency", type=int, metavar="N", help="calls at once; more are throttled (default 100)")
    option("--queue-limit", type=int, metavar="N", help="calls that may wait for room (default: any number)")
    option("--json", action="store_true", help="print one JSON object once it runs, and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Serve until interrupted; returns 0, or 1 where the platform's process ended by itself."""
    settings = _settings(args)
    path = endpoint_path(args)
    clear_stale(path)
    from faaslab.runtime.runtime import Runtime

    for name in ("SIGTERM", "SIGHUP"):  # also when the terminal is closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    with contextlib.suppress(KeyboardInterrupt), Runtime(state=args.state, port=args.port, **settings) as cloud:
        write_endpoint(path, cloud.port, cloud.token)
        try:
            _told(args, cloud, path)
            while not cloud.closed:
                time.sleep(LOOK_S)
        finally:
            path.unlink(missing_ok=True)
        print("faaslab: error: serve: the platform's process has ended by itself", file=sys.stderr)
        return 1
    return 0


def _interrupt(*_):
    raise KeyboardInterrupt


def _told(args, cloud, path):
    url = f"http://{cloud.address}"
    if args.json:
        print_json({"url": url, "endpoint": str(path), "state": args.state, "notes": cloud.notes})
    else:
        print(f"{url} runs until Ctrl-C; {f'state in {args.state}' if args.state else 'it keeps nothing'}")
        for note in cloud.notes:
            print(f"  {note}")
    sys.stdout.flush()


def _settings(args):
    """The fields of the platform's settings that were given."""
    from faaslab.policies import ConcurrencyLimit, parse_keep_alive

    whole(args.port, "--port", maximum=65535)
    settings = {}
    if args.memory_mb is not None:
        settings["memory_mb"] = number(args.memory_mb, "--memory-mb", above=0)
    if args.keep_alive is not None:
        settings["keep_alive"] = parse_keep_alive(args.keep_alive, "--keep-alive")
    if args.concurrency is not None:
        settings["admission"] = ConcurrencyLimit(whole(args.concurrency, "--concurrency", minimum=1))
    if args.queue_limit is not None:
        settings["queue_limit"] = whole(args.queue_limit, "--queue-limit")
    return settings
