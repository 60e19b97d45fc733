"""The study of the chapter "The drawbacks of reinforcement learning": what trainings cost, and how they differ.

Small episodes from the generated sample (which everybody has), the score network, PPO. Every policy is tried on the
same thirty held-out episodes, in two ways: "likeliest", the option with the highest score, as it is deployed; "drawn",
options drawn with their chances, as it is trained. The rules that need no training are tried on the same ones.

groups of trainings (each with several seeds):
  published   settings as published, no safeguard
  scaled      returns divided by an episode's number of decisions, a learning rate of 0.003, no safeguard
  grid        other learning rates, entropy weights and return scales, no safeguard, shorter
  guarded     four of those settings with the safeguard
  response    scaled, with the safeguard, on the reward that sees waiting
What the calls of a training lose is counted against the same calls, in the same episodes, under Fixed.
Left out: other networks, larger worlds, other rewards without the safeguard.
"""

import itertools

import numpy as np

from faaslab.harvest.environment import Desk, HarvestEnv
from faaslab.harvest.managers import FaaSRM, Fixed, Greedy, Heuristic, Largest, Oracle, RandomChoice, Smallest
from faaslab.harvest.measures import call_columns, measure
from faaslab.harvest.reward import Reward
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.units import NS_PER_S

NAME = "drawbacks"
HELD_OUT = tuple(range(1, 31))
EVERY = 40
PUBLISHED = {"learning_rate": 0.001, "entropy_weight": 0.01, "return_scale": 1.0}
SCALED = {"learning_rate": 0.003, "entropy_weight": 0.01, "return_scale": 27.0}
RATES, ENTROPIES, SCALES = (0.001, 0.003, 0.01), (0.01, 0.1), (1.0, 27.0)
GRID = tuple(
    {"learning_rate": rate, "entropy_weight": entropy, "return_scale": scale}
    for rate, entropy, scale in itertools.product(RATES, ENTROPIES, SCALES)
)
FIGURES = {"relative": "mean_rfet", "response": "mean_response_ratio", "slowed": "slowed_fraction"}
DIGITS = 6
QUICK = {"seeds": (1, 2), "few": (1, 2), "long": 16, "middle": 8, "short": 8, "every": 8, "held_out": (1, 2)}


def run(
    *, progress=None, seeds=tuple(range(1, 9)), few=tuple(range(1, 6)), long=640, middle=240, short=160, every=EVERY,
    held_out=HELD_OUT,
) -> dict:  # fmt: skip
    """All trainings; a dict of JSON values.

    progress: function of the share done. seeds: of the groups published and scaled, which have `long`
    episodes; few: of the others, with `middle` (grid) or `short`. every: episodes between two evaluations, in the
    grid twice as many. held_out: seeds of the episodes that policies and rules are tried on.
    Result: "rules" (one row each, with the half width of a 95 % interval over the episodes), "trainings" (one each:
    group, settings, threshold, reward, seed, points) and what they were made with. A point has episodes, decisions,
    likeliest and drawn (see FIGURES; drawn None where it was not tried) and spent: sums over the training's calls so
    far, see SPENT.
    """
    plan = [("published", PUBLISHED, None, "duration", seed, long) for seed in seeds]
    plan += [("scaled", SCALED, None, "duration", seed, long) for seed in seeds]
    plan += [
        ("grid", settings, None, "duration", seed, middle)
        for settings in GRID
        if settings not in (PUBLISHED, SCALED)
        for seed in few
    ]
    guarded = (PUBLISHED, SCALED, {**SCALED, "learning_rate": 0.01}, {**PUBLISHED, "entropy_weight": 0.1})
    plan += [("guarded", settings, 0.9, "duration", seed, short) for settings in guarded for seed in few]
    plan += [("response", SCALED, 0.9, "response", seed, 2 * short) for seed in few]

    worlds = held_out_worlds(held_out)
    of, done, trainings = sum(entry[-1] for entry in plan), 0, []
    for group, settings, threshold, reward, seed, episodes in plan:
        apart = min(episodes, 2 * every) if group == "grid" else every
        trainings.append(
            {"group": group, **settings, "threshold": threshold, "reward": reward, "seed": seed}
            | {"points": training(settings, threshold, reward, seed, episodes, apart, worlds)}
        )
        done += episodes
        if progress is not None:
            progress(done / of, f"{group}, seed {seed}")
    return {
        "sample": generated_sample().source,
        "held_out": list(held_out),
        "rules": rules(worlds),
        "trainings": trainings,
    }


