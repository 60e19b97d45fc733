"""Four idle containers, one of which has to go under greedy-dual: which one. Chapter "Inside a platform"."""

from faaslab.course.problems.drawing import one

NAMES = ("api", "mail", "report", "resize")


def draw(rng) -> dict:
    """Four idle containers with what greedy-dual knows of them: whose goes. Drawn until every misconception differs
    from the key, and no two priorities are close."""
    while True:
        # who has been idle longer was used at a clock that is no later, as the clock never falls
        idle = sorted(rng.choice((20, 45, 80, 150, 240, 400), 4, replace=False).tolist(), reverse=True)
        clocks = sorted(one(rng, 0.0, 0.01, 0.02, 0.03, 0.05) for _ in NAMES)
        order = [NAMES[i] for i in rng.permutation(4)]
        rows = {
            name: {
                "idle_s": idle[order.index(name)],
                "clock": clocks[order.index(name)],
                "uses": int(rng.integers(1, 13)),
                "start_s": one(rng, 0.25, 0.5, 1.0, 2.0, 4.0),
                "memory_mb": one(rng, 128, 256, 512),
            }
            for name in NAMES
        }
        keys = {name: priority(row) for name, row in rows.items()}
        key, least = min(keys, key=keys.get), sorted(keys.values())
        slips = {
            "longest-idle": order[0],
            "without-clock": min(rows, key=lambda n: priority({**rows[n], "clock": 0.0})),
            "without-memory": min(rows, key=lambda n: rows[n]["clock"] + rows[n]["uses"] * rows[n]["start_s"]),
        }
        if least[1] > 1.1 * least[0] and len({key, *slips.values()}) == 4:
            return {"given": rows, "key": key, "slips": slips, "steps": _steps(rows, keys), "allowed": NAMES}


def priority(row) -> float:
    """Clock at the last use + uses * start / memory."""
    return row["clock"] + row["uses"] * row["start_s"] / row["memory_mb"]


def _steps(rows, keys):
    def told(row):
        return f"clock {row['clock']:g}, {row['uses']} uses, start {row['start_s']:g} s, {row['memory_mb']} MB"

    listed = "; ".join(f"{name}: {told(row)}" for name, row in rows.items())
    return {"listed": listed, "priorities": ", ".join(f"{name} {value:.4f}" for name, value in keys.items())}
