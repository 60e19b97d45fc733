"""Return and advantage of the first decision of a short episode. Chapter "Proximal policy optimisation"."""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """Four rewards (cents, none positive), a discount, and what the critic had said of the first state."""
    rewards = [-one(rng, 1.0, 2.0, 3.0, 4.0, 5.0), *(-one(rng, 0.0, 1.0, 2.0, 4.0, 6.0) for _ in range(3))]
    gamma = one(rng, 0.5, 0.8, 0.9)
    total = sum(gamma**k * reward for k, reward in enumerate(rewards))
    value = round(total * one(rng, 0.6, 0.75, 1.25, 1.5), 1)
    given = {"rewards": tuple(rewards), "gamma": gamma, "value": value}
    slips = {
        "undiscounted": sum(rewards) - value,
        "first-reward": rewards[0] - value,
        "return": total,
        "sign": value - total,
        "early": gamma * total - value,
    }
    # a worked example shows the sum term by term
    terms = " + ".join(f"{gamma**k:.3g} × {reward:g}" for k, reward in enumerate(rewards)).replace("-", "−")
    return {
        "given": given,
        "key": total - value,
        "unit": "cents",
        "slips": slips,
        "steps": {"terms": terms, "total": total},
    }
