"""Price sheet: the dated prices and billing rules of one provider, read from a TOML file.

Chapter: What it costs. A sheet is data (pricing/data/*.toml); every constant names a source with its address, date and
kind (documentation, paper, measurement, convention). A source's date is `dated`: "published", "in force" (since), or
"read" for pages that carry no date. Prices change: check the provider's page before you decide anything by them. Left
out: taxes, other regions, data transfer, storage of code and logs, savings plans, currencies other than USD.
"""

import math
import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files

from faaslab.errors import InputError, member
from faaslab.pricing.granularity import Granularity
from faaslab.pricing.sizes import MemorySizes, ProportionalVcpu, RatioVcpu, TableVcpu
from faaslab.pricing.tiers import GraduatedRate

PROVIDERS = (
    "aws-lambda",
    "aws-lambda-arm",
    "azure-consumption",
    "azure-flex",
    "google-cloud-run",
    "google-cloud-run-instances",
    "alibaba-fc",
)
META = ("source", "confirmed", "note", "what", "kind")
MEASURES = ("requests", "memory_gb_s", "vcpu_s", "ephemeral_gb_s", "ready_requests", "ready_gb_s", "ready_busy_gb_s")


@dataclass(frozen=True)
class Source:
    """Where a constant is from: `dated` tells what `date` is; `kind`: documentation, paper, measurement, convention."""

    title: str
    url: str
    date: date
    dated: str
    kind: str


@dataclass(frozen=True)
class Meter:
    """What is counted and priced together: `measures` maps each measure to the meter's units it counts for."""

    what: str
    kind: str
    unit: str
    measures: dict[str, float]
    rate: GraduatedRate
    free_per_month: float = 0.0


@dataclass(frozen=True)
class PriceSheet:
    """One provider's prices and billing rules.

    `billed_per` is "call" (each call is rounded on its own), "active period" (of an instance with at least one call in
    progress) or "instance" (its whole life). `provisioned` rounds the time for which capacity is configured.
    """

    provider: str
    title: str
    region: str
    billed_per: str
    granularity: Granularity
    init_billed: bool
    init_limit_s: float
    duration_limit_s: float
    memory: MemorySizes
    vcpu: ProportionalVcpu | TableVcpu | RatioVcpu
    meters: tuple[Meter, ...]
    sources: dict[str, Source]
    included_ephemeral_mb: float | None = None
    maximum_ephemeral_mb: float | None = None
    provisioned: Granularity | None = None
    constants: tuple[dict, ...] = field(default=(), repr=False)

    @property
    def source(self):
        """The Source of the prices."""
        return self.sources["pricing"]

    def meter_of(self, measure):
        """The meter that counts `measure`, or None where the provider does not charge for it."""
        return next((meter for meter in self.meters if measure in meter.measures), None)

    def measure_price_usd(self, measure):
        """First-tier USD for one unit of `measure` (one of MEASURES), without free tier; 0 where it is not charged."""
        meter = self.meter_of(member(measure, "measure", MEASURES))
        return meter.rate.first_usd * meter.measures[measure] if meter else 0.0

    def second_usd(self, memory_mb, vcpu=None):
        """First-tier USD for one second of an instance with `memory_mb` (and `vcpu`, by default what comes with it)."""
        billed_mb = float(self.memory.billed_mb(memory_mb))
        vcpu = float(self.vcpu.of(billed_mb)) if vcpu is None else vcpu
        memory = billed_mb / 1024 * self.measure_price_usd("memory_gb_s")
        return memory + vcpu * self.measure_price_usd("vcpu_s")

    def vcpu_hour_usd(self, memory_mb=None):
        """First-tier USD of one vCPU for an hour, memory included: of the size with one vCPU, or of `memory_mb`."""
        if memory_mb is None:
            return 3600 * self.second_usd(self.vcpu.memory_of_one_mb(), 1.0)
        return 3600 * self.second_usd(memory_mb) / float(self.vcpu.of(self.memory.billed_mb(memory_mb)))


