"""The generated problems of "Chance and measurement": their keys, computed a second way from what is given."""

import math
import statistics

import numpy as np
import pytest

from faaslab.course.problems import problem
from faaslab.workload import interarrival_s, poisson


@pytest.mark.parametrize("seed", range(25))
def test_keys_follow_from_what_is_given(seed):
    given = problem("poisson-gap", seed).given
    by_hand = math.exp(-given["rate_per_min"] / 60 * given["time_s"])
    assert problem("poisson-gap", seed).key == pytest.approx(by_hand, rel=1e-12)

    posed = problem("percentile", seed)
    values = sorted(posed.given["response_ms"])
    rank = -(-posed.given["percent"] * len(values) // 100)
    assert posed.key == values[rank - 1] and sum(v <= posed.key for v in values) == rank

    given = problem("interval-runs", seed).given
    half = given["t_factor"] * statistics.stdev(given["p99_ms"]) / math.sqrt(len(given["p99_ms"]))
    assert problem("interval-runs", seed).key == pytest.approx(half, rel=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_silence_is_as_likely_as_random_calls_make_it(seed):
    posed = problem("poisson-gap", seed)
    gaps = interarrival_s(poisson(posed.given["rate_per_min"] / 60, 500_000, seed))
    assert np.mean(gaps > posed.given["time_s"]) == pytest.approx(posed.key, abs=0.02)
