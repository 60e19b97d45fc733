"""The command `faaslab`: its subcommands, and errors on one line."""

import argparse
import os
import sys

from faaslab import __version__
from faaslab.cli import calibrate, cost, deploy, harvest, invoke, logs, ps, quiz, replay, serve, simulate, stats
from faaslab.errors import InputError

COMMANDS = (simulate, replay, cost, harvest, quiz, serve, deploy, invoke, logs, ps, stats, calibrate)

DESCRIPTION = """\
A laboratory for serverless computing: simulate a platform, replay a trace, price a workload, learn to harvest what lies
idle, solve problems; and run functions for real: serve starts a platform on this machine, deploy, invoke, logs, ps,
stats, calibrate speak to it.
Times are in seconds, memory in MB of 2**20 bytes. Every command takes --json."""


class Parser(argparse.ArgumentParser):
    """Prints an error on one line, like all errors of input here, without the usage before it."""

    def __init__(self, **options):
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message):
        self.exit(2, f"faaslab: error: {message} (see {self.prog} --help)\n")


def main(arguments=None) -> int:
    """Run one command; returns the exit status: 0, 1 for a wrong answer (quiz) or a function that failed (invoke), 2
    for input that cannot be worked with, 3 for a call that was turned away (invoke)."""
    parser = Parser(prog="faaslab", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"faaslab {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add_parser(subparsers)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        subparsers.choices[args.command].error(f"unrecognized arguments: {' '.join(unknown)}")
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
