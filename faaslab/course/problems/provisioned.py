"""From how many calls an hour capacity kept ready costs less than calls on demand. Chapter "What it costs"."""

from faaslab.course.problems.drawing import one
from faaslab.pricing import break_even_utilisation, price_sheet


def draw(rng) -> dict:
    """Calls an hour at which containers kept ready and calls on demand cost the same."""
    name = one(rng, "aws-lambda", "aws-lambda-arm", "azure-flex")
    sheet = price_sheet(name)
    # Flex bills a call as a second at least; longer ones here are whole steps, so that nothing is rounded.
    durations_ms = (1000, 1200, 1500, 2000) if name == "azure-flex" else (50, 100, 150, 250, 300, 400)
    ready, busy, on_demand = (
        sheet.measure_price_usd(name) for name in ("ready_gb_s", "ready_busy_gb_s", "memory_gb_s")
    )
    given = {
        "offer": sheet.title,
        "containers": one(rng, 2, 3, 4, 6, 8, 10),
        "duration_ms": one(rng, *durations_ms),
        "memory_mb": one(rng, 512, 2048),
        "ready_usd": ready,
        "busy_usd": busy,
        "on_demand_usd": on_demand,
    }
    share = break_even_utilisation(sheet)
    one_container = 3600 / (given["duration_ms"] / 1000)
    capacity = given["containers"] * one_container
    slips = {
        "execution-left-out": capacity * ready / on_demand,
        "fees-added": capacity * (ready + busy) / on_demand,
        "always-busy": capacity,
        "one-container": share * one_container,
        "share-only": share,
        "memory-counted": share * capacity * given["memory_mb"] / 1024,
        "duration-ms": share * capacity / 1000,
    }
    steps = {"share": share, "percent": 100 * share, "capacity": capacity, "duration_s": given["duration_ms"] / 1000}
    return {"given": given, "key": share * capacity, "unit": "calls an hour", "slips": slips, "steps": steps}
