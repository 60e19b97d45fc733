"""Invariants on random platforms, workloads and policies, checked after every event."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from invariants import Watched
from platform_worlds import platforms

from faaslab.errors import InputError
from faaslab.model.summary import littles_law


def watched(world, **options):
    platform, workload = world
    try:
        return Watched(platform, workload, **options).run()
    except InputError as error:
        assume("reserved concurrency" not in str(error) and "cpu: expected at most" not in str(error))
        raise


@settings(max_examples=500)
@given(platforms(), st.integers(0, 5), st.sampled_from([7, 20, 45]))
def test_invariants_hold_at_every_event(world, seed, duration_s):
    result = watched(world, seed=seed, duration_s=duration_s)
    swept, summed = littles_law(result)
    assert swept == summed
    again = watched(world, seed=seed, duration_s=duration_s)
    for table in ("calls", "containers", "resizes"):
        for name, values in getattr(result, table).items():
            assert np.array_equal(values, getattr(again, table)[name]), (table, name)
