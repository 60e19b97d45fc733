"""Random platforms, functions and arrivals for property tests, in whole seconds, so that equal instants are common."""

import math
import random
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from policy_worlds import AUTOSCALERS, KEEP_ALIVES, maybe

from faaslab.durations import Constant, Exponential
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.policies import Allocation, StemCell
from faaslab.platform import Platform
from faaslab.policies import (
    FCFS,
    ConcurrencyLimit,
    EarliestDeadline,
    FixedAllocation,
    Hashed,
    LeastLoaded,
    RandomPlacement,
    RoundRobin,
    ShortestFirst,
    StemCells,
    StepUp,
    WarmFirst,
)
from faaslab.workload.workload import Workload

UNIT_MB = 128.0


@dataclass(frozen=True)
class Whole:
    """A random whole number of seconds from 0 to `most`."""

    most: int

    @property
    def mean_s(self):
        return self.most / 2

    def sample(self, rng, n):
        return np.floor(rng.random(n) * (self.most + 1))


class Harvest:
    """Begins each call with less, and gives it all that is configured at the next look, where there is room."""

    period_s = 1.0

    def reset(self, seed):
        pass

    def allocate(self, call, invoker, now_s):
        return Allocation(call.function.cpu / 2, call.function.memory_mb / 2)

    def reallocate(self, call, invoker, now_s):
        enough = invoker.free_mb >= call.function.memory_mb and invoker.cpu_free >= call.function.cpu
        return (
            Allocation(call.function.cpu, call.function.memory_mb)
            if enough
            else Allocation(call.function.cpu / 4, UNIT_MB / 4)
        )


PLACEMENTS = st.one_of(
    st.builds(RoundRobin),
    st.builds(RandomPlacement),
    st.builds(LeastLoaded),
    st.builds(Hashed),
    st.builds(lambda: WarmFirst(LeastLoaded())),
)
QUEUEINGS = st.one_of(
    st.builds(FCFS), st.builds(EarliestDeadline), st.builds(ShortestFirst, st.sampled_from(["oracle", "estimate"]))
)


class ChosenOnArrival:
    """Chooses memory and cores at random when a call arrives, and leaves some calls as they are."""

    period_s = None

    def __init__(self, resizes):
        self.resizes = resizes

    def reset(self, seed):
        self._random = random.Random(seed)

    def choose(self, call, platform):
        if self._random.random() < 0.2:
            return None
        most_cores = min(2, int(platform.invokers[0].cpu)) if platform.invokers[0].cpu < 9 else 2
        return Allocation(self._random.randint(1, most_cores), UNIT_MB * self._random.randint(1, 3))


ALLOCATORS = st.one_of(st.builds(FixedAllocation), st.builds(lambda: StepUp(1.0, 2.0, 1.0)), st.builds(Harvest))
CHOOSERS = st.builds(ChosenOnArrival, st.booleans())
SERVICES = st.one_of(st.integers(0, 4).map(Constant), st.integers(1, 5).map(Whole), st.just(Exponential(1.5)))


@st.composite
def functions(draw, name, app, concurrency):
    body = ()
    if draw(st.integers(0, 3)) == 0:
        body = tuple(
            Step(draw(SERVICES), draw(st.sampled_from(["compute", "wait"]))) for _ in range(draw(st.integers(1, 3)))
        )
    return Function(
        name,
        service=None if body else draw(SERVICES),
        body=body,
        cold_service=None if body else draw(maybe(SERVICES)),
        memory_mb=UNIT_MB * draw(st.integers(1, 3)),
        cpu=draw(st.sampled_from([0.5, 1.0, 2.0])),
        cold_start=ColdStart(draw(st.integers(0, 2)), draw(st.integers(0, 1)), draw(st.integers(0, 1)), draw(SERVICES)),
        timeout_s=draw(st.sampled_from([None, None, 1, 2, 4])),
        start_timeout_s=draw(st.sampled_from([None, None, None, 1, 3])),
        patience_s=draw(st.sampled_from([None, None, 1, 3, 5])),
        deadline_s=draw(maybe(st.integers(1, 5))),
        concurrency=concurrency,
        reserved_concurrency=draw(st.sampled_from([None, None, None, None, 0, 1, 2])),
        failure=draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
        app=app,
    )


@st.composite
def workloads(draw, concurrency_one=False, one_group=False):
    count = draw(st.integers(1, 3))
    app = draw(st.booleans())
    concurrency = [1 if concurrency_one else draw(st.sampled_from([1, 1, 2, 3])) for _ in range(count)]
    if app or one_group:
        concurrency = [concurrency[0]] * count
    fs = tuple(draw(functions("abc"[i], "app" if app and i < 2 else None, concurrency[i])) for i in range(count))
    latest = draw(st.sampled_from([6, 15, 40]))
    times = st.lists(st.integers(0, latest), min_size=draw(st.sampled_from([0, 5])), max_size=14).map(sorted)
    return Workload(fs, {f.name: [float(t) for t in draw(times)] for f in fs})


@st.composite
def platforms(draw):
    """(platform, workload)"""
    early = draw(st.integers(0, 3)) == 0
    cpu = draw(st.sampled_from(["dedicated", "shared"]))
    autoscaler = draw(AUTOSCALERS) if not early and draw(st.integers(0, 2)) == 0 else None
    owner = autoscaler is not None and autoscaler.owns_count
    allocator = draw(ALLOCATORS if early else st.one_of(ALLOCATORS, CHOOSERS)) if draw(st.integers(0, 2)) == 0 else None
    one_group = draw(st.integers(0, 5)) == 0
    workload = draw(workloads(allocator is not None, one_group))
    starter = None
    if draw(st.integers(0, 3)) == 0:
        starter = StemCells([StemCell("python", UNIT_MB * draw(st.integers(1, 3)), draw(st.integers(1, 2)))])
    provisioned = {"a": 1} if not owner and draw(st.integers(0, 3)) == 0 else {}
    cores = draw(st.sampled_from([2.0, 3.0])) if cpu == "shared" else draw(st.sampled_from([math.inf, 2.0, 3.0]))
    platform = Platform(
        draw(KEEP_ALIVES),
        invokers=draw(st.integers(1, 3)),
        invoker_memory_mb=draw(st.sampled_from([math.inf, 3, 4, 5, 7]).map(lambda units: units * UNIT_MB)),
        invoker_cpu=cores,
        cpu=cpu,
        binding="early" if early else "late",
        placement=draw(PLACEMENTS) if early else draw(maybe(PLACEMENTS)),
        autoscaler=autoscaler,
        queueing=None if early else draw(maybe(QUEUEINGS)),
        admission=draw(maybe(st.sampled_from([None, 3, 6]).map(ConcurrencyLimit))),
        starter=starter,
        allocator=allocator,
        queue_limit=draw(maybe(st.integers(0, 3))),
        provisioned=provisioned,
        one_group=one_group,
    )
    return platform, workload
