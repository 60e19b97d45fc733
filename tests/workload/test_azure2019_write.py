import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.durations import Constant, LogNormal, Quantiles
from faaslab.errors import InputError
from faaslab.functions import Function, Step
from faaslab.workload.azure2019 import read_azure2019
from faaslab.workload.azure2019_write import write_azure2019
from faaslab.workload.generator import azure_like, trigger_of
from faaslab.workload.workload import Workload

PROBABILITIES = (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
IDS = st.text("abc,'\" é", min_size=1, max_size=4)


@st.composite
def workloads(draw):
    names = draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    apps = draw(st.lists(st.none() | IDS, min_size=len(names), max_size=len(names)))
    functions, arrivals = [], {}
    for name, app in zip(names, apps, strict=True):
        ms = sorted(draw(st.lists(st.integers(0, 10**6), min_size=7, max_size=7)))
        memory = draw(st.floats(0.5, 4096))
        functions.append(
            Function(name, Quantiles(PROBABILITIES, tuple(v / 1000 for v in ms)), memory_mb=memory, app=app)
        )
        if draw(st.booleans()):
            arrivals[name] = np.sort(draw(st.lists(st.floats(0, 599.9), max_size=20)))
    return Workload(tuple(functions), arrivals)


def minutes(times):
    return np.bincount((np.asarray(times) / 60).astype(int), minlength=10).tolist()


@given(workloads(), st.sampled_from(["uniform", "even", "start"]))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(tmp_path_factory, workload, rule):
    folder = write_azure2019(workload, tmp_path_factory.mktemp("trace") / "new", duration_s=600)
    again = read_azure2019(folder, cold_start=None, rule=rule)
    assert [(f.name, f.app, f.memory_mb) for f in again.functions] == [
        (f.name, f.app, f.memory_mb) for f in workload.functions
    ]
    for f, g in zip(workload.functions, again.functions, strict=True):
        assert g.service.values_s == pytest.approx(f.service.values_s, abs=1e-9)
        assert minutes(workload.arrivals_s.get(f.name, [])) == minutes(again.arrivals_s[f.name])


def test_a_generated_workload(tmp_path):
    workload = azure_like(30, 1800, 1, cold_start=None, max_rate_per_s=0.5)
    triggers = {f.name: trigger_of(f.name) for f in workload.functions}
    write_azure2019(workload, tmp_path, duration_s=1800, triggers=triggers)
    again = read_azure2019(tmp_path, cold_start=None)
    assert again.calls == workload.calls
    timers = read_azure2019(tmp_path, cold_start=None, triggers="timer")
    assert [f.name for f in timers.functions] == [n for n in triggers if triggers[n] == "timer"]
    for f, g in zip(workload.functions, again.functions, strict=True):
        # 10,000 draws: the median of a lognormal with sigma 0.45 within 4.5 * 1.25 * 0.45 / 100 of its logarithm.
        assert np.log(g.service.values_s[3] / np.exp(f.service.mu)) == pytest.approx(0, abs=0.026)


def test_a_constant_is_exact(tmp_path):
    write_azure2019(Workload((Function("f", Constant(0.25)),)), tmp_path)
    assert read_azure2019(tmp_path, cold_start=None).functions[0].service.values_s == (0.25,) * 7


def test_refusals(tmp_path):
    one = Workload((Function("f", LogNormal(0, 1)),), {"f": [61.0]})
    with pytest.raises(InputError, match="expected more than the last call's 61 s, got 60"):
        write_azure2019(one, tmp_path, duration_s=60)
    steps = Workload((Function("f", body=(Step(Constant(1)), Step(Constant(1), "wait"))),))
    with pytest.raises(InputError, match="'f': its body has several steps"):
        write_azure2019(steps, tmp_path)
    with pytest.raises(InputError, match="at least one function"):
        write_azure2019(Workload(()), tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_azure2019(one, tmp_path)
    with pytest.raises(InputError, match=r"invocations.csv: exists already; give overwrite=True"):
        write_azure2019(one, tmp_path)
    write_azure2019(one, tmp_path, overwrite=True)
