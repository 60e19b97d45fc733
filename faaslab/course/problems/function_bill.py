"""The bill of a function's month, at list prices. Chapter "From servers to functions"."""

from faaslab.course.problems.drawing import one
from faaslab.pricing import bill, price_sheet


def draw(rng) -> dict:
    """A month's bill of a function at list prices, in USD."""
    given = {
        "requests": int(one(rng, 2, 3, 4, 5, 6, 8) * 1_000_000),
        "duration_ms": one(rng, 80, 120, 150, 250, 400),
        "memory_mb": one(rng, 384, 512, 768, 1536),
    }
    paid = bill("aws-lambda", free_tier=False, **given)
    gb_s = given["requests"] * given["duration_ms"] / 1000 * given["memory_mb"] / 1024
    sheet = price_sheet("aws-lambda")
    request_usd, gb_s_usd = (sheet.measure_price_usd(measure) for measure in ("requests", "memory_gb_s"))
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
    steps = {"gb_s": gb_s, "requests_usd": paid.requests_usd, "compute_usd": paid.compute_usd, "provider": sheet.title,
             "duration_s": given["duration_ms"] / 1000, "memory_gb": given["memory_mb"] / 1024}  # fmt: skip
    given |= {"request_usd": request_usd, "gb_s_usd": gb_s_usd}
    return {"given": given, "key": paid.total_usd, "unit": "USD", "slips": slips, "steps": steps}
