"""`faaslab replay`: the calls of an Azure 2019 folder under several keep-alive policies, all on the same arrivals."""

import argparse

from faaslab.cli.output import print_json, print_table, progress
from faaslab.durations import parse_duration
from faaslab.errors import InputError, member, number, whole
from faaslab.functions import ColdStart
from faaslab.model.summary import summary
from faaslab.platform import Platform, simulate
from faaslab.policies import LeastLoaded, parse_keep_alive
from faaslab.presets import start_model
from faaslab.workload import read_azure2019
from faaslab.workload.spread import RULES

DESCRIPTION = """\
Replay a folder of the Azure Functions 2019 layout (*invocations*.csv, *durations*.csv, *memory*.csv).
Calls are spread over their minute at random (--spread), the same for every policy. The trace holds no cold starts:
--cold-start gives one, by default the presets' half a second in four phases. Functions of one app share containers."""

EXAMPLES = """\
examples:
  faaslab replay FOLDER --keep-alive fixed:600 --keep-alive greedy-dual --invokers 1 --invoker-memory-mb 32768 --seed 1
  faaslab replay FOLDER --keep-alive none --keep-alive 600 --keep-alive histogram --minutes 480:539 --json"""


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "replay",
        help="a trace under several keep-alive policies",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("folder", metavar="FOLDER", help="the trace")
    option(
        "--keep-alive", action="append", metavar="POLICY", required=True,
        help="none, SECONDS, fixed:SECONDS, lru, greedy-dual or histogram; give it once for each policy",
    )  # fmt: skip
    option("--cold-start", metavar="DURATION", help="seconds, const:, exp: or lognormal: (default: 0.5 in four phases)")
    option("--invokers", type=int, default=1, metavar="N", help="machines (default 1)")
    option("--invoker-memory-mb", type=float, default=float("inf"), metavar="MB", help="of each (default: unlimited)")
    option("--queue", type=int, metavar="K", help="calls that may wait for room (default: any number)")
    option("--minutes", metavar="FIRST:LAST", help="minute columns to read, both included (default: all)")
    option("--max-functions", type=int, metavar="N", help="only the N functions called most")
    option("--spread", default="uniform", metavar="RULE", help="within a minute: uniform (default), even or start")
    option("--warmup", type=float, default=0.0, metavar="S", help="seconds at the beginning that the figures leave out")
    option("--seed", type=int, default=1, metavar="N", help="the seed (default 1)")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Replay and print; returns 0."""
    platforms = [_platform(args, parse_keep_alive(text, "--keep-alive")) for text in args.keep_alive]
    if len(set(args.keep_alive)) < len(args.keep_alive):
        twice = max(args.keep_alive, key=args.keep_alive.count)
        raise InputError(f"--keep-alive: expected each policy once, got {twice!r} twice")
    seed = whole(args.seed, "--seed")
    member(args.spread, "--spread", RULES)
    if not args.folder:
        raise InputError("FOLDER: expected the folder of a trace, got ''")
    start = (
        start_model()
        if args.cold_start is None
        else ColdStart(allocate_s=parse_duration(args.cold_start, "--cold-start"))
    )
    most = None if args.max_functions is None else whole(args.max_functions, "--max-functions", minimum=1)
    workload = read_azure2019(
        args.folder, cold_start=start, seed=seed, rule=args.spread, minutes=_minutes(args.minutes), max_functions=most
    )
    warmup = number(args.warmup, "--warmup", minimum=0)
    if warmup >= workload.duration_s:
        raise InputError(f"--warmup: expected less than the trace's {workload.duration_s:g} s, got {warmup:g}")
    runs = []
    for text, platform in zip(args.keep_alive, platforms, strict=True):
        show = progress(text)
        result = simulate(platform, workload, seed=seed, duration_s=workload.duration_s, warmup_s=warmup, progress=show)
        runs.append({"keep_alive": text, **summary(result)})
    trace = {"functions": len(workload.functions), "duration_s": workload.duration_s, "notes": dict(workload.notes)}
    if args.json:
        print_json({"runs": runs, "seed": seed, "trace": trace})
    else:
        minutes = workload.duration_s / 60
        print(f"{trace['functions']} functions, {workload.calls:,} calls in {minutes:g} minutes, seed {seed}")
        for note, number_of in workload.notes.items():
            print(f"{note}: {number_of}")
        print_table({r["keep_alive"]: {k: v for k, v in r.items() if k != "keep_alive"} for r in runs})
    return 0


def _platform(args, keep_alive):
    invokers = whole(args.invokers, "--invokers", minimum=1)
    return Platform(
        keep_alive=keep_alive,
        invokers=invokers,
        invoker_memory_mb=number(args.invoker_memory_mb, "--invoker-memory-mb", above=0, finite=False),
        placement=LeastLoaded() if invokers > 1 else None,
        queue_limit=None if args.queue is None else whole(args.queue, "--queue"),
    )


def _minutes(text):
    if text is None:
        return None
    first, _, last = text.partition(":")
    try:
        return int(first), int(last)
    except ValueError:
        raise InputError(f"--minutes: expected FIRST:LAST, two whole numbers, got {text!r}") from None
