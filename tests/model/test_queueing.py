"""Erlang's formulas: against tables and sums by hand, bounds, and each other."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.model.queueing import erlang_b, erlang_c, fewest_servers, mean_wait_s, response_above

servers = st.integers(1, 60)
loads = st.floats(0, 80)


@given(servers, loads)
def test_erlang_b_is_the_textbook_sum(n, load):
    terms = [load**k / math.factorial(k) for k in range(n + 1)]
    assert erlang_b(n, load) == pytest.approx(terms[-1] / sum(terms), rel=1e-9)


@given(servers, st.floats(0.01, 0.99))
def test_erlang_c_is_the_textbook_sum(n, utilisation):
    load = n * utilisation
    last = load**n / math.factorial(n) / (1 - utilisation)
    assert erlang_c(n, load) == pytest.approx(
        last / (sum(load**k / math.factorial(k) for k in range(n)) + last), rel=1e-9
    )


@given(servers, loads)
def test_shares_lie_between_0_and_1_and_fall_with_servers(n, load):
    for formula in (erlang_b, erlang_c):
        assert 0 <= formula(n + 1, load) <= formula(n, load) <= 1
    assert erlang_b(n, load) <= erlang_c(n, load)


@given(st.floats(0.01, 0.99), st.floats(0.01, 10))
def test_one_server_is_the_mm1_queue(load, service_s):
    assert erlang_c(1, load) == pytest.approx(load)
    assert mean_wait_s(1, load, service_s) == pytest.approx(service_s * load / (1 - load))
    # the response time of M/M/1 is exponential
    assert response_above(1, load, service_s, 1.0) == pytest.approx(math.exp(-(1 - load) / service_s), rel=1e-6)


def test_values_of_the_tables():
    """A table of Erlang B: 10 servers carry 4.46 erlangs at 1 % loss; 4 servers at 3 erlangs make 50.9 % wait."""
    assert erlang_b(10, 4.461) == pytest.approx(0.01, rel=1e-3)
    assert erlang_c(4, 3.0) == pytest.approx(0.5094, rel=1e-3)


def test_the_tail_of_the_response_integrates_to_its_mean():
    for n, load in ((4, 3.0), (3, 2.0), (6, 5.0)):  # the second has equal rates of waiting and service
        step = 0.001
        area = sum(response_above(n, load, 0.2, (i + 0.5) * step) for i in range(8000)) * step
        assert area == pytest.approx(0.2 + mean_wait_s(n, load, 0.2), rel=1e-3)


def test_a_full_fleet_makes_everybody_wait_for_ever():
    assert erlang_c(3, 3.0) == erlang_c(3, 4.4) == 1.0
    assert mean_wait_s(3, 4.4, 0.2) == math.inf and response_above(3, 4.4, 0.2, 1.0) == 1.0


@given(st.floats(0, 30), st.floats(0.001, 1))
def test_fewest_servers_are_enough_and_one_less_is_not(load, share):
    for formula in (erlang_b, erlang_c):
        n = fewest_servers(load, share, formula)
        assert formula(n, load) <= share and (n == 1 or formula(n - 1, load) > share)


@pytest.mark.parametrize(
    "call",
    [
        lambda: erlang_b(0, 1.0), lambda: erlang_b(2.5, 1.0), lambda: erlang_c(2, -1.0),
        lambda: mean_wait_s(2, 1.0, -1),
        lambda: response_above(2, 1.0, 0, 1), lambda: fewest_servers(1.0, 0), lambda: fewest_servers(1e9, 0.5),
    ],
)  # fmt: skip
def test_bad_input_is_named(call):
    with pytest.raises(InputError, match="expected"):
        call()
