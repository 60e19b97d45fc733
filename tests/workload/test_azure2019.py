"""The Azure 2019 reader: three layouts, what it fills in, what it refuses, and the published samples where present."""

import os
from pathlib import Path

import numpy as np
import pytest

from faaslab.errors import InputError
from faaslab.functions import ColdStart
from faaslab.workload.azure2019 import read_azure2019

DURATION_HEADER = "HashFunction,Average,Count,Minimum,Maximum," + ",".join(
    f"percentile_Average_{p}" for p in (0, 1, 25, 50, 75, 99, 100)
)
MEMORY_HEADER = "HashFunction,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct50,Ideal"
START = ColdStart(runtime_s=0.5)


@pytest.fixture
def folder(tmp_path):
    """Two functions, three minutes, no owner and no app."""
    (tmp_path / "invocations.csv").write_text("HashFunction,Trigger,7,8,9\nf,http,2,0,1\ng,timer,0,3,0\n")
    (tmp_path / "durations.csv").write_text(
        f"{DURATION_HEADER}\nf,9,3,1,50,10,10,20,30,40,50,50\ng,1,3,1,1,0,0,0,1,1,2,2\n"
    )
    (tmp_path / "memory.csv").write_text(f"{MEMORY_HEADER}\nf,9,100,90,1\ng,9,200.5,190,1\n")
    return tmp_path


