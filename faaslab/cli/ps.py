"""`faaslab ps`: the containers of the running platform, one a line."""

import argparse

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.output import print_json, print_rows

DESCRIPTION = """\
List the containers that live on the running platform: worker processes, each starting, idle or busy."""

EXAMPLES = """\
examples:
  faaslab ps
  faaslab ps --json"""

COLUMNS = ("id", "function", "state", "start", "pid", "memory_mb", "used_mb", "uses", "age_s", "idle_s")


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "ps",
        help="containers of the running platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Print the containers; returns 0."""
    with platform(args) as cloud:
        containers = cloud.ps()
    if args.json:
        print_json({"containers": containers})
    else:
        print_rows(COLUMNS, [row | {"id": str(row["id"]), "pid": str(row.get("pid", "-"))} for row in containers])
    return 0
