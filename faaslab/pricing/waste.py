"""Waste: the share of what is paid that is not useful work, and of what kind, for functions and for servers.

Chapter: What it costs (which corrects the claim that paying per use leaves no waste). Every billed second belongs to
exactly one kind, in this order: rounding up, start (INIT), idle, waiting (for I/O), memory bought and not used,
useful work. Memory counts as unused only while a call computes, so that nothing is counted twice. Kinds that the
usage does not tell (no used_memory_mb, no cpu_s) are part of "useful", which is then an upper bound. The fee for
requests is neither waste nor work and stands on its own. Source: ours. Left out: work that is useless although it
computes (retries, duplicates, results nobody waits for).
"""

import math
from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError, number, whole
from faaslab.pricing.bill import bill, figure
from faaslab.pricing.metering import billed_rows, ready_s
from faaslab.pricing.servers import HOURS_PER_MONTH, server, server_bill
from faaslab.pricing.sheet import price_sheet
from faaslab.units import MB_PER_GB, NS_PER_S, ns_array

KINDS = ("useful", "requests", "rounding", "start", "idle", "waiting", "unused memory", "headroom")
NOT_WASTE = ("useful", "requests")


@dataclass(frozen=True)
class Waste:
    """USD by kind (see KINDS); their sum is what is paid."""

    usd: dict[str, float]

    @property
    def total_usd(self):
        """USD paid, useful or not."""
        return math.fsum(self.usd.values())

    @property
    def shares(self):
        """Each kind's share of the total; they add up to 1."""
        total = self.total_usd
        return {kind: amount / total for kind, amount in self.usd.items()}

    @property
    def waste_share(self):
        """The share of the total that is neither useful work nor the fee for requests."""
        return math.fsum(share for kind, share in self.shares.items() if kind not in NOT_WASTE)

    def to_dict(self):
        """Amounts and shares as plain values, ready for JSON."""
        return {
            "total_usd": self.total_usd,
            "waste_share": self.waste_share,
            "usd": dict(self.usd),
            "shares": self.shares,
        }

    def __str__(self):
        rows = [f"{kind:<14} {figure(usd):>10} USD {100 * self.shares[kind]:>6.1f} %" for kind, usd in self.usd.items()]
        return "\n".join([*rows, f"{'total':<14} {figure(self.total_usd):>10} USD  100.0 %"])


def function_waste(sheet, usage, *, free_tier=False, months=1):
    """The Waste of a Usage billed under `sheet`; by default at list prices, because a free tier hides it.

    Each priced quantity is divided by the seconds of its rows. InputError where nothing is paid.
    """
    sheet = price_sheet(sheet)
    paid = bill(sheet, usage, free_tier=free_tier, months=months)
    if paid.total_usd <= 0:
        raise InputError("waste: expected a bill above 0 USD to divide, got 0")
    rows = billed_rows(sheet, usage)
    usd = dict.fromkeys(KINDS[:-1], 0.0)
    usd["requests"] = paid.of_measure("requests") + paid.of_measure("ready_requests")
    on_demand = ~rows.on_provisioned
    everywhere = np.ones(len(rows.billed_s), dtype=bool)
    weights = {
        "memory_gb_s": (on_demand, rows.billed_mb),
        "vcpu_s": (on_demand, rows.vcpu),
        "ephemeral_gb_s": (everywhere, rows.extra_mb),
        "ready_busy_gb_s": (rows.on_provisioned, rows.billed_mb),
    }
    for measure, (chosen, weight) in weights.items():
        in_memory = measure in ("memory_gb_s", "ready_busy_gb_s")
        _add(usd, paid.of_measure(measure), _seconds_by_kind(rows, chosen, weight, in_memory))
    if usage.provisioned is not None:
        _add(usd, paid.of_measure("ready_gb_s"), _ready_by_kind(sheet, usage, rows))
    return Waste(usd)


def _add(usd, amount, parts):
    total = math.fsum(parts.values())
    for kind, part in parts.items():
        if total > 0:
            usd[kind] += amount * part / total


