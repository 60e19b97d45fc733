"""Servers on demand: virtual machines that are paid while they run, busy or not.

Chapters: From servers to functions; What it costs. Source: the sheet pricing/data/aws-ec2.toml (per second, 60 s at
least). Left out: disks, load balancers, the work of operating servers; reserved and spot prices.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from faaslab.errors import InputError, member, number, whole
from faaslab.pricing.bill import Bill, Line
from faaslab.pricing.granularity import Granularity
from faaslab.pricing.sheet import Source, read_data

HOURS_PER_MONTH = 720.0  # 30 days, as in the sources' example; the providers' calculators use 730


@dataclass(frozen=True)
class Server:
    """A type of virtual machine: USD per hour, vCPUs, MB."""

    name: str
    hour_usd: float
    vcpu: float
    memory_mb: float
    title: str
    region: str
    granularity: Granularity
    source: Source
    note: str = ""

    @property
    def vcpu_hour_usd(self):
        """USD of one vCPU for one hour, its share of the memory included."""
        return self.hour_usd / self.vcpu


@cache
def _servers():
    tables = read_data("aws-ec2")
    source = tables["sources"][tables["instances"]["source"]]
    grain = Granularity(tables["granularity"]["step_s"], tables["granularity"]["minimum_s"])
    types = {name: value for name, value in tables["instances"].items() if isinstance(value, dict)}
    return {
        name: Server(
            name=name, title=tables["title"], region=tables["region"], granularity=grain, source=source, **value
        )
        for name, value in types.items()
    }


def server_names():
    """Names of the servers with a price, as a tuple."""
    return tuple(_servers())


def server(name):
    """The Server of this name (a Server is returned as it is); InputError for a name without a price."""
    if isinstance(name, Server):
        return name
    return _servers()[member(name, "server", server_names())]


def server_bill(name, *, hours=None, count=None, start_s=None, end_s=None):
    """The Bill of `count` servers (default 1) that run for `hours` each (default 720).

    Or, with 1-d `start_s` and `end_s` in seconds, of servers that ran so; each is rounded up on its own.
    """
    machine = server(name)
    if (start_s is None) != (end_s is None) or (start_s is not None and (hours is not None or count is not None)):
        raise InputError("server_bill: expected hours and count, or start_s and end_s")
    if start_s is None:
        hours = number(HOURS_PER_MONTH if hours is None else hours, "hours", minimum=0)
        count = whole(1 if count is None else count, "count of servers")
        billed_h = count * float(machine.granularity.billed_s(hours * 3600)) / 3600 if hours else 0.0
        note = f"{count} x {hours:g} h"
    else:
        life_s = np.atleast_1d(np.asarray(end_s, dtype=float)) - np.atleast_1d(np.asarray(start_s, dtype=float))
        if not np.isfinite(life_s).all() or (life_s < 0).any():
            raise InputError("server_bill: expected finite times with end_s >= start_s")
        billed_h = float(machine.granularity.billed_s(life_s).sum()) / 3600
        note = f"{len(life_s)} servers"
    amount = billed_h * machine.hour_usd
    line = Line(f"{machine.name}, on demand", billed_h, "h", machine.hour_usd, amount, note, "server", "server_h")
    notes = (f"each server is {machine.granularity}", *((machine.note,) if machine.note else ()))
    origin = (machine.source.url, machine.source.date.isoformat(), machine.source.dated)
    return Bill(machine.name, machine.title, machine.region, (line,), 1, *origin, notes)
