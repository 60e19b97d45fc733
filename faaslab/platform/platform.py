"""A platform: machines and the policies that run them, as one description that any number of runs can use.

Chapter "Inside a platform". Left out: networks between controller and invokers, failures of machines, image registries.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from faaslab.errors import InputError, member, number, whole
from faaslab.model.policies import (
    POLICY_METHODS,
    Admission,
    Allocator,
    Autoscaler,
    KeepAlive,
    Placement,
    Queueing,
    Starter,
    check_policies,
)

MOST_INVOKERS = 1_000_000


@dataclass(frozen=True)
class Platform:
    """What the cloud is made of. Memory and cpu are unlimited unless said; presets have the providers' values.

    keep_alive: how long idle containers live and who is evicted first.
    invokers: number of machines; invoker_memory_mb, invoker_cpu (cores): of each.
    cpu: "dedicated" (a running call reserves its cores) or "shared" (running calls share; service is cpu-seconds).
    binding: "late" (one queue at the controller) or "early" (calls wait in order at an invoker chosen on arrival).
    placement: None takes the first invoker that has room.
    autoscaler: None starts one container a request without a limit.
    queueing: None is first come first served. admission: None admits all. starter: None starts from scratch.
    allocator: None gives every call its function's own memory and cpu.
    queue_limit: calls that may wait without a start under way (early binding: at each invoker); None for any number.
    provisioned: containers of a function that stand ready from the beginning, exempt from expiry and eviction.
    one_group: all functions share all containers (a fleet of servers that run everything).
    """

    keep_alive: KeepAlive
    invokers: int = 1
    invoker_memory_mb: float = math.inf
    invoker_cpu: float = math.inf
    cpu: str = "dedicated"
    binding: str = "late"
    placement: Placement | None = None
    autoscaler: Autoscaler | None = None
    queueing: Queueing | None = None
    admission: Admission | None = None
    starter: Starter | None = None
    allocator: Allocator | None = None
    queue_limit: int | None = None
    provisioned: Mapping[str, int] = field(default_factory=dict)
    one_group: bool = False
    name: str = "platform"

    def __post_init__(self):
        whole(self.invokers, "platform, invokers", minimum=1, maximum=MOST_INVOKERS)
        number(self.invoker_memory_mb, "platform, invoker_memory_mb", above=0, finite=False)
        number(self.invoker_cpu, "platform, invoker_cpu", above=0, finite=False)
        member(self.cpu, "platform, cpu", ("dedicated", "shared"))
        member(self.binding, "platform, binding", ("late", "early"))
        if self.queue_limit is not None:
            whole(self.queue_limit, "platform, queue_limit", minimum=0)
        for name, count in self.provisioned.items():
            whole(count, f"platform, provisioned containers of {name!r}", minimum=0)
        check_policies({name: getattr(self, name) for name in POLICY_METHODS}, "platform")
        self._check_contradictions()

    def _check_contradictions(self):
        if self.binding == "early" and self.placement is None:
            raise InputError("platform, binding 'early': expected a placement, which says where calls wait; got None")
        if self.binding == "early" and self.autoscaler is not None:
            raise InputError(
                "platform, autoscaler: with binding 'early' each invoker starts its own containers; leave it out"
            )
        if self.owns_count and any(self.provisioned.values()):
            raise InputError("platform, provisioned: here the autoscaler alone decides on containers; leave it out")
        if self.binding == "early" and self.queueing is not None:
            raise InputError(
                "platform, queueing: with binding 'early' each invoker serves in order of arrival; leave it out"
            )
        if self.binding == "early" and hasattr(self.allocator, "choose"):
            raise InputError(
                "platform, allocator: with binding 'early' calls are placed by their function's own size, and this "
                "allocator chooses another when they arrive; leave it out or bind late"
            )
        if self.cpu == "shared" and math.isinf(self.invoker_cpu):
            raise InputError("platform, cpu 'shared': expected a finite invoker_cpu to share, got inf")

    @property
    def owns_count(self) -> bool:
        """Whether an autoscaler alone starts and ends containers."""
        return self.autoscaler is not None and self.autoscaler.owns_count

    def policies(self):
        """The policies that are set."""
        return [getattr(self, name) for name in POLICY_METHODS if getattr(self, name) is not None]
