"""The result of a workload that was played, brought into the shape that a simulation of the same workload has.

Only then can `faaslab.model.diff` lay the two beside each other: functions and sources in the workload's order, rows in
the order of arrival, and everything cut at the horizon. Left out: phases of a start that the horizon cuts, which stay
as measured.
"""

from dataclasses import replace

import numpy as np

from faaslab.errors import InputError
from faaslab.model.result import EventOutcome, Gone, Outcome, Result, Start
from faaslab.units import ns
from faaslab.workload import Workload

SOURCE = "open"  # what the simulator calls the source of a workload's arrivals


def matching(result: Result, workload: Workload, warmup_s: float = 0.0) -> Result:
    """`result` with the workload's functions, cut at its duration_s. InputError where rows belong to functions that the
    workload does not have."""
    result = cut(result, ns(workload.duration_s))
    calls = result.calls
    names = [f.name for f in workload.functions]
    for i in np.unique(calls["function"]):
        if result.functions[i].name not in names:
            raise InputError(f"played result: calls of {result.functions[i].name!r}, which the workload does not have")
    functions = _places([f.name for f in result.functions], names)
    tables = {"calls": calls, "events": result.events, "messages": result.messages}
    used = {result.sources[i] for table in tables.values() for i in np.unique(table["source"])}
    sources = (SOURCE, *(s for s in result.sources if s in used and s != SOURCE))
    places = _places(result.sources, sources)
    renamed = {name: {**table, "source": places[table["source"]]} for name, table in tables.items()}
    calls = renamed["calls"] | {"function": functions[calls["function"]]}
    order = np.lexsort((calls["event"], calls["source"], calls["arrival_ns"]))
    renamed["calls"] = {name: values[order] for name, values in calls.items()}
    return replace(result, **renamed, functions=workload.functions, sources=sources, warmup_ns=ns(warmup_s))


def _places(names, wanted):
    """Where each of `names` stands in `wanted`, -1 for nowhere."""
    return np.array([wanted.index(name) if name in wanted else -1 for name in names], dtype=np.int32)


def cut(result: Result, horizon_ns: int) -> Result:
    """The result as it would have been at an earlier horizon: what began later is not there, what ended later is still
    under way."""
    calls = _rows(result.calls, result.calls["arrival_ns"] < horizon_ns)
    _where(calls, calls["end_ns"] > horizon_ns, end_ns=-1, outcome=Outcome.IN_SYSTEM)
    _where(calls, calls["begin_ns"] > horizon_ns, begin_ns=-1, start=Start.NONE, container=-1)
    containers = _rows(result.containers, result.containers["created_ns"] <= horizon_ns)
    _where(containers, containers["gone_ns"] > horizon_ns, gone_ns=-1, gone=Gone.ALIVE)
    _where(containers, containers["ready_ns"] > horizon_ns, ready_ns=-1)
    uses = np.bincount(calls["container"][calls["container"] >= 0], minlength=len(containers["uses"]))
    containers["uses"] = uses.astype(containers["uses"].dtype)
    events = _rows(result.events, result.events["created_ns"] <= horizon_ns)
    messages = _rows(result.messages, result.messages["sent_ns"] < horizon_ns)
    for table in (events, messages):
        _where(table, table["ended_ns"] > horizon_ns, ended_ns=-1, outcome=EventOutcome.PENDING)
    resizes = _rows(result.resizes, result.resizes["time_ns"] < horizon_ns)
    return replace(
        result,
        horizon_ns=horizon_ns,
        calls=calls,
        containers=containers,
        resizes=resizes,
        events=events,
        messages=messages,
    )


def _rows(table, chosen):
    return {name: values[chosen] for name, values in table.items()}


def _where(table, chosen, **values):
    for name, value in values.items():
        table[name] = np.where(chosen, np.asarray(value, table[name].dtype), table[name])
