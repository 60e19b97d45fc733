"""The requests at which a server and functions cost the same. Chapter "From servers to functions"."""

from faaslab.course.problems.drawing import one
from faaslab.pricing import bill, break_even, price_sheet, server, server_bill


def draw(rng) -> dict:
    """Requests a month at which a server and functions cost the same."""
    name = one(rng, "m5.large", "c5.large", "c5.4xlarge")
    call = {"duration_ms": one(rng, 50, 100, 150, 250, 300), "memory_mb": one(rng, 128, 256, 512)}
    equal = break_even("aws-lambda", name, **call)
    single = bill("aws-lambda", free_tier=False, requests=1, **call)
    sheet = price_sheet("aws-lambda")
    given = {"server": name, "server_hour_usd": server(name).hour_usd, "hours": 720, **call,
             "request_usd": sheet.measure_price_usd("requests"),
             "gb_s_usd": sheet.measure_price_usd("memory_gb_s")}  # fmt: skip
    slips = {
        "hour": server(name).hour_usd / single.total_usd,
        "requests-left-out": equal.server_usd / single.compute_usd,
        "capacity": equal.capacity_per_month,
    }
    steps = {
        "server_usd": server_bill(name).total_usd,
        "one_usd": single.total_usd,
        "million_usd": single.total_usd * 1e6,
        "utilisation": equal.utilisation,
        "capacity": equal.capacity_per_month,
    }
    return {"given": given, "key": equal.requests_per_month, "unit": "requests", "slips": slips, "steps": steps}
