"""One contender in one round, in this process: prints its figures as one line of JSON. runtime.py starts it."""

import json
import os
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import chain

import closed_loop
from proportional_memory import adopt_orphans, own_descendants, pss_mb

PAYLOAD = {"name": "Ada", "values": list(range(16)), "sleep_s": 0}
SLEEP_S = 0.5  # long enough that calls sent together are served side by side
SETTLE_S = 0.3
PAUSE_S = 0.2  # between cold calls: what the last one left behind goes, stocks are refilled


def figures(contender, variant, measures, sizes):
    try:
        module = import_module(f"contenders.{contender}")
    except ImportError as error:
        return {"absent": str(error)}
    handlers = [name for name in sizes["cold_calls"] if name == "bare" or find_spec(name.removeprefix("with_"))]
    began = time.perf_counter()
    with module.Contender(variant) as place:
        found = {"version": module.VERSION, "start_s": time.perf_counter() - began}
        if "closed loop" in measures:
            found["closed loop"] = measure_closed_loop(contender, variant, place, sizes)
        if "cold" in measures:
            found["cold_s"] = {name: measure_cold(place, name, sizes["cold_calls"][name]) for name in handlers}
        if "memory" in measures:
            found["memory_mb"] = {name: measure_memory(place, name, sizes["containers"]) for name in handlers}
    return found


def measure_closed_loop(contender, variant, place, sizes):
    found = {}
    for count in sizes["clients"]:
        rate, latencies = closed_loop.clients(
            count, contender, variant, place.address(), "bare", PAYLOAD, sizes["seconds"]
        )
        merged = sorted(chain.from_iterable(latencies))
        found[str(count)] = {
            "calls_per_s": rate,
            "p50_s": merged[len(merged) // 2],
            "p99_s": merged[min(len(merged) - 1, len(merged) * 99 // 100)],
            "calls": len(merged),
        }
    return found


def measure_cold(place, handler, count):
    """Seconds of each cold call; every one must have had a process of its own."""
    seconds, served = [], set()
    for _ in range(count):
        took, answer = place.cold_call(handler, PAYLOAD)
        closed_loop.check(answer, PAYLOAD)
        if answer["pid"] in served or answer["pid"] == os.getpid():
            raise RuntimeError(f"a call that should be cold was served by process {answer['pid']} a second time")
        served.add(answer["pid"])
        seconds.append(took)
        time.sleep(PAUSE_S)
    return seconds


def measure_memory(place, handler, count):
    """PSS of an idle container, mean over `count` of them, and of all else that the platform runs, callers excepted."""
    event = {**PAYLOAD, "sleep_s": SLEEP_S}
    answers = place.together(handler, count, event)
    containers = {answer["pid"] for answer in answers}
    if len(containers) != count:
        raise RuntimeError(f"{count} calls together were served by {len(containers)} processes")
    time.sleep(SETTLE_S)
    others = own_descendants() - containers
    return {
        "container": sum(pss_mb(pid) for pid in containers) / count,
        "platform": sum(pss_mb(pid) for pid in others),
        "containers": count,
    }


if __name__ == "__main__":
    adopt_orphans()
    print(json.dumps(figures(*json.loads(sys.argv[1]))))
