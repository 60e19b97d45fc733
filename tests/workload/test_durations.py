"""Empirical durations: the sample and nothing else."""

import numpy as np
import pytest

from faaslab.durations import Empirical
from faaslab.errors import InputError


def test_every_value_is_as_likely():
    empirical = Empirical((0.1, 0.2, 0.2, 0.7))
    drawn = empirical.sample(np.random.default_rng(1), 40_000)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0.1, 0.2, 0.7]
    assert counts / 40_000 == pytest.approx([0.25, 0.5, 0.25], abs=0.02)
    assert empirical.mean_s == pytest.approx(0.3) == pytest.approx(drawn.mean(), abs=0.005)


def test_draws_do_not_depend_on_how_they_are_cut():
    empirical = Empirical(np.arange(1.0, 8.0))
    whole = empirical.sample(np.random.default_rng(1), 11)
    rng = np.random.default_rng(1)
    assert np.array_equal(whole, np.concatenate([empirical.sample(rng, 5), empirical.sample(rng, 6)]))


def test_equal_samples_are_equal():
    assert Empirical([0.1, 0.2]) == Empirical((0.1, 0.2)) and hash(Empirical([1.0])) == hash(Empirical((1.0,)))


@pytest.mark.parametrize("values", [(), (-0.1,), (float("nan"),), (0.1, float("inf"))])
def test_bad_values(values):
    with pytest.raises(InputError, match="empirical duration"):
        Empirical(values)
