"""A function that behaves as its event says: it waits, computes, fails or exits.

Waiting leaves the processor to others, computing takes it: two calls that wait do not slow each other down.
"""

import time


def handler(event, context):
    """event: {"wait_s": seconds, "compute_s": seconds of processor time, "fail": text, "exit": status}, each optional.

    The answer says how long the call took, in seconds, and how often this container has been called.
    """
    begin = time.perf_counter()
    handler.calls += 1
    time.sleep(event.get("wait_s", 0.0))
    compute(event.get("compute_s", 0.0))
    if "fail" in event:
        raise ValueError(event["fail"])
    if "exit" in event:
        raise SystemExit(event["exit"])
    return {"took_s": round(time.perf_counter() - begin, 6), "calls": handler.calls}


handler.calls = 0


def compute(seconds):
    """Use the processor until this process has used so many seconds of it."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
