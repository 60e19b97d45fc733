"""Decisions a second of faaslab.harvest: on the platform, in the environment, with the network, and in training.

A decision is the allocation of one call, with all that the platform does with that call. On the platform: the sample of
FaaSRM's first experiment (1,000 functions, 85,470 calls where the trace is present, else a generated one), a minute of
it replayed in --minute-s seconds, which sets the load. In training: FaaSRM's small episodes. Beside them, in the same
run: sb3-contrib's MaskablePPO trained on the same environment, and, measured elsewhere, FaaSRM's own simulator, which
made about 310 decisions a second on the first hundred functions of this trace.
Every run has a process of its own and one thread, and rows take turns; the median of the rounds counts. Seconds are
those of the processor, which others on the machine disturb less; by the clock stands beside it.
Usage: python benchmarks/harvest.py [--rounds N] [--minute-s S] [--functions N] [--rows ...] [--json]
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time

ELSEWHERE = 310.0  # decisions a second of the original simulator
RULES = ("fixed", "greedy", "ensure", "random", "largest", "smallest", "oracle", "heuristic")
SEED = 1
STEPS = 5_000  # decisions in the environment alone
EPISODES = 400  # of a training: about 11,000 decisions
PEER_STEPS = 4_096
UPDATE = 8 * 27  # decisions from one update to the next, for the peer as for us

ENVIRONMENT, LEARNT, TRAINING, PEER = "environment, random actions", "faasrm", "training", "MaskablePPO, training"
ROWS = (*RULES, LEARNT, ENVIRONMENT, TRAINING, PEER)


def world(minute_s, functions):
    from faaslab.harvest.worlds.experiment_one import experiment_one

    return experiment_one(SEED, minute_s=minute_s, functions=functions)


def run_manager(name, minute_s, functions):
    """A manager on the platform, on the whole trace. The network's weights are drawn: what it costs is the same."""
    from faaslab.harvest.features import COUNT
    from faaslab.harvest.managers.named import parse_manager
    from faaslab.harvest.scores import NumpyScores

    rng = drawn()
    sizes = (COUNT, 32, 16, 1)
    layers = [(rng.normal(size=(a, b)) / a**0.5, rng.normal(size=b)) for a, b in itertools.pairwise(sizes)]
    manager = parse_manager(name, policy=NumpyScores(layers))
    where = world(minute_s, functions)
    what = f"load {where.load().cpu:.3g}, {where.name}"
    world(minute_s, 20).run(manager(), SEED)
    began = now()
    return len(where.run(manager(), SEED)), began, what


def run_environment(name, minute_s, functions):
    """Gymnasium's step() and what it needs, an allowed action drawn each time."""
    from faaslab.harvest.environment import HarvestEnv

    rng, environment, where = drawn(), HarvestEnv(), world(minute_s, functions)
    _, info = environment.reset(seed=SEED, options={"world": where})
    steps, over, began = 0, False, now()
    while steps < STEPS and not over:
        _, _, over, _, info = environment.step(rng.choice(info["action_mask"].nonzero()[0]))
        steps += 1
    return steps, began, f"the first {steps:,} calls of the same"


def run_training(name, minute_s, functions):
    from faaslab.harvest.environment import HarvestEnv
    from faaslab.harvest.ppo import PPOSettings
    from faaslab.harvest.training import train
    from faaslab.harvest.worlds.episodes import Episodes

    episodes = Episodes()
    settings = PPOSettings(return_scale=27.0)
    train(lambda: HarvestEnv(episodes), episodes=8, seed=SEED + 1, settings=settings)
    began = now()
    done = train(lambda: HarvestEnv(episodes), episodes=EPISODES, seed=SEED, settings=settings)
    return done.rows[-1]["decisions"], began, f"{EPISODES} small episodes, an update each 8"


