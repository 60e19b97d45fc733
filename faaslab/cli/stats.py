"""`faaslab stats`: figures of the running platform and of each function on it."""

import argparse
import sys
import time

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.output import print_json, print_table, three_digits

DESCRIPTION = """\
Calls, starts by kind, times and cost of each function since the platform began or was last told to measure anew.
Cost is what AWS Lambda's list prices make of the calls, without the free amounts."""

EXAMPLES = """\
examples:
  faaslab stats
  faaslab stats --watch
  faaslab stats --json"""

EVERY_S = 1.0
CLEAR = "\033[H\033[2J"


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "stats",
        help="figures of the running platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--watch", action="store_true", help="print them anew every second until Ctrl-C")
    option("--json", action="store_true", help="print one JSON object (with --watch one a line) and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Print the figures; returns 0."""
    with platform(args) as cloud:
        while True:
            _show(args, cloud.stats())
            if not args.watch:
                return 0
            sys.stdout.flush()
            time.sleep(EVERY_S)


def _show(args, figures):
    if args.json:
        print_json(figures)
        return
    if args.watch and sys.stdout.isatty():
        print(CLEAR, end="")
    functions = figures["functions"]
    print(f"{len(functions)} function{'s' * (len(functions) != 1)}, up {three_digits(figures['uptime_s'])} s")
    if functions:
        print_table(functions)
    for name, counts in figures.get("queues", {}).items():
        known = [f"{three_digits(value)} {key}" for key, value in counts.items() if isinstance(value, (int, float))]
        print(f"queue {name}: {', '.join(known)}")
