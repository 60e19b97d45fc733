"""The clipped objective of one decision. Chapter "Proximal policy optimisation"."""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The old and the new chance of an action, its advantage, and the clip; the ratio clearly outside the clip."""
    old, clip = one(rng, 0.1, 0.2, 0.25, 0.4, 0.5), one(rng, 0.1, 0.2, 0.3)
    ratio = one(rng, 0.5, 0.6, 1.5, 1.6, 1.8)
    new, advantage = round(old * ratio, 4), one(rng, -3.0, -2.0, -1.5, 1.5, 2.0, 3.0)
    within = min(max(ratio, 1 - clip), 1 + clip)
    plain, held = ratio * advantage, within * advantage
    key = min(plain, held)
    given = {"old": old, "new": new, "advantage": advantage, "clip": clip}
    slips = {
        "larger": max(plain, held),
        "inverse": min(old / new * advantage, min(max(old / new, 1 - clip), 1 + clip) * advantage),
        "difference": (new - old) * advantage,
        "advantage": advantage,
    }
    steps = {"ratio": ratio, "within": within, "plain_product": plain, "held_product": held}
    return {"given": given, "key": key, "unit": "", "slips": slips, "steps": steps}
