"""Keys of the lab "Proximal policy optimisation": by the model of the small autoscaling problem, exactly.

Chapter "Proximal policy optimisation". Left out: training itself, which needs torch.
"""

from functools import cache, partial

import numpy as np

from faaslab.course.cases import Case, Cases, Changed, first_difference
from faaslab.course.check import Choice, Deferred, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems.drawing import one
from faaslab.course.words import fill, table
from faaslab.harvest.markov_decision import action_values, always, long_run, policy_values, value_iteration
from faaslab.harvest.small_autoscaling import TICK_S, SmallAutoscaling
from faaslab.harvest.small_autoscaling_run import draw_ticks

GAMMA, TICKS = 0.9, 24
HOURS_A_MONTH = 720


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "episode": _episode(seed),
        "clip": problem_task("clipped-objective", seed),
        "round": _round(seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/proximal-policy-optimization")["task"][task]


# --- an episode that is to be read ---------------------------------------------------------------------------------


@cache
def episode(seed: int) -> tuple[dict, ...]:
    """Some ticks of the chapter's problem under a rule, one row a tick; at least a third of them in a busy time.

    {"tick", "phase", "ready", "waiting" (before the tick), "wanted", "calls" (that arrive), "idle" and "left"
    (containers without a call and calls that wait in this tick), "reward" (cents)}. Drawn until the share of waiting
    and its complement are clearly apart.
    """
    problem = SmallAutoscaling()
    for number in range(1000):
        rows = _rows(problem, draw_ticks(problem, TICKS, 1000 * seed + number))
        busy = sum(row["phase"] == "busy" for row in rows)
        if TICKS / 3 <= busy <= 2 * TICKS / 3 and rows[1]["left"] and abs(_waiting_share(problem, rows) - 0.5) > 0.05:
            return rows
    raise AssertionError("a thousand draws without an episode that fits")


def _rows(problem, ticks):
    rule, rows, ready, waiting = problem.rule(0, 3), [], 0, 0
    for number, (phase, calls) in enumerate(zip(ticks.phases.tolist(), ticks.calls.tolist(), strict=True)):
        wanted = int(rule[problem.index(phase, ready, waiting)])
        row = {"tick": number, "phase": ("quiet", "busy")[phase], "ready": ready, "waiting": waiting,
               "wanted": wanted, "calls": calls}  # fmt: skip
        here = min(ready, wanted)
        served = min(here, waiting + calls)
        ready, waiting, cents = problem.tick((phase, ready, waiting), wanted, calls)
        rows.append(row | {"idle": here - served + max(0, wanted - here), "left": waiting, "reward": 0.0 - cents})
    return tuple(rows)


def _waiting_share(problem, rows):
    return problem.wait_cents * sum(row["left"] for row in rows) / -sum(row["reward"] for row in rows)


def critic(seed: int) -> float:
    """What a critic had said of the episode's first state, in cents."""
    return round(_return(seed) * one(np.random.default_rng([seed, 61]), 0.7, 0.8, 1.2, 1.3), 2)


def _return(seed):
    return sum(GAMMA ** row["tick"] * row["reward"] for row in episode(seed))


def _episode(seed):
    slips, rows, problem = _words("episode")["slips"], episode(seed), SmallAutoscaling()
    total, value = _return(seed), critic(seed)
    cost, share = -sum(row["reward"] for row in rows), _waiting_share(problem, rows)
    judges = (
        Number(
            share,
            "fraction",
            tolerance=0.01,
            slips={
                slips["ticks"]: np.mean([row["left"] > 0 for row in rows]),
                slips["cents"]: share * cost,
                slips["idle"]: 1 - share,
            },
        ),
        Number(
            total,
            "cents",
            tolerance=0.01,
            slips={slips["undiscounted"]: -cost, slips["early"]: GAMMA * total, slips["first"]: rows[0]["reward"]},
        ),
        Number(total - value, "cents", tolerance=0.01, slips={slips["all"]: total, slips["added"]: total + value}),
    )
    rewards = (-0.4, 0.0, -0.2)
    found = sum(GAMMA**k * reward for k, reward in enumerate(rewards))
    example = {"first": rewards[0], "second": rewards[1], "third": rewards[2], "gamma": GAMMA, "total": found,
               "value": -0.5, "advantage": found + 0.5, "waits": 5, "wait_cents": problem.wait_cents,
               "waiting": 5 * problem.wait_cents, "cost": 1.2, "share": 5 * problem.wait_cents / 1.2}  # fmt: skip
    return Task(judges, None, example)


# --- a round of policy iteration that is to be written -------------------------------------------------------------


def _as_given(P, R, gamma, actions):
    """The function as the lab gives it: empty."""


def improved(transitions, rewards, gamma, actions) -> list[int]:
    """The table after one round: the best actions by the exact values of the table before."""
    values = policy_values(transitions, rewards, gamma, always(actions, rewards.shape[1]))
    return action_values(transitions, rewards, gamma, values).argmax(axis=1).tolist()


def _clear(transitions, rewards, gamma, actions):
    """Whether the best action of every state is better than the next by more than rounding."""
    values = policy_values(transitions, rewards, gamma, always(actions, rewards.shape[1]))
    best = np.sort(action_values(transitions, rewards, gamma, values), axis=1)
    return bool((best[:, -1] - best[:, -2] > 1e-6).all())


def _random(rng):
    while True:
        states, actions = int(rng.integers(2, 6)), int(rng.integers(2, 4))
        transitions = rng.dirichlet(np.full(states, 0.5), (states, actions))
        found = (
            transitions,
            rng.normal(size=(states, actions)),
            one(rng, 0.3, 0.8, 0.95),
            rng.integers(0, actions, states),
        )
        if _clear(*found):
            return found


# Two states. Staying in the first brings 1; leaving it brings nothing now, and 3 a step from then on.
PATIENCE = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]), np.array([[1.0, 0.0], [3.0, 2.0]])


