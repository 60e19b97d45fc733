"""The ledger of the real platform: what it keeps, what it tells at any moment, and a result as bytes."""

import dataclasses
import pickle

import numpy as np
import pytest
from virtual_host import VirtualHost

from faaslab.durations import Constant, Exponential, HyperExponential, LogNormal, Quantiles
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function, Step
from faaslab.model.diff import diff
from faaslab.model.result import SCHEMA, EventOutcome, Outcome
from faaslab.model.summary import littles_law, summary
from faaslab.model.usage import usage_columns
from faaslab.runtime.dispatch.ledger import ROWS_PER_CHUNK, Ledger, Table
from faaslab.runtime.result_npz import from_npz, to_npz
from faaslab.runtime.settings import Settings
from faaslab.units import NS_PER_S, ns
from faaslab.workload import Workload

F = Function("f", Exponential(0.5), cold_start=ColdStart(code_s=0.5), timeout_s=2.0)
G = Function("g", 0.1, memory_mb=256.0, cpu=0.5, cold_start=ColdStart(allocate_s=0.1, code_s=1.0), failure=0.2)


def played(until_s=60.0, calls=40):
    host = VirtualHost(Settings(memory_mb=1024.0), seed=5)
    host.deploy((F, G))
    host.play(Workload((F, G), {"f": np.linspace(0, 50, calls), "g": np.linspace(1, 50, calls)}))
    return host, host.run(until_s)


def same(a, b):
    for table in SCHEMA:
        for name, values in getattr(a, table).items():
            assert np.array_equal(values, getattr(b, table)[name]), (table, name)
            assert values.dtype == getattr(b, table)[name].dtype == SCHEMA[table][name], (table, name)
    plain = [f.name for f in dataclasses.fields(a) if f.name not in SCHEMA]
    assert [getattr(a, name) for name in plain] == [getattr(b, name) for name in plain]


def test_a_result_can_be_had_at_any_moment_and_again():
    host, at_20 = played(20.0)
    same(at_20, host.dispatcher.result())
    at_60 = host.run(60.0)
    assert len(at_60) == 80 > len(at_20)
    for result in (at_20, at_60):
        swept, summed = littles_law(result)
        assert swept == summed
        figures = summary(result)
        assert figures["invocations"] == sum(figures["outcomes"].values()) == len(result)
        assert len(usage_columns(result)["init_s"]) == np.count_nonzero(
            np.isin(result.calls["outcome"], (Outcome.COMPLETED, Outcome.TIMED_OUT, Outcome.FAILED))
        )
        assert set(result.frame("calls")["function"]) == {"f", "g"}
        assert result.frame("containers")["memory_mb"].isin([128.0, 256.0]).all()
    ended = np.flatnonzero(at_20.calls["end_ns"] >= 0)
    for name, values in at_20.calls.items():
        assert np.array_equal(values[ended], at_60.calls[name][ended]), name


def test_two_measurements_of_one_workload_can_be_compared():
    (_, a), (_, b) = played(), played()
    figures = diff(a, b).figures
    assert (figures["calls"], figures["helped"], figures["hurt"]) == (80, 0, 0)


def test_a_table_keeps_rows_beyond_its_buffer_and_none_of_those_only_lent():
    table = Table({"id": np.int64, "small": np.int8})
    for i in range(2 * ROWS_PER_CHUNK + 3):
        table.add((i, i % 100))
    for _ in range(2):
        columns = table.columns([(-1, 7)])
        assert columns["id"].tolist() == [*range(2 * ROWS_PER_CHUNK + 3), -1]
        assert columns["small"].dtype == np.int8 and columns["small"][-1] == 7


def test_a_row_costs_tens_of_bytes():
    ledger = Ledger(0)
    host, _ = played(1.0)
    call = host.dispatcher.ledger and next(iter(host.finished))[0]
    for row in range(3 * ROWS_PER_CHUNK):
        call.row = row
        ledger.call(call, 5 * NS_PER_S, Outcome.COMPLETED)
    assert len(pickle.dumps(ledger._calls)) / (3 * ROWS_PER_CHUNK) < 110


def test_events_are_numbered_within_their_source_unless_they_have_a_number():
    host = VirtualHost(Settings(memory_mb=1024.0))
    host.deploy((F,))
    for event, source in ((None, "invoke"), (7, "jobs"), (None, "jobs"), (None, "invoke")):
        host.call(F, 0, event, source)
    result = host.run(10)
    assert result.sources == ("invoke", "jobs")
    assert result.calls["event"].tolist() == [0, 7, 8, 1]
    assert result.calls["source"].tolist() == [0, 1, 1, 0]


def test_an_empty_measurement_is_a_result_too():
    host = VirtualHost(Settings(memory_mb=1024.0))
    host.deploy((F,))
    result = host.run(5)
    assert (len(result), result.horizon_ns) == (0, ns(5))
    assert summary(result)["container_seconds"] == 0
    same(result, from_npz(to_npz(result)))


def test_a_result_survives_as_bytes():
    host, result = played()
    host.dispatcher.event("open", 3, ns(1), ns(2), 1, EventOutcome.DEAD_LETTERED)
    host.dispatcher.note("something")
    result = host.dispatcher.result()
    data = to_npz(result)
    assert isinstance(data, bytes) and b"pickle" not in data
    again = from_npz(data)
    same(result, again)
    assert str(summary(again)) == str(summary(result))


@pytest.mark.parametrize(
    "function",
    [
        Function("h", LogNormal(0.1, 0.2), cold_service=HyperExponential((1.0, 2.0), (0.5, 0.5)), app="x"),
        Function("h", body=(Step(Constant(1.0)), Step(Quantiles((0.0, 1.0), (0.0, 2.0)), "wait")), deadline_s=1.0),
        Function("h", 1.0, cold_start=ColdStart(1.0, cpu_phases=frozenset({"code"})), reserved_concurrency=3),
    ],
    ids=["durations", "body", "cold start"],
)
def test_functions_survive_as_bytes(function):
    _, result = played(1.0)
    result = dataclasses.replace(result, functions=(function, G))
    assert from_npz(to_npz(result)).functions == (function, G)


def test_what_cannot_be_stored_or_read_is_refused():
    _, result = played(1.0)
    speedy = Function("f", 1.0, speed=lambda cpu, memory_mb: cpu)
    with pytest.raises(InputError, match="function 'f'"):
        to_npz(dataclasses.replace(result, functions=(speedy, G)))
    for data in (b"", b"nothing of the kind", to_npz(result)[:-200]):
        with pytest.raises(InputError, match="stored result"):
            from_npz(data)
