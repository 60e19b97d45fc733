"""The report of an invocation: what Lambda's REPORT line says, with the phases of the start that it waited for.

Chapter "A cloud on your laptop". Source: AWS Lambda developer guide, "Viewing logs for Lambda functions"; since August
2025 the initialisation of a start is billed with the call that it serves. Left out: X-Ray's part of the line.
"""

import json
import math
from dataclasses import dataclass, fields
from functools import cached_property

from faaslab.functions import PHASES

MS_PER_S = 1e3


@dataclass(frozen=True)
class Report:
    """start: "warm", "cold", "prewarmed" or "joined". duration_s: from handing over the event to the answer.
    init_s: the whole start of the container, None but for the first call in it. cpu_s: what the worker's process used
    during the call. used_mb: the most memory seen so far in the container. phases: seconds of the four phases of the
    start; they add up to init_s. wait_s: from the arrival to the beginning of the handler.
    """

    request_id: str
    start: str
    duration_s: float
    wait_s: float
    cpu_s: float
    memory_mb: int
    used_mb: float
    init_s: float | None = None
    phases: dict | None = None

    @cached_property
    def billed_s(self) -> float:
        """Duration and initialisation, rounded up to a whole millisecond."""
        return math.ceil(round((self.duration_s + (self.init_s or 0.0)) * MS_PER_S, 6)) / MS_PER_S

    def __str__(self):
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_s * MS_PER_S:.2f} ms",
            f"Billed Duration: {self.billed_s * MS_PER_S:.0f} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {math.ceil(self.used_mb)} MB",
        ]
        if self.init_s is not None:
            parts.append(f"Init Duration: {self.init_s * MS_PER_S:.2f} ms")
        return "\t".join(parts)

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in _FIELDS})

    @classmethod
    def from_json(cls, text) -> "Report":
        return cls(**json.loads(text))


_FIELDS = tuple(field.name for field in fields(Report))


def phases_in_seconds(phases_ns) -> dict:
    """{"allocate": seconds, ...} of four times in ns."""
    return {name: time / 1e9 for name, time in zip(PHASES, phases_ns, strict=True)}
