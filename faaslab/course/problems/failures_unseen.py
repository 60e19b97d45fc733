"""What a few trainings without a failure say about the share that fails. Chapter "The drawbacks of reinforcement
learning"."""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The largest share of failing trainings under which none of n fails with the given chance."""
    trainings, chance = one(rng, 4, 5, 6, 8, 10, 12, 16, 20, 24), 0.05
    share = 1 - chance ** (1 / trainings)
    slips = {
        "none": 0.0,
        "one-of-n": 1 / trainings,
        "one-more": 1 / (trainings + 1),
        "other-side": 1 - (1 - chance) ** (1 / trainings),
        "good-ones": 1 - share,
        "chance": chance,
        "rule-of-three": 3 / trainings,
    }
    return {
        "given": {"trainings": trainings, "chance": chance},
        "key": share,
        "unit": "fraction",
        "slips": slips,
        "steps": {"root": 1 - share},
    }
