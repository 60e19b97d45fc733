"""Settings of the platform on this machine: its policies and its budget of memory.

The names are those of the simulator's `Platform` where both have the same thing. Left out: placement, early binding,
allocators and starters, which one machine with processes does not need: how containers start is said with each
deployment, and processors are shared by the operating system.
"""

from dataclasses import dataclass, field

from faaslab.errors import InputError, number, whole
from faaslab.model.policies import Admission, Autoscaler, KeepAlive, Queueing, check_policies
from faaslab.policies import ConcurrencyLimit, FixedWindow
from faaslab.runtime.machine_size import machine_cores, machine_memory_mb

POLICIES = ("keep_alive", "autoscaler", "queueing", "admission")


@dataclass(frozen=True)
class Settings:
    """keep_alive: how long idle containers live and who is evicted first.

    autoscaler: None starts one container a request without a limit. queueing: None is first come first served.
    admission: None admits all. memory_mb: of all containers together, by what their deployments ask for; None for half
    of what this machine (or the control group that we run in) has. queue_limit: calls that may wait without a start
    under way; None for any number. InputError where one is out of its range or no policy.
    """

    keep_alive: KeepAlive = field(default_factory=lambda: FixedWindow(600.0))
    autoscaler: Autoscaler | None = None
    queueing: Queueing | None = None
    admission: Admission | None = field(default_factory=lambda: ConcurrencyLimit(100))
    memory_mb: float | None = None
    queue_limit: int | None = None

    def __post_init__(self):
        if self.memory_mb is None:
            object.__setattr__(self, "memory_mb", float(machine_memory_mb() // 2))
        number(self.memory_mb, "settings, memory_mb", above=0, finite=False)
        if self.queue_limit is not None:
            whole(self.queue_limit, "settings, queue_limit", minimum=0)
        check_policies({name: getattr(self, name) for name in POLICIES}, "settings")
        if getattr(self.queueing, "by", None) == "oracle":
            raise InputError(
                "settings, queueing: expected by='estimate'; no real platform knows a call's time, got 'oracle'"
            )

    @property
    def owns_count(self) -> bool:
        """Whether an autoscaler alone starts and ends containers."""
        return self.autoscaler is not None and self.autoscaler.owns_count

    @property
    def cores(self) -> int:
        """Processors that the containers share."""
        return machine_cores()

    def policies(self):
        """The policies that are set."""
        return [getattr(self, name) for name in POLICIES if getattr(self, name) is not None]
