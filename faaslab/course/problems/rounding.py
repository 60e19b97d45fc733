"""The bill of calls that are rounded up to a step, with a least time. Chapter "What it costs"."""

from dataclasses import replace

from faaslab.course.problems.drawing import one
from faaslab.pricing import Usage, bill, price_sheet
from faaslab.pricing.granularity import Granularity

LAMBDA = price_sheet("aws-lambda")


def draw(rng) -> dict:
    """USD of a month in which half of the calls are short and half are long, under a step and a minimum."""
    given = {
        "requests": int(one(rng, 2, 4, 6, 8, 10, 20) * 1_000_000),
        "short_ms": one(rng, 8, 14, 22, 36),
        "long_ms": one(rng, 131, 164, 211, 255),
        "memory_mb": one(rng, 512, 1024, 2048),
        "step_ms": one(rng, 20, 50),
        "minimum_ms": 100,
        "request_usd": LAMBDA.measure_price_usd("requests"),
        "gb_s_usd": LAMBDA.measure_price_usd("memory_gb_s"),
    }
    short_s, long_s = given["short_ms"] / 1000, given["long_ms"] / 1000
    step_s, minimum_s = given["step_ms"] / 1000, given["minimum_ms"] / 1000

    def paid(durations_s, step_s=0.001, minimum_s=0.0):
        sheet = replace(LAMBDA, granularity=Granularity(step_s, minimum_s))
        count = given["requests"] / len(durations_s)
        return bill(sheet, Usage(given["memory_mb"], durations_s, count=count), free_tier=False)

    right = paid((short_s, long_s), step_s, minimum_s)
    slips = {
        "not-rounded": paid((short_s, long_s)).total_usd,
        "mean-rounded": paid(((short_s + long_s) / 2,), step_s, minimum_s).total_usd,
        "minimum-left-out": paid((short_s, long_s), step_s).total_usd,
        "step-left-out": paid((short_s, long_s), 0.001, minimum_s).total_usd,
        "all-at-minimum": paid((minimum_s,)).total_usd,
        "requests-left-out": right.compute_usd,
        "memory-mb": right.requests_usd + right.compute_usd * 1024,
        "duration-ms": right.requests_usd + right.compute_usd * 1000,
    }
    grain = Granularity(step_s, minimum_s)
    billed_short_ms, billed_long_ms = (round(1000 * float(grain.billed_s(t))) for t in (short_s, long_s))
    steps = {
        "billed_short_ms": billed_short_ms,
        "billed_long_ms": billed_long_ms,
        "mean_billed_s": (billed_short_ms + billed_long_ms) / 2000,
        "memory_gb": given["memory_mb"] / 1024,
        "gb_s": next(line.quantity for line in right.lines if line.kind == "compute"),
        "compute_usd": right.compute_usd,
        "requests_usd": right.requests_usd,
    }
    return {"given": given, "key": right.total_usd, "unit": "USD", "slips": slips, "steps": steps}