def read(folder, **options):
    return read_azure2019(folder, cold_start=START, **options)


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_small_trace(folder):
    workload = read(folder, rule="even")
    f, g = workload.functions
    assert (f.name, f.memory_mb, f.app, f.cold_start) == ("f", 100, None, START)
    assert f.service.values_s == (0.01, 0.01, 0.02, 0.03, 0.04, 0.05, 0.05)
    assert f.service.probabilities == (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
    assert (g.name, g.memory_mb) == ("g", 200.5)
    assert workload.arrivals_s["f"].tolist() == [15, 45, 150]
    assert workload.arrivals_s["g"].tolist() == pytest.approx([70, 90, 110])
    assert workload.notes == {}


def test_uniform_spreading_depends_on_the_seed_and_the_function_alone(folder):
    one, again, other = read(folder, seed=1), read(folder, seed=1), read(folder, seed=2)
    alone = read(folder, seed=1, functions=["g"])
    assert one.arrivals_s["g"].tolist() == again.arrivals_s["g"].tolist() == alone.arrivals_s["g"].tolist()
    assert one.arrivals_s["g"].tolist() != other.arrivals_s["g"].tolist()
    assert ((one.arrivals_s["g"] >= 60) & (one.arrivals_s["g"] < 120)).all()


def test_choices(folder):
    some = read(folder, minutes=(8, 9), rule="start")
    assert some.arrivals_s["f"].tolist() == [60]
    assert some.arrivals_s["g"].tolist() == [0, 0, 0]
    assert read(folder, minutes=(8, 8)).notes == {"functions without a call": 1}
    most = read(folder, minutes=(8, 9), max_functions=1)
    assert [f.name for f in most.functions] == ["g"]
    assert most.notes == {"functions left out": 1}
    assert [f.name for f in read(folder, max_functions=1).functions] == ["f"]  # three calls each: first in the file
    assert [f.name for f in read(folder, triggers="timer").functions] == ["g"]
    assert read(folder, memory_column="AverageAllocatedMb_pct50").functions[1].memory_mb == 190
    assert read_azure2019(folder, cold_start=None).functions[0].cold_start.mean_s == 0


def test_rows_without_partners_are_filled_in_and_counted(folder):
    edit(folder, "invocations.csv", "g,timer", "h,queue,1,0,0\ng,timer")
    edit(folder, "durations.csv", "g,1", "elsewhere,1,1,1,1,1,1,1,1,1,1,1\ng,1")
    edit(folder, "memory.csv", "g,9,200.5,190,1\n", "")
    workload = read(folder)
    assert workload.notes == {
        "durations filled in": 1,
        "memory filled in": 2,
        "rows of durations without a function": 1,
    }
    h = workload.functions[1]
    assert h.service.values_s == pytest.approx((0.005, 0.005, 0.01, 0.0155, 0.0205, 0.026, 0.026))
    assert h.memory_mb == 100


def test_whole_numbers_with_a_decimal_point_blank_lines_and_a_byte_order_mark(folder):
    path = folder / "invocations.csv"
    path.write_text("\ufeff" + path.read_text().replace("f,http,2,0,1", "f,http,2.0,0.0,1.0\n"))
    assert len(read(folder).arrivals_s["f"]) == 3


@pytest.fixture
def published(tmp_path):
    """The published layout: a day a file, owner and app, memory by application, a function's id in two apps."""
    folder = tmp_path / "published"
    folder.mkdir()
    ids = "HashOwner,HashApp,HashFunction"
    for day in ("01", "02"):
        (folder / f"invocations_per_function_md.anon.d{day}.csv").write_text(
            f"{ids},Trigger,1,2\no,a,f,http,1,0\no,a,g,timer,1,1\no,b,f,queue,0,{int(day)}\n"
        )
        header = f"HashOwner,HashApp,{DURATION_HEADER}"
        row = "1,1,1,1,1,1,1,1,1,1,1"
        (folder / f"function_durations_percentiles.anon.d{day}.csv").write_text(
            f"{header}\no,a,f,{row}\no,a,g,{row}\no,b,f,{row}\n"
        )
    (folder / "app_memory_percentiles.anon.d01.csv").write_text(
        "HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1\no,b,5,64,60\no,a,5,128,60\n"
    )
    return folder


def test_the_published_layout(published):
    workload = read(published, day=1)
    assert [f.name for f in workload.functions] == ["a/f", "g", "b/f"]
    assert [f.app for f in workload.functions] == ["a", "a", "b"]
    assert [f.memory_mb for f in workload.functions] == [128, 128, 64]
    assert [len(workload.arrivals_s[n]) for n in ("a/f", "g", "b/f")] == [1, 2, 1]
    assert {f.app for f in read(published, day=1, by_app=False).functions} == {None}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "invocations.csv",
            "f,http,2,0,1",
            "f,http,2,x,1",
            "line 2, column '8': expected a whole number >= 0, got 'x'",
        ),
        (
            "invocations.csv",
            "f,http,2,0,1",
            "f,http,2,0,-1",
            "line 2, column '9': expected a whole number >= 0, got '-1'",
        ),
        (
            "invocations.csv",
            "g,timer,0,3,0",
            "g,timer,0,2.5,0",
            "line 3, column '8': expected a whole number >= 0, got '2.5'",
        ),
        (
            "invocations.csv",
            "g,timer,0,3,0",
            "g,timer,,3,0",
            "line 3, column '7': expected a whole number >= 0, got ''",
        ),
        (
            "invocations.csv",
            "g,timer,0,3,0",
            "g,timer,nan,3,0",
            "line 3, column '7': expected a whole number >= 0, got 'nan'",
        ),
        (
            "invocations.csv",
            "g,timer,0,3,0",
            "g,timer,0,3",
            "invocations.csv, line 3: expected 5 cells as in the header, got 4",
        ),
        (
            "invocations.csv",
            "g,timer",
            "f,timer",
            "line 3, column 'HashFunction': expected each id once, got 'f' again (first on line 2)",
        ),
        ("invocations.csv", "g,timer", ",timer", "line 3, column 'HashFunction': expected an id, got an empty cell"),
        ("invocations.csv", "7,8,9", "7,8,10", "line 1, column '10': expected consecutive minutes, got 10 after 8"),
        ("invocations.csv", "7,8,9", "7,8,8", "invocations.csv: expected each column once, got '8' twice"),
        ("invocations.csv", "7,8,9", "a,b,c", "invocations.csv, line 1: expected columns named by minutes"),
        (
            "invocations.csv",
            "HashFunction",
            "Function",
            "invocations.csv, line 1: expected a column 'HashFunction', got Function, Trigger",
        ),
        ("invocations.csv", "0,1", "9" * 9 + ",1", "invocations.csv: expected at most 5e+08 calls, got about 1e+09"),
        (
            "durations.csv",
            "percentile_Average_25",
            "p25",
            "durations.csv, line 1: expected a column 'percentile_Average_25'",
        ),
        (
            "durations.csv",
            "10,10,20,30",
            "10,10,20,15",
            "line 2, column 'percentile_Average_50': expected percentiles that never fall, got 15",
        ),
        (
            "durations.csv",
            "10,10,20,30",
            "10,10,nan,30",
            "durations.csv, line 2, column 'percentile_Average_25': expected a finite number >= 0, got 'nan'",
        ),
        (
            "durations.csv",
            "10,10,20,30",
            "-1,10,20,30",
            "column 'percentile_Average_0': expected a finite number >= 0, got '-1'",
        ),
        (
            "durations.csv",
            "\ng,1",
            "\nf,1",
            "durations.csv, line 3, column 'HashFunction': expected each id once, got 'f' again (first on line 2)",
        ),
        (
            "memory.csv",
            "100",
            "0",
            "memory.csv, line 2, column 'AverageAllocatedMb': expected a finite number > 0, got '0'",
        ),
        (
            "memory.csv",
            "200.5",
            "inf",
            "memory.csv, line 3, column 'AverageAllocatedMb': expected a finite number > 0, got 'inf'",
        ),
        ("memory.csv", "HashFunction", "HashApp", "memory.csv, line 1: expected a column 'HashFunction'"),
        ("memory.csv", "AverageAllocatedMb,", "Mb,", "memory.csv, line 1: expected a column 'AverageAllocatedMb', got"),
    ],
)
def test_bad_cells(folder, name, old, new, message):
    edit(folder, name, old, new)
    assert_one_line(lambda: read(folder), message)


