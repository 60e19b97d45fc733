"""Che's approximation: the containers fill the memory at the characteristic time, and LRU on the simulator agrees."""

import math

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.model.lru_window import characteristic_time_s, lru_cold_fraction
from faaslab.model.summary import summary, t_interval
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU
from faaslab.workload import Workload, poisson


def test_the_containers_just_fill_the_memory():
    rates, sizes = np.geomspace(0.001, 0.1, 40), np.tile([64.0, 128.0, 512.0, 96.0], 10)
    for share in (0.01, 0.3, 0.9, 0.999):
        room = share * sizes.sum()
        window = characteristic_time_s(rates, sizes, room)
        assert float((sizes * (1 - np.exp(-rates * window))).sum()) == pytest.approx(room, rel=1e-9)


def test_equal_rates_and_sizes_have_a_closed_form():
    rates, sizes = np.full(20, 0.01), np.full(20, 128.0)
    assert characteristic_time_s(rates, sizes, 5 * 128) == pytest.approx(-math.log(0.75) / 0.01)
    assert lru_cold_fraction(rates, sizes, 5 * 128) == pytest.approx(0.75)


def test_room_for_all_means_an_endless_window():
    assert characteristic_time_s([0.1, 0.2], [128, 256], 384) == math.inf
    assert lru_cold_fraction([0.1, 0.2], [128, 256], 384) == 0.0


def test_the_simulator_agrees():
    rates, room = np.geomspace(1 / 60, 1 / 3600, 60), 24
    functions = tuple(Function(f"f{i}", Constant(0.2), memory_mb=128) for i in range(60))
    cold = []
    for seed in (1, 2, 3, 4, 5):
        arrivals = {
            f.name: poisson(r, 14_400, 1000 * seed + i) for i, (f, r) in enumerate(zip(functions, rates, strict=True))
        }
        platform = Platform(LRU(), invoker_memory_mb=128 * room)
        result = simulate(platform, Workload(functions, arrivals), seed=seed, duration_s=14_400, warmup_s=3600)
        cold.append(summary(result)["cold_fraction"])
    interval = t_interval(cold)
    theory = lru_cold_fraction(rates, np.full(60, 128.0), 128 * room)
    assert abs(interval["mean"] - theory) < interval["half_width"] + 0.01
    assert interval["half_width"] < 0.03


@pytest.mark.parametrize(
    ("rates", "sizes", "room"),
    [
        ([], [], 1),
        ([0.1], [128, 128], 1),
        ([0.0], [128], 1),
        ([0.1], [-1], 1),
        ([math.nan], [128], 1),
        ([0.1], [128], 0),
    ],
)
def test_bad_input(rates, sizes, room):
    with pytest.raises(InputError):
        characteristic_time_s(rates, sizes, room)
