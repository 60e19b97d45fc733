"""`faaslab calibrate`: measure a function on the running platform, as the simulator's function."""

import argparse

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.invoke import read_event
from faaslab.cli.output import print_json, progress
from faaslab.errors import whole

DESCRIPTION = """\
Measure a deployed function: cold starts with their four phases, warm calls with their cpu, memory, and the platform's
own cpu a call. It begins new measurements; nothing else should run on the platform meanwhile."""

EXAMPLES = """\
examples:
  faaslab calibrate hello
  faaslab calibrate thumbnails --event @photo.json --starts 30 --calls 500 --json"""


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "calibrate",
        help="measure a function on the running platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("name", metavar="NAME", help="of the function")
    option("--event", metavar="EVENT", help="what each call gets: JSON, @FILE or - (default {})")
    option("--starts", type=int, default=20, metavar="N", help="cold starts (default 20)")
    option("--calls", type=int, default=200, metavar="N", help="warm calls (default 200)")
    option("--seed", type=int, default=1, metavar="N", help="of the bootstrap intervals (default 1)")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Measure and print; returns 0. InputError where a call fails."""
    event = read_event(args.event, "--event")
    counts = {
        "starts": whole(args.starts, "--starts", minimum=2),
        "calls": whole(args.calls, "--calls", minimum=2),
        "seed": whole(args.seed, "--seed"),
    }
    from faaslab.runtime import calibrate

    with platform(args) as cloud:
        found = calibrate(cloud, args.name, event, progress=progress(f"calibrate {args.name}"), **counts)
    if args.json:
        samples = found.table().to_dict("index")
        figures = {"cores": found.cores, "used_mb": found.used_mb, "overhead_s": found.overhead_s}
        print_json({"function": args.name, "start": found.start, "samples": samples, **figures, **counts})
    else:
        print(f"{found}\n  {args.starts} starts, {args.calls} calls, seed {args.seed}")
    return 0