def assert_one_line(call, *messages):
    with pytest.raises(InputError) as caught:
        call()
    for message in messages:
        assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_files(folder, tmp_path):
    assert_one_line(lambda: read(tmp_path / "nowhere"), "nowhere: expected a folder with a trace, found none")
    path = folder / "memory.csv"
    text = path.read_text()
    path.write_text("")
    assert_one_line(lambda: read(folder), "memory.csv: expected a header line, got an empty file")
    path.write_text(MEMORY_HEADER + "\n")
    assert_one_line(lambda: read(folder), "memory.csv: expected at least one row below the header, got none")
    path.write_text(text.replace("\nf,", "\nx,").replace("\ng,", "\ny,"))
    assert_one_line(
        lambda: read(folder), "memory.csv: expected rows for the functions of the invocations file, but none"
    )
    path.write_bytes(b"HashFunction,\xff\xfe\n")
    assert_one_line(lambda: read(folder), "memory.csv: expected comma-separated text in UTF-8")
    path.unlink()
    assert_one_line(lambda: read(folder), "expected a file *memory*.csv, found durations.csv, invocations.csv")


def test_bad_choices(folder, published):
    assert_one_line(
        lambda: read(folder, rule="evenly"),
        "rule: expected one of uniform, even, start; got 'evenly' (did you mean 'even'?)",
    )
    assert_one_line(lambda: read(folder, minutes=(6, 8)), "minutes: expected first <= last within 7 to 9")
    assert_one_line(lambda: read(folder, minutes=(9, 8)), "minutes: expected first <= last")
    assert_one_line(lambda: read(folder, minutes=7), "minutes: expected the first and the last minute, got 7")
    assert_one_line(
        lambda: read(folder, triggers=["htpp"]),
        "triggers: expected one of http, timer; got 'htpp' (did you mean 'http'?)",
    )
    assert_one_line(
        lambda: read(folder, functions=["z"]), "functions: expected names of functions in the trace, got 'z'"
    )
    assert_one_line(lambda: read(folder, functions="f", triggers="timer"), "leave none")
    assert_one_line(lambda: read(folder, max_functions=0), "max_functions: expected a whole number >= 1, got 0")
    assert_one_line(lambda: read(folder, seed=-1), "seed: expected a whole number >= 0, got -1")
    assert_one_line(lambda: read(folder, memory_column="Ideal"), "memory_column: expected one of AverageAllocatedMb")
    assert_one_line(lambda: read(published), "expected one file *invocations*.csv, found 2 (day= chooses)")
    assert_one_line(lambda: read(published, day=2), "expected a file *memory*.csv of day 2 (.d02.), found app_memory")
    edit(folder, "invocations.csv", "HashFunction,Trigger,", "HashFunction,Comment,")
    assert_one_line(lambda: read(folder, triggers="http"), "triggers: the trace has no triggers to choose from")


TRACES = Path(os.environ.get("FAASLAB_TRACES", Path(__file__).parents[3] / "shared" / "traces"))


@pytest.mark.parametrize(
    ("name", "functions", "calls", "minutes", "apps"),
    [("azure2019-500x480", 500, 3_037_902, 480, 476), ("azure2019-faasrm-1000x60", 1000, 85_470, 60, 1)],
)
def test_published_samples(name, functions, calls, minutes, apps):
    if not (TRACES / name).is_dir():
        pytest.skip(f"no trace {name} in {TRACES}: set FAASLAB_TRACES")
    workload = read(TRACES / name)
    assert len(workload.functions) == functions
    assert workload.calls == calls
    assert workload.notes == {}
    assert len({f.app for f in workload.functions}) == apps
    last = max(times[-1] for times in workload.arrivals_s.values())
    assert (minutes - 1) * 60 <= last < minutes * 60
    assert np.median([f.mean_service_s for f in workload.functions]) < 5
