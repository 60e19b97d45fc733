import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.streams import generator, stream

KEYS = st.lists(st.text(max_size=5) | st.integers(), max_size=3)


@given(st.integers(0, 2**70), KEYS)
@settings(max_examples=50, deadline=None)
def test_same_seed_and_key_give_the_same_numbers(seed, key):
    assert (stream(seed, *key).random(3) == stream(seed, *key).random(3)).all()


@given(KEYS, KEYS)
@settings(max_examples=50, deadline=None)
def test_different_keys_give_different_numbers(one, other):
    same = [(type(k), k) for k in one] == [(type(k), k) for k in other]
    assert (stream(1, *one).random() == stream(1, *other).random()) == same


def test_large_seeds_differ_in_their_last_digit():
    assert stream(2**60).random() != stream(2**60 + 1).random()


def test_streams_of_one_seed_are_uncorrelated():
    draws = np.array([stream(3, "f", k).standard_normal(2000) for k in range(20)])
    correlation = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlation).max() < 4.5 / 2000**0.5  # 190 pairs: a false alarm in about 1 of 800 choices of the seed


def test_another_process_draws_the_same():
    code = "from faaslab.streams import stream; print(repr(float(stream(7, 'name', 'arrivals').random())))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(out) == stream(7, "name", "arrivals").random()


def test_a_generator_passes_through():
    rng = np.random.default_rng(1)
    assert generator(rng, "x") is rng
    assert generator(5, "x").random() == stream(5, "x").random()


@pytest.mark.parametrize("seed", [-1, 1.5, float("nan"), "1", None, True])
def test_bad_seeds(seed):
    with pytest.raises(InputError, match=r"^seed: expected"):
        stream(seed)


@pytest.mark.parametrize("key", [1.0, None, True])
def test_bad_keys(key):
    with pytest.raises(InputError, match="key of a random stream"):
        stream(1, key)
