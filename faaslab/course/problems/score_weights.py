"""The weights of a shared score network. Chapter "FaaSRM"."""

from itertools import pairwise

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """Weights and offsets of actor and critic together, for some features and two hidden layers."""
    options = one(rng, 16, 36, 100, 144, 256)
    given = {"features": int(rng.integers(7, 16)), "first": one(rng, 16, 24, 32, 48), "second": one(rng, 8, 12, 16),
             "options": options}  # fmt: skip
    layers = (given["features"], given["first"], given["second"], 1)
    actor = weights(*layers)
    slips = {
        "one-network": actor,
        "no-offsets": 2 * (actor - sum(layers[1:])),
        "an-output-an-option": weights(*layers[:3], options) + actor,
        "times-options": 2 * actor * options,
        "units": 2 * sum(layers),
    }
    steps = {
        "into_first": layers[0] * layers[1] + layers[1],
        "into_second": layers[1] * layers[2] + layers[2],
        "into_score": layers[2] + 1,
        "actor": actor,
    }
    return {"given": given, "key": 2 * actor, "unit": "count", "slips": slips, "steps": steps}


def weights(*layers: int) -> int:
    """Weights and offsets of a network with these layers."""
    return sum(a * b + b for a, b in pairwise(layers))
