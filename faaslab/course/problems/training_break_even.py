"""When what a training has cost is earned back. Chapter "The drawbacks of reinforcement learning"."""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """Calls after a training until the time that it lost has been saved."""
    calls = one(rng, 2_000, 5_000, 8_000, 12_000, 20_000)
    during, after = one(rng, 1.15, 1.2, 1.3, 1.4), one(rng, 0.8, 0.85, 0.9, 0.95)
    lost, saved = calls * (during - 1), 1 - after
    slips = {
        "with-training": lost / saved + calls,
        "whole": calls * during / saved,
        "both": lost / (during - after),
        "ratio": calls * during / after,
        "no-saving": lost / after,
    }
    return {
        "given": {"calls": calls, "during": during, "after": after},
        "key": lost / saved,
        "unit": "calls",
        "slips": slips,
        "steps": {"more": during - 1, "lost": lost, "saved": saved},
    }
