"""Provisioned capacity: containers kept ready for a fee (AWS: provisioned concurrency; Azure Flex: always ready).

Chapter: What it costs. The fee runs while the capacity is configured, used or not; execution on it costs less than on
demand. So it is cheaper than on demand from a certain utilisation on: fee + u x execution = u x on demand. No free
tier covers it. Source: AWS Lambda pricing page (configured time rounded up to 5 minutes); Azure Flex Consumption
plan. Left out: calls beyond the provisioned capacity, which spill over to on demand (give them as calls without
`on_provisioned`).
"""

from faaslab.errors import InputError, number
from faaslab.pricing.bill import bill
from faaslab.pricing.sheet import price_sheet
from faaslab.pricing.usage import Containers, Usage


def break_even_utilisation(sheet):
    """The share of configured time that must be busy for provisioned capacity to cost what on demand costs, tier 1."""
    sheet = price_sheet(sheet)
    _check_offered(sheet)
    ready_usd, busy_usd = (sheet.measure_price_usd(name) for name in ("ready_gb_s", "ready_busy_gb_s"))
    return ready_usd / (sheet.measure_price_usd("memory_gb_s") - busy_usd)


def provisioned_bill(sheet, *, concurrency, configured_s, memory_mb, requests=0, duration_ms=0, months=1):
    """The Bill of `concurrency` containers of `memory_mb`, ready for `configured_s` seconds each, for `requests`.

    The calls are equal and take `duration_ms` each. InputError where they take more time than the containers have.
    """
    sheet = price_sheet(sheet)
    _check_offered(sheet)
    concurrency = number(concurrency, "concurrency", minimum=0)
    configured_s = number(configured_s, "configured_s", minimum=0)
    usage = Usage.of_numbers(
        requests,
        duration_ms,
        memory_mb,
        on_provisioned=True,
        provisioned=Containers(number(memory_mb, "memory_mb", above=0), 0.0, configured_s, count=concurrency),
    )
    busy_s = float((usage.count * usage.service_s).sum())
    if busy_s > concurrency * configured_s * (1 + 1e-9):
        raise InputError(
            f"requests x duration_ms: expected at most {concurrency * configured_s:g} s (concurrency x configured_s), "
            f"got {busy_s:g} s"
        )
    return bill(sheet, usage, months=months)


def _check_offered(sheet):
    if sheet.provisioned is None:
        raise InputError(
            f"{sheet.provider}: sells no provisioned capacity, expected aws-lambda, aws-lambda-arm or azure-flex"
        )