def _seconds_by_kind(rows, chosen, weight, in_memory):
    """Weighted billed seconds by kind, of the `chosen` rows; `in_memory` where the weight is memory."""

    def total(seconds):
        return float((seconds * weight * rows.count)[chosen].sum())

    compute_s = rows.work_s if rows.cpu_fraction is None else rows.work_s * rows.cpu_fraction
    spent_s = rows.init_s + rows.work_s + rows.idle_s
    parts = {"start": rows.init_s, "idle": rows.idle_s, "waiting": rows.work_s - compute_s}
    # memory that the provider rounds up (billed_mb above memory_mb) is rounding, like time
    kept = rows.memory_mb / rows.billed_mb if in_memory else np.ones(len(rows.billed_mb))
    result = {kind: total(seconds * kept) for kind, seconds in parts.items()}
    result["rounding"] = total(rows.billed_s - spent_s + spent_s * (1 - kept))
    used = rows.used_fraction if in_memory and rows.used_fraction is not None else np.ones(len(kept))
    result["unused memory"] = total(compute_s * kept * (1 - used))
    result["useful"] = total(compute_s * kept * used)
    return {kind: max(amount, 0.0) for kind, amount in result.items()}


def _ready_by_kind(sheet, usage, rows):
    """GB-seconds of configured capacity by kind: the busy part like the calls on it, the rest idle."""
    kept = usage.provisioned
    ready = float((ready_s(sheet, kept) * kept.count * sheet.memory.billed_mb(kept.memory_mb)).sum()) / MB_PER_GB
    parts = _seconds_by_kind(rows, rows.on_provisioned, rows.billed_mb / MB_PER_GB, in_memory=True)
    busy = math.fsum(parts.values())
    scale = min(1.0, ready / busy) if busy > 0 else 0.0
    parts = {kind: amount * scale for kind, amount in parts.items()}
    parts["idle"] += max(ready - busy, 0.0)
    return parts


def server_waste(name, *, mean_vcpu, peak_vcpu, count=1, hours=HOURS_PER_MONTH):
    """The Waste of `count` servers that ran for `hours`, with `mean_vcpu` vCPUs busy on average at most `peak_vcpu`.

    Useful: the mean. Idle: what the peak needs and the mean does not. Headroom: what not even the peak needed.
    InputError unless 0 <= mean <= peak <= the servers' vCPUs.
    """
    machine, count = server(name), whole(count, "count of servers", minimum=1)
    capacity = count * machine.vcpu
    peak = number(peak_vcpu, "peak_vcpu", minimum=0, maximum=capacity)
    mean = number(mean_vcpu, "mean_vcpu", minimum=0, maximum=peak)
    paid = server_bill(machine, hours=number(hours, "hours", above=0), count=count).total_usd
    parts = {"useful": mean, "idle": peak - mean, "headroom": capacity - peak}
    return Waste({kind: paid * part / capacity for kind, part in parts.items()})


def busy_vcpu(start_s, end_s, vcpu, span_s):
    """(mean, peak) vCPUs in use by work from `start_s` to `end_s` (1-d, s) on `vcpu` each, over `span_s` seconds."""
    start, end = ns_array(np.atleast_1d(start_s)), ns_array(np.atleast_1d(end_s))
    if start.shape != end.shape or (end < start).any():
        raise InputError("busy_vcpu: expected start_s and end_s of one length with end_s >= start_s")
    weight = np.broadcast_to(np.asarray(vcpu, dtype=float), start.shape)
    mean = float(((end - start) / NS_PER_S * weight).sum()) / number(span_s, "span_s", above=0)
    change = np.concatenate([-weight, weight])
    # at one instant ends come before starts, so that work that follows without a gap does not count twice
    order = np.lexsort((change, np.concatenate([end, start])))
    peak = float(np.cumsum(change[order]).max(initial=0.0))
    return mean, max(peak, mean)
