"""`faaslab harvest evaluate`: a trained policy beside what needs no training, on calls that it has never seen."""

import argparse

from faaslab.cli.harvest import figures
from faaslab.harvest.managers.named import safeguard_suffix

DESCRIPTION = f"""\
Run a trained policy, and beside it the user's configurations (fixed), a random and the largest choice within the same
safeguard; the last column is the policy less the random choice, seed by seed. The safeguard is the one that the policy
was trained with.
{figures.WORLDS_HELP}."""

EXAMPLES = """\
examples:
  faaslab harvest evaluate --policy trained/policy.npz --seeds 20
  faaslab harvest evaluate --policy trained/policy.npz --world one --minute-s 300 --functions 200 --split held-out
  faaslab harvest evaluate --world episodes --world larger --load 0.7 --figures mean_rfet,mean_response_s --json"""


def add_parser(subparsers):
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "evaluate",
        help="a trained policy on calls that it has never seen",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    figures.add_options(parser.add_argument)
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Evaluate and print; returns 0."""
    policy, file = figures.policy_of(args)
    trained = policy.about.get("settings", {})
    suffix = safeguard_suffix(trained.get("about.threshold", 0.9), trained.get("about.coupled", False))
    learnt, random = f"faasrm{suffix}", f"random{suffix}"
    figures.figures_of(args)
    seeds = figures.seeds_of(args)
    worlds = figures.worlds_of(args, seeds)
    names = ["fixed", random, f"largest{suffix}", learnt]
    results = figures.run_all(worlds, names, seeds, policy=policy, file=file, jobs=args.jobs)
    about = figures.about_policy(policy, file)
    figures.print_all(args, worlds, results, seeds, differences=[(learnt, random)], policy=about)
    return 0
