"""What policies see of the platform: read-only views, in seconds and MB.

The engine's own objects satisfy these protocols; a policy reads them and returns decisions, it never changes them.
"""

from collections.abc import Sequence
from typing import Protocol

from faaslab.functions import Function


class CallView(Protocol):
    """One attempt of a call. `service_s` is the drawn service time and `input_size` the drawn size of its input, which
    only an oracle, or who may look at inputs, may use."""

    id: int
    function: Function
    attempt: int
    input_size: float

    @property
    def arrival_s(self) -> float: ...
    @property
    def service_s(self) -> float: ...


class ContainerView(Protocol):
    """One container. `calls` are in it now, `uses` have begun in it so far; `start_s` is what its whole start took."""

    id: int
    calls: int
    uses: int
    provisioned: bool

    @property
    def memory_mb(self) -> float: ...
    @property
    def invoker_id(self) -> int: ...
    @property
    def group_name(self) -> str: ...
    @property
    def start_s(self) -> float: ...
    @property
    def idle_since_s(self) -> float: ...


class GroupView(Protocol):
    """The containers that may serve each other's calls: those of one function, or of one app.

    `starting`, `idle` and `busy` count containers (draining ones are not counted), `running` and `waiting` count calls;
    `concurrency_area_s` is the time integral of running + waiting calls since the run began, from which a policy takes
    means over its windows.
    """

    name: str
    functions: tuple[Function, ...]
    running: int

    @property
    def starting(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def concurrency_area_s(self) -> float: ...


class InvokerView(Protocol):
    """One machine. Memory: `free` is unused, `reclaimable` is held by idle containers that may be evicted, `committed`
    is promised to calls that run, wait for a start or wait in this invoker's own queue."""

    id: int
    memory_mb: float
    cpu: float

    @property
    def free_mb(self) -> float: ...
    @property
    def reclaimable_mb(self) -> float: ...
    @property
    def committed_mb(self) -> float: ...
    @property
    def cpu_free(self) -> float: ...
    @property
    def running(self) -> int: ...
    def idle_of(self, group: str) -> int:
        """Number of its idle containers that belong to the group of that name."""
        ...


class PlatformView(Protocol):
    """The whole. `concurrent` counts calls that run or wait for a start (queued calls without a start do not count);
    `in_system` counts all that have arrived and are not over."""

    concurrent: int
    in_system: int
    invokers: Sequence[InvokerView]

    @property
    def functions(self) -> tuple[Function, ...]: ...
    @property
    def now_s(self) -> float: ...
    def concurrent_of(self, function: str) -> int:
        """The same count for one function."""
        ...
