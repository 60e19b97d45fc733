"""`faaslab harvest train`: FaaSRM's score network by PPO, into a folder from which it can go on."""

import argparse
import sys
import time
from pathlib import Path

from faaslab.cli.output import print_json, print_table, three_digits
from faaslab.errors import InputError, member, number, whole
from faaslab.harvest.managers.named import parse_threshold
from faaslab.harvest.provenance import this_command
from faaslab.harvest.studies.policies import RECIPES
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.sample import find_sample

DESCRIPTION = """\
Train FaaSRM's score network by PPO on episodes drawn from a sample of Azure functions (from a generator where the trace
is not at hand), and print what it took. FOLDER gets policy.npz (which evaluate and compare read), checkpoint.pt,
training.jsonl and curves for TensorBoard. Ctrl-C costs at most the update under way: --resume, with the same
settings, goes on as if nothing had happened; with more --episodes also after the end.
The settings of PPO are those of the stored policies with the same reward (faaslab/harvest/studies/policies.py)."""

EXAMPLES = """\
examples:
  faaslab harvest train --episodes 5000 --seed 1 --out trained
  faaslab harvest train --episodes 400 --seed 1 --out trained --threshold none --hidden 64,32
  faaslab harvest train --episodes 4000 --reward response --out waiting --patience 20
  faaslab harvest train --episodes 8000 --seed 1 --out trained --resume"""

WORLDS = ("small", "larger")
REWARDS = {"duration": "faasrm", "response": "faasrm-response"}  # -> the stored policy whose settings are taken
LARGER_CALLS = 300.0
CHECKPOINT, POLICY = "checkpoint.pt", "policy.npz"  # as faaslab.harvest.training names them


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "train",
        help="train FaaSRM's score network",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--episodes", type=int, required=True, metavar="N", help="whole updates' worth of them, counted in all runs")
    option("--out", required=True, metavar="FOLDER", help="where everything goes")
    option("--seed", type=int, default=1, metavar="N", help="of weights, episodes and actions (default 1)")
    option("--reward", default="duration", metavar="KIND", help="duration (the paper's; default) or response")
    option("--threshold", default="0.9", metavar="T", help="of the safeguard, or none (default 0.9)")
    option("--coupled", action="store_true", help="memory only in proportion to cores")
    option("--hidden", default="32,16", metavar="N,N", help="sizes of the hidden layers (default 32,16)")
    option("--world", default="small", metavar="NAME", help="small, about 27 calls (default), or larger, about 300")
    option("--load", type=float, metavar="L", help="what users' configurations ask for, over what there is")
    option("--servers", type=int, metavar="N", help="as many, and episodes as long as --load then needs")
    option("--patience", type=int, metavar="N", help="stop after N updates that brought nothing (default: never)")
    option("--resume", action="store_true", help="go on from FOLDER's checkpoint")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Train and print what it took; returns 0, or 130 when interrupted."""
    environment, hidden, training = _environment(args), _hidden(args.hidden), _training(args)
    _check_folder(args)
    try:
        from faaslab.harvest.environment import HarvestEnv
        from faaslab.harvest.network import ScorePolicy
        from faaslab.harvest.ppo import PPOSettings
        from faaslab.harvest.training import train
    except ImportError as error:
        raise InputError(f"harvest train: expected the packages of faaslab[learn]; {error.name} is missing") from error

    show = Progress("mean RFET" if args.reward == "duration" else "response ratio")
    episodes, world = _episodes(args)
    training["settings"] = PPOSettings(**training["settings"])
    try:
        done = train(
            lambda: HarvestEnv(episodes, **environment),
            lambda: ScorePolicy(hidden=hidden),
            about=environment | world,
            progress=show,
            **training,
        )
    except KeyboardInterrupt:
        show.clear()
        print(f"faaslab: interrupted after {_episodes_kept(args.out)} episodes, which are kept", file=sys.stderr)
        print(f"to go on: {this_command().removesuffix(' --resume')} --resume", file=sys.stderr)
        return 130
    show.clear()
    _print(args, done)
    return 0


def _recipe(args):
    """Of the stored policy with this reward."""
    return RECIPES[REWARDS[member(args.reward, "--reward", tuple(REWARDS))]]


def _environment(args):
    return {
        "reward": member(args.reward, "--reward", tuple(REWARDS)),
        "threshold": parse_threshold(args.threshold, "--threshold"),
        "coupled": args.coupled,
    }


def _training(args):
    """Keyword arguments of train(), with PPO's settings as a dict."""
    recipe = _recipe(args)
    of = recipe.episodes_per_update
    if whole(args.episodes, "--episodes", minimum=of) % of:
        near = args.episodes - args.episodes % of
        raise InputError(f"--episodes: expected a multiple of {of}, such as {near} or {near + of}, got {args.episodes}")
    return {
        "episodes": args.episodes,
        "folder": args.out,
        "seed": whole(args.seed, "--seed"),
        "settings": recipe.update | ({"return_scale": LARGER_CALLS} if args.world == "larger" else {}),
        "episodes_per_update": of,
        "parallel": of,
        "patience": None if args.patience is None else whole(args.patience, "--patience", minimum=1),
        "resume": args.resume,
    }


