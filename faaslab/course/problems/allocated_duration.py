"""How long a call takes with fewer or more cores and units than its user configured. Chapter "Why resources idle"."""

from faaslab.course.problems.drawing import one
from faaslab.harvest.demand import Saturating


def draw(rng) -> dict:
    """The duration by the published model, with both resources below their saturation points."""
    need_cores, need_units = one(rng, 3, 4, 5, 6, 7), one(rng, 3, 4, 5)
    cores, units = int(rng.integers(2, need_cores)), int(rng.integers(2, need_units))
    shortest_s = one(rng, 1, 2, 3)
    longest_s = shortest_s + one(rng, 3, 6, 9, 12)
    given = {"shortest_s": shortest_s, "longest_s": longest_s, "need_cores": need_cores, "need_units": need_units,
             "cores": cores, "units": units}  # fmt: skip
    key = Saturating(shortest_s, longest_s, need_cores, need_units).duration_s(cores, units)
    spread, missing_cores = longest_s - shortest_s, (need_cores - cores) / (need_cores - 1)
    missing_units = (need_units - units) / (need_units - 1)
    shared = 2 * missing_cores + missing_units
    slips = {
        "cores-only": shortest_s + spread * 2 * missing_cores / 3,
        "equal-weights": shortest_s + spread * (missing_cores + missing_units) / 2,
        "shortest-left-out": spread * shared / 3,
        "given-share": shortest_s + spread * (3 - shared) / 3,
        "all-cores-counted": shortest_s
        + spread * (2 * (need_cores - cores) / need_cores + (need_units - units) / need_units) / 3,
        "shared-out": shortest_s * max(need_cores / cores, need_units / units),
    }
    steps = {"spread_s": spread, "missing_cores": missing_cores, "missing_units": missing_units,
             "weighted": shared / 3}  # fmt: skip
    return {"given": given, "key": key, "unit": "s", "slips": slips, "steps": steps}
