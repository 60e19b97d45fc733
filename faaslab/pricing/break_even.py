"""Break-even: how many requests a month make a server and functions cost the same.

Chapters: From servers to functions; What it costs. A function costs more for each second of a vCPU than a server
does, but only for seconds in use. With price ratio r a server that can be kept busier than 1/r of its time is cheaper
(requests and free tier pull that number about). Source: the sheets; the arithmetic is ours. Left out: operation,
disks and balancers of servers, queueing (a server near full utilisation answers slowly), spare servers.
"""

import math
from dataclasses import asdict, dataclass

from faaslab.errors import InputError, number
from faaslab.pricing.bill import bill, figure
from faaslab.pricing.servers import HOURS_PER_MONTH, server, server_bill
from faaslab.pricing.sheet import price_sheet
from faaslab.pricing.usage import Usage


@dataclass(frozen=True)
class BreakEven:
    """Where functions and one server cost the same, with the numbers that led there.

    requests_per_month          requests at which both bills are `server_usd`
    utilisation                 those requests / capacity_per_month; above 1 the server is never the cheaper one
    capacity_per_month          requests that the server completes when it is never idle
    calls_at_once               calls that fit on the server at once, by vCPU and by memory (`limited_by`)
    vcpu_hour_usd               of functions (of a size with one vCPU) and of the server, and their ratio `price_ratio`
    utilisation_by_price        1 / price_ratio: the rule of thumb without requests, rounding and free tier
    note                        what is special about the server, or empty
    """

    provider: str
    server: str
    requests_per_month: float
    utilisation: float
    capacity_per_month: float
    calls_at_once: float
    limited_by: str
    server_usd: float
    request_usd: float
    function_vcpu_hour_usd: float
    server_vcpu_hour_usd: float
    price_ratio: float
    utilisation_by_price: float
    note: str

    def to_dict(self):
        """All numbers as plain values, ready for JSON."""
        return asdict(self)

    def __str__(self):
        lines = [
            f"{self.server} against {self.provider}: equal at {figure(self.requests_per_month)} requests a month",
            f"  the server: {figure(self.server_usd)} USD a month, {figure(self.calls_at_once)} calls at once "
            f"(limited by {self.limited_by}), at most {figure(self.capacity_per_month)} requests",
            f"  its utilisation there: {figure(100 * self.utilisation)} %",
            f"  a vCPU-hour: {figure(self.function_vcpu_hour_usd)} USD as functions, "
            f"{figure(self.server_vcpu_hour_usd)} USD as server, ratio {figure(self.price_ratio)}, "
            f"so by price alone {figure(100 * self.utilisation_by_price)} %",
        ]
        if self.utilisation > 1:
            lines.append("  that is more than the server can do: it is never the cheaper one")
        if self.note:
            lines.append(f"  note: {self.note}")
        return "\n".join(lines)


def break_even(sheet, name, *, free_tier=False, hours=HOURS_PER_MONTH, server_vcpu_per_call=None, **call):
    """The BreakEven of the functions of `sheet` and the server `name`, which runs for `hours` a month.

    `call` describes one call as in `bill`, without requests: duration_ms, memory_mb and as they apply init_ms,
    cold_fraction, vcpu, ephemeral_mb. On the server a call holds memory_mb and `server_vcpu_per_call` (default: as
    many vCPUs as the function has) for the same duration, without a start. InputError where the server cannot hold
    one call.
    """
    sheet, machine = price_sheet(sheet), server(name)
    hours = number(hours, "hours", above=0)
    one = Usage.of_numbers(1, **call)
    duration_s, memory_mb = float(one.service_s[0]), float(one.memory_mb[0])
    if duration_s == 0:
        raise InputError("duration_ms: expected a finite number > 0 for a break-even, got 0")
    vcpu = float(sheet.vcpu.of(sheet.memory.billed_mb(memory_mb)) if one.vcpu is None else one.vcpu[0])
    if server_vcpu_per_call is not None:
        vcpu = number(server_vcpu_per_call, "server_vcpu_per_call", above=0)
    by_vcpu, by_memory = machine.vcpu / vcpu, math.floor(machine.memory_mb / memory_mb)
    if by_memory < 1:
        raise InputError(
            f"memory_mb: expected at most the {machine.memory_mb:g} MB of a {machine.name}, got {memory_mb:g}"
        )
    calls_at_once = min(by_vcpu, by_memory)
    capacity = calls_at_once * hours * 3600 / duration_s
    server_usd = server_bill(machine, hours=hours).total_usd
    requests = requests_for(sheet, server_usd, free_tier=free_tier, **call)
    ratio = sheet.vcpu_hour_usd() / machine.vcpu_hour_usd
    return BreakEven(
        provider=sheet.provider,
        server=machine.name,
        requests_per_month=requests,
        utilisation=requests / capacity,
        capacity_per_month=capacity,
        calls_at_once=calls_at_once,
        limited_by="vCPU" if by_vcpu <= by_memory else "memory",
        server_usd=server_usd,
        request_usd=server_usd / requests,
        function_vcpu_hour_usd=sheet.vcpu_hour_usd(),
        server_vcpu_hour_usd=machine.vcpu_hour_usd,
        price_ratio=ratio,
        utilisation_by_price=1 / ratio,
        note=machine.note,
    )


def requests_for(sheet, budget_usd, *, free_tier=False, **call):
    """Requests a month (float) whose bill is `budget_usd` (> 0), for calls described as in `bill`, without requests.

    The bill is continuous and rises with the requests (through free tier and tiers), so bisection finds the one
    solution.
    """
    sheet, budget_usd = price_sheet(sheet), number(budget_usd, "budget_usd", above=0)
    one = Usage.of_numbers(1, **call)

    def cost(requests):
        return bill(sheet, _times(one, requests), free_tier=free_tier).total_usd

    high = 1.0
    while cost(high) < budget_usd:
        high *= 2
        if high > 1e18:
            raise InputError(f"{sheet.provider}: calls without a price reach no budget of {budget_usd:g} USD")
    low = high / 2 if high > 1 else 0.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if cost(middle) < budget_usd else (low, middle)
    return high


def _times(one, requests):
    return Usage(
        one.memory_mb,
        one.service_s,
        init_s=one.init_s,
        count=one.count * requests,
        vcpu=one.vcpu,
        ephemeral_mb=one.ephemeral_mb,
    )
