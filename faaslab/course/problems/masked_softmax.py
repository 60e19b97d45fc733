"""The probability of an allowed option from the options' scores. Chapter "FaaSRM"."""

import math

from faaslab.course.problems.drawing import one

LETTERS = "abcd"


def draw(rng) -> dict:
    """Four scores, one option forbidden; the probability of one of the others by the softmax with the mask."""
    scores = {name: round(float(rng.uniform(-1.5, 2.5)), 1) for name in LETTERS}
    forbidden = one(rng, *LETTERS)
    asked = one(rng, *(name for name in LETTERS if name != forbidden))
    powers = {name: math.exp(score) for name, score in scores.items()}
    allowed = sum(power for name, power in powers.items() if name != forbidden)
    key = powers[asked] / allowed
    given = {f"score_{name}": score for name, score in scores.items()} | {"forbidden": forbidden, "asked": asked}
    slips = {
        "all-four": powers[asked] / sum(powers.values()),
        "zero-score": powers[asked] / (allowed + 1),
        "uniform": 1 / 3,
        "one-power": powers[asked],
        "odds": powers[asked] / (allowed - powers[asked]),
        "base-two": 2 ** scores[asked] / sum(2**score for name, score in scores.items() if name != forbidden),
    }
    steps = {"power": powers[asked], "sum": allowed}
    return {"given": given, "key": key, "unit": "fraction", "slips": slips, "steps": steps}
