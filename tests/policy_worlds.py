"""Random policies for property tests, of the simulator and of the real platform's dispatcher alike."""

import math

from hypothesis import strategies as st

from faaslab.model.policies import Keep
from faaslab.policies import (
    KPA,
    LRU,
    FixedFleet,
    FixedWindow,
    GreedyDual,
    HybridHistogram,
    NoKeepAlive,
    OnePerRequest,
    TargetTracking,
)


class PrewarmAfter:
    """Ends idle containers after keep_s and starts one ahead prewarm_s after the last end, for later_s idle seconds."""

    def __init__(self, keep_s, prewarm_s, later_s):
        self._keep = Keep(keep_s, prewarm_after_s=prewarm_s, prewarm_keep_s=later_s, whole_group=True)

    def reset(self, seed):
        pass

    def on_idle(self, container, group, now_s):
        return self._keep

    def eviction_key(self, container, group):
        return container.idle_since_s


def maybe(strategy):
    return st.one_of(st.none(), strategy)


KEEP_ALIVES = st.one_of(
    st.sampled_from([0, 1, 2, 6, math.inf]).map(FixedWindow),
    st.builds(LRU),
    st.builds(GreedyDual),
    st.builds(NoKeepAlive),
    st.builds(PrewarmAfter, st.integers(0, 1), st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda samples: HybridHistogram(bins=8, bin_s=1.0, min_samples=samples, cv_limit=0.5), st.integers(1, 3)),
)
AUTOSCALERS = st.one_of(
    st.builds(FixedFleet, st.integers(1, 3), maybe(st.integers(1, 3))),
    st.builds(
        KPA,
        initial=st.integers(0, 2),
        max_scale=st.integers(2, 4),
        stable_window_s=st.just(6),
        panic_window_s=st.just(2),
        tick_s=st.just(1),
    ),
    st.builds(
        TargetTracking,
        target=st.just(0.5),
        min_containers=st.integers(0, 1),
        max_containers=st.just(3),
        tick_s=st.integers(1, 3),
        scale_in_cooldown_s=st.just(2),
    ),
    st.builds(OnePerRequest),
    st.builds(OnePerRequest, most=st.integers(1, 2), waits=st.booleans()),
    st.builds(OnePerRequest, st.integers(1, 2), st.integers(0, 1), waits=st.booleans()),
)