def training_episodes() -> Episodes:
    """What the policies are trained on."""
    return Episodes(sample=generated_sample())


def held_out_worlds(seeds=HELD_OUT) -> list:
    """What policies and rules are tried on."""
    episodes = Episodes(sample=generated_sample(), split="held out")
    return [episodes(seed) for seed in seeds]


def tried(manager, worlds) -> dict:
    """Means over `worlds` of FIGURES under `manager`."""
    found = [measure(world, manager, seed) for seed, world in enumerate(worlds)]
    return {name: round(float(np.mean([row[figure] for row in found])), DIGITS) for name, figure in FIGURES.items()}


def rules(worlds) -> list[dict]:
    """What needs no training, with and without the safeguard."""
    managers = [Fixed(), Greedy(), Oracle()]
    managers += [new(threshold=t) for t in (None, 0.9) for new in (RandomChoice, Largest, Smallest, Heuristic)]
    rows = []
    for manager in managers:
        found = [measure(world, manager, seed) for seed, world in enumerate(worlds)]
        row = {"rule": type(manager).__name__, "safeguard": getattr(manager, "safeguard", None) is not None}
        for name, figure in FIGURES.items():
            values = np.array([each[figure] for each in found])
            row |= {name: round(float(values.mean()), DIGITS), f"{name}_half": round(_half(values), DIGITS)}
        rows.append(row)
    return rows


def _half(values):
    from faaslab.model.summary import t_interval

    return t_interval(values)["half_width"]


def training(settings, threshold, reward, seed, episodes, every, worlds) -> list[dict]:
    """Train one policy and return its points: after 0, `every`, 2 `every`, ... episodes."""
    from faaslab.harvest.network import ScorePolicy
    from faaslab.harvest.ppo import PPOSettings
    from faaslab.harvest.training import train

    spent, policies, points = dict.fromkeys(SPENT, 0.0), [], []

    def point(played, decisions):
        scores = policies[0].to_numpy()
        drawn = None
        if played in (0, episodes) or played % (2 * every) == 0:
            drawn = tried(FaaSRM(scores, threshold=threshold, samples=True), worlds)
        likeliest = tried(FaaSRM(scores, threshold=threshold), worlds)
        sums = {name: round(value, 3) for name, value in spent.items()}
        points.append(
            {"episodes": played, "decisions": decisions, "likeliest": likeliest, "drawn": drawn, "spent": sums}
        )

    def network():
        policies.append(ScorePolicy())
        point(0, 0)
        return policies[0]

    def progress(row):
        if row["episode"] % every == 0:
            point(row["episode"], row["decisions"])

    train(
        lambda: _Counted(spent, threshold=threshold, reward=reward),
        network, episodes=episodes, seed=seed, settings=PPOSettings(**settings), progress=progress,
    )  # fmt: skip
    return points


# chosen: calls for which there was a choice; relative: sum of the relative durations; the others in seconds, of all
# calls, fixed_... under Fixed.
SPENT = ("calls", "chosen", "slowed", "relative", "service_s", "fixed_service_s", "response_s", "fixed_response_s")


class _CountingDesk(Desk):
    """The environment's manager, which adds to `spent` what every call of its episodes took."""

    def __init__(self, spent, *settings):
        self._spent = spent
        super().__init__(*settings)

    def on_end(self, call, now_s):
        ended = super().on_end(call, now_s)
        decided, spent = self.decisions[call.id], self._spent
        took_s, own_s = decided.usage.duration_s, call.function.speed.own_duration_s()
        spent["calls"] += 1
        spent["chosen"] += int(np.count_nonzero(self.mask(decided.ranges)) > 1)
        spent["slowed"] += int(took_s > own_s * (1 + 1e-6))
        spent["relative"] += took_s / own_s
        spent["service_s"] += took_s
        spent["fixed_service_s"] += own_s
        spent["response_s"] += now_s - call.arrival / NS_PER_S
        return ended


class _Counted(HarvestEnv):
    """The environment, with a count of what its calls took, and would have taken under Fixed."""

    def __init__(self, spent, *, threshold, reward):
        self._spent, self._episodes = spent, training_episodes()
        super().__init__(self._with_fixed, threshold=threshold, reward=reward)
        self.desk = _CountingDesk(spent, Reward(reward), self.options, threshold, False)

    def _with_fixed(self, seed):
        world, fixed = self._episodes(seed), Fixed()
        self._spent["fixed_response_s"] += float(call_columns(fixed, world.run(fixed, seed))["response_s"].sum())
        return world
