"""`faaslab simulate`: one function, Poisson arrivals, a platform from a few options; the figures of the run."""

import argparse

from faaslab.cli.output import print_json, print_table, progress
from faaslab.durations import parse_duration
from faaslab.errors import InputError, number, whole
from faaslab.functions import MOST_CALLS, ColdStart, Function
from faaslab.model.summary import interval_of, summary
from faaslab.platform import Platform, simulate
from faaslab.platform.platform import MOST_INVOKERS
from faaslab.policies import ConcurrencyLimit, LeastLoaded, parse_keep_alive
from faaslab.policies.fixed_fleet import MOST_SERVERS
from faaslab.presets import vm_fleet
from faaslab.units import LONGEST_S, MOST_MB, NS_PER_S
from faaslab.workload import Workload, poisson

DESCRIPTION = """\
Simulate one function that is called at random (Poisson) on a platform that starts one container a request.
Without keep-alive some calls are warm all the same: while they wait for a start, another container may become free.
Durations: a number of seconds, const:SECONDS, exp:MEAN, or lognormal:MU,SIGMA (of the logarithm of seconds)."""

EXAMPLES = """\
examples:
  faaslab simulate --rate 0.9 --service exp:1.991 --cold-service exp:2.244 --keep-alive 600 --duration 1e6 --seed 1
  faaslab simulate --rate 0.1 --service 0.2 --cold-start 0.5 --keep-alive none --duration 1e5 --seeds 5
  faaslab simulate --rate 4 --service exp:1 --fixed-fleet 5 --queue 10 --duration 1e5 --warmup 1000 --json"""

NAME = "function"
OF_FUNCTIONS = ("cold_service", "cold_start", "keep_alive", "invokers", "invoker_memory_mb", "account_concurrency")


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "simulate",
        help="one function on a simulated platform",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--rate", type=float, required=True, metavar="R", help="calls a second")
    option("--service", required=True, metavar="DURATION", help="the handler's time")
    option(
        "--cold-service", metavar="DURATION", help="the whole service time of a cold call, instead of a start before it"
    )
    option("--cold-start", metavar="DURATION", help="a start before the service of a cold call")
    option(
        "--keep-alive", metavar="POLICY", help="none, SECONDS, fixed:SECONDS, lru, greedy-dual, histogram (default 600)"
    )
    option("--duration", type=float, required=True, metavar="S", help="simulated seconds")
    option("--warmup", type=float, default=0.0, metavar="S", help="seconds at the beginning that the figures leave out")
    option("--seed", type=int, default=1, metavar="N", help="the seed (default 1)")
    option(
        "--seeds", type=int, default=1, metavar="N", help="runs with seeds from --seed on: means with 95%% intervals"
    )
    option("--memory-mb", type=float, default=128.0, metavar="MB", help="memory of a container (default 128)")
    option("--container-concurrency", type=int, default=1, metavar="N", help="calls in a container at once (default 1)")
    option("--invokers", type=int, metavar="N", help="machines (default 1)")
    option("--invoker-memory-mb", type=float, metavar="MB", help="memory of each machine (default: unlimited)")
    option("--account-concurrency", type=int, metavar="N", help="calls at once; more are throttled (default: no limit)")
    option("--fixed-fleet", type=int, metavar="N", help="N servers that always run, instead of functions")
    option("--queue", type=int, metavar="K", help="waiting places besides those in service (default: any number)")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Simulate and print; returns 0."""
    function, platform = _function(args), _platform(args)
    rate = number(args.rate, "--rate", minimum=0)
    duration = number(args.duration, "--duration", minimum=1 / NS_PER_S, maximum=LONGEST_S)
    warmup = number(args.warmup, "--warmup", minimum=0)
    if warmup >= duration:
        raise InputError(f"--warmup: expected less than --duration {duration:g}, got {warmup:g}")
    first, runs = whole(args.seed, "--seed"), whole(args.seeds, "--seeds", minimum=1)
    figures = []
    for seed in range(first, first + runs):
        workload = Workload((function,), {NAME: poisson(rate, duration, seed)})
        show = progress(f"seed {seed}")
        figures.append(
            summary(simulate(platform, workload, seed=seed, duration_s=duration, warmup_s=warmup, progress=show))
        )
    seeds = list(range(first, first + runs))
    intervals = None if runs == 1 else interval_of(figures)
    if not args.json:
        title = f"seed {first}" if runs == 1 else f"seeds {first} to {seeds[-1]}, mean ± half of the 95 % interval"
        print_table({title: intervals or figures[0]})
    elif intervals is None:
        print_json({**figures[0], "seeds": seeds})
    else:
        print_json({**_part(intervals, "mean"), "half_width_95": _part(intervals, "half_width"), "seeds": seeds})
    return 0


def _part(intervals, name):
    """The means, or the half-widths, of figures that are intervals, in the nesting of the figures."""
    if set(intervals) == {"mean", "half_width"}:
        return intervals[name]
    return {key: _part(value, name) for key, value in intervals.items()}


def _function(args):
    if args.cold_service is not None and args.cold_start is not None:
        raise InputError("--cold-service and --cold-start: expected at most one of them, got both")
    start = parse_duration(args.cold_start, "--cold-start") if args.cold_start is not None else 0.0
    cold = parse_duration(args.cold_service, "--cold-service") if args.cold_service is not None else None
    return Function(
        NAME,
        parse_duration(args.service, "--service"),
        memory_mb=number(args.memory_mb, "--memory-mb", above=0, maximum=MOST_MB),
        concurrency=whole(args.container_concurrency, "--container-concurrency", minimum=1, maximum=MOST_CALLS),
        cold_start=ColdStart(allocate_s=start),
        cold_service=cold,
    )


def _platform(args):
    queue = None if args.queue is None else whole(args.queue, "--queue")
    if args.fixed_fleet is not None:
        for name in OF_FUNCTIONS:
            if getattr(args, name) is not None:
                flag = "--" + name.replace("_", "-")
                raise InputError(
                    f"{flag}: expected none with --fixed-fleet, whose servers always run, got {getattr(args, name)}"
                )
        return vm_fleet(whole(args.fixed_fleet, "--fixed-fleet", minimum=1, maximum=MOST_SERVERS), queue)
    limit = args.account_concurrency
    memory = args.invoker_memory_mb
    return Platform(
        keep_alive=_keep_alive(args),
        invokers=whole(1 if args.invokers is None else args.invokers, "--invokers", minimum=1, maximum=MOST_INVOKERS),
        invoker_memory_mb=float("inf") if memory is None else number(memory, "--invoker-memory-mb", above=0),
        placement=LeastLoaded() if args.invokers is not None and args.invokers > 1 else None,
        admission=None if limit is None else ConcurrencyLimit(whole(limit, "--account-concurrency")),
        queue_limit=queue,
    )


def _keep_alive(args):
    cost = None
    if args.cold_service is not None:
        # A start that takes no time costs what the cold call takes longer.
        extra = (
            parse_duration(args.cold_service, "--cold-service").mean_s
            - parse_duration(args.service, "--service").mean_s
        )
        cost = {NAME: max(0.0, extra)}
    return parse_keep_alive("600" if args.keep_alive is None else args.keep_alive, "--keep-alive", cost)
