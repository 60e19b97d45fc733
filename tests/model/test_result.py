"""The schema of a result: what an engine must hand over, and tables with names in place of codes."""

from dataclasses import replace

import numpy as np
import pytest

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.platform import Platform, simulate
from faaslab.policies import FixedWindow
from faaslab.workload import Workload


@pytest.fixture(scope="module")
def result():
    function = Function("f", Constant(1.0), cold_start=ColdStart(code_s=0.5))
    return simulate(Platform(FixedWindow(5)), Workload((function,), {"f": [0.0, 2.0, 99.8]}), seed=1, duration_s=100.0)


def test_a_frame_has_seconds_and_names(result):
    calls = result.frame("calls")
    assert calls["function"].tolist() == ["f"] * 3
    assert calls["start"].tolist() == ["cold", "warm", "none"]
    assert calls["outcome"].tolist() == ["completed", "completed", "in_system"]
    assert calls["begin_s"].tolist()[:2] == [0.5, 2.0] and np.isnan(calls["end_s"][2])
    assert result.frame("containers")["gone"].tolist() == ["expired", "alive"]
    assert len(result.frame("events")) == 0


def test_an_unknown_table_is_named(result):
    with pytest.raises(InputError, match="'call'"):
        result.frame("call")


def test_columns_must_be_those_of_the_schema(result):
    calls = dict(result.calls)
    del calls["outcome"]
    with pytest.raises(InputError, match=r"result, calls.*outcome"):
        replace(result, calls=calls)
    with pytest.raises(InputError, match="one length"):
        replace(result, containers={**result.containers, "uses": np.zeros(9)})
