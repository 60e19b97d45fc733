"""Calls a day of a function that gets its messages in batches. Chapter "Events"."""

from faaslab.course.problems.drawing import one
from faaslab.model.retries import mean_batch


def draw(rng) -> dict:
    """Calls a day where one poller collects random messages for a window from the first one on."""
    per_minute, window_s = one(rng, 3, 4, 6, 8, 9, 12, 15), one(rng, 8, 10, 12, 15, 20, 25, 30, 40)
    size = mean_batch(per_minute / 60, window_s)
    messages = per_minute * 1440
    given = {"messages_per_minute": per_minute, "window_s": window_s}
    slips = {
        "first-left-out": 86_400 / window_s,
        "no-batches": float(messages),
        "units": messages / mean_batch(per_minute, window_s),
        "batch": size,
        "an-hour": messages / size / 24,
        "multiplied": messages * size,
    }
    steps = {"messages": messages, "per_s": per_minute / 60, "in_window": size - 1, "size": size}
    return {"given": given, "key": messages / size, "unit": "calls", "slips": slips, "steps": steps}
