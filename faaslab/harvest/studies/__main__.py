"""`python -m faaslab.harvest.studies`: train the stored policies again, and do the stored studies again.

What is there already is left alone, so that an interrupted run goes on where it stopped; a study is also done again
when a policy that it used has changed, a policy is trained again when its recipe has. An interrupted training goes on
from its checkpoint.
"""

import argparse
import inspect
import json
import pkgutil
import shutil
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import faaslab.harvest.studies
from faaslab.errors import InputError, member
from faaslab.harvest.provenance import provenance
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies import stored
from faaslab.harvest.studies.policies import RECIPES, STORED, file_of, train_recipe

MAIN = "faasrm"
QUICK_UPDATES = 2
PACKAGES = ("numpy", "simpy", "scikit-learn", "torch", "gymnasium")
WORK = Path(faaslab.__file__).resolve().parents[1] / "_build" / "studies"  # checkpoints of trainings under way
DONE_S = 0.05  # between two lines of progress


def studies() -> dict:
    """The modules of this package that are studies, by NAME."""
    names = [module.name for module in pkgutil.iter_modules(faaslab.harvest.studies.__path__)]
    modules = [import_module(f"faaslab.harvest.studies.{name}") for name in names if name != "__main__"]
    return {module.NAME: module for module in modules if hasattr(module, "NAME") and hasattr(module, "run")}


def main(arguments=None) -> int:
    """Returns the exit status: 0, 2 for bad input, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m faaslab.harvest.studies", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="policies, policies/NAME, policies/NAME-SEED, or a study"
    )
    parser.add_argument("--force", action="store_true", help="also what is there already")
    parser.add_argument("--list", action="store_true", help="say what there is, and do nothing")
    parser.add_argument("--folder", type=Path, help="write here instead of into the package (to compare)")
    parser.add_argument("--quick", action="store_true", help="a reduced version of everything, into a temporary folder")
    args = parser.parse_args(arguments)
    try:
        with _folder(args) as folder:
            return _all(args, folder)
    except InputError as error:
        print(f"studies: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstudies: interrupted; the same command goes on", file=sys.stderr)
        return 130


def _folder(args):
    """What results go into, for a `with` block."""
    if args.quick and args.folder is None:
        return tempfile.TemporaryDirectory(prefix="studies-")
    return nullcontext(args.folder or stored.DATA)


def _all(args, folder):
    policies, results = Path(folder) / "policies", Path(folder) / "studies"
    found = studies()
    trainings = [(name, seed) for name, recipe in RECIPES.items() for seed in recipe.seeds]
    groups = {"policies": trainings}
    for name, seed in trainings:
        groups.setdefault(f"policies/{name}", []).append((name, seed))
        groups[f"policies/{name}-{seed}"] = [(name, seed)]
    only = args.only or ["policies", *found]
    for name in only:
        member(name, "--only", (*groups, *found))
    for name, seed in dict.fromkeys(each for word in only for each in groups.get(word, ())):
        if args.list:
            print(f"policies/{name}-{seed}: {_state(file_of(name, seed, policies))}")
        elif args.quick and (first := file_of(name, RECIPES[name].seeds[0], policies)).exists():
            shutil.copyfile(first, file_of(name, seed, policies))
        else:
            train_policy(name, seed, policies, args.force, args.quick)
    for name in dict.fromkeys(name for name in only if name in found):
        if args.list:
            print(f"{name}: {_state(results / f'{name}.json')}")
        else:
            do_study(found[name], policies, results, args.force, args.quick)
    return 0


def _state(file):
    return "there" if file.exists() else "not there yet"


def train_policy(name: str, seed: int, folder: Path, force: bool = False, quick: bool = False) -> None:
    """Train a stored policy, unless it is there and its recipe is what it was."""
    label, file = f"policies/{name}-{seed}", file_of(name, seed, folder)
    recipe = RECIPES[name]
    if quick:
        recipe = replace(recipe, episodes=QUICK_UPDATES * recipe.episodes_per_update)
    if file.exists() and file.with_suffix(".json").exists() and not force:
        changed = _changed(recipe, file.with_suffix(".json"))
        if not changed:
            print(f"{label}: there")
            return
        print(f"{label}: again, since its recipe has changed ({', '.join(changed)})")
    shown = Line(label)
    work = WORK if folder == STORED else folder / "training"
    train_recipe(name, seed, work, recipe=recipe, stored=folder, progress=lambda r: shown(r["episode"] / r["of"]))
    shutil.rmtree(work / f"{name}-{seed}")
    shown.end("trained" if quick else f"trained{_compared(name, seed, file)}")


def _changed(recipe, file):
    """The settings in which the recipe differs from the one of a stored policy, by what stands beside that."""
    beside = json.loads(file.read_text(encoding="utf-8"))
    kept = beside["settings"] | {"about.episodes": beside["provenance"]["episodes"]}
    settings = json.loads(json.dumps(asdict(recipe)))
    return [name for name in settings if name != "seeds" and kept.get(f"about.{name}") != settings[name]]


def _compared(name, seed, file):
    there = file_of(name, seed)
    if there == file or not there.exists():
        return ""
    digests = {stored.policy_digest(NumpyScores.load(each)) for each in (there, file)}
    return ", the same weights as the stored ones" if len(digests) == 1 else ", other weights than the stored ones"


def do_study(module, policies: Path, folder: Path, force: bool = False, quick: bool = False) -> None:
    """Do a study, unless its result is there and the policies are what they were, and store its result."""
    name = module.NAME
    given, used = _policies(module, policies if any(policies.glob("*.npz")) else STORED)
    if (folder / f"{name}.json").exists() and not force:
        before = stored.read_study(name, folder)["provenance"].get("policies", {})
        changed = sorted({policy for policy in {**before, **used} if before.get(policy) != used.get(policy)})
        if not changed:
            print(f"{name}: there")
            return
        print(f"{name}: again, since it used other policies ({', '.join(changed)})")
    shown = Line(name)
    origin = provenance(PACKAGES)  # of the sources that are read now, whatever becomes of them meanwhile
    result = module.run(progress=shown, **given, **(getattr(module, "QUICK", {}) if quick else {}))
    about = origin | {"took_s": round(shown.elapsed_s, 1), "policies": used}
    stored.write_study(name, result, about, folder)
    shown.end("done")


def _policies(module, folder):
    """The arguments by which a study is told of the policies, and the digests of those that it may use."""
    wanted = inspect.signature(module.run).parameters
    there = stored.digests(folder)
    if "policies" in wanted:
        return {"policies": folder}, there
    if "policy" in wanted and MAIN in there:
        return {"policy": file_of(MAIN, folder=folder)}, {MAIN: there[MAIN]}
    return {}, {}


class Line:
    """A line that says how far something is, on a terminal, and in any case one at its end."""

    def __init__(self, label):
        self.label = label
        self._began = self._last_s = time.perf_counter()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    def __call__(self, share, *words):
        now = time.perf_counter()
        if sys.stderr.isatty() and now - self._last_s >= DONE_S and share > 0:
            self._last_s = now
            left_s = (now - self._began) * (1 - share) / share
            text = f"{self.label}: {share:4.0%}, about {left_s:.0f} s left {' '.join(map(str, words))}"
            print(f"\r\033[K{text:.100}", end="", file=sys.stderr, flush=True)

    def end(self, text):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        print(f"{self.label}: {text} ({self.elapsed_s:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
