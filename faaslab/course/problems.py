"""Generated problems: a seed gives the numbers, the package computes the key, and slips are computed beside it.

One generator a topic, used by the labs and by anything else that asks questions. Chapters "From servers to functions"
and "Cold and warm starts". The words of each topic are in data/problems.toml. Numbers are drawn from short lists of
round values, so that problems can be done by hand; the keys come from faaslab's own models and formulas.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from faaslab.course.check import Choice, Number
from faaslab.course.verdict import code
from faaslab.course.words import fill, table
from faaslab.durations import Constant
from faaslab.errors import member, whole
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Start
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.pricing import bill, break_even, price_sheet, server, server_bill
from faaslab.workload import Workload


@dataclass(frozen=True)
class Problem:
    """A problem with its key.

    given: names with units -> values, what the student is told. key: a number or a choice, in `unit`. slips: name of a
    misconception -> the wrong value it leads to. steps: values on the way, for the worked example.
    """

    topic: str
    seed: int
    given: Mapping
    key: float | str
    unit: str = ""
    slips: Mapping = field(default_factory=dict)
    steps: Mapping = field(default_factory=dict)
    allowed: tuple = ()

    @property
    def values(self) -> dict:
        """What is given, the steps, and the key, for filling in words."""
        return {**self.given, **self.steps, "key": self.key, **{f"slip_{k}": v for k, v in self.slips.items()}}

    @property
    def statement(self) -> str:
        """The problem in words."""
        return fill(table("problems")[self.topic]["statement"], self.values)

    def judge(self):
        """The Number or Choice that judges an answer, with this topic's sentences for the slips."""
        words = table("problems")[self.topic].get("slips", {})
        if isinstance(self.key, str):
            return Choice(self.key, self.allowed, {slip: fill(text, self.values) for slip, text in words.items()})
        sentences = {fill(words[slip], self.values): value for slip, value in self.slips.items()}
        return Number(self.key, self.unit, slips=sentences)

    def hints(self) -> tuple[str, str, str]:
        """The idea, the rule, and a worked example with other numbers."""
        words = table("problems")[self.topic]["hints"]
        return words["concept"], words["formula"], fill(words["example"], self.other().values)

    def other(self) -> "Problem":
        """A problem of the same topic with other numbers and another key, for a worked example."""
        seed = self.seed + 1000
        while (found := problem(self.topic, seed)).key == self.key or found.given == self.given:
            seed += 1
        return found

    def __repr__(self):
        rows = [f"  {name} = {value!r}" for name, value in self.given.items()]
        return "\n".join([self.statement, *rows])

    def _repr_html_(self):
        rows = "".join(f"<li><code>{name}</code> = {value!r}</li>" for name, value in self.given.items())
        return f"<p>{code(self.statement)}</p><ul>{rows}</ul>"


def problem(topic: str, seed: int) -> Problem:
    """The problem of `topic` (see TOPICS) for `seed`, a whole number >= 0: equal seeds give equal problems.

    Drawn until no slip leads to the key by chance.
    """
    member(topic, "topic", TOPICS)
    rng = np.random.default_rng([whole(seed, "seed"), *topic.encode()])
    while True:
        drawn = Problem(topic, seed, **TOPICS[topic](rng))
        if all(abs(slip - drawn.key) > 0.015 * abs(drawn.key) for slip in drawn.slips.values()):
            return drawn


def function_bill(rng) -> dict:
    """A month's bill of a function at list prices, in USD."""
    given = {
        "requests": int(_one(rng, 2, 3, 4, 5, 6, 8) * 1_000_000),
        "duration_ms": _one(rng, 80, 120, 150, 250, 400),
        "memory_mb": _one(rng, 384, 512, 768, 1536),
    }
    paid = bill("aws-lambda", free_tier=False, **given)
    gb_s = given["requests"] * given["duration_ms"] / 1000 * given["memory_mb"] / 1024
    price = price_sheet("aws-lambda")
    request_usd, gb_s_usd = (_unit_price(paid, kind) for kind in ("requests", "compute"))
    slips = {
        "memory-mb": paid.requests_usd + paid.compute_usd * 1024,
        "memory-1000": paid.requests_usd + paid.compute_usd * 1.024,
        "duration-ms": paid.requests_usd + paid.compute_usd * 1000,
        "both-units": paid.requests_usd + paid.compute_usd * 1024 * 1000,
        "requests-left-out": paid.compute_usd,
        "compute-left-out": paid.requests_usd,
        "free-tier": bill("aws-lambda", **given).total_usd,
        "one-call": paid.total_usd / given["requests"],
    }
    steps = {"gb_s": gb_s, "requests_usd": paid.requests_usd, "compute_usd": paid.compute_usd, "provider": price.title,
             "duration_s": given["duration_ms"] / 1000, "memory_gb": given["memory_mb"] / 1024}  # fmt: skip
    given |= {"request_usd": request_usd, "gb_s_usd": gb_s_usd}
    return {"given": given, "key": paid.total_usd, "unit": "USD", "slips": slips, "steps": steps}


