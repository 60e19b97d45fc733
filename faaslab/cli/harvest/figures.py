"""What evaluate and compare share: worlds from options, managers by name, the runs, and their table or JSON."""

import hashlib
from dataclasses import asdict, replace
from pathlib import Path

from faaslab.cli.output import print_json, print_table, progress
from faaslab.errors import InputError, member, number, whole
from faaslab.harvest.comparison import Comparison, compare
from faaslab.harvest.features import COUNT
from faaslab.harvest.managers.named import parse_manager
from faaslab.harvest.measures import FIGURES
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies.policies import STORED
from faaslab.harvest.worlds.named import SETTINGS, WORLDS, world_maker

WORLDS_HELP = "worlds: " + "; ".join(f"{name} ({', '.join(names)})" for name, names in SETTINGS.items())
STORED_POLICY = STORED / "faasrm.npz"


def add_options(option):
    """Those of both commands; `option` is the parser's add_argument."""
    option(
        "--world", action="append", metavar="NAME", help=f"{', '.join(WORLDS)}; may be given again (default episodes)"
    )
    option(
        "--minute-s", type=float, metavar="S", help="seconds in which a minute of the trace is replayed (default 60)"
    )
    option("--functions", type=int, metavar="N", help="only the first N functions; in episodes, N of them")
    option("--servers", type=int, metavar="N", help="machines")
    option("--load", type=float, metavar="L", help="what users' configurations ask for, over what there is")
    option("--split", metavar="PART", help="of the sample: all, train or held-out, which training never sees")
    option("--policy", metavar="FILE", help="of a trained policy (default: the stored one)")
    option("--seed", type=int, default=1, metavar="N", help="the first seed (default 1)")
    option("--seeds", type=int, default=5, metavar="N", help="how many (default 5)")
    option("--figures", metavar="A,B", help="only these figures (default: all)")
    option("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    option("--json", action="store_true", help="print one JSON object and nothing else")


def worlds_of(args, seeds) -> dict:
    """name -> (maker, options, the world of the first seed). InputError for settings that a world does not have."""
    whole(args.jobs, "--jobs", minimum=1)
    names = args.world or ["episodes"]
    if len(set(names)) < len(names):
        raise InputError(f"--world: expected each world once, got {', '.join(names)}")
    settings = {}
    if args.minute_s is not None:
        settings["minute_s"] = number(args.minute_s, "--minute-s", above=0)
    if args.load is not None:
        settings["load"] = number(args.load, "--load", above=0)
    for name in ("functions", "servers"):
        if getattr(args, name) is not None:
            settings[name] = whole(getattr(args, name), f"--{name}", minimum=1)
    if args.split is not None:
        settings["split"] = member(args.split, "--split", ("all", "train", "held-out")).replace("-", " ")
    made = {}
    for name in names:
        maker, options = world_maker(member(name, "--world", WORLDS), **settings)
        made[name] = maker, options, maker(seeds[0])
    return made


def seeds_of(args) -> list[int]:
    """From --seed on, --seeds of them."""
    first = whole(args.seed, "--seed")
    return list(range(first, first + whole(args.seeds, "--seeds", minimum=1)))


def figures_of(args) -> list[str]:
    """The names of --figures, or all."""
    if args.figures is None:
        return list(FIGURES)
    return [member(name, "--figures", FIGURES) for name in args.figures.split(",")]


def policy_of(args) -> tuple[NumpyScores, Path]:
    """The policy of --policy, or the stored one, and its file."""
    if args.policy is None and not STORED_POLICY.exists():
        raise InputError("--policy: expected the FILE of a policy, such as `faaslab harvest train` writes; got none")
    file = STORED_POLICY if args.policy is None else Path(args.policy)
    return NumpyScores.load(file, features=COUNT, options=Options().n), file


def about_policy(policy, file) -> dict:
    """Which policy it is and how it was trained."""
    return {"file": str(file), "digest": _digest(file), **policy.about}


def _digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


def run_all(worlds, names, seeds, *, policy=None, file=None, jobs=1, out=None) -> dict[str, Comparison]:
    """A Comparison for each world, its managers named as in `names`.

    In the file `out`, a learnt manager is called by its policy's digest, too: another policy is another manager.
    """
    results = {}
    for number_of, (name, (maker, options, _)) in enumerate(worlds.items()):
        managers, kept = {}, {}
        for text in names:
            kept[text] = f"{text}@{_digest(file)}" if text.startswith("faasrm") else text
            managers[kept[text]] = parse_manager(text, "--managers", options=options, policy=policy)
        found = compare(
            {name: maker}, managers, seeds, progress=_shown(number_of, len(worlds)), jobs=jobs, resume_file=out
        )
        back = {there: text for text, there in kept.items()}
        rows = [row | {"manager": back[row["manager"]]} for row in found.rows]
        results[name] = replace(found, rows=rows)
    return results


def _shown(number_of, of):
    show = progress("runs")
    return None if show is None else lambda share, what: show((number_of + share) / of)


def columns(comparison, figures, differences=()) -> dict[str, dict]:
    """Title -> figure -> interval (a number where there is one seed): managers, then paired differences."""
    made = comparison.columns(figures=figures)
    for one, other in differences:
        made[f"{one} - {other}"] = {figure: comparison.difference(figure, one, other) for figure in figures}
    if len(comparison.names("seed")) == 1:
        return {title: {name: interval["mean"] for name, interval in each.items()} for title, each in made.items()}
    return made


def print_all(args, worlds, results, seeds, *, differences=(), policy=None) -> None:
    """The tables, or one JSON object with the same names."""
    figures = figures_of(args)
    tables = {name: columns(found, figures, differences) for name, found in results.items()}
    loads = {name: asdict(world.load()) for name, (_, _, world) in worlds.items()}
    if args.json:
        told = {name: {"world": worlds[name][2].name, "load": loads[name], "managers": tables[name]} for name in tables}
        sessions = next(iter(results.values())).provenance["sessions"]
        print_json({"worlds": told, "seeds": seeds, "policy": policy, "sessions": sessions})
        return
    if policy is not None:
        trained = policy.get("provenance", {})
        print(f"policy {policy['file']}: {trained.get('episodes', '?')} episodes, seed {trained.get('seed', '?')}")
    runs = (
        f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}, mean ± half of the 95 % interval"
    )
    for name, table in tables.items():
        print(f"\n{name}: {worlds[name][2].name}, load {loads[name]['cpu']:.3g} at the users' configurations; {runs}")
        print_table(table)
