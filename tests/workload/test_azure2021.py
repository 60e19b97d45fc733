import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.workload.azure2021 import read_azure2021

HEADER = "app,func,end_timestamp,duration\n"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "calls.txt"
    path.write_text(HEADER + "a,f,12,2\nb,f,30,1\na,f,11,5\na,g,100,0\n")
    return path


def read(path, **options):
    return read_azure2021(path, cold_start=None, memory_mb=128, **options)


def test_calls_in_the_order_of_their_arrival(trace):
    workload = read(trace)
    assert [(f.name, f.app) for f in workload.functions] == [("a/f", "a"), ("b/f", "b"), ("g", "a")]
    assert workload.arrivals_s["a/f"].tolist() == [6, 10]
    assert workload.functions[0].service.at(0, 2).tolist() == [5, 2]
    assert workload.arrivals_s["g"].tolist() == [100]
    assert workload.notes == {}
    assert {f.app for f in read(trace, by_app=False).functions} == {None}


def test_a_first_call_before_zero_moves_the_whole_trace(trace):
    trace.write_text(trace.read_text() + "a,g,3,4\n")
    workload = read(trace)
    assert workload.arrivals_s["g"].tolist() == [0, 101]
    assert workload.arrivals_s["a/f"].tolist() == [7, 11]
    assert workload.notes == {"calls moved so that the first arrives at 0": 5}


def test_choices(trace):
    late = read(trace, window_s=(10, 100))
    assert late.arrivals_s["a/f"].tolist() == [0]
    assert late.functions[0].service.at(0, 1).tolist() == [2]
    assert late.notes == {"calls outside the window": 2, "functions left out": 1}
    most = read(trace, max_functions=1)
    assert [f.name for f in most.functions] == ["a/f"]
    assert most.notes == {"functions left out": 2}


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("fgh"), st.floats(0, 1e6), st.floats(0, 1e3)), min_size=1)
)
@settings(max_examples=50, deadline=None)
def test_no_call_and_no_second_is_lost(tmp_path_factory, calls):
    path = tmp_path_factory.mktemp("t") / "calls.csv"
    path.write_text(HEADER + "".join(f"{a},{f},{end!r},{d!r}\n" for a, f, end, d in calls))
    workload = read(path)
    assert workload.calls == len(calls)
    shift = max(0.0, -min(end - d for _, _, end, d in calls))
    ends = [
        t + d
        for f in workload.functions
        for t, d in zip(workload.arrivals_s[f.name], f.service.at(0, len(workload.arrivals_s[f.name])), strict=True)
    ]
    assert np.allclose(np.sort(ends), np.sort([end + shift for _, _, end, _ in calls]), atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a,f,11,5", "a,f,11,-5", "calls.txt, line 4, column 'duration': expected a finite number >= 0, got '-5'"),
        ("a,f,11,5", "a,f,x,5", "calls.txt, line 4, column 'end_timestamp': expected a finite number >= 0, got 'x'"),
        ("a,f,11,5", "a,f,nan,5", "line 4, column 'end_timestamp': expected a finite number >= 0, got 'nan'"),
        ("a,f,11,5", "a,,11,5", "line 4, column 'func': expected an id, got an empty cell"),
        ("a,f,11,5", "a,f,11", "line 4: expected 4 cells as in the header, got 3"),
        (
            "duration",
            "seconds",
            "calls.txt, line 1: expected a column 'duration', got app, func, end_timestamp, seconds",
        ),
    ],
)
def test_bad_cells(trace, old, new, message):
    trace.write_text(trace.read_text().replace(old, new))
    with pytest.raises(InputError) as caught:
        read(trace)
    assert message in str(caught.value)


def test_bad_files_and_choices(trace, tmp_path):
    for call, message in [
        (lambda: read(tmp_path / "none.csv"), "none.csv: cannot be read"),
        (lambda: read(trace, window_s=(200, 300)), "expected calls that arrive in [200, 300) s, found none"),
        (lambda: read(trace, window_s=(5, 5)), "window_s, to"),
        (lambda: read(trace, window_s=5), "window_s: expected two times"),
        (lambda: read_azure2021(trace, cold_start=None, memory_mb=0), "memory_mb: expected a finite number > 0"),
    ]:
        with pytest.raises(InputError) as caught:
            call()
        assert message in str(caught.value)
    trace.write_text(HEADER)
    with pytest.raises(InputError, match="at least one row"):
        read(trace)
    trace.write_text("")
    with pytest.raises(InputError, match="empty file"):
        read(trace)
