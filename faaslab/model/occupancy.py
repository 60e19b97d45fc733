"""Areas under the populations of a run: time that containers were alive, ready and busy, and memory held meanwhile.

Times are whole nanoseconds and areas of time exact integers; areas of memory are float MB-nanoseconds. A container with
resizes, or with room for several calls at once, is swept event by event; for all others the areas are plain sums.
"""

import numpy as np

from faaslab.model.result import Result


def exact_sum(values: np.ndarray) -> int:
    """Sum of int64 values as a Python int, without overflow."""
    values = np.asarray(values, dtype=np.int64)
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def clip_areas(begin_ns, end_ns, start_ns: int, horizon_ns: int) -> np.ndarray:
    """Length of each interval [begin, end] within [start, horizon], int64, same shape.

    An end of -1 has not come by the horizon; a begin of -1 has not come at all (length 0).
    """
    end = np.where(end_ns < 0, horizon_ns, np.minimum(end_ns, horizon_ns))
    begin = np.where(begin_ns < 0, end, np.maximum(begin_ns, start_ns))
    return np.maximum(end - begin, 0)


def memory_area(result: Result, from_ns: np.ndarray, start_ns: int) -> float:
    """MB-nanoseconds held by all containers from `from_ns` (one time a container, -1 for never) until they were gone.

    Cut to [start, horizon]; each resize adds its difference from its time on.
    """
    containers, resizes = result.containers, result.resizes
    horizon = result.horizon_ns
    total = float(np.dot(containers["memory_mb"], clip_areas(from_ns, containers["gone_ns"], start_ns, horizon)))
    if not len(resizes["time_ns"]):
        return total
    row, time, _, change = _changes(result)
    since = from_ns[row]
    after = np.where(since < 0, -1, np.maximum(since, time))
    return total + float(np.dot(change, clip_areas(after, containers["gone_ns"][row], start_ns, horizon)))


def busy_areas(result: Result, start_ns: int) -> tuple[int, float]:
    """(container-nanoseconds, MB-nanoseconds) of containers with at least one call in them, within [start, horizon]."""
    calls, containers = result.calls, result.containers
    horizon = result.horizon_ns
    begun = np.flatnonzero(calls["begin_ns"] >= 0)
    rows = calls["container"][begun]
    shared = np.array([f.concurrency > 1 for f in result.functions], dtype=bool)[calls["function"][begun]]
    swept = np.zeros(len(containers["created_ns"]), dtype=bool)
    swept[rows[shared]] = True
    swept[result.resizes["container"]] = True
    busy, memory = 0, 0.0
    plain = ~swept[rows]
    if plain.any():
        chosen = begun if plain.all() else begun[plain]
        row = rows if plain.all() else rows[plain]
        spans = clip_areas(calls["begin_ns"][chosen], calls["end_ns"][chosen], start_ns, horizon)
        busy += int(exact_sum(spans))
        memory += float(np.dot(containers["memory_mb"][row], spans))
    if not plain.all():
        more = _sweep(result, begun[~plain], start_ns)
        busy, memory = busy + more[0], memory + more[1]
    return busy, memory


def busy_ns(result: Result) -> np.ndarray:
    """Nanoseconds with at least one call in it, until the horizon, for each container (int64)."""
    calls = result.calls
    begun = np.flatnonzero(calls["begin_ns"] >= 0)
    end = np.where(calls["end_ns"] < 0, result.horizon_ns, calls["end_ns"])[begun]
    nothing = np.zeros(0, np.int64)
    _, rows, times, inside = _events(calls["container"][begun], calls["begin_ns"][begun], end, nothing, nothing)
    busy = np.zeros(len(result.containers["created_ns"]), dtype=np.int64)
    np.add.at(busy, rows[:-1], np.diff(times) * inside)
    return busy


def _changes(result):
    """Resizes in the order of container and time: container's row, time, MB from then on, MB added."""
    resizes = result.resizes
    order = np.lexsort((resizes["time_ns"], resizes["container"]))
    row, time, memory = (resizes[name][order] for name in ("container", "time_ns", "memory_mb"))
    before = np.empty_like(memory)
    before[1:] = memory[:-1]
    first = np.ones(len(row), dtype=bool)
    first[1:] = row[1:] != row[:-1]
    before[first] = result.containers["memory_mb"][row[first]]
    return row, time, memory, memory - before


def _sweep(result, calls, start_ns):
    """Busy areas of the containers of these calls: walk through their begins, ends and resizes, container by
    container."""
    horizon = result.horizon_ns
    row = result.calls["container"][calls]
    begin, end = result.calls["begin_ns"][calls], result.calls["end_ns"][calls]
    end = np.where(end < 0, horizon, end)
    resized, resize_time, sizes, _ = _changes(result)
    order, rows, times, inside = _events(row, begin, end, resized, resize_time)
    memory = np.concatenate([np.full(2 * len(row), np.nan), sizes])[order]
    spans = clip_areas(times[:-1], times[1:], start_ns, horizon) * inside
    held = _last_known(memory, rows, result.containers["memory_mb"])[:-1]
    return exact_sum(spans), float(np.dot(held, spans))


def _events(row, begin, end, other_row, other_time):
    """Begins and ends of calls and other events, container by container: their order, the container and the time of
    each, and whether a call is in the container between each and the next."""
    rows = np.concatenate([row, row, other_row])
    times = np.concatenate([begin, end, other_time])
    steps = np.concatenate(
        [np.ones(len(row), np.int64), -np.ones(len(row), np.int64), np.zeros(len(other_row), np.int64)]
    )
    order = np.lexsort((times, rows))
    # Every container's steps add up to 0, so that one running sum serves all containers.
    return order, rows[order], times[order], np.cumsum(steps[order])[:-1] > 0


def _last_known(memory, rows, first):
    """The latest size at or before each event of its container (NaN: no resize at this event), else its first size."""
    known = ~np.isnan(memory)
    latest = np.maximum.accumulate(np.where(known, np.arange(len(memory)), -1))
    same = (latest >= 0) & (rows[latest] == rows)
    return np.where(same, memory[latest], first[rows])
