"""The protocols of the decisions that a platform takes: one method a question, answered from read-only views.

A policy is one class in one file of faaslab.policies. Every policy has `reset(seed)`, called at the beginning of a run,
so that one object can serve several runs; what it learns lives between two resets. Methods with a body here are
optional: the engine does not call them where a policy leaves them out.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from faaslab.errors import InputError, number
from faaslab.functions import PHASES, Function
from faaslab.model.views import CallView, ContainerView, GroupView, InvokerView, PlatformView
from faaslab.units import ns


@dataclass(frozen=True)
class Keep:
    """What becomes of a container that has just become idle.

    keep_s: it ends after so many idle seconds (0: at once, inf: never by itself). prewarm_after_s: so many seconds from
    now one container is started ahead, unless a call arrives first, and then kept idle for prewarm_keep_s. whole_group:
    the same keep_s holds for all idle containers of the group.
    """

    keep_s: float
    prewarm_after_s: float | None = None
    prewarm_keep_s: float = 0.0
    whole_group: bool = False

    def __post_init__(self):
        number(self.keep_s, "Keep, keep_s", minimum=0, finite=False)
        number(self.prewarm_keep_s, "Keep, prewarm_keep_s", minimum=0, finite=False)
        if self.prewarm_after_s is not None:
            number(self.prewarm_after_s, "Keep, prewarm_after_s", minimum=0)
        object.__setattr__(self, "keep_ns", None if math.isinf(self.keep_s) else ns(self.keep_s))


class Policy(Protocol):
    """What all policies share."""

    def reset(self, seed: int) -> None:
        """Forget everything learnt; random choices restart from `seed`."""


class KeepAlive(Policy, Protocol):
    """How long an idle container lives, and who goes first when memory is needed."""

    def on_idle(self, container: ContainerView, group: GroupView, now_s: float) -> Keep:
        """Called when a container has no call left in it, and when a container started ahead becomes ready."""
        ...

    def eviction_key(self, container: ContainerView, group: GroupView) -> float:
        """The idle container with the smallest key is evicted first; equal keys: the longest idle first."""
        ...

    def on_arrival(self, call: CallView, group: GroupView, now_s: float) -> None:
        """A call arrives for the group (before anything is decided about it)."""

    def on_begin(self, container: ContainerView, call: CallView, group: GroupView, now_s: float) -> None:
        """A call begins in the container."""

    def on_gone(self, container: ContainerView, group: GroupView, now_s: float, evicted: bool) -> None:
        """The container has ended; `group` counts no longer include it."""


class Placement(Policy, Protocol):
    """On which invoker a new container starts; with early binding, on which invoker a call waits."""

    def order(self, function: Function, invokers: Sequence[InvokerView]) -> Iterable[InvokerView]:
        """Invokers in the order of preference; the engine takes the first that has room."""
        ...

    def overflow(self, function: Function, invokers: Sequence[InvokerView]) -> InvokerView:
        """Early binding only: where a call goes when no invoker has memory left for it. By default the first in
        order."""


class Queueing(Policy, Protocol):
    """In which order waiting calls are served."""

    def key(self, call: CallView) -> float:
        """The waiting call with the smallest key is served first; equal keys: first come first served."""
        ...

    def on_end(self, call: CallView, service_s: float) -> None:
        """A call has completed after `service_s` of service."""


class Autoscaler(Policy, Protocol):
    """How many containers a group has.

    owns_count: True where this policy alone starts and ends containers (then keep-alive does not apply); False where a
    call without a warm container starts one. tick_s: period of `desired`, None for never. initial: containers of each
    group that are ready when the run begins.
    """

    owns_count: bool
    tick_s: float | None
    initial: int

    def desired(self, group: GroupView, now_s: float) -> int:
        """Number of containers wanted; called every tick_s for every group."""

    def on_waiting(self, group: GroupView, now_s: float) -> int:
        """Number wanted at once when a call waits and the group has no container at all (scale from zero)."""

    def may_start(self, group: GroupView, now_s: float) -> bool:
        """Where a call would start a container for which there is room: whether the scaling rate allows it now. If not,
        the call is throttled; where the policy has an attribute `waits` that is true it waits, and the question is put
        again when a container has become free and, where `ask_again_s` is a number, after so many seconds."""


class Admission(Policy, Protocol):
    """Whether a call is let in."""

    def admit(self, call: CallView, platform: PlatformView) -> bool:
        """False throttles the call."""
        ...


@dataclass(frozen=True)
class StemCell:
    """Containers started ahead for any function of one runtime and memory size: `count` of them on each invoker."""

    runtime: str
    memory_mb: float
    count: int


class Starter(Policy, Protocol):
    """How a container comes to be, and which phases its start still has to pass."""

    def stock(self) -> tuple[StemCell, ...]:
        """Stem cells held on every invoker."""
        return ()

    def phases(self, function: Function, from_stem: bool) -> tuple[str, ...]:
        """Names (of PHASES, in order) that a start passes, from scratch or from a stem cell."""
        return PHASES


@dataclass(frozen=True)
class Allocation:
    """What a running call holds: cores and MB."""

    cpu: float
    memory_mb: float


class Allocator(Policy, Protocol):
    """How much cpu and memory a call gets: when it arrives (`choose`), at its beginning (`allocate`) and while it runs
    (`reallocate`, `on_end`). At least one of the first three must be there.

    period_s: how often `reallocate` is asked, None for never. resizes: False promises that no running call's allocation
    ever changes, so that its end is known when it begins (a faster run); True where the attribute is missing.
    lends: True says that calls keep their functions' own cores and memory reserved, and that allocations only say what
    they may use, so that they lend one another what is idle: on no invoker more than is reserved there. False where the
    attribute is missing: an allocation is what a call reserves.
    """

    period_s: float | None

    def choose(self, call: CallView, platform: PlatformView) -> Allocation | None:
        """The allocation of a call that has arrived: it is placed where there is room for it, and waits until there is;
        late binding only. None for the function's own, or what `allocate` says at its beginning."""

    def allocate(self, call: CallView, invoker: InvokerView, now_s: float) -> Allocation | None:
        """The allocation with which the call begins; None for the function's own."""
        ...

    def reallocate(self, call: CallView, invoker: InvokerView, now_s: float) -> Allocation | None:
        """Every period_s for each running call: a new allocation, or None to leave it."""
        ...

    def on_end(self, call: CallView, now_s: float) -> Iterable[tuple[CallView, Allocation]]:
        """A call has ended, and what it held is free: new allocations of running calls."""
        return ()