def run_peer(name, minute_s, functions):
    """Its own policy network on the same observations, as many decisions an update, as many epochs."""
    import torch
    from sb3_contrib import MaskablePPO

    from faaslab.harvest.environment import HarvestEnv

    torch.set_num_threads(1)
    settings = {"n_steps": UPDATE, "batch_size": UPDATE, "n_epochs": 4, "gamma": 1.0, "ent_coef": 0.01, "device": "cpu"}
    model = MaskablePPO("MlpPolicy", HarvestEnv(), seed=SEED, **settings)
    model.learn(UPDATE)
    began = now()
    model.learn(PEER_STEPS, reset_num_timesteps=True)
    return model.num_timesteps, began, "sb3-contrib on the same episodes, MLP 64-64, no vector"


def now():
    """Seconds of the processor, and by the clock."""
    return time.process_time(), time.perf_counter()


def drawn():
    import numpy as np

    return np.random.default_rng(SEED)


RUNS = {ENVIRONMENT: run_environment, TRAINING: run_training, PEER: run_peer}


def in_a_process(row, args):
    """One run: what measure() prints, or {"absent": why}."""
    command = [sys.executable, __file__, "--one", row, "--minute-s", str(args.minute_s)]
    command += [] if args.functions is None else ["--functions", str(args.functions)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        return {"absent": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def measure(row, args):
    decisions, began, what = RUNS.get(row, run_manager)(row, args.minute_s, args.functions)
    cpu_s, clock_s = (after - before for after, before in zip(now(), began, strict=True))
    speeds = {"decisions_per_s": decisions / cpu_s, "by_the_clock": decisions / clock_s}
    print(json.dumps({"decisions": decisions, **speeds, "what": what}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--minute-s", type=float, default=600.0, help="what a minute is replayed as (default 600)")
    parser.add_argument("--functions", type=int, help="only the first so many (default: all)")
    parser.add_argument("--rows", nargs="+", default=ROWS, choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--one", metavar="ROW", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measure(args.one, args)
        return 0
    runs = {row: [] for row in args.rows}
    for number in range(args.rounds):
        for row, results in runs.items():
            print(f"round {number + 1} of {args.rounds}: {row}", file=sys.stderr)
            results.append(in_a_process(row, args))
    table = {row: middle(results) for row, results in runs.items()}
    if args.json:
        print(json.dumps(table | {"original, measured elsewhere": {"decisions_per_s": ELSEWHERE}}))
    else:
        render(table)
    return int(any("absent" in row and name != PEER for name, row in table.items()))


def middle(results):
    """The median of the rounds and their range."""
    absent = [result for result in results if "absent" in result]
    if absent:
        return absent[0]
    speeds = [result["decisions_per_s"] for result in results]
    return {
        "decisions_per_s": statistics.median(speeds),
        "lowest": min(speeds),
        "highest": max(speeds),
        "by_the_clock": statistics.median(result["by_the_clock"] for result in results),
        "decisions": results[0]["decisions"],
        "what": results[0]["what"],
    }


def render(table):
    print(f"{'':30}{'decisions/s':>12}{'range':>18}{'ratio':>8}{'by the clock':>14}  what")
    told = None
    for name, row in table.items():
        if "absent" in row:
            print(f"{name:30}{'-':>12}  absent: {row['absent']}")
            continue
        what = "as above" if row["what"] == told else f"{row['decisions']:,} decisions; {row['what']}"
        told = row["what"]
        speed, span = row["decisions_per_s"], f"{row['lowest']:,.0f}-{row['highest']:,.0f}"
        print(f"{name:30}{speed:>12,.0f}{span:>18}{speed / ELSEWHERE:>8.1f}{row['by_the_clock']:>14,.0f}  {what}")
    name = "original, measured elsewhere"
    print(f"{name:30}{ELSEWHERE:>12,.0f}{'':>18}{1:>8.1f}{'':>14}  its own simulator, no training")


if __name__ == "__main__":
    sys.exit(main())
