"""Metering: from usage to billed quantities, by one provider's rules.

Chapter: What it costs. Every row (a call, an active period of an instance, or an instance's life: the sheet's
`billed_per`) is rounded up on its own BEFORE anything is summed: 1,000 calls of 0.4 ms are billed as 1 s, not as 0.4
s. Source: each sheet. Left out: AWS bills a repeated INIT after one of more than 10 s; here a start is billed once.
"""

from dataclasses import dataclass

import numpy as np

from faaslab.errors import InputError
from faaslab.units import MB_PER_GB


@dataclass(frozen=True)
class BilledRows:
    """What is billed, one row each; arrays of one length. Times in seconds a call, period or life.

    `billed_s` >= `init_s` + `work_s` + `idle_s`; the difference is rounding. `init_s` is 0 where starts are not billed.
    `extra_mb` is ephemeral storage above what is included. `used_fraction` (of memory) and `cpu_fraction` (of work) are
    None where the usage does not tell them.
    """

    billed_s: np.ndarray
    init_s: np.ndarray
    work_s: np.ndarray
    idle_s: np.ndarray
    memory_mb: np.ndarray
    billed_mb: np.ndarray
    vcpu: np.ndarray
    extra_mb: np.ndarray
    count: np.ndarray
    on_provisioned: np.ndarray
    used_fraction: np.ndarray | None
    cpu_fraction: np.ndarray | None


def billed_rows(sheet, usage):
    """The BilledRows of `usage` under `sheet`; InputError where the provider does not sell or allow it."""
    _check_limits(sheet, usage)
    if sheet.billed_per == "instance":
        source = usage.containers
        if source is None:
            raise InputError(f"{sheet.provider}: bills the life of instances, expected usage with containers")
        work_s, idle_s = source.busy_s, source.life_s - source.busy_s - source.init_s
        count, provisioned = source.count, np.zeros(len(work_s), dtype=bool)
    elif sheet.billed_per == "active period" and usage.active is not None:
        source = usage.active
        work_s, count, provisioned = source.end_s - source.start_s, np.ones(len(source.end_s)), source.on_provisioned
        idle_s = np.zeros(len(work_s))
    else:
        source = usage
        work_s, count, provisioned = usage.service_s, usage.count, usage.on_provisioned
        idle_s = np.zeros(len(work_s))
    init_s = source.init_s if sheet.init_billed else np.zeros(len(work_s))
    billed_mb = sheet.memory.billed_mb(source.memory_mb, f"{sheet.provider}: memory_mb")
    if source.vcpu is not None:
        sheet.vcpu.check(billed_mb, source.vcpu, f"{sheet.provider}: vcpu")
    per_call = source is usage
    return BilledRows(
        billed_s=sheet.granularity.billed_s(init_s + work_s + idle_s),
        init_s=init_s,
        work_s=work_s,
        idle_s=np.maximum(idle_s, 0.0),
        memory_mb=source.memory_mb,
        billed_mb=billed_mb,
        vcpu=sheet.vcpu.of(billed_mb) if source.vcpu is None else source.vcpu,
        extra_mb=_extra_mb(sheet, usage) if per_call else np.full(len(work_s), _same(_extra_mb(sheet, usage))),
        count=count,
        on_provisioned=provisioned,
        used_fraction=_fraction(usage, usage.used_memory_mb, usage.memory_mb, per_call, len(work_s)),
        cpu_fraction=_fraction(usage, usage.cpu_s, usage.service_s, per_call, len(work_s)),
    )


def ready_s(sheet, provisioned):
    """Billed seconds of each row of provisioned capacity: the configured time, rounded up (AWS: to 5 minutes)."""
    if sheet.provisioned is None:
        raise InputError(f"{sheet.provider}: sells no provisioned capacity, expected usage without it")
    return sheet.provisioned.billed_s(provisioned.life_s)


def measures(sheet, usage):
    """Billed quantities by measure (see sheet.MEASURES), as a dict of floats."""
    rows = billed_rows(sheet, usage)
    seconds = rows.billed_s * rows.count
    gb_s = seconds * rows.billed_mb / MB_PER_GB
    ready = rows.on_provisioned
    result = {
        "requests": float(usage.count[~usage.on_provisioned].sum()),
        "memory_gb_s": float(gb_s[~ready].sum()),
        "vcpu_s": float((seconds * rows.vcpu)[~ready].sum()),
        "ephemeral_gb_s": float((seconds * rows.extra_mb / MB_PER_GB).sum()),
        "ready_requests": float(usage.count[usage.on_provisioned].sum()),
        "ready_gb_s": 0.0,
        "ready_busy_gb_s": float(gb_s[ready].sum()),
    }
    if usage.provisioned is not None:
        kept = usage.provisioned
        kept_mb = sheet.memory.billed_mb(kept.memory_mb, f"{sheet.provider}: memory_mb of provisioned capacity")
        result["ready_gb_s"] = float((ready_s(sheet, kept) * kept.count * kept_mb / MB_PER_GB).sum())
    elif ready.any() or usage.on_provisioned.any():
        raise InputError("usage: on_provisioned needs the capacity that was configured, expected usage.provisioned")
    return result


def _check_limits(sheet, usage):
    too_long = usage.service_s > sheet.duration_limit_s
    if too_long.any():
        raise InputError(
            f"{sheet.provider}: expected a duration of at most {sheet.duration_limit_s:g} s (the provider's limit), "
            f"got {usage.service_s[too_long][0]:g} s"
        )
    largest_mb = 512.0 if sheet.maximum_ephemeral_mb is None else sheet.maximum_ephemeral_mb
    if (usage.ephemeral_mb > largest_mb).any():
        raise InputError(
            f"{sheet.provider}: ephemeral_mb: expected at most {largest_mb:g} MB, got {usage.ephemeral_mb.max():g}"
        )


def _same(column):
    if len(column) and (column != column[0]).any():
        raise InputError("usage: ephemeral_mb: expected one size where instances are billed")
    return column[0] if len(column) else 0.0


def _extra_mb(sheet, usage):
    included_mb = 512.0 if sheet.included_ephemeral_mb is None else sheet.included_ephemeral_mb
    return np.maximum(usage.ephemeral_mb - included_mb, 0.0)


def _fraction(usage, part, whole, per_call, length):
    """`part` / `whole` per call; where instances are billed, the mean over calls weighted by time, for every row."""
    if part is None:
        return None
    share = np.divide(part, whole, out=np.ones(len(whole)), where=whole > 0)
    if per_call:
        return share
    weight = usage.count * usage.service_s
    return np.full(length, float((share * weight).sum() / weight.sum()) if weight.sum() > 0 else 1.0)
