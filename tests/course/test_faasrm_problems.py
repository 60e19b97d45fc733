"""The problems of the chapter "FaaSRM": their keys by the mask, by the policy's own softmax and by torch's count."""

from itertools import pairwise

import numpy as np
import pytest

from faaslab.course.problems import problem
from faaslab.course.problems.allowed_options import allowed
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_options_by_counting_the_mask(seed):
    posed = problem("allowed-options", seed)
    ranges = allowed(posed.given)
    assert Options().mask(ranges.cpu, ranges.memory).sum() == posed.key
    assert not ranges.calibrates_cpu and not ranges.calibrates_memory and 2 <= posed.key < 64


@pytest.mark.parametrize("seed", SEEDS)
def test_the_options_by_hand(seed):
    given = problem("allowed-options", seed).given
    key, kinds = 1, set()
    for name in ("cores", "units"):
        user, last, peak, highest = (given[f"{what}_{name}"] for what in ("user", "last", "peak", "recent"))
        over = peak < 0.9 * user
        assert peak <= last and not (over and peak >= 0.9 * last) and peak <= highest
        end = user if over else 8
        key *= len(range(min(int(highest) + 1, end), end + 1))
        kinds.add(over)
    assert key == problem("allowed-options", seed).key and kinds == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_probability_by_the_policy(seed):
    """A policy of one layer whose only weight is 1 has its feature as its score."""
    posed = problem("masked-softmax", seed)
    scores = np.array([[posed.given[f"score_{name}"]] for name in "abcd"])
    policy = NumpyScores([(np.ones((1, 1)), np.zeros(1))], options=4)
    chances = policy.probabilities(scores, np.array([name != posed.given["forbidden"] for name in "abcd"]))
    assert chances["abcd".index(posed.given["asked"])] == pytest.approx(posed.key, rel=1e-6)
    assert chances["abcd".index(posed.given["forbidden"])] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weights_by_their_arrays(seed):
    given = problem("score-weights", seed).given
    layers = (given["features"], given["first"], given["second"], 1)
    arrays = [(np.zeros((a, b)), np.zeros(b)) for a, b in pairwise(layers)]
    policy = NumpyScores(arrays, options=given["options"])
    assert problem("score-weights", seed).key == 2 * sum(w.size + b.size for w, b in policy.layers)