def _called(code, transitions, rewards, gamma, actions):
    """The table that the code returns, as a list of whole numbers, and whether it left what it was given alone."""
    given = transitions.copy(), rewards.copy(), np.array(actions)
    kept = [each.copy() for each in given]
    found = [int(action) for action in code(given[0], given[1], gamma, given[2])]
    return found if all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True)) else "changed"


@cache
def _round_cases(seed):
    words, rng = _words("round")["cases"], np.random.default_rng([seed, 62])

    def case(key, *given):
        return Case(words[key], lambda code: _called(code, *given), improved(*given))

    scale = 1 + seed % 5 / 10
    random = [_random(rng) for _ in range(30)]
    expected = [improved(*given) for given in random]

    def tell(at, got, expected):
        return fill(words["difference"], {"number": at + 1, "got": repr(got), "expected": repr(expected)})

    return (
        case("patient", PATIENCE[0], scale * PATIENCE[1], 0.9, [0, 0]),
        case("impatient", PATIENCE[0], scale * PATIENCE[1], 0.1, [0, 0]),
        case("old-table", PATIENCE[0], scale * PATIENCE[1], 0.45, [0, 1]),
        case("small", *SmallAutoscaling(queue=3, quiet=0.1 + seed % 7 / 100).model, 0.9, [0] * 40),
        Case(
            words["random"],
            lambda code: [_called(code, *given) for given in random],
            expected,
            first_difference(expected, tell),
        ),
    )


def _round(seed):
    what = _words("round")["what"]
    public, hidden = (Changed(Cases(what, _round_cases(s)), _as_given) for s in (seed, seed + 5003))
    values = policy_values(*PATIENCE, 0.8, always([0, 0], 2))
    worth = action_values(*PATIENCE, 0.8, values)[0]
    example = {"first": values[0], "second": values[1], "stay": worth[0], "leave": worth[1], "gamma": 0.8}
    return Task((public,), None, example, (hidden,))


# --- the effort that is worth its while ----------------------------------------------------------------------------

WAYS = ("constant", "rule", "solve")
SERVICES = {
    "fair": {"sites": 1, "months": 1, "problem": {"busy": 1.5}},
    "shop": {"sites": 1, "months": 24, "problem": {}},
    "chain": {"sites": 2000, "months": 12, "problem": {"busy": 1.5, "quiet": 0.2}},
}
HOURS = {"constant": 0, "rule": 6, "solve": 60}


def wage(seed: int) -> float:
    """What an hour of somebody's work costs, USD."""
    return one(np.random.default_rng([seed, 63]), 50.0, 60.0, 70.0, 80.0)


@cache
def cents_an_hour(name: str) -> dict[str, float]:
    """What a site of a service costs in the long run, by way of deciding: the best of each kind."""
    problem = SmallAutoscaling(**SERVICES[name]["problem"])
    transitions, rewards = problem.model

    def cost(actions):
        policy = always(actions, problem.actions)
        return float(-3600 / TICK_S * long_run(transitions, policy) @ (policy * rewards).sum(axis=1))

    counts = range(problem.actions)
    return {
        "constant": min(cost([n] * len(problem.states)) for n in counts),
        "rule": min(cost(problem.rule(quiet, busy)) for quiet in counts for busy in counts),
        "solve": cost(value_iteration(transitions, rewards, 0.99, precision=1e-6)[0]),
    }


def total_usd(name: str, way: str, seed: int) -> float:
    """Work and containers of a service together, over all its sites and months."""
    service = SERVICES[name]
    hours = service["sites"] * service["months"] * HOURS_A_MONTH
    return HOURS[way] * wage(seed) + cents_an_hour(name)[way] / 100 * hours


def _cheapest(name, seed):
    words = _words("decide")["slips"]
    usd = {way: total_usd(name, way, seed) for way in WAYS}
    best = min(usd, key=usd.get)
    remarks = {}
    for way in WAYS:
        early = HOURS[way] > HOURS[best]
        remarks[way] = fill(words["effort" if early else "waste"], {"usd": usd[way], "less": usd[best]})
    return Choice(best, WAYS, remarks)


def _sites(seed):
    """From how many sites of the shop's kind on, for a year, solving is cheaper than the rule."""
    words, costs = _words("decide")["slips"], cents_an_hour("shop")
    extra = (HOURS["solve"] - HOURS["rule"]) * wage(seed)
    year = (costs["rule"] - costs["solve"]) / 100 * HOURS_A_MONTH * 12
    slips = {
        words["all-hours"]: HOURS["solve"] * wage(seed) / year,
        words["constant"]: extra / ((costs["constant"] - costs["solve"]) / 100 * HOURS_A_MONTH * 12),
        words["month"]: 12 * extra / year,
        words["two-years"]: extra / (2 * year),
    }
    return Number(extra / year, "sites", tolerance=0.01, slips=slips)


def _decide(seed):
    # the worked example has numbers of its own
    example = {"wage": 40.0, "hours": 10, "work": 400.0, "saving": 2.0, "months": 6}
    example["year"] = example["saving"] / 100 * HOURS_A_MONTH * example["months"]
    example["sites"] = example["work"] / example["year"]
    judges = [Deferred(f"one of {WAYS}", partial(_cheapest, name, seed)) for name in SERVICES]
    return Task((*judges, Deferred("a number of sites", partial(_sites, seed))), None, example)
