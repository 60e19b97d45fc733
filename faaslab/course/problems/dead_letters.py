"""Messages that end in the dead-letter queue: poison, and bad luck each time. Chapter "Events"."""

from faaslab.course.problems.drawing import one
from faaslab.model.retries import dead_letter_probability


def draw(rng) -> dict:
    """The expected number of dead letters of a queue with some poison and independent failures of the others."""
    messages = int(one(rng, 5_000, 10_000, 20_000, 40_000))
    poison_percent, failure_percent, receives = one(rng, 2, 3, 4, 5), one(rng, 20, 25, 30, 40), one(rng, 2, 3, 4)
    poison, failure = poison_percent / 100, failure_percent / 100
    unlucky = dead_letter_probability(failure, receives)
    bad, good = messages * poison, messages * (1 - poison)
    key = bad + good * unlucky
    given = {"messages": messages, "poison_percent": poison_percent, "failure_percent": failure_percent,
             "receives": receives}  # fmt: skip
    slips = {
        "poison-only": bad,
        "luck-only": messages * unlucky,
        "no-retries": bad + good * failure,
        "one-more": bad + good * dead_letter_probability(failure, receives + 1),
        "poison-retried": messages * (poison**receives + (1 - poison) * unlucky),
        "times": bad + good * min(1.0, failure * receives),
        "share": key / messages,
    }
    steps = {"poison_messages": bad, "other_messages": good, "failure": failure, "unlucky": unlucky,
             "unlucky_messages": good * unlucky}  # fmt: skip
    return {"given": given, "key": key, "unit": "messages", "slips": slips, "steps": steps}
