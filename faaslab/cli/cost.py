"""`faaslab cost`: the bill of a month's calls, or of servers, line by line, and the break-even between the two."""

import argparse

from faaslab.cli.output import print_json
from faaslab.errors import InputError, member
from faaslab.pricing import PROVIDERS, bill, break_even, price_sheet, server_bill, server_names

DESCRIPTION = """\
The bill of one month, line by line. --provider names functions ({functions})
or a server by its type ({servers}).
Prices are dated (each bill says when and from where): check the provider's page before you decide by them."""

EXAMPLES = """\
examples:
  faaslab cost --provider aws-lambda --requests 300000 --duration-ms 200 --memory-mb 256 --no-free-tier
  faaslab cost --provider aws-lambda --requests 5e6 --duration-ms 80 --memory-mb 512 --init-ms 400 --cold-fraction 0.01
  faaslab cost --provider google-cloud-run --requests 5e6 --duration-ms 80 --memory-mb 512 --vcpu 1 --json
  faaslab cost --provider aws-lambda --requests 5e6 --duration-ms 80 --memory-mb 512 --server c5.large
  faaslab cost --provider t3.micro --hours 720"""

# billing by the life of instances needs more than these numbers: it is for bills of a run
FUNCTIONS = tuple(name for name in PROVIDERS if price_sheet(name).billed_per != "instance")
CALL_OPTIONS = ("requests", "duration_ms", "memory_mb", "init_ms", "cold_fraction", "vcpu", "ephemeral_mb")


def add_parser(subparsers):
    """Register the subcommand `cost` on argparse's `subparsers`; returns its parser, whose default `run` is `run`."""
    parser = subparsers.add_parser(
        "cost",
        help="the bill of a month's calls, line by line",
        description=DESCRIPTION.format(functions=", ".join(FUNCTIONS), servers=", ".join(server_names())),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--provider", required=True, metavar="NAME", help="whose prices")
    option("--requests", type=float, metavar="N", help="calls in the month")
    option("--duration-ms", type=float, metavar="MS", help="handler time of a call")
    option("--memory-mb", type=float, metavar="MB", help="configured memory")
    option("--no-free-tier", action="store_true", help="list prices, without the monthly free amounts")
    option("--init-ms", type=float, metavar="MS", help="start (INIT) of a cold call; with --cold-fraction")
    option("--cold-fraction", type=float, metavar="F", help="share of calls with a start, 0 to 1; with --init-ms")
    option(
        "--vcpu", type=float, metavar="N", help="vCPUs, where chosen apart from memory (default: what comes with it)"
    )
    option("--ephemeral-mb", type=float, metavar="MB", help="size of /tmp (default 512)")
    option("--months", type=float, metavar="N", help="months over which the calls are spread (default 1)")
    option("--server", metavar="TYPE", help="also say where this server and the functions cost the same")
    option("--hours", type=float, metavar="H", help="hours that a server runs (default 720)")
    option("--servers", type=float, metavar="N", help="number of servers, where --provider is one (default 1)")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Print the bill that `args` (argparse's namespace) asks for; returns 0. InputError for what cannot be billed."""
    provider = member(args.provider, "--provider", FUNCTIONS + server_names())
    result, comparison = _server(args) if provider in server_names() else _functions(args)
    if args.json:
        extra = {} if comparison is None else {"break_even": comparison.to_dict()}
        print_json({**result.to_dict(), **extra})
    else:
        print(result if comparison is None else f"{result}\n\n{comparison}")
    return 0


def _functions(args):
    _refuse(args, ("servers",) if args.server else ("servers", "hours"), "applies to a server")
    missing = [_flag(name) for name in CALL_OPTIONS[:3] if getattr(args, name) is None]
    if missing:
        raise InputError(f"cost: expected {', '.join(missing)} with --provider {args.provider}")
    call = {name: getattr(args, name) for name in CALL_OPTIONS if getattr(args, name) is not None}
    free_tier = not args.no_free_tier
    months = 1 if args.months is None else args.months
    result = bill(args.provider, free_tier=free_tier, months=months, **call)
    if args.server is None:
        return result, None
    hours = {} if args.hours is None else {"hours": args.hours}
    del call["requests"]
    return result, break_even(args.provider, args.server, free_tier=free_tier, **hours, **call)


def _server(args):
    _refuse(args, (*CALL_OPTIONS, "no_free_tier", "months", "server"), "does not apply to a server, paid by the hour")
    return server_bill(args.provider, hours=args.hours, count=args.servers), None


def _refuse(args, names, reason):
    for name in names:
        if getattr(args, name) is not None and getattr(args, name) is not False:
            raise InputError(f"cost: {_flag(name)} {reason}; got it with --provider {args.provider}")


def _flag(name):
    return "--" + name.replace("_", "-")
