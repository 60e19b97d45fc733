"""The share of a compute line that buys no useful work. Chapter "What it costs"."""

from faaslab.course.problems.drawing import one
from faaslab.pricing import Usage, function_waste


def draw(rng) -> dict:
    """Waste over the compute line of a function whose calls wait, use part of their memory and sometimes start."""
    duration_ms = one(rng, 100, 200, 250, 400)
    given = {
        "duration_ms": duration_ms,
        "compute_ms": int(duration_ms * one(rng, 0.4, 0.5, 0.6, 0.8)),
        "memory_mb": one(rng, 512, 1024),
        "used_mb": one(rng, 128, 192, 256, 384),
        "start_ms": one(rng, 400, 500, 800),
        "cold_fraction": one(rng, 0.1, 0.2, 0.25),
    }
    usage = Usage.of_numbers(
        1_000_000, duration_ms, given["memory_mb"], init_ms=given["start_ms"],
        cold_fraction=given["cold_fraction"], used_memory_mb=given["used_mb"], cpu_s=given["compute_ms"] / 1000,
    )  # fmt: skip
    found = function_waste("aws-lambda", usage).usd
    compute_usd = sum(usd for kind, usd in found.items() if kind != "requests")
    used, computing = given["used_mb"] / given["memory_mb"], given["compute_ms"] / duration_ms
    billed_ms = duration_ms + given["cold_fraction"] * given["start_ms"]
    slips = {
        "useful-share": found["useful"] / compute_usd,
        "starts-left-out": 1 - used * computing,
        "every-call-starts": 1 - used * given["compute_ms"] / (duration_ms + given["start_ms"]),
        "memory-only": 1 - used,
        "waiting-only": 1 - computing,
        "starts-only": 1 - duration_ms / billed_ms,
        "shares-added": (1 - used) + (1 - computing) + (1 - duration_ms / billed_ms),
    }
    steps = {"billed_ms": billed_ms, "used": used, "useful": found["useful"] / compute_usd}
    key = 1 - found["useful"] / compute_usd
    return {"given": given, "key": key, "unit": "fraction", "slips": slips, "steps": steps}
