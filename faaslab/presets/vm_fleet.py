"""A fixed fleet of virtual machines: the traditional server. N servers that run everything, a queue before them.

With Poisson arrivals and exponential service it is M/M/N/(N + queue). Source of the default size: data/constants.toml.
Left out: booting and failing machines, load balancers that do not know who is busy.
"""

from dataclasses import replace

from faaslab.platform import Platform
from faaslab.policies import FixedFleet, FixedWindow
from faaslab.presets.constants import value


def vm_fleet(servers: int | None = None, queue: int | None = None, **changes) -> Platform:
    """A Platform of `servers` machines that serve one call each (a function's concurrency: more) and `queue` waiting
    places besides those in service (None: any number); `changes` replace fields."""
    count = int(value("vm_fleet", "servers")) if servers is None else servers
    platform = Platform(
        name="vm_fleet",
        keep_alive=FixedWindow(float("inf")),
        autoscaler=FixedFleet(count),
        queue_limit=queue,
        one_group=True,
    )
    return replace(platform, **changes)
