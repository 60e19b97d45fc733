"""The bill: what a month's usage costs, line by line.

Chapters: From servers to functions; What it costs. A line is a quantity times a unit price. The order is: round every
call, sum, take the free tier off, price the rest tier by tier. Source: each sheet. That the free quantity comes off
before the tiers are counted is a convention; it moves a bill that reaches a second tier by less than 0.001 %.
Left out: what surrounds a function (gateway, storage, logs, data transfer), which often costs more than the function.
"""

import math
from dataclasses import asdict, dataclass, field

from faaslab.errors import InputError, number
from faaslab.pricing.metering import measures
from faaslab.pricing.sheet import price_sheet
from faaslab.pricing.usage import Usage

DATED = {"read": "read on", "in force": "in force since", "published": "published on"}


@dataclass(frozen=True)
class Line:
    """One line: `quantity` (in `unit`) x `unit_price_usd` = `amount_usd`; `kind` is requests, compute or server."""

    what: str
    quantity: float
    unit: str
    unit_price_usd: float
    amount_usd: float
    note: str
    kind: str
    measure: str


@dataclass(frozen=True)
class Bill:
    """Lines and their sums in USD, for `months` months, with the source and date of the prices."""

    provider: str
    title: str
    region: str
    lines: tuple[Line, ...]
    months: float
    source: str
    date: str
    dated: str
    notes: tuple[str, ...] = field(default=())

    @property
    def requests_usd(self):
        """USD of the lines that count calls."""
        return math.fsum(line.amount_usd for line in self.lines if line.kind == "requests")

    @property
    def compute_usd(self):
        """USD of all other lines: time, memory, storage, provisioned capacity, servers."""
        return math.fsum(line.amount_usd for line in self.lines if line.kind != "requests")

    @property
    def total_usd(self):
        """USD of all lines."""
        return self.requests_usd + self.compute_usd

    def of_measure(self, measure):
        """USD of the lines of one measure (see sheet.MEASURES)."""
        return math.fsum(line.amount_usd for line in self.lines if line.measure == measure)

    def to_dict(self):
        """The bill as plain values, ready for JSON."""
        sums = {name: getattr(self, name) for name in ("requests_usd", "compute_usd", "total_usd")}
        lines = [{k: v for k, v in asdict(line).items() if k != "measure"} for line in self.lines]
        head = {"provider": self.provider, "title": self.title, "region": self.region, "months": self.months}
        sheet = {"source": self.source, "date": self.date, "dated": self.dated, "notes": list(self.notes)}
        return {**sums, **head, "lines": lines, **sheet}

    def __str__(self):
        head = ("what", "quantity", "unit", "unit price $", "amount $", "note")
        body = [
            (
                line.what,
                figure(line.quantity),
                line.unit,
                price(line.unit_price_usd),
                figure(line.amount_usd),
                line.note,
            )
            for line in self.lines
        ]
        sums = [("total", "", "", "", figure(self.total_usd), "")]
        rows = [head, *body, *sums]
        width = [max(len(row[i]) for row in rows) for i in range(6)]
        left = (0, 2, 5)
        table = [
            "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width, strict=True)))
            for row in rows
        ]
        rule = "-" * (sum(width[:5]) + 8)
        months = "one month" if self.months == 1 else f"{self.months:.3g} months"
        title = f"{self.title}, {self.region}, {months}\nprices {DATED[self.dated]} {self.date}: {self.source}"
        lines = [title, table[0], rule, *table[1:-1], rule, table[-1], *(f"note: {note}" for note in self.notes)]
        return "\n".join(line.rstrip() for line in lines)


