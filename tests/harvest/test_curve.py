"""The measured curve goes through what was measured, follows the law beyond it, and refuses what it does not know."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.harvest import applications, measuring
from faaslab.harvest.curve import Cell, MeasuredCurve, provenance, read
from faaslab.harvest.windows import window_peak

CURVES = read()
NAMES = sorted(CURVES)


def curve(parts=8, share=0.8, one_s=2.0, mb=(100.0, 110.0), sizes=(0.5, 1.0, 2.0), most_cpu=8):
    """A curve whose law is known: time and memory grow with the size, and so do the parts."""
    cells = []
    for size in sizes:
        n = max(1, round(parts * size))
        two_s = one_s * size * (1 - share + share * math.ceil(n / 2) / n)
        cells.append(Cell(size, 1, n, (0.9 * one_s * size, one_s * size, 1.5 * one_s * size), (1.0,) * 3, mb[0] * size))
        cells.append(Cell(size, 2, n, (two_s,) * 3, (1.0,) * 3, mb[1] * size))
    return MeasuredCurve("f", tuple(cells), most_cpu=most_cpu)


def test_the_law_is_amdahls_where_parts_are_many():
    found = curve(parts=840)
    for cpu in range(1, 9):
        assert found.duration_s(cpu, 8) == pytest.approx(2.0 * (0.2 + 0.8 / cpu))
    assert found.saturation() == (8, math.ceil((100 + 7 * 10) / 64))


def test_parts_are_dealt_out_whole():
    found = curve(parts=5)
    rounds = {1: 5, 2: 3, 3: 2, 4: 2, 5: 1, 8: 1}
    for cpu, most in rounds.items():
        assert found.duration_s(cpu, 8) == pytest.approx(2.0 * (0.2 + 0.8 * most / 5))
    assert found.saturation()[0] == 5 and curve(parts=5, most_cpu=4).saturation()[0] == 3


def test_what_is_measured_and_what_is_not():
    found = curve()
    assert found.measured_up_to == 2 and found.sizes == (0.5, 1.0, 2.0)
    assert found.is_measured(1) and found.is_measured(2, 0.5) and not found.is_measured(3)
    assert not found.is_measured(2, 0.75)
    assert curve(parts=1).is_measured(8, 1.0)  # it starts no more than one worker
    assert found.cell(2, 0.5).duration_s == pytest.approx(found.duration_s(2, 8, 0.5))
    with pytest.raises(InputError, match="size, cores"):
        found.cell(3)


def test_sizes_between_lie_between_and_sizes_beyond_are_refused():
    found = curve()
    assert found.duration_s(1, 8, 0.75) == pytest.approx(1.5)  # time is proportional to size: a line in log-log
    assert found.memory_mb(1, 1.5) == pytest.approx(150)
    for size in (0.49, 2.01, 0, math.nan):
        with pytest.raises(InputError, match="input size"):
            found.duration_s(1, 8, size)


def test_memory_does_not_speed_up_and_too_little_does_not_fit():
    found = curve()
    assert found.duration_s(4, 8) == found.duration_s(4, 1)
    assert found.fits(1, 2) and not found.fits(1, 1) and found.fits(3, 2) and not found.fits(4, 2)  # 100 + 10 * 3 MB
    assert found.peak(1, 2) == (1.0, 100 / 64) and found.peak(1, 1) == (1.0, 1)
    assert found.peak(6, 8) == (6.0, 150 / 64) and curve(parts=3).peak(6, 8)[0] == 3


def test_pieces_add_up_to_the_call():
    found = curve(parts=5)
    for cpu in range(1, 9):
        pieces = found.pieces(cpu)
        assert sum(seconds for seconds, _ in pieces) == pytest.approx(found.duration_s(cpu, 8))
        assert sum(seconds * cores for seconds, cores in pieces) == pytest.approx(2.0)
        assert window_peak(pieces) == pytest.approx(min(cpu, 5))


def test_a_slow_down_counts_as_no_gain():
    cells = (Cell(1.0, 1, 4, (1.0,), (1.0,), 50.0), Cell(1.0, 2, 4, (1.1,), (1.0,), 45.0))
    found = MeasuredCurve("f", cells)
    assert found.at(1.0).share == 0 and found.duration_s(8, 1) == 1.0 and found.saturation() == (1, 1)
    assert found.memory_mb(8) == 50.0 and found.peak(8, 8)[0] == 1.0


def test_a_share_is_taken_from_the_nearest_size_where_there_is_nothing_to_share_out():
    found = curve(parts=2, sizes=(0.25, 0.5, 1.0, 2.0))
    assert found.at(0.25).parts == 1 and found.at(0.25).share == pytest.approx(0.8)
    assert found.duration_s(8, 8, 0.25) == pytest.approx(0.5)


def test_cells_that_are_missing_are_named():
    with pytest.raises(InputError, match="size 1: expected measurements at 1 and 2"):
        MeasuredCurve("f", (Cell(1.0, 1, 4, (1.0,), (1.0,), 50.0),))
    with pytest.raises(InputError, match="got none"):
        MeasuredCurve("f", ())
    with pytest.raises(InputError, match="cpu"):
        curve().duration_s(0, 1)


@given(st.integers(1, 40), st.floats(0, 1), st.floats(0.5, 2))
def test_more_cores_never_take_longer_and_beyond_saturation_nothing_gets_faster(parts, share, size):
    found = curve(parts=parts, share=share)
    times = [found.duration_s(cpu, 8, size) for cpu in range(1, 9)]
    assert all(later <= earlier for earlier, later in pairwise(times))
    cpu, _ = found.saturation(size)
    assert times[cpu - 1] == times[-1] and (cpu == 1 or times[cpu - 2] > times[-1])


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_all_ten_are_measured_and_their_origin_is_told():
    assert applications.names() == NAMES
    origin = provenance()
    assert {"command", "date", "machine_cores", "cpu", "python", "numpy", "repetitions"} <= set(origin)
    for found in CURVES.values():
        assert found.sizes == tuple(origin["sizes"]) and found.measured_up_to == max(origin["cores"])
        assert all(len(cell.durations_s) == origin["repetitions"] >= 5 for cell in found.cells)


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_curve_is_that_of_the_application(name):
    found, app = CURVES[name], applications.load(name)
    for cell in found.cells:
        assert cell.parts == app.parts(cell.size)
        assert 0.02 < cell.duration_s < 10 and 0.85 < cell.cores_used < min(cell.cores, cell.parts) + 0.1
        one = found.cell(1, cell.size).duration_s
        expected = min(one, cell.duration_s) if cell.parts > 1 else one  # a slow-down counts as no gain
        assert found.duration_s(cell.cores, 8, cell.size) == pytest.approx(expected)
    serial = [cell.duration_s for cell in found.cells if cell.parts == 1]
    assert all(two == pytest.approx(one, rel=0.3) for one, two in zip(serial[0::2], serial[1::2], strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_application_fits_what_its_user_configured(name):
    user = applications.catalogue()[name]
    assert CURVES[name].fits(user.cpu, user.memory)


# --- measuring --------------------------------------------------------------------------------------------------------


class Quick(measuring.Measurement):
    """Takes the first call for a cell whatever else the machine does; `most` cells, then it is interrupted."""

    most = 100

    def cell(self, name, size, cores):
        if Quick.most == 0:
            raise KeyboardInterrupt
        Quick.most -= 1
        report = self._call(name, {"size": size, "cores": cores}).report
        return Cell(size, cores, self._parts[name](size), (report.duration_s,), (report.cpu_s,), report.used_mb)


def test_an_interrupted_measurement_goes_on_where_it_stopped(monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "Measurement", Quick)
    path, told = tmp_path / "demand.json", []

    def run(**more):
        measuring.measure(path, **({"names": ["email_generation"], "sizes": (0.05, 0.1), "told": told.append} | more))

    monkeypatch.setattr(Quick, "most", 3)
    with pytest.raises(KeyboardInterrupt):
        run()
    partial = path.with_name("demand.json.partial")
    kept = json.loads(partial.read_text())["applications"]["email_generation"]
    assert len(kept) == 3 and not path.exists()
    monkeypatch.setattr(Quick, "most", 1)
    run()
    assert not partial.exists() and len(told) == 5
    found = read(path)["email_generation"]
    assert len(found.cells) == 4 and found.cells[0].durations_s == tuple(kept[0]["durations_s"])
    assert 5 < found.memory_mb(1, 0.1) < 64
    monkeypatch.setattr(Quick, "most", 4)
    run(names=["arithmetic"])
    assert set(read(path)) == {"email_generation", "arithmetic"}  # what it was not asked for is kept
    assert provenance(path)["command"].count("faaslab.harvest.measuring") == 2
    with pytest.raises(InputError, match="expected its own sizes"):
        run(names=["arithmetic"], sizes=(0.05,))


def test_a_busy_machine_ends_patience():
    measurement = measuring.Measurement(None, patience_s=1.0)
    with pytest.raises(InputError, match="nothing else uses"):
        measurement._be_patient(1.5)
    with pytest.raises(InputError, match="repetitions"):
        measuring.Measurement(None, repetitions=2)


def test_applications_that_are_not_there_are_named(capsys):
    assert measuring.main(["kn"]) == 2
    assert "did you mean 'knn'" in capsys.readouterr().err
