"""Views of a platform made by hand, in the shape of faaslab.model.views."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from faaslab.durations import Constant
from faaslab.functions import Function


@dataclass
class Call:
    function: Function
    id: int = 0
    attempt: int = 0
    arrival_s: float = 0.0
    service_s: float = 1.0


@dataclass
class Container:
    id: int
    memory_mb: float = 128.0
    invoker_id: int = 0
    group_name: str = "f"
    start_s: float = 1.0
    idle_since_s: float = 0.0
    calls: int = 0
    uses: int = 0
    provisioned: bool = False


@dataclass
class Group:
    name: str = "f"
    functions: tuple = ()
    running: int = 0
    starting: int = 0
    idle: int = 0
    busy: int = 0
    waiting: int = 0
    concurrency_area_s: float = 0.0


@dataclass
class Invoker:
    id: int
    memory_mb: float = 1024.0
    cpu: float = 4.0
    cpu_free: float = 4.0
    running: int = 0
    warm: tuple = ()

    def idle_of(self, group):
        return self.warm.count(group)


@dataclass
class Platform:
    functions: tuple = ()
    calls: dict = field(default_factory=dict)

    @property
    def concurrent(self):
        return sum(self.calls.values())

    def concurrent_of(self, function):
        return self.calls.get(function, 0)


def function(name="f", **kwargs):
    return Function(name, Constant(1.0), **kwargs)


def group(name="f", **kwargs):
    concurrency = kwargs.pop("concurrency", 1)
    return Group(name, (function(name, concurrency=concurrency),), **kwargs)


@pytest.fixture(scope="session")
def fake():
    return SimpleNamespace(
        Call=Call, Container=Container, Group=Group, Invoker=Invoker, Platform=Platform, function=function, group=group
    )