def bill(sheet, usage=None, *, free_tier=True, months=1, **numbers):
    """The Bill of a Usage or of plain numbers, under `sheet` (a PriceSheet or a provider's name).

    The numbers are `requests`, `duration_ms`, `memory_mb` and, as they apply, `init_ms` with `cold_fraction`, `vcpu`,
    `ephemeral_mb`.

    The usage is taken as that of `months` months (> 0), evenly spread: tiers and free tier are applied to one month's
    share and the amounts multiplied by `months`. A run of one day is months=1/30: a thirtieth of the bill of such a
    month. Free tiers are the account's, as if it ran nothing else; they never cover provisioned capacity. Raises
    InputError for what the provider does not sell or allow.
    """
    sheet = price_sheet(sheet)
    if (usage is None) != bool(numbers):
        raise InputError("bill: expected either usage or plain numbers (requests, duration_ms, memory_mb)")
    if usage is None:
        if sheet.billed_per == "instance":
            raise InputError(f"{sheet.provider}: bills the life of instances, expected usage with containers")
        missing = [name for name in ("requests", "duration_ms", "memory_mb") if numbers.get(name) is None]
        if missing:
            raise InputError(f"bill: expected {', '.join(missing)}, got none")
        usage = Usage.of_numbers(**numbers)
    months = number(months, "months", above=0)
    quantity = measures(sheet, usage)
    lines = []
    for meter in sheet.meters:
        counted = {name: quantity[name] * factor for name, factor in meter.measures.items()}
        price_meter = _pooled_lines if len(counted) > 1 else _single_lines
        lines += price_meter(meter, counted, free_tier, months)
    notes = _notes(sheet, usage, free_tier)
    origin = (sheet.source.url, sheet.source.date.isoformat(), sheet.source.dated)
    return Bill(sheet.provider, sheet.title, sheet.region, tuple(lines), months, *origin, notes)


def _single_lines(meter, counted, free_tier, months):
    """Lines of a meter with one measure: the free part, then one line a tier; one line at least for main measures."""
    ((measure, total),) = counted.items()
    if total == 0 and measure not in ("requests", "memory_gb_s", "vcpu_s"):
        return []
    monthly = total / months
    free = min(monthly, meter.free_per_month) if free_tier else 0.0
    lines = []
    if free > 0:
        note = f"free tier: the first {meter.free_per_month:,.0f} a month"
        lines.append(Line(meter.what, free * months, meter.unit, 0.0, 0.0, note, meter.kind, measure))
    parts = meter.rate.split(monthly - free) or ([] if lines else [(0.0, meter.rate.first_usd)])
    for number_of_tier, (part, unit_usd) in enumerate(parts, start=1):
        note = f"tier {number_of_tier}" if len(meter.rate.bounds) > 1 else ""
        amount = part * months * unit_usd
        lines.append(Line(meter.what, part * months, meter.unit, unit_usd, amount, note, meter.kind, measure))
    return lines


BILLED_PER = {"call": "call", "active period": "active period of an instance", "instance": "life of an instance"}
MEASURE_NAMES = {
    "requests": "requests",
    "vcpu_s": "vCPU-seconds",
    "memory_gb_s": "memory GB-seconds",
    "ephemeral_gb_s": "disk GB-seconds above 512 MB",
}


def _pooled_lines(meter, counted, free_tier, months):
    """Lines of a meter that pools several measures: one each, all at the mean unit price over the tiers reached."""
    total = math.fsum(counted.values()) / months
    free = min(total, meter.free_per_month) if free_tier else 0.0
    mean_usd = meter.rate.cost(total - free) / total if total else meter.rate.first_usd
    tiers = len(meter.rate.split(total - free))
    mean = f", mean price over {tiers} tiers" if tiers > 1 else ""
    lines = []
    for measure, units in counted.items():
        if units or measure != "ephemeral_gb_s":
            what, kind = MEASURE_NAMES[measure], "requests" if measure == "requests" else meter.kind
            note = f"{meter.measures[measure]:g} {meter.unit} each{mean}"
            lines.append(Line(what, units, meter.unit, mean_usd, units * mean_usd, note, kind, measure))
    return lines


def _notes(sheet, usage, free_tier):
    notes = [f"each {BILLED_PER[sheet.billed_per]} is {sheet.granularity}"]
    if sheet.billed_per == "active period" and usage.active is None:
        notes.append("each call is taken as alone on its instance")
    if not sheet.init_billed and usage.init_s.any():
        notes.append("starts (INIT) are not billed by this provider")
    long_starts = usage.count[usage.init_s > sheet.init_limit_s].sum()
    if long_starts:
        notes.append(
            f"{long_starts:g} starts are longer than INIT's limit of {sheet.init_limit_s:g} s; each is billed once"
        )
    if not free_tier:
        notes.append("without the free tier")
    doubtful = [c["constant"] for c in sheet.constants if not c["confirmed"]]
    if doubtful:
        notes.append(f"not confirmed by documentation: {', '.join(doubtful)}")
    return tuple(notes)


def figure(value):
    """A number for a table: three significant digits, or whole with separators from 1,000 on."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")


def price(value):
    """A unit price for a table: all of its digits."""
    return f"{value:.12f}".rstrip("0").rstrip(".")
