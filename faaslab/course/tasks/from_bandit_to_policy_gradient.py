"""Keys of the lab "From bandit to policy gradient": days of thumbnails on the simulator, learners on their costs.

Chapter "From bandit to policy gradient". The price of idle memory is that of capacity kept ready on AWS Lambda (the
sheet's), the price of waiting the chapter's; what a simulator costs to make is invented. Left out: drift.
"""

from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.words import fill, table
from faaslab.model.parts import by_part
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.pricing import price_sheet
from faaslab.streams import stream
from faaslab.workload import thumbnails
from faaslab.workload.thumbnails import DAY_S

WINDOWS_S = (30, 60, 120, 300, 600, 1200, 3600)
DAYS = range(1, 9)
USD_AN_HOUR = 2.0
HABIT_S = 600
LOG_DAYS = 40
LEARNERS = range(1, 11)
DESIGNS = ("habit", "learn", "replay")
SITES = ("exhibition", "shop", "platform")


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "log": _log(seed),
        "step": problem_task("policy-gradient-step", seed),
        "ucb": _ucb(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/from-bandit-to-policy-gradient")["task"][task]


# --- the runs ------------------------------------------------------------------------------------------------------


@cache
def recorded() -> np.ndarray:
    """Costs in cents of the recorded days under every window, on the simulator: shape (days, windows)."""
    ready_usd = price_sheet("aws-lambda").measure_price_usd("ready_gb_s")

    def cents(window_s, seed):
        run = simulate(Platform(FixedWindow(window_s)), thumbnails(seed), seed=seed, duration_s=DAY_S)
        day = by_part(run, DAY_S)
        return 100 * (day["wait_s"][0] / 3600 * USD_AN_HOUR + day["idle_mb_s"][0] / 1024 * ready_usd)

    costs = np.array([[cents(window_s, seed) for window_s in WINDOWS_S] for seed in DAYS])
    costs.setflags(write=False)
    return costs


def play(learner, days: int, seed: int) -> tuple[list[int], list[float]]:
    """`days` days of a learner, each one of the recorded at random: (arms chosen, costs in cents)."""
    rng, arms, costs = stream(seed, "lab learner"), [], []
    for _ in range(days):
        arm = int(learner.choose())
        cost = float(recorded()[rng.integers(len(DAYS)), arm])
        learner.learn(arm, -cost)
        arms.append(arm)
        costs.append(cost)
    return arms, costs


def regret(arms) -> np.ndarray:
    """Cents lost against the best window on average, added up: shape (len(arms),)."""
    means = recorded().mean(axis=0)
    return np.cumsum(means[list(arms)] - means.min())


# --- learners ------------------------------------------------------------------------------------------------------


class Greedy:
    """The learner as the lab gives it: every arm once, then the best mean; `scale` is not used yet."""

    def __init__(self, arms, scale):
        self.pulls, self.means, self.scale = [0] * arms, [0.0] * arms, scale

    def choose(self):
        if 0 in self.pulls:
            return self.pulls.index(0)
        return self.means.index(max(self.means))

    def learn(self, arm, reward):
        self.pulls[arm] += 1
        self.means[arm] += (reward - self.means[arm]) / self.pulls[arm]


class UCB(Greedy):
    """The best of mean + scale * sqrt(2 ln t / pulls), t pulls in all (Auer, Cesa-Bianchi and Fischer 2002)."""

    def choose(self):
        if 0 in self.pulls:
            return self.pulls.index(0)
        bonus = self.scale * np.sqrt(2 * np.log(sum(self.pulls)) / np.array(self.pulls))
        return int(np.argmax(np.array(self.means) + bonus))


class _EpsilonGreedy(Greedy):
    """A random arm with probability `scale`, for the log that is to be read."""

    def __init__(self, arms, scale, seed):
        super().__init__(arms, scale)
        self.rng = stream(seed, "lab log")

    def choose(self):
        return int(self.rng.integers(len(self.pulls))) if self.rng.random() < self.scale else super().choose()


# --- a log that is to be read --------------------------------------------------------------------------------------


@cache
def log(seed: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The log of one epsilon-greedy learner: (windows in seconds, costs in cents), LOG_DAYS of each."""
    arms, costs = play(_EpsilonGreedy(len(WINDOWS_S), 0.25, seed), LOG_DAYS, seed)
    return tuple(WINDOWS_S[arm] for arm in arms), tuple(costs)


def _seen(windows_s, costs):
    """Mean cost of each window that the log has."""
    return {w: float(np.mean([c for x, c in zip(windows_s, costs, strict=True) if x == w])) for w in set(windows_s)}


def _log_judge(part, seed):
    slips = _words("log")["slips"]
    windows_s, costs = log(seed)
    means = dict(zip(WINDOWS_S, recorded().mean(axis=0), strict=True))
    best_s = min(means, key=means.get)
    if part == "days_on_best":
        seen = _seen(windows_s, costs)
        favourite = min(seen, key=seen.get)
        others = {slips["off-best"]: LOG_DAYS - windows_s.count(best_s)}
        if favourite != best_s:
            others[slips["favourite"]] = windows_s.count(favourite)
        return Number(windows_s.count(best_s), "count", slips=others)
    if part == "seen_best_s":
        remark = fill(slips["not-seen-best"], {})
        seen = _seen(windows_s, costs)
        return Choice(min(seen, key=seen.get), WINDOWS_S, dict.fromkeys(WINDOWS_S, remark))
    lost = [means[w] - means[best_s] for w in windows_s]
    paid = sum(costs)
    return Number(
        sum(lost),
        "cents",
        slips={
            slips["paid"]: paid - LOG_DAYS * means[best_s],
            slips["a-day"]: sum(lost) / LOG_DAYS,
            slips["all"]: sum(means[w] for w in windows_s),
            slips["paid-all"]: paid,
        },
    )


def _log(seed):
    expected = {"days_on_best": "a number", "regret_cents": "a number of cents", "seen_best_s": f"one of {WINDOWS_S}"}
    judges = tuple(Deferred(text, partial(_log_judge, part, seed)) for part, text in expected.items())
    example = {"days": 5, "best_days": 2, "best": 14.0, "a": 16.0, "b": 15.0, "lost": 2.0 + 1.0 + 2.0}
    return Task(judges, None, example)


# --- UCB -----------------------------------------------------------------------------------------------------------


def _choices(code, scale, rewards):
    """What a learner chooses when arm a pays rewards[t][a] in round t."""
    learner, chosen = code(len(rewards[0]), scale), []
    for row in rewards:
        arm = int(learner.choose())
        chosen.append(arm)
        learner.learn(arm, row[arm])
    return chosen


@cache
def _ucb_cases(shift):
    words = _words("ucb")["cases"]
    rng = np.random.default_rng([61, shift])

    def constant(means, rounds):
        return [list(means)] * rounds

    def tell(at, got, expected):
        return fill(words["difference"], {"round": at + 1, "got": repr(got), "expected": repr(expected)})

    def case(key, scale, rewards):
        expected = _choices(UCB, scale, rewards)
        run = partial(_choices, scale=scale, rewards=rewards)
        return Case(words[key], run, expected, first_difference(expected, tell))

    d = shift / 100
    noisy = (rng.normal(0, 0.3, (200, 5)) + np.array([-16, -14, -14.1, -15, -17.5]) - d).tolist()
    unlucky = [[-1.0, -2.0 - d, -3.0]] * 3 + [[-1.0, -0.5, -3.0]] * 60
    worse = [[-1.0, -1.3 - d]] * 2 + [[-1.5 - d, -1.3 - d]] * 40
    return (
        case("once", 0.5, constant((-3 - d, -2, -1, -4), 4)),
        case("greedy", 0.0, constant((-3, -1 - d, -2), 12)),
        case("few", 1.0, constant((-1.0, -1.2 - d, -1.4), 20)),
        case("again", 1.0, unlucky),
        case("leave", 0.2, worse),
        case("scale", 10.0, constant((-14 - d, -16, -18), 40)),
        case("random", 0.5, noisy),
    )


def _ucb(seed):
    what = _words("ucb")["what"]
    public, hidden = (Changed(Cases(what, _ucb_cases(s)), Greedy) for s in (seed % 7, seed % 7 + 10))
    bonuses = {n: 0.5 * float(np.sqrt(2 * np.log(20) / n)) for n in (2, 8)}
    means = {"few_mean": -15.2, "many_mean": -14.6}
    example = {
        **means, "few_bonus": bonuses[2], "many_bonus": bonuses[8], "few": means["few_mean"] + bonuses[2],
        "many": means["many_mean"] + bonuses[8],
    }  # fmt: skip
    return Task((public,), None, example, (hidden,))


# --- what pays -----------------------------------------------------------------------------------------------------


def sites(seed: int) -> dict:
    """The three sites: {"days", "functions"} of each; every function is as the thumbnails."""
    rng = np.random.default_rng([seed, 63])
    return {
        "exhibition": {"days": one(rng, 8, 9, 10, 11), "functions": one(rng, 3, 4, 5)},
        "shop": {"days": 365, "functions": one(rng, 30, 40, 50)},
        "platform": {"days": 365, "functions": one(rng, 800, 1000, 1500, 2000)},
    }


def simulator_usd(seed: int) -> float:
    """USD that it costs once to record the calls of a site and to set up the simulator for them."""
    return float(one(np.random.default_rng([seed, 64]), 30, 35, 40))


@cache
def lost_cents(design: str, days: int) -> tuple[float, ...]:
    """Regret of one function in cents after so many days, for each of LEARNERS, without what a simulator costs.

    "habit" keeps ten minutes, "learn" is UCB with a scale of half a cent, "replay" keeps ten minutes on the first day
    and then the window that was best on all days so far.
    """
    lost = []
    for seed in LEARNERS:
        if design == "learn":
            arms, _ = play(UCB(len(WINDOWS_S), 0.5), days, seed)
        else:
            arms = [WINDOWS_S.index(HABIT_S)] * days
            if design == "replay":
                rows = stream(seed, "lab replay").integers(len(DAYS), size=days)
                arms[1:] = recorded()[rows].cumsum(axis=0)[:-1].argmin(axis=1)
        lost.append(float(regret(arms)[-1]))
    return tuple(lost)


def site_usd(design: str, site: dict, simulator: float) -> float:
    """USD that a site loses by a design, the simulator's cost included."""
    lost = float(np.mean(lost_cents(design, site["days"])))
    return site["functions"] * lost / 100 + (simulator if design == "replay" else 0.0)


def _site_judge(name, seed):
    slips, simulator, site = _words("decide")["slips"], simulator_usd(seed), sites(seed)[name]
    usd = {design: site_usd(design, site, simulator) for design in DESIGNS}
    best = min(usd, key=usd.get)
    remarks = {d: fill(slips["dear"], {"chosen": usd[d], "best": usd[best]}) for d in DESIGNS if d != best}
    return Choice(best, DESIGNS, remarks)


def _equal_judge(seed):
    slips, simulator = _words("decide")["slips"], simulator_usd(seed)
    habit, learn, replay = (float(np.mean(lost_cents(design, 365))) / 100 for design in DESIGNS)
    return Number(
        simulator / (learn - replay),
        "functions",
        0.02,
        {
            slips["replay-free"]: simulator / learn,
            slips["against-habit"]: simulator / (habit - replay),
            slips["cents"]: simulator / (learn - replay) / 100,
        },
    )


def _decide(seed):
    expected = f"one of {DESIGNS}"
    judges = [Deferred(expected, partial(_site_judge, name, seed)) for name in SITES]
    judges.append(Deferred("a number of functions", partial(_equal_judge, seed)))
    example = {"days": 30, "functions": 200, "learn": 20.0, "replay": 2.0, "simulator": 50.0}
    example["learn_usd"] = example["functions"] * example["learn"] / 100
    example["replay_usd"] = example["functions"] * example["replay"] / 100 + example["simulator"]
    example["equal"] = example["simulator"] / ((example["learn"] - example["replay"]) / 100)
    return Task(tuple(judges), None, example)
