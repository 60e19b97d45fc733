"""What calls ask for over what servers have, where a call holds several cores. Chapter "Does it work?".

Source: the same sum as faaslab.harvest.worlds.world.World.load. Left out: memory, and starts.
"""

from faaslab.course.problems.drawing import one


def draw(rng) -> dict:
    """The cpu load of a set-up."""
    given = {"calls": one(rng, 6_000, 12_000, 24_000, 48_000), "minutes": one(rng, 30, 60, 90, 120),
             "duration_s": one(rng, 3.0, 4.0, 5.0, 7.0), "cores": one(rng, 2, 3, 4),
             "servers": one(rng, 5, 8, 10, 20), "server_cores": one(rng, 8, 16)}  # fmt: skip
    asked = given["calls"] * given["duration_s"] * given["cores"]
    capacity = given["servers"] * given["server_cores"]
    seconds = 60 * given["minutes"]
    key = asked / (capacity * seconds)
    slips = {
        "one-core": key / given["cores"],
        "one-server": key * given["servers"],
        "servers-only": key * given["server_cores"],
        "cores-twice": key * given["cores"],
        "minute-as-second": key * 60,
        "upside-down": 1 / key,
    }
    steps = {"asked": asked, "capacity": capacity, "seconds": seconds, "core_s": given["duration_s"] * given["cores"]}
    return {"given": given, "key": key, "unit": "", "slips": slips, "steps": steps}
