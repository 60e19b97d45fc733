"""The cores that Greedy gives to a later call of a function whose need never changes. Chapter "Why resources idle"."""

from faaslab.course.problems.drawing import one
from faaslab.harvest.managers import Greedy
from faaslab.harvest.options import Options


def draw(rng) -> dict:
    """Whole cores of a call after Greedy has reached the need; calls come one after the other."""
    most = Options().cores
    given = {"configured": one(rng, 5, 6, 7, 8), "need": one(rng, 1, 2, 3), "step": one(rng, 1, 2, 3),
             "call": one(rng, 7, 8, 9, 10, 11, 12)}  # fmt: skip
    cores = sequence(given["configured"], given["need"], given["step"], given["call"] + 1, most)
    key, before, after = cores[-2], cores[-3], cores[-1]
    slips = {
        "need": given["need"],
        "neighbour": after,
        "configured": given["configured"],
        "straight-down": max(1, given["configured"] - given["step"] * (given["call"] - 1)),
    }
    listed = ", ".join(map(str, cores[:-1]))
    steps = {"sequence": listed, "low": min(key, before), "high": max(key, before)}
    return {"given": given, "key": key, "unit": "count", "slips": slips, "steps": steps}


def sequence(configured: int, need: int, step: int, calls: int, most: int) -> list[int]:
    """Cores of the first so many calls, by Greedy's own rule."""
    greedy, cores = Greedy(step=step), [configured]
    while len(cores) < calls:
        cores.append(greedy._next(min(cores[-1], need), cores[-1], most))
    return cores
