"""The command `faaslab`: its subcommands, and errors on one line."""

import argparse
import os
import sys

from faaslab import __version__
from faaslab.cli import cost, quiz, replay, simulate
from faaslab.errors import InputError

DESCRIPTION = """\
A laboratory for serverless computing: simulate a platform, replay a trace, price a workload, solve problems.
Times are in seconds, memory in MB of 2**20 bytes. Every command takes --json."""


class Parser(argparse.ArgumentParser):
    """Prints an error on one line, like all errors of input here, without the usage before it."""

    def __init__(self, **options):
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message):
        self.exit(2, f"faaslab: error: {message} (see {self.prog} --help)\n")


def main(arguments=None) -> int:
    """Run one command; returns the exit status: 0, 1 for a wrong answer (quiz), 2 for input that cannot be worked
    with."""
    parser = Parser(prog="faaslab", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"faaslab {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (simulate, replay, cost, quiz):
        command.add_parser(subparsers)
    args = parser.parse_args(arguments)
    try:
        return args.run(args)
    except InputError as error:
        print(f"faaslab: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("faaslab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`faaslab ... | head`); Python's own flush at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
