"""A deployment: the code of a function and how its containers are to be started on this machine.

Chapter "A cloud on your laptop". Source: the settings of a function on AWS Lambda (developer guide, "Configuring AWS
Lambda functions"); start modes, preload, readable and writable are ours. Left out: layers, container images, versions,
aliases.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faaslab.errors import InputError, member, number, whole
from faaslab.functions import Function

STARTS = ("spawn", "zygote", "prewarmed")
CLIENTS = ("faaslab", "awslambdaric")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what Lambda allows, and what is safe as the name of a folder
MOST_MEMORY_MB, LONGEST_TIMEOUT_S = 10_240, 900.0  # Lambda's own limits


@dataclass(frozen=True)
class Deployment:
    """What `deploy` is told.

    source: a folder, or one .py file. handler: "module.function", as on Lambda; by default `handler` of app.py, or of
    that file. memory_mb, timeout_s: limits of a
    container's memory and of a call. start: "spawn" starts an interpreter each time, "zygote" forks a process that has
    imported `preload`, "prewarmed" keeps `prewarmed` such processes waiting and makes them containers. environment:
    variables beside Lambda's own. client: what speaks the Runtime API in the container, ours or AWS's.
    reserved_concurrency: the most calls at once, None for no limit of its own. provisioned: containers that always
    stand ready. init_timeout_s: limit on a start. readable, writable: further folders that the
    function may read, or read and write.
    """

    name: str
    source: str
    handler: str | None = None
    memory_mb: int = 128
    timeout_s: float = 3.0
    start: str = "spawn"
    preload: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    client: str = "faaslab"
    reserved_concurrency: int | None = None
    provisioned: int = 0
    prewarmed: int = 1
    init_timeout_s: float = 10.0
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()

    def __post_init__(self):
        if not isinstance(self.source, (str, os.PathLike)):
            raise InputError(f"deploy, source: expected a folder or a .py file, got {self.source!r}")
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise InputError(f"deploy: expected a name of 1 to 64 letters, digits, - or _; got {self.name!r}")
        where = f"function {self.name!r}"
        object.__setattr__(self, "source", os.fspath(self.source))
        if self.handler is None:
            path = Path(self.source)
            object.__setattr__(self, "handler", f"{path.stem if path.suffix == '.py' else 'app'}.handler")
        if not isinstance(self.handler, str) or not self.handler:
            raise InputError(f"{where}, handler: expected 'module.function', got {self.handler!r}")
        whole(self.memory_mb, f"{where}, memory_mb", minimum=16, maximum=MOST_MEMORY_MB)
        number(self.timeout_s, f"{where}, timeout_s", above=0, maximum=LONGEST_TIMEOUT_S)
        number(self.init_timeout_s, f"{where}, init_timeout_s", above=0, maximum=LONGEST_TIMEOUT_S)
        member(self.start, f"{where}, start", STARTS)
        member(self.client, f"{where}, client", CLIENTS)
        whole(self.provisioned, f"{where}, provisioned", maximum=1000)
        whole(self.prewarmed, f"{where}, prewarmed", minimum=1, maximum=100)
        if self.reserved_concurrency is not None:
            whole(self.reserved_concurrency, f"{where}, reserved_concurrency")
        for name in ("preload", "readable", "writable"):
            object.__setattr__(self, name, _texts(getattr(self, name), f"{where}, {name}"))
        if self.preload and self.start == "spawn":
            raise InputError(
                f"{where}, preload: expected nothing with start 'spawn', which imports nothing ahead ('zygote' and "
                f"'prewarmed' do); got {', '.join(self.preload)}"
            )
        object.__setattr__(self, "environment", _environment(self.environment, where))

    @property
    def function(self) -> Function:
        """What policies see of it. How long its calls take is not known ahead: service is 0."""
        return Function(
            self.name,
            service=0.0,
            memory_mb=self.memory_mb,
            timeout_s=self.timeout_s,
            start_timeout_s=self.init_timeout_s,
            reserved_concurrency=self.reserved_concurrency,
        )

    def check_source(self) -> Path:
        """The source as a path; InputError where there is nothing to run there."""
        path = Path(self.source)
        if not path.exists():
            raise InputError(f"function {self.name!r}, source: expected a folder or a .py file, got {self.source!r}")
        if path.is_file() and path.suffix != ".py":
            raise InputError(f"function {self.name!r}, source: expected a folder or a .py file, got {self.source!r}")
        return path.resolve()

    @classmethod
    def from_dict(cls, given: Mapping) -> "Deployment":
        """InputError names a field that a deployment does not have, or one that is missing."""
        for name in given:
            member(name, "field of a deployment", tuple(cls.__dataclass_fields__))
        for name in ("name", "source"):
            if name not in given:
                raise InputError(f"deployment: expected {name}, got only {', '.join(given) or 'nothing'}")
        return cls(**given)


def _texts(values, where) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InputError(f"{where}: expected a list of texts, got {values!r}")
    for value in values:
        if not isinstance(value, (str, os.PathLike)):
            raise InputError(f"{where}: expected a list of texts, got {value!r} in it")
    return tuple(os.fspath(value) for value in values)


def _environment(given, where) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise InputError(f"{where}, environment: expected names and texts, got {given!r}")
    for name, value in given.items():
        if not isinstance(name, str) or not isinstance(value, str) or "=" in name or "\0" in name + value:
            raise InputError(f"{where}, environment: expected names and texts, got {name!r}: {value!r}")
        if name.startswith(("AWS_LAMBDA_", "FAASLAB_")) or name in ("_HANDLER", "LAMBDA_TASK_ROOT"):
            raise InputError(f"{where}, environment: {name!r} is set by the platform; expected another name")
    return dict(given)