def break_even_requests(rng) -> dict:
    """Requests a month at which a server and functions cost the same."""
    name = _one(rng, "m5.large", "c5.large", "c5.4xlarge")
    call = {"duration_ms": _one(rng, 50, 100, 150, 250, 300), "memory_mb": _one(rng, 128, 256, 512)}
    equal = break_even("aws-lambda", name, **call)
    one = bill("aws-lambda", free_tier=False, requests=1, **call)
    given = {"server": name, "server_hour_usd": server(name).hour_usd, "hours": 720, **call,
             "request_usd": _unit_price(one, "requests"), "gb_s_usd": _unit_price(one, "compute")}  # fmt: skip
    slips = {
        "hour": server(name).hour_usd / one.total_usd,
        "requests-left-out": equal.server_usd / one.compute_usd,
        "capacity": equal.capacity_per_month,
    }
    steps = {"server_usd": server_bill(name).total_usd, "one_usd": one.total_usd, "million_usd": one.total_usd * 1e6,
             "utilisation": equal.utilisation, "capacity": equal.capacity_per_month}  # fmt: skip
    return {"given": given, "key": equal.requests_per_month, "unit": "requests", "slips": slips, "steps": steps}


def cold_fraction(rng) -> dict:
    """The cold fraction of a Poisson stream of short calls under a fixed window: exp(-rate * window)."""
    rate_per_hour, window_min = _one(rng, 3, 4, 6, 8, 9), _one(rng, 5, 8, 10, 15)
    mean_calls = rate_per_hour * window_min / 60
    key = math.exp(-mean_calls)
    given = {"rate_per_hour": rate_per_hour, "window_min": window_min}
    slips = {
        "warm-fraction": 1 - key,
        "hours-times-minutes": math.exp(-rate_per_hour * window_min),
        "hours-times-seconds": math.exp(-rate_per_hour * window_min * 60),
        "exponent": mean_calls,
        "straight-line": 1 - mean_calls,
        "mean-gap": 0.0 if mean_calls >= 1 else 1.0,
        "sign": math.exp(mean_calls),
        "ratio": math.exp(-1 / mean_calls),
    }
    steps = {"window_h": window_min / 60, "mean_calls": mean_calls}
    return {"given": given, "key": key, "unit": "fraction", "slips": slips, "steps": steps}


CALLS = 8


def count_cold(rng) -> dict:
    """Eight calls on a time axis: how many are cold. Drawn until every misconception gives another number."""
    while True:
        window_s = float(_one(rng, 4, 6, 8))
        gaps = rng.choice([2.0, 4.0, 6.0, 8.0, 10.0, 12.0], CALLS - 1)
        arrivals_s = tuple(float(t) for t in np.concatenate([[1.0], 1.0 + np.cumsum(gaps)]))
        given = {"arrivals_s": arrivals_s, "service_s": 3.0, "start_s": 0.5, "window_s": window_s}
        result = run_calls(**given)
        cold = int((result.calls["start"] == Start.COLD).sum())
        slips = {
            "from-the-start": _cold_of_one(arrivals_s, window_s, busy_s=0.0),
            "one-container": _cold_of_one(arrivals_s, window_s, busy_s=3.0),
            "only-the-first": 1,
            "all": CALLS,
        }
        waited = int((result.calls["begin_ns"] > result.calls["arrival_ns"]).sum())
        if 3 <= cold <= 6 and len({cold, *slips.values()}) == 5 and waited == cold:
            times, containers = ", ".join(f"{t:g}" for t in arrivals_s), len(result.containers["created_ns"])
            steps = {"times": times, "containers": containers, "peak": _most_at_once(result)}
            return {"given": given, "key": cold, "unit": "count", "slips": slips, "steps": steps}


def run_calls(arrivals_s, service_s, start_s, window_s):
    """The Result of these calls on the simulator, until everything has expired."""
    function = Function("thumbnail", Constant(service_s), memory_mb=256, cold_start=ColdStart(allocate_s=start_s))
    workload = Workload((function,), {"thumbnail": arrivals_s})
    end_s = max(arrivals_s) + start_s + service_s + window_s + 1
    return simulate(Platform(FixedWindow(window_s)), workload, seed=1, duration_s=end_s)


def _cold_of_one(arrivals_s, window_s, busy_s):
    """Cold calls if there were one container for all calls, whose window began `busy_s` after a call's arrival."""
    cold, last = 0, -math.inf
    for now in arrivals_s:
        cold += now - last > window_s
        last = now + busy_s
    return cold


def _most_at_once(result):
    """The most containers that were alive together."""
    created, gone = result.containers["created_ns"], result.containers["gone_ns"]
    gone = np.where(gone < 0, result.horizon_ns, gone)
    return int(max(((created <= t) & (gone > t)).sum() for t in created))


def _unit_price(paid, kind):
    return next(line.unit_price_usd for line in paid.lines if line.kind == kind)


def _one(rng, *values):
    return values[int(rng.integers(len(values)))]


TOPICS = {
    "function-bill": function_bill,
    "break-even": break_even_requests,
    "cold-fraction": cold_fraction,
    "count-cold": count_cold,
}
