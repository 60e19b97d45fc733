"""Apache OpenWhisk: calls bound early to invokers by hashing, queues at the invokers, two stem cells on each.

Source: data/constants.toml; the balancer is ShardingContainerPoolBalancer, the default up to release 1.0.0. Left out:
several controllers, the pause of idle containers, the limits of a namespace, and Kafka between controller and invokers.
"""

from dataclasses import replace

from faaslab.model.policies import StemCell
from faaslab.platform import Platform
from faaslab.policies import FixedWindow, Hashed, StemCells
from faaslab.presets.constants import value


def openwhisk(invokers: int = 10, **changes) -> Platform:
    """A Platform with OpenWhisk's constants on `invokers` machines; `changes` replace fields."""
    cell = StemCell("nodejs", value("openwhisk", "stem_cell_memory_mb"), int(value("openwhisk", "stem_cells")))
    platform = Platform(
        name="openwhisk",
        keep_alive=FixedWindow(value("openwhisk", "keep_alive_s")),
        invokers=invokers,
        invoker_memory_mb=value("openwhisk", "invoker_memory_mb"),
        binding="early",
        placement=Hashed(),
        starter=StemCells((cell,)),
    )
    return replace(platform, **changes)
