"""The six functions of the photo site: who has too little and who too much, and what Greedy does to them."""

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.harvest.managers import Fixed, Greedy, Oracle
from faaslab.harvest.worlds.six_functions import DEMANDS, UNDER_PROVISIONED, USERS, site_function, six_functions


def service_ns(result):
    return result.calls["end_ns"] - result.calls["begin_ns"]


@pytest.fixture(scope="module")
def runs():
    worlds = {inputs: six_functions(1, inputs) for inputs in ("steady", "varying")}
    managers = {"fixed": Fixed(), "greedy": Greedy(), "oracle": Oracle()}
    return {(i, name): world.run(manager, 1) for i, world in worlds.items() for name, manager in managers.items()}


def givers(result):
    names = [f.name for f in result.functions]
    return np.isin(result.calls["function"], [names.index(n) for n in names if n not in UNDER_PROVISIONED])


def test_functions_one_and_three_have_too_little_the_others_too_much():
    assert [name for i, name in enumerate(DEMANDS, 1) if i in (1, 3)] == list(UNDER_PROVISIONED)
    for name, demand in DEMANDS.items():
        for need in (demand.cpu, demand.memory):
            assert (need > USERS[name]) == (name in UNDER_PROVISIONED) and need != USERS[name]


def test_steady_calls_are_never_slower_under_greedy_and_those_short_of_cores_are_faster(runs):
    relative = service_ns(runs["steady", "greedy"]) / service_ns(runs["steady", "fixed"])
    mine = givers(runs["steady", "greedy"])
    assert relative[mine] == pytest.approx(1.0, abs=1e-8) and relative[~mine].mean() < 0.45
    assert runs["steady", "greedy"].calls["cpu"][mine].mean() < 0.6 * runs["steady", "fixed"].calls["cpu"][mine].mean()


def test_varying_calls_are_often_slower_under_greedy_though_the_mean_falls(runs):
    greedy, oracle, fixed = (service_ns(runs["varying", name]) for name in ("greedy", "oracle", "fixed"))
    mine = givers(runs["varying", "greedy"])
    assert np.mean(greedy[mine] > fixed[mine] + 10) > 0.2 and np.mean(greedy / fixed) < 1
    assert np.all(oracle <= fixed + 10)


def test_a_function_with_varying_inputs_is_itself_at_size_one():
    for name, base in DEMANDS.items():
        varying = site_function(name, "varying").speed.demand
        assert varying.saturation(1.0) == base.saturation(1.0)
        assert varying.duration_s(2, 3, 1.0) == base.duration_s(2, 3, 1.0)


def test_equal_seeds_make_equal_worlds_and_bad_input_is_named():
    first, again, other = (six_functions(seed).workload.arrivals_s["archive"] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first[:5], other[:5])
    with pytest.raises(InputError, match="inputs"):
        six_functions(1, "changing")
    with pytest.raises(InputError, match="function of the photo site"):
        site_function("film")
    with pytest.raises(InputError, match="rate_per_s"):
        six_functions(1, rate_per_s=0)
