"""`faaslab logs`: what a function has written, with the platform's START, END and REPORT lines."""

import argparse
import sys
import time

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.output import print_json
from faaslab.errors import InputError, whole

DESCRIPTION = """\
Print a function's log. The platform keeps the last 10 MB of it at most."""

EXAMPLES = """\
examples:
  faaslab logs hello --tail 20
  faaslab logs hello --follow"""

LOOK_S = 0.2


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "logs",
        help="what a function has written",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("name", metavar="NAME", help="of the function")
    option("--follow", action="store_true", help="go on until Ctrl-C")
    option("--tail", type=int, metavar="N", help="begin with the last N lines (default: all)")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Print the log; returns 0."""
    tail = None if args.tail is None else whole(args.tail, "--tail")
    if args.json and args.follow:
        raise InputError("logs: expected --json or --follow, got both")
    with platform(args) as cloud:
        text, cursor = _all(cloud, args.name)
        lines = text.splitlines(keepends=True)
        if tail is not None:
            lines = lines[len(lines) - min(tail, len(lines)) :]
        if args.json:
            print_json({"function": args.name, "lines": [line.rstrip("\n") for line in lines]})
            return 0
        sys.stdout.write("".join(lines))
        while args.follow:
            sys.stdout.flush()
            time.sleep(LOOK_S)
            text, cursor = cloud.logs_after(args.name, cursor)
            sys.stdout.write(text)
    return 0


def _all(cloud, name):
    """The log that is there now, and the place where it goes on."""
    parts, cursor = [], 0
    while True:
        text, cursor = cloud.logs_after(name, cursor)
        if not text:
            return "".join(parts), cursor
        parts.append(text)
