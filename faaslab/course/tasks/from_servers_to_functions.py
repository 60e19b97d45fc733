"""Keys of the lab "From servers to functions": handlers are called as a platform calls them, prices are the sheets'.

Chapter "From servers to functions". The tutorial's figures that task "bill" examines are quoted as such: a server of
0.50 USD an hour, a bill of 0.0307 USD and a factor of ten thousand. Left out: everything a bill has besides functions.
"""

import copy
import json

import numpy as np

from faaslab.course.cases import Case, Cases, Changed
from faaslab.course.check import Choice, Number
from faaslab.course.lab import Task, problem_task
from faaslab.course.problems import problem
from faaslab.course.words import fill, table
from faaslab.pricing import bill, break_even, price_sheet, server, server_bill

CALL = {"duration_ms": 200, "memory_mb": 256}
REQUESTS = 300_000
TUTORIAL = {"server_hour_usd": 0.50, "printed_usd": 0.0307, "factor": 10_000}
SMALL, STEADY = "t3.micro", "c5.large"
ALBUM_MIN = 40


def tasks(seed: int) -> dict[str, Task]:
    """The lab's tasks."""
    return {
        "handler": _handler(seed),
        "bill": _bill(),
        "own-bill": problem_task("function-bill", seed),
        "decide": _decide(seed),
    }


def _words(task):
    return table("labs/from-servers-to-functions")["task"][task]


# --- the handler -----------------------------------------------------------------------------------------------------


def photo(height, width, seed):
    """A grey photo: `height` rows of `width` whole numbers from 0 to 255."""
    return np.random.default_rng([seed, height, width]).integers(0, 256, (height, width)).tolist()


def shrink(rows, factor):
    """The means over squares of `factor` x `factor` pixels, whole numbers."""
    pixels = np.asarray(rows)
    blocks = pixels.reshape(pixels.shape[0] // factor, factor, pixels.shape[1] // factor, factor)
    return blocks.mean(axis=(1, 3)).round().astype(int).tolist()


def http_event(content):
    """An HTTP event of the kind that a platform hands to a handler; `content` becomes its body, a JSON text."""
    return {"requestContext": {"http": {"method": "POST", "path": "/thumbnail"}}, "body": json.dumps(content)}


def call(handler, event):
    """What the caller gets: the event goes in and the answer comes out as JSON, as on a real platform."""
    return json.loads(json.dumps(handler(json.loads(json.dumps(event)), {"aws_request_id": "0"})))


def _thumbnail(event):
    def run(handler):
        answer = call(handler, event)
        return answer["statusCode"], json.loads(answer["body"])["thumbnail"]

    return run


def _status(event):
    return lambda handler: call(handler, event)["statusCode"]


def _twice(event, other):
    def run(handler):
        first = call(handler, event)
        call(handler, other)
        return call(handler, event) == first and first is not None

    return run


def _left_alone(event):
    def run(handler):
        given = copy.deepcopy(event)
        handler(given, {"aws_request_id": "0"})
        return given == event

    return run


def _no_change(event, context):
    return None


def _handler_cases(seed):
    words = _words("handler")["cases"]
    small, wide = photo(4, 4, seed), photo(6, 12, seed)
    event, other = http_event({"photo": small, "factor": 2}), http_event({"photo": wide, "factor": 3})
    return (
        Case(words["small"], _thumbnail(event), (200, shrink(small, 2))),
        Case(words["wide"], _thumbnail(other), (200, shrink(wide, 3))),
        Case(words["stateless"], lambda h: (_status(event)(h), _twice(event, other)(h)), (200, True)),
        Case(words["missing"], _status(http_event({"factor": 2})), 400),
        Case(words["unchanged"], lambda h: (_status(event)(h), _left_alone(event)(h)), (200, True)),
    )


def _handler(seed):
    what = _words("handler")["what"]
    public, hidden = (Changed(Cases(what, _handler_cases(s)), _no_change) for s in (seed, seed + 500))
    return Task((public,), None, {}, (hidden,))


# --- the bills -------------------------------------------------------------------------------------------------------


def _bill():
    words = _words("bill")["slips"]
    paid = bill("aws-lambda", requests=REQUESTS, free_tier=False, **CALL)
    server_usd, small_usd = TUTORIAL["server_hour_usd"] * 720, server_bill(SMALL).total_usd
    gb_s = sum(line.quantity for line in paid.lines if line.kind == "compute")
    times, small_times = server_usd / paid.total_usd, small_usd / paid.total_usd
    slips = {
        words["claim"]: TUTORIAL["factor"],
        words["printed"]: server_usd / TUTORIAL["printed_usd"],
        words["hour"]: TUTORIAL["server_hour_usd"] / paid.total_usd,
        words["compute-only"]: server_usd / paid.compute_usd,
    }
    small_slips = {words["hour"]: server(SMALL).hour_usd / paid.total_usd, words["same-server"]: times}
    judges = (
        Number(gb_s, "GB-s", slips={words["calls"]: REQUESTS}),
        Number(times, "times", 0.01, slips),
        Number(small_times, "times", 0.01, small_slips),
    )
    other = {"requests": 1_000_000, "duration_ms": 100, "memory_mb": 512}
    found = bill("aws-lambda", free_tier=False, **other)
    example = {**other, "gb_s": 1_000_000 * 0.1 * 0.5, "total": found.total_usd, "hour_usd": 0.10, "server_usd": 72.0,
               "times": 72.0 / found.total_usd}  # fmt: skip
    return Task(judges, None, example)


def services(seed: int) -> dict:
    """Three services to find a place for: what their calls need, and how many come in a month."""
    rng = np.random.default_rng([seed, 41])
    equal = break_even("aws-lambda", STEADY, **CALL).requests_per_month
    busy = int(round(equal * float(rng.choice([1.3, 1.4, 1.5, 1.6])), -6))
    album = int(rng.choice([30, 60, 90]))
    return {
        "gallery": {"requests": REQUESTS, **CALL},
        "frames": {"requests": busy, **CALL},
        "album": {"requests": album, "duration_ms": ALBUM_MIN * 60_000, "memory_mb": 1769},
    }


def _decide(seed):
    words, allowed = _words("decide")["slips"], ("functions", "server")
    equal = break_even("aws-lambda", STEADY, **CALL)
    values = {
        "limit_min": price_sheet("aws-lambda").duration_limit_s / 60,
        "album_min": ALBUM_MIN,
        "equal": equal.requests_per_month,
    }
    values["share"] = REQUESTS / equal.requests_per_month
    slips = {
        words["hour"]: server(STEADY).hour_usd / equal.request_usd,
        words["capacity"]: equal.capacity_per_month,
        words["requests-left-out"]: equal.server_usd
        / bill("aws-lambda", requests=1, free_tier=False, **CALL).compute_usd,
        words["free-tier"]: break_even("aws-lambda", STEADY, free_tier=True, **CALL).requests_per_month,
    }
    judges = (
        Number(equal.requests_per_month, "requests", slips=slips),
        Choice("functions", allowed, {"server": fill(words["gallery"], values)}),
        Choice("server", allowed, {"functions": fill(words["frames"], values)}),
        Choice("server", allowed, {"functions": fill(words["album"], values)}),
    )
    return Task(judges, None, problem("break-even", seed + 1000).values)
