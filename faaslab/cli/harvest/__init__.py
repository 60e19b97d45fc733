"""`faaslab harvest train|evaluate|compare`: learn to harvest idle resources, and see what it is worth."""

import argparse

from faaslab.cli.harvest import compare, evaluate, train

COMMANDS = (train, evaluate, compare)

DESCRIPTION = """\
Resource managers that take from each call what it will not use and give it to those that can: train one, evaluate it
on calls that it has never seen, compare it with rules that need no training."""

EXAMPLES = """\
examples:
  faaslab harvest train --episodes 400 --seed 1 --out trained
  faaslab harvest evaluate --policy trained/policy.npz --seeds 20
  faaslab harvest compare --managers fixed,random,largest,heuristic --world one --minute-s 300 --functions 100"""


def add_parser(subparsers):
    """Register the subcommand, with its three own."""
    parser = subparsers.add_parser(
        "harvest",
        help="train, evaluate and compare managers that harvest idle resources",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    own = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="harvest_command")
    for command in COMMANDS:
        command.add_parser(own)
    return parser
