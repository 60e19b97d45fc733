"""Figures of the platform as it stands: its containers, and its functions' calls in the present measurement."""

import numpy as np

from faaslab.model.result import Outcome, Start
from faaslab.runtime.dispatch.container import READY
from faaslab.units import NS_PER_S


def ps(dispatcher) -> list[dict]:
    """The containers that live, one dict each. Times in seconds; start: the start mode of the deployment."""
    now = dispatcher.clock.now
    return [
        {
            "id": c.id,
            "function": c.function.name,
            "state": c.state_name,
            "memory_mb": c.memory_mb,
            "uses": c.uses,
            "age_s": (now - c.created) / NS_PER_S,
            "idle_s": (now - c.idle_since) / NS_PER_S if c.state == READY and c.call is None else 0.0,
            "start": getattr(c.group.deployment, "start", ""),
            "provisioned": c.provisioned,
        }
        for c in dispatcher.lifecycle.alive
    ]


def stats(dispatcher) -> dict:
    """functions: name -> figures. Calls by outcome and by start count since the measurement began; p50_s and p99_s are
    of the last completed calls (None where there are none); the rest is now. MB are of the budget."""
    machine = dispatcher.machine
    return {
        "functions": {name: _of_function(dispatcher.ledger, group) for name, group in dispatcher.groups.items()},
        "waiting": sum(group.waiting for group in dispatcher.groups.values()),
        "running": len(dispatcher.running),
        "concurrent": dispatcher.concurrent,
        "containers": len(dispatcher.lifecycle.alive),
        "used_mb": machine.memory_mb - machine.free_mb,
        "evictable_mb": machine.reclaimable_mb,
        "notes": dict(dispatcher.ledger.notes),
    }


def _of_function(ledger, group):
    index = ledger.index(group.function)
    responses = ledger.responses.get(index)
    p50, p99 = np.percentile(responses, [50, 99]).tolist() if responses else (None, None)
    return {
        "calls": ledger.arrived[index],
        **{o.name.lower(): ledger.outcomes[index, o] for o in Outcome if o != Outcome.IN_SYSTEM},
        **{s.name.lower(): ledger.starts[index, s] for s in Start if s != Start.NONE},
        "containers": group.starting + group.idle + group.busy,
        "starting": group.starting,
        "idle": group.idle,
        "busy": group.busy,
        "waiting": group.waiting,
        "running": group.running,
        "p50_s": p50,
        "p99_s": p99,
    }
