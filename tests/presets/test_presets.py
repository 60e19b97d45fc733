"""Presets: each constant has its source and date, and each platform does what its provider documents."""

import re
from pathlib import Path

import numpy as np
import pytest

import faaslab.presets
from faaslab.durations import Constant, Exponential
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.model.result import Outcome, Start
from faaslab.model.summary import summary
from faaslab.platform import simulate
from faaslab.policies import FixedWindow
from faaslab.presets import aws_lambda, azure_functions, constants, knative, openwhisk, start_model, vm_fleet
from faaslab.workload import Workload, poisson


def run(platform, times, duration_s, function=None, seed=1):
    function = function or Function("f", Constant(30.0), cold_start=start_model())
    return simulate(platform, Workload((function,), {function.name: times}), seed=seed, duration_s=duration_s)


@pytest.mark.parametrize("preset", ["start", "aws_lambda", "azure_functions", "openwhisk", "knative", "vm_fleet"])
def test_every_constant_has_a_source_a_date_and_a_kind(preset):
    for name, constant in constants(preset).items():
        assert constant.source, name
        assert re.fullmatch(r"\d{4}(-\d\d)?(-\d\d)?", constant.date), name
        assert constant.kind in {"documentation", "code", "paper", "measurement", "convention"}, name


def test_an_unknown_preset_is_named():
    with pytest.raises(InputError, match=r"aws_lamda.*aws_lambda"):
        constants("aws_lamda")


def test_lambda_lets_a_function_gain_a_thousand_at_once_and_a_hundred_a_second():
    result = run(aws_lambda(account_concurrency=10_000), [0.0] * 1500 + [1.0] * 500, 20.0)
    begun = result.calls["begin_ns"] >= 0
    first = result.calls["arrival_ns"] == 0
    assert (begun & first).sum() == 1000
    assert (begun & ~first).sum() == 100
    assert (result.calls["outcome"] == Outcome.THROTTLED).sum() == 500 + 400


def test_lambda_throttles_above_the_account_limit():
    result = run(aws_lambda(), [0.001 * i for i in range(1200)], 20.0)
    assert (result.calls["outcome"] == Outcome.THROTTLED).sum() == 200


def test_azure_adds_one_instance_a_second_and_lets_the_rest_wait():
    result = run(azure_functions(), [0.0] * 5, 200.0)
    assert (result.calls["outcome"] == Outcome.COMPLETED).all()
    assert (result.containers["created_ns"] / 1e9).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert (result.calls["start"] == Start.COLD).all()


def test_openwhisk_restocks_a_stem_cell_when_there_is_room_again():
    """One invoker with room for three containers: the stem cell taken for the first call comes back at the expiry."""
    function = Function("thumbnail", Constant(1.0), memory_mb=256, runtime="nodejs", cold_start=start_model())
    small = openwhisk(1, invoker_memory_mb=512.0, keep_alive=FixedWindow(60.0))
    result = run(small, [5.0, 100.0], 200.0, function)
    assert result.notes["stem cells without room"] == 2
    assert result.calls["start"].tolist() == [Start.PREWARMED, Start.PREWARMED]
    # Two at the beginning, and one for each that was used and has expired again.
    created = sorted(result.containers["created_ns"] / 1e9)
    left = constants("start")["dependencies_s"].value + constants("start")["code_s"].value
    assert created[:2] == [0.0, 0.0]
    assert created[2] == pytest.approx(5.0 + left + 1.0 + 60.0)


def test_a_start_from_a_stem_cell_needs_no_memory_besides_the_cell():
    function = Function("thumbnail", Constant(50.0), memory_mb=256, runtime="nodejs", cold_start=start_model())
    full = openwhisk(1, invoker_memory_mb=512.0)
    result = run(full, [5.0, 6.0], 20.0, function)
    assert result.calls["start"].tolist() == [Start.PREWARMED, Start.PREWARMED]


def test_azure_functions_of_one_app_share_instances():
    functions = tuple(Function(name, Constant(1.0), app="shop", cold_start=start_model()) for name in ("cart", "pay"))
    arrivals = {"cart": [0.0], "pay": [10.0]}
    result = simulate(azure_functions(), Workload(functions, arrivals), seed=1, duration_s=60.0)
    assert result.calls["start"].tolist() == [Start.COLD, Start.WARM]


def test_openwhisk_starts_from_stem_cells_and_refills_them():
    function = Function("thumbnail", Constant(1.0), memory_mb=256, runtime="nodejs", cold_start=start_model())
    result = run(openwhisk(3), [5.0, 20.0], 60.0, function)
    assert result.calls["start"].tolist() == [Start.PREWARMED, Start.WARM]
    # Only dependencies and code are still to be loaded.
    phases = constants("start")
    left = phases["dependencies_s"].value + phases["code_s"].value
    assert (result.calls["begin_ns"] - result.calls["arrival_ns"])[0] == round(left * 1e9)
    assert len(result.containers["created_ns"]) == 3 * 2 + 1
    other = Function("thumbnail", Constant(1.0), memory_mb=128, runtime="nodejs", cold_start=start_model())
    assert run(openwhisk(3), [5.0], 60.0, other).calls["start"].tolist() == [Start.COLD]


def test_openwhisk_keeps_a_function_at_its_home():
    function = Function("f", Constant(0.1), memory_mb=256, cold_start=start_model())
    result = run(openwhisk(10), poisson(0.5, 3600.0, seed=1), 3600.0, function)
    used = result.containers["invoker"][result.calls["container"][result.calls["container"] >= 0]]
    assert len(set(used)) <= 2


def test_knative_scales_to_zero_and_from_zero():
    function = Function("f", Constant(1.0), concurrency=10, cold_start=ColdStart(code_s=2.0))
    result = run(knative(), [1.0, 500.0], 1000.0, function)
    assert result.calls["start"].tolist()[1] == Start.COLD
    at = 400 * 10**9
    assert not ((result.containers["created_ns"] <= at) & (result.containers["gone_ns"] > at)).any()
    assert summary(result)["expirations"] == 0


def test_a_fleet_of_servers_is_never_cold_and_loses_what_its_queue_cannot_hold():
    function = Function("f", Exponential(1.0), cold_start=ColdStart(code_s=5.0))
    result = run(vm_fleet(3, queue=0), poisson(3.0, 2e4, seed=2), 2e4, function)
    assert Start.COLD not in result.calls["start"]
    load = 3.0
    weights = np.cumprod([1.0] + [load / k for k in (1, 2, 3)])
    # Erlang B; 60,000 calls: four standard errors of a binomial, doubled for correlation.
    blocked = weights[-1] / weights.sum()
    n = len(result)
    assert abs(summary(result)["rejected_fraction"] - blocked) < 8 * np.sqrt(blocked * (1 - blocked) / n)


def test_no_constant_lies_unused():
    code = "".join(path.read_text() for path in Path(faaslab.presets.__file__).parent.glob("*.py"))
    for preset in ("aws_lambda", "azure_functions", "openwhisk", "knative", "vm_fleet"):
        for name in constants(preset):
            assert f'value("{preset}", "{name}")' in code, (preset, name)
