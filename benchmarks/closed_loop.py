"""Calls in a closed loop: each client is a process of its own with one call in flight, the next one sent when the last
came back. All clients begin at a common word, after calls that are not counted.
"""

import json
import subprocess
import sys
import time
from importlib import import_module

UNCOUNTED_CALLS = 5
UNCOUNTED_S = 0.3


def clients(count, contender, variant, address, handler, event, seconds):
    """Calls a second of all clients together, and every client's latencies in seconds."""
    task = json.dumps([contender, variant, address, handler, event, seconds])
    processes = [
        subprocess.Popen([sys.executable, __file__, task], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        for process in processes:
            if not any(line == "ready\n" for line in process.stdout):
                raise RuntimeError(f"a client of {contender} ended before it was ready")
        for process in processes:
            print("go", file=process.stdin, flush=True)
        runs = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return sum(len(run["latencies_s"]) / run["s"] for run in runs), [run["latencies_s"] for run in runs]


def one_client(contender, variant, address, handler, event, seconds):
    """Runs in the client's process: says that it is ready, waits for the word, calls, prints its latencies."""
    place = import_module(f"contenders.{contender}").Contender
    with place.connect(variant, address, handler) as call:
        for _ in range(UNCOUNTED_CALLS):
            check(call(event), event)
        print("ready", flush=True)
        sys.stdin.readline()
        loop(call, event, UNCOUNTED_S)
        latencies, elapsed = loop(call, event, seconds)
    print(json.dumps({"latencies_s": latencies, "s": elapsed}))


def loop(call, event, seconds):
    latencies = []
    began = before = time.perf_counter()
    while before - began < seconds:
        answer = call(event)
        after = time.perf_counter()
        latencies.append(after - before)
        check(answer, event)
        before = time.perf_counter()
    return latencies, before - began


def check(answer, event):
    """The handler ran, on this event."""
    if answer["event"] != event or answer["total"] != sum(event["values"]):
        raise RuntimeError(f"a wrong answer: {answer!r:.200}")


if __name__ == "__main__":
    one_client(*json.loads(sys.argv[1]))
