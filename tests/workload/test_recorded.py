import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.functions import Function
from faaslab.streams import stream
from faaslab.workload.recorded import Recorded


def test_the_kth_call_takes_the_kth_duration():
    recorded = Recorded([3.0, 1.0, 2.0])
    assert recorded.at(0, 3).tolist() == [3, 1, 2]
    assert recorded.at(1, 2).tolist() == [1, 2]
    assert recorded.at(2, 10).tolist() == [2]
    assert recorded.mean_s == 2
    assert Function("f", recorded).mean_service_s == 2


def test_draws_come_from_the_recorded_values_in_sequence():
    recorded = Recorded([3.0, 1.0, 2.0])
    draws = recorded.sample(stream(1), 3000)
    assert set(draws) == {1, 2, 3}
    assert abs(draws.mean() - 2) < 4.5 * (2 / 3 / 3000) ** 0.5
    rng = stream(1)
    assert np.concatenate([recorded.sample(rng, 1000), recorded.sample(rng, 2000)]).tolist() == draws.tolist()


def test_values_cannot_be_changed_from_outside():
    values = np.array([1.0, 2.0])
    recorded = Recorded(values)
    values[0] = 9
    assert recorded.at(0, 1) == 1
    with pytest.raises(ValueError, match="read-only"):
        recorded.values_s[0] = 9


@pytest.mark.parametrize(("first", "n"), [(3, 1), (7, 2), (-1, 1), (0, -1)])
def test_beyond_the_recorded_calls(first, n):
    with pytest.raises(InputError, match="recorded durations: expected a call from 0 to 2, got"):
        Recorded([3.0, 1.0, 2.0]).at(first, n)


@pytest.mark.parametrize("values", [[], [[1.0]], [1.0, -2.0], [float("nan")], [float("inf")]])
def test_bad_values(values):
    with pytest.raises(InputError, match="recorded durations: expected"):
        Recorded(values)
