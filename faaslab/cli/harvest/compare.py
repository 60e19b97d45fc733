"""`faaslab harvest compare`: managers in the same worlds with the same seeds."""

import argparse
import sys

from faaslab.cli.harvest import figures
from faaslab.errors import InputError
from faaslab.harvest.comparison_runs import RowFile
from faaslab.harvest.managers import MANAGERS
from faaslab.harvest.managers.named import LEARNT, NAMES, parse_manager
from faaslab.harvest.provenance import this_command

DESCRIPTION = f"""\
Run managers in the same worlds, each seed's calls the same for all of them.
managers: {", ".join(NAMES)}
After a name, the safeguard: largest:0.8 for another threshold, largest:none without, largest:coupled with memory in
proportion to cores. faasrm needs --policy, or takes the stored one.
{figures.WORLDS_HELP}."""

EXAMPLES = """\
examples:
  faaslab harvest compare
  faaslab harvest compare --managers fixed,random,faasrm,faasrm:none --policy trained/policy.npz --seeds 20
  faaslab harvest compare --world one --minute-s 600 --seeds 5 --out runs.jsonl --json
  faaslab harvest compare --managers fixed,libra,libra:none,oracle --world input-dependent"""

# Libra looks at its servers ten times a second, which takes long in long worlds.
USUAL = tuple(name for name in MANAGERS if name != "libra")


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "compare",
        help="managers in the same worlds with the same seeds",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = "all but libra, and faasrm where there is a policy"
    parser.add_argument("--managers", metavar="A,B,C", help=f"which, in the order of the columns (default: {usual})")
    parser.add_argument("--out", metavar="FILE", help="gets a line a run; those that it has are not run again")
    figures.add_options(parser.add_argument)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Compare and print; returns 0, or 130 when interrupted."""
    names = _names(args)
    policy = file = about = None
    if any(name.split(":")[0] == LEARNT for name in names):
        policy, file = figures.policy_of(args)
        about = figures.about_policy(policy, file)
    elif args.policy is not None:
        raise InputError(f"--policy: expected {LEARNT} among --managers with it, got {', '.join(names)}")
    for name in names:
        parse_manager(name, "--managers", policy=policy)
    figures.figures_of(args)
    seeds = figures.seeds_of(args)
    worlds = figures.worlds_of(args, seeds)
    if args.out is not None:
        RowFile(args.out)
    try:
        results = figures.run_all(worlds, names, seeds, policy=policy, file=file, jobs=args.jobs, out=args.out)
    except KeyboardInterrupt:
        if args.out is None:
            raise
        print(f"\nfaaslab: interrupted; finished runs are in {args.out}", file=sys.stderr)
        print(f"to go on: {this_command()}", file=sys.stderr)
        return 130
    figures.print_all(args, worlds, results, seeds, policy=about)
    return 0


def _names(args):
    if args.managers is None:
        return [*USUAL, *([LEARNT] if args.policy is not None or figures.STORED_POLICY.exists() else [])]
    names = args.managers.split(",")
    if len(set(names)) < len(names):
        raise InputError(f"--managers: expected each manager once, got {args.managers}")
    return names
