"""`faaslab deploy`: a function, and what calls it, onto the running platform; or off it again."""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

from faaslab.cli.endpoint import add_endpoint, platform
from faaslab.cli.output import print_json
from faaslab.errors import InputError

DESCRIPTION = """\
Deploy a folder or a .py file with a handler(event, context), as for AWS Lambda, on the platform of `faaslab serve`.
Deploying a name again replaces its code and settings; a trigger of the same name is replaced, others stay.
Cron expressions have five fields, or six with seconds last, in UTC."""

EXAMPLES = """\
examples:
  faaslab deploy hello ./hello --url
  faaslab deploy thumbnails ./thumbnails --memory-mb 256 --start zygote --preload numpy --watch ./photos \\
      --writable ./small --env THUMBNAILS="$PWD/small"
  faaslab deploy report report.py --handler report.main --cron "0 6 * * *" --env MODE=daily
  faaslab deploy worker ./worker --queue jobs --provisioned 1
  faaslab deploy hello --remove"""

# option -> field of Deployment, where they were given
FIELDS = (
    "handler", "memory_mb", "timeout_s", "start", "preload", "provisioned", "reserved_concurrency", "client",
    "readable", "writable",
)  # fmt: skip
TRIGGERS = ("url", "cron", "every", "queue", "watch", "stream")


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "deploy",
        help="put a function on the running platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("name", metavar="NAME", help="of the function")
    option("source", nargs="?", metavar="SOURCE", help="a folder or a .py file")
    option("--handler", metavar="M.F", help="module and function (default app.handler; of a file, its name.handler)")
    option("--memory-mb", type=int, metavar="MB", help="memory limit (default 128)")
    option("--timeout-s", type=float, metavar="S", help="time limit of a call (default 3)")
    option("--start", metavar="MODE", help="spawn (default), zygote or prewarmed")
    option("--preload", action="append", metavar="MODULE", help="what a zygote imports ahead; may be given again")
    option("--env", action="append", metavar="K=V", help="an environment variable; may be given again")
    option("--provisioned", type=int, metavar="N", help="containers that always stand ready (default 0)")
    option("--reserved-concurrency", type=int, metavar="N", help="its calls at once (default: no limit of its own)")
    option("--client", metavar="NAME", help="what speaks the Runtime API: faaslab (default) or awslambdaric")
    option("--readable", action="append", metavar="FOLDER", help="another folder it may read; may be given again")
    option("--writable", action="append", metavar="FOLDER", help="another folder it may write; may be given again")
    option("--url", action="store_true", help="call it by HTTP at a URL of its own")
    option("--cron", metavar="EXPR", help="call it at the times of a cron expression")
    option("--every", type=float, metavar="S", help="call it every so many seconds")
    option("--queue", metavar="NAME", help="call it with messages of this queue")
    option("--watch", metavar="FOLDER", help="call it for each file that appears in this folder (which it may read)")
    option("--stream", metavar="NAME", help="call it with records of this stream")
    option("--remove", action="store_true", help="take the function away, with its triggers")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    add_endpoint(parser)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Deploy or remove; returns 0."""
    if args.remove:
        return _remove(args)
    if args.source is None:
        raise InputError("deploy: expected a SOURCE, a folder or a .py file, or --remove")
    triggers = _triggers(args)
    fields = _fields(args)
    with platform(args) as cloud:
        deployment = cloud.deploy(args.name, args.source, **fields)
        running = {row["name"] for row in cloud.triggers()}
        for trigger in triggers:
            if trigger.name in running:
                cloud.remove_trigger(trigger.name)
            cloud.add(trigger)
        url = cloud.url(args.name) if args.url else None
    _note_missing_module(deployment)
    if args.json:
        told = {"function": asdict(deployment), "triggers": [t.to_dict() for t in triggers]}
        print_json(told | ({"url": url} if url else {}))
        return 0
    print(
        f"{args.name}: {deployment.handler}, {deployment.memory_mb} MB, at most {deployment.timeout_s:g} s, "
        f"start {deployment.start}"
    )
    for trigger in triggers:
        print(f"  {trigger.kind}: {url if trigger.kind == 'url' else trigger.name}")
    return 0


def _remove(args):
    for name in ("source", "env", *FIELDS, *TRIGGERS):
        value = getattr(args, name)
        if value is not None and value is not False:
            flag = "SOURCE" if name == "source" else f"--{name.replace('_', '-')}"
            raise InputError(f"deploy: expected --remove with a NAME alone, got {flag} {value}")
    with platform(args) as cloud:
        cloud.remove(args.name)
    if args.json:
        print_json({"removed": args.name})
    else:
        print(f"{args.name}: removed")
    return 0


def _fields(args):
    fields = {name: getattr(args, name) for name in FIELDS if getattr(args, name) is not None}
    if args.handler is None and args.source.endswith(".py"):
        fields["handler"] = f"{os.path.basename(args.source)[:-3]}.handler"
    if args.env is not None:
        fields["environment"] = dict(_variable(text) for text in args.env)
    if args.preload is not None and args.start in (None, "spawn"):
        raise InputError("--preload: expected --start zygote or prewarmed with it; spawn has nothing to import ahead")
    if args.watch is not None:
        fields["readable"] = [*fields.get("readable", ()), args.watch]
    for name in ("readable", "writable"):
        if name in fields:
            fields[name] = [_folder(folder, name) for folder in fields[name]]
    return fields


def _folder(folder, name):
    if not os.path.isdir(folder):
        raise InputError(f"--{name}: expected a folder that is there, got {folder!r}")
    return os.path.abspath(folder)


def _note_missing_module(deployment):
    """The module may lie elsewhere in the environment, so it is no error, as on Lambda; but more often it is a slip."""
    source, module = Path(deployment.source), deployment.handler.rpartition(".")[0]
    path = module.replace(".", "/")
    if source.is_file():
        there = source.stem == module
    else:
        there = any((source / file).is_file() for file in (f"{path}.py", f"{path}/__init__.py"))
    if not there:
        missing = f"{source} has no {path}.py" if module else f"{deployment.handler!r} names no module"
        print(f"faaslab: note: {missing}, so calls will fail; --handler MODULE.FUNCTION names another", file=sys.stderr)


def _variable(text):
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"--env: expected NAME=VALUE, got {text!r}")
    return name, value


def _triggers(args):
    from faaslab.runtime.triggers import Queue, Storage, Stream, Timer, Url

    made = [Url(args.name)] if args.url else []
    if args.cron is not None or args.every is not None:
        made.append(Timer(args.name, cron=args.cron, every_s=args.every))
    if args.queue is not None:
        made.append(Queue(args.name, args.queue))
    if args.watch is not None:
        made.append(Storage(args.name, os.path.abspath(args.watch)))
    if args.stream is not None:
        made.append(Stream(args.name, args.stream))
    return made