def _episodes(args):
    """The worlds of training, and what says which they are."""
    small = member(args.world, "--world", WORLDS) == "small"
    settings = dict(_recipe(args).world) if small else {}
    if args.load is not None:
        settings["load"] = number(args.load, "--load", above=0)
    if args.servers is not None:
        settings["servers"] = whole(args.servers, "--servers", minimum=1)
    sample = find_sample()
    episodes = (Episodes if small else Episodes.larger)(sample=sample, **settings)
    return episodes, {"world": args.world, "sample": sample.source} | settings


def _hidden(text):
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        raise InputError(f"--hidden: expected whole numbers such as 32,16, got {text!r}") from None
    return tuple(whole(size, "--hidden", minimum=1, maximum=4096) for size in sizes)


def _check_folder(args):
    if not args.out:
        raise InputError("--out: expected the name of a folder, got ''")
    there = (Path(args.out) / CHECKPOINT).exists()
    if there and not args.resume:
        raise InputError(f"--out: {args.out} has a training already; --resume goes on with it")
    if args.resume and not there:
        raise InputError(f"--resume: expected a training in {args.out}, found none")


def _episodes_kept(folder):
    """By the checkpoint, where the interruption came before there was one 0."""
    from faaslab.harvest.checkpoint import load_checkpoint

    file = Path(folder) / CHECKPOINT
    return load_checkpoint(file)["counters"]["episodes"] if file.exists() else 0


class Progress:
    """The line on a terminal: where the training is, how long it has taken and, by this run's pace, will take."""

    def __init__(self, relative):
        self.relative = relative
        self._began = time.perf_counter()
        self._first = None

    def __call__(self, row):
        if self._first is None:
            self._first = row["episode"] - row["episode"] // row["update"]
        if not sys.stderr.isatty():
            return
        pace_s = (time.perf_counter() - self._began) / (row["episode"] - self._first)
        told = [f"episode {row['episode']:,} of {row['of']:,}", f"return {row['mean_return']:.1f}"]
        if row["mean_relative"] is not None:
            told.append(f"{self.relative} {three_digits(row['mean_relative'])}")
        told += [shown_s(row["elapsed_s"]), f"about {shown_s(pace_s * (row['of'] - row['episode']))} left"]
        print(f"\r\033[K{', '.join(told)}", end="", file=sys.stderr, flush=True)

    def clear(self):
        if self._first is not None and sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def shown_s(seconds) -> str:
    """Seconds, or minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print(args, done):
    last = done.rows[-1]
    policy = str(Path(args.out) / POLICY)
    figures = {
        "episodes": done.episodes,
        "decisions": last["decisions"],
        "seconds": last["elapsed_s"],
        "decisions_per_s": last["decisions"] / last["elapsed_s"],
        "stopped_early": done.stopped_early,
    }
    names = ("mean_return", "mean_relative", "entropy")
    updates = {"first_update": done.rows[0], "last_update": last}
    shown = {title: {name: row[name] for name in names} for title, row in updates.items()}
    if args.json:
        print_json({**figures, **shown, "seed": args.seed, "policy": policy})
        return
    early = ", stopped early" if done.stopped_early else ""
    print(
        f"{done.episodes:,} episodes{early}, {last['decisions']:,} decisions in {shown_s(last['elapsed_s'])}: "
        f"{figures['decisions_per_s']:,.0f} decisions a second; seed {args.seed}"
    )
    print_table(shown)
    print(f"policy: {policy}")
