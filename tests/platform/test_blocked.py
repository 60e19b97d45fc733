"""Finding blocked groups by their need changes nothing: the run is the one in which every group is asked every time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_worlds import ChosenOnArrival, workloads

from faaslab.errors import InputError
from faaslab.platform import Platform, Simulation
from faaslab.policies import FixedWindow, ShortestFirst

MB = 128


@settings(max_examples=150)
@given(
    workloads(concurrency_one=True),
    st.integers(1, 3),
    st.sampled_from([3, 4, 7]),
    st.sampled_from([2.0, 3.0, float("inf")]),
    st.sampled_from([None, ShortestFirst("oracle")]),
    st.booleans(),
)
def test_by_need_or_one_by_one(workload, invokers, units, cores, queueing, resizes):
    def run(by_need):
        platform = Platform(
            FixedWindow(3.0),
            invokers=invokers,
            invoker_memory_mb=units * MB,
            invoker_cpu=cores,
            queueing=queueing,
            allocator=ChosenOnArrival(resizes),
        )
        simulation = Simulation(platform, workload, seed=5, duration_s=60.0, drain=True)
        assert simulation.binding._by_need is not None
        if not by_need:
            simulation.binding._by_need = None
        return simulation.run()

    try:
        one_by_one = run(False)
    except InputError:
        return  # a function larger than the machine
    found = run(True)
    for table in ("calls", "containers"):
        for name, values in getattr(one_by_one, table).items():
            assert np.array_equal(values, getattr(found, table)[name]), name