def price_sheet(provider):
    """The PriceSheet named `provider`, one of PROVIDERS (a PriceSheet is returned as it is); InputError for others."""
    if isinstance(provider, PriceSheet):
        return provider
    return _read_sheet(member(provider, "provider", PROVIDERS))


def read_data(name):
    """The tables of the data file `name`.toml, its sources as Source objects; checks that every table names one."""
    tables = tomllib.loads((files("faaslab.pricing") / "data" / f"{name}.toml").read_text(encoding="utf-8"))
    tables["sources"] = {key: Source(**value) for key, value in tables["sources"].items()}
    for where, table in _constant_tables(tables):
        if table.get("source") not in tables["sources"]:
            raise InputError(f"price sheet {name}, {where}: expected the key of a source, got {table.get('source')!r}")
    return tables


def _constant_tables(tables):
    for key, value in tables.items():
        if key == "meters":
            yield from ((f"meters: {meter['what']}", meter) for meter in value)
        elif isinstance(value, dict) and key != "sources":
            yield key, value


def _constants(tables):
    rows = []
    for where, table in _constant_tables(tables):
        source = tables["sources"][table["source"]]
        value = {key: item for key, item in table.items() if key not in META}
        rows.append(
            {
                "constant": where,
                "value": value,
                "source": source.title,
                "url": source.url,
                "date": source.date.isoformat(),
                "dated": source.dated,
                "kind": source.kind,
                "confirmed": table.get("confirmed", True),
                "note": table.get("note", ""),
            }
        )
    return tuple(rows)


@cache
def _read_sheet(provider):
    tables = read_data(provider)
    grain, ephemeral, provisioned = tables["granularity"], tables.get("ephemeral", {}), tables.get("provisioned")
    return PriceSheet(
        provider=tables["provider"],
        title=tables["title"],
        region=tables["region"],
        billed_per=member(tables["billed_per"], "billed_per", ("call", "active period", "instance")),
        granularity=Granularity(grain["step_ms"] / 1000, grain["minimum_ms"] / 1000),
        init_billed=tables["init"]["billed"],
        init_limit_s=tables["init"].get("limit_s", math.inf),
        duration_limit_s=tables["limits"].get("duration_s", math.inf),
        memory=_memory(tables["memory"]),
        vcpu=_vcpu(tables["vcpu"]),
        meters=tuple(_meter(table) for table in tables["meters"]),
        sources=tables["sources"],
        included_ephemeral_mb=ephemeral.get("included_mb"),
        maximum_ephemeral_mb=ephemeral.get("maximum_mb"),
        provisioned=Granularity(provisioned["step_s"]) if provisioned else None,
        constants=_constants(tables),
    )


def _memory(table):
    if "sizes_mb" in table:
        return MemorySizes(sizes_mb=tuple(map(float, table["sizes_mb"])))
    values = {key: float(table[key]) for key in ("minimum_mb", "maximum_mb", "step_mb")}
    return MemorySizes(**values, round_up=table.get("round_up", False))


def _vcpu(table):
    rule = member(table["rule"], "vcpu rule", ("proportional", "table", "ratio"))
    if rule == "proportional":
        return ProportionalVcpu(float(table["mb_per_vcpu"]))
    if rule == "table":
        sizes = table["sizes"]
        memory_mb, vcpu = (tuple(float(size[key]) for size in sizes) for key in ("memory_mb", "vcpu"))
        return TableVcpu(memory_mb, vcpu, table.get("configurable", False))
    keys = ("gb_per_vcpu_minimum", "gb_per_vcpu_maximum", "step_vcpu", "maximum_vcpu")
    return RatioVcpu(**{key: float(table[key]) for key in keys})


def _meter(table):
    for measure in table["measures"]:
        member(measure, f"measures of {table['what']}", MEASURES)
    bounds = tuple(float(tier.get("up_to", math.inf)) for tier in table["tiers"])
    rate = GraduatedRate(bounds, tuple(tier["price_usd"] for tier in table["tiers"]))
    kind = member(table["kind"], "meter kind", ("requests", "compute"))
    return Meter(table["what"], kind, table["unit"], table["measures"], rate, float(table.get("free_per_month", 0)))
