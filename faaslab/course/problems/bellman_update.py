"""The value of a state by one use of Bellman's equation. Chapter "Proximal policy optimisation"."""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """Two actions, each with a reward and a chance that the next state is a busy one; values of the next states."""
    gamma = one(rng, 0.5, 0.8, 0.9)
    rewards = [-one(rng, 1.0, 2.0, 3.0), -one(rng, 4.0, 5.0, 6.0)]
    chances = [one(rng, 0.5, 0.6, 0.8), one(rng, 0.1, 0.2, 0.3)]
    quiet, busy = -one(rng, 2.0, 4.0, 5.0), -one(rng, 10.0, 20.0, 30.0)
    ahead = [chance * busy + (1 - chance) * quiet for chance in chances]
    worth = [reward + gamma * value for reward, value in zip(rewards, ahead, strict=True)]
    given = {"reward_few": rewards[0], "reward_many": rewards[1], "waiting_few": chances[0], "waiting_many": chances[1],
             "value_none": quiet, "value_waiting": busy, "gamma": gamma}  # fmt: skip
    slips = {
        "other": min(worth),
        "undiscounted": max(reward + value for reward, value in zip(rewards, ahead, strict=True)),
        "reward": max(rewards),
        "mean": sum(worth) / 2,
        "no-reward": gamma * max(ahead),
    }
    steps = {"ahead_few": ahead[0], "ahead_many": ahead[1], "worth_few": worth[0], "worth_many": worth[1]}
    return {"given": given, "key": max(worth), "unit": "cents", "slips": slips, "steps": steps}