def implements(policy, protocol, method: str) -> bool:
    """Whether `policy` has its own `method`, rather than none or the protocol's empty one."""
    own = getattr(type(policy), method, None)
    return own is not None and own is not getattr(protocol, method)


# What the engines ask of each policy, besides `reset`.
POLICY_METHODS = {
    "keep_alive": ("on_idle", "eviction_key"),
    "placement": ("order",),
    "autoscaler": ("owns_count", "tick_s", "initial"),
    "queueing": ("key",),
    "admission": ("admit",),
    "starter": ("phases",),
    "allocator": ("period_s",),
}


def check_policies(given: Mapping[str, object], where: str) -> None:
    """InputError where one of the policies, by their names in POLICY_METHODS, lacks what it must have. Only keep_alive
    may not be None."""
    for kind, policy in given.items():
        if policy is None and kind != "keep_alive":
            continue
        for name in (*POLICY_METHODS[kind], "reset"):
            if isinstance(policy, type) or not hasattr(policy, name):
                raise InputError(f"{where}, {kind}: expected a policy object with {name}, got {policy!r}")
    allocator = given.get("allocator")
    if allocator is not None and not any(hasattr(allocator, name) for name in ("choose", "allocate", "reallocate")):
        raise InputError(f"{where}, allocator: expected a policy object with choose or allocate, got {allocator!r}")
