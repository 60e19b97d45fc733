"""`faaslab invoke`: call a function on the running platform: its answer on standard output, the report beside it."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.output import print_json
from faaslab.errors import InputError

DESCRIPTION = """\
Call a function of the running platform and print what it returns; Lambda's REPORT line goes to standard error.
EVENT is JSON, @FILE a file of it, - standard input, nothing the empty object.
Exit status: 0, 1 where the function failed or took too long, 2 for bad input, 3 where the call was turned away."""

EXAMPLES = """\
examples:
  faaslab invoke hello '{"name": "Ada"}'
  faaslab invoke hello @event.json --json
  echo '{"n": 3}' | faaslab invoke hello - --async"""

FAILED, TURNED_AWAY = 1, 3


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "invoke",
        help="call a function on the running platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("name", metavar="NAME", help="of the function")
    option("event", nargs="?", metavar="EVENT", help="JSON, @FILE or - (default {})")
    option("--async", dest="asynchronous", action="store_true", help="hand the event over and print its request id")
    option("--json", action="store_true", help="print one JSON object: value, outcome, report and more")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Call and print; returns 0, 1 (failed) or 3 (turned away)."""
    event = read_event(args.event, "invoke, EVENT")
    with platform(args) as cloud:
        if args.asynchronous:
            request_id = cloud.invoke_async(args.name, event)
            print_json({"request_id": request_id}) if args.json else print(request_id)
            return 0
        answer = cloud.invoke(args.name, event)
    if args.json:
        print_json(_told(answer))
    elif answer.error is None:
        print(answer.payload.decode())
    if answer.report is not None and not args.json:
        print(answer.report, file=sys.stderr)
    return _status(args, answer)


def read_event(text, where):
    """The JSON value that EVENT stands for, None where there is none."""
    if text is None:
        return None
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise InputError(f"{where}: expected a file that can be read, got {text!r} ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{where}: expected JSON, @FILE or -, got {text[:60]!r} ({error})") from None


def _told(answer):
    report = answer.report
    return {
        "value" if answer.error is None else "error": answer.value,
        "outcome": answer.outcome.name.lower(),
        "start": answer.start,
        "request_id": answer.request_id,
        "report": None if report is None else {**asdict(report), "billed_s": report.billed_s},
        "log_tail": answer.log_tail,
    }


def _status(args, answer):
    if answer.error is None:
        return 0
    refused = answer.outcome.name in ("THROTTLED", "REJECTED")
    if not args.json:
        error = answer.error if isinstance(answer.error, dict) else {}
        message = error.get("errorMessage") or error.get("message") or answer.outcome.name.lower()
        what = ": ".join(part for part in (error.get("errorType"), " ".join(str(message).split())) if part)
        print(f"faaslab: {args.name} {'turned away' if refused else 'failed'}: {what}", file=sys.stderr)
    return TURNED_AWAY if refused else FAILED
