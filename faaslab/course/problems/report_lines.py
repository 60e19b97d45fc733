"""The bill of a month from two REPORT lines, one of a cold call and one of a warm. Chapter "A cloud on your laptop"."""

import math

from faaslab.course.problems.drawing import one
from faaslab.pricing import Usage, bill, price_sheet

LINE = (
    "REPORT RequestId: {id} Duration: {duration_ms:.2f} ms Billed Duration: {billed_ms} ms Memory Size: {memory_mb} MB"
    " Max Memory Used: {used_mb} MB"
)


def draw(rng) -> dict:
    """USD of a month of which the cold calls are billed like the first line, all others like the second."""
    memory_mb, used_mb = one(rng, 512, 1024, 2048), int(rng.integers(60, 240))
    cold_ms, warm_ms = (round(float(rng.uniform(*range_ms)), 2) for range_ms in ((24, 60), (4, 9)))
    init_ms = round(float(rng.uniform(180, 700)), 2)
    requests, percent = int(one(rng, 1, 2, 4, 5) * 1_000_000), one(rng, 2, 3, 5, 8)
    billed_cold, billed_warm = math.ceil(cold_ms + init_ms), math.ceil(warm_ms)
    shared = {"memory_mb": memory_mb, "used_mb": used_mb}
    cold_line = LINE.format(id="5f1c", duration_ms=cold_ms, billed_ms=billed_cold, **shared)
    given = {
        "cold_line": f"{cold_line} Init Duration: {init_ms:.2f} ms",
        "warm_line": LINE.format(id="a2d0", duration_ms=warm_ms, billed_ms=billed_warm, **shared),
        "requests": requests,
        "cold_percent": percent,
        "request_usd": price_sheet("aws-lambda").measure_price_usd("requests"),
        "gb_s_usd": price_sheet("aws-lambda").measure_price_usd("memory_gb_s"),
    }
    cold, warm = requests * percent // 100, requests - requests * percent // 100

    def paid(cold_ms, warm_ms, memory_mb=memory_mb, cold=cold, warm=warm):
        """USD of the time; fractions of a millisecond are kept, since Lambda's own rounding is in the lines."""
        return (cold * cold_ms + warm * warm_ms) / 1000 * memory_mb / 1024 * given["gb_s_usd"]

    kinds = ((billed_cold, cold), (billed_warm, warm))
    usages = [Usage(memory_mb, (ms / 1000,), count=count) for ms, count in kinds]
    key = sum(bill("aws-lambda", usage, free_tier=False).total_usd for usage in usages)
    requests_usd = requests * given["request_usd"]
    slips = {
        "duration": requests_usd + paid(cold_ms, warm_ms),
        "init-left-out": requests_usd + paid(math.ceil(cold_ms), billed_warm),
        "init-twice": requests_usd + paid(billed_cold + init_ms, billed_warm),
        "memory-used": requests_usd + paid(billed_cold, billed_warm, used_mb),
        "requests-left-out": paid(billed_cold, billed_warm),
        "all-cold": requests_usd + paid(billed_cold, billed_warm, cold=requests, warm=0),
        "all-warm": requests_usd + paid(billed_cold, billed_warm, cold=0, warm=requests),
        "half-half": requests_usd + paid(billed_cold, billed_warm, cold=requests / 2, warm=requests / 2),
        "duration-ms": requests_usd + 1000 * paid(billed_cold, billed_warm),
        "memory-mb": requests_usd + 1024 * paid(billed_cold, billed_warm),
    }
    steps = {
        "cold": cold,
        "warm": warm,
        "billed_cold_ms": billed_cold,
        "billed_warm_ms": billed_warm,
        "memory_mb": memory_mb,
        "seconds": (cold * billed_cold + warm * billed_warm) / 1000,
        "gb": memory_mb / 1024,
        "gb_s": (cold * billed_cold + warm * billed_warm) / 1000 * memory_mb / 1024,
        "compute_usd": paid(billed_cold, billed_warm),
        "requests_usd": requests_usd,
    }
    return {"given": given, "key": key, "unit": "USD", "slips": slips, "steps": steps}
