"""Provisioned capacity, break-even with servers, and the kinds of waste."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.pricing import (
    PROVIDERS,
    ActivePeriods,
    Containers,
    Usage,
    bill,
    break_even,
    break_even_utilisation,
    busy_vcpu,
    function_waste,
    price_sheet,
    provisioned_bill,
    requests_for,
    server_waste,
)

BY_CALLS = [name for name in PROVIDERS if price_sheet(name).billed_per != "instance"]


def test_provisioned_concurrency_breaks_even_at_60_percent():
    for provider in ("aws-lambda", "aws-lambda-arm"):
        assert break_even_utilisation(provider) == pytest.approx(0.60, abs=1e-4)
    assert break_even_utilisation("azure-flex") == pytest.approx(0.4)
    with pytest.raises(InputError, match="sells no provisioned capacity"):
        break_even_utilisation("alibaba-fc")


@pytest.mark.parametrize("provider", ["aws-lambda", "aws-lambda-arm"])
@pytest.mark.parametrize("side", [-1, 0, 1])
def test_the_break_even_is_where_the_bills_meet(provider, side):
    # one container for 10 hours, calls of one second
    requests = round(36_000 * (break_even_utilisation(provider) + 0.05 * side))
    call = {"requests": requests, "duration_ms": 1000, "memory_mb": 1024}
    kept = provisioned_bill(provider, concurrency=1, configured_s=36_000, **call).total_usd
    on_demand = bill(provider, free_tier=False, **call).total_usd
    saving = round((on_demand - kept) / on_demand, 3)
    assert np.sign(saving) == side


def test_provisioned_time_is_rounded_up_to_five_minutes_and_never_free():
    result = provisioned_bill("aws-lambda", concurrency=2, configured_s=301, memory_mb=512)
    assert result.total_usd == pytest.approx(2 * 600 * 0.5 * 0.0000041667)
    busy = provisioned_bill(
        "aws-lambda", concurrency=1, configured_s=300, memory_mb=1024, requests=100, duration_ms=500
    )
    expected = 300 * 0.0000041667 + 50 * 0.0000097222 + 100 * 0.0000002
    assert busy.total_usd == pytest.approx(expected)
    assert not any("free tier:" in line.note for line in busy.lines)


def test_provisioned_and_on_demand_calls_in_one_bill():
    usage = Usage(
        1024, [1.0, 1.0, 1.0], on_provisioned=[True, True, False], provisioned=Containers(1024, [0.0], [300.0], [2.0])
    )
    result = bill("aws-lambda", usage, free_tier=False)
    assert result.of_measure("memory_gb_s") == pytest.approx(0.0000166667)
    assert result.of_measure("ready_busy_gb_s") == pytest.approx(2 * 0.0000097222)
    assert result.of_measure("ready_gb_s") == pytest.approx(300 * 0.0000041667)
    assert result.requests_usd == pytest.approx(3 * 0.0000002)
    with pytest.raises(InputError, match=r"expected usage\.provisioned"):
        bill("aws-lambda", Usage(1024, 1.0, on_provisioned=True))


def test_calls_that_do_not_fit_the_provisioned_time_are_refused():
    with pytest.raises(InputError, match="at most 10 s"):
        provisioned_bill("aws-lambda", concurrency=1, configured_s=10, memory_mb=128, requests=11, duration_ms=1000)


@pytest.mark.parametrize(
    ("name", "ratio", "percent"), [("c5.large", 2.44, 41), ("m5.large", 2.16, 46), ("t3.medium", 4.98, 20)]
)
def test_price_ratios_and_the_utilisation_they_imply(name, ratio, percent):
    result = break_even("aws-lambda", name, duration_ms=60_000, memory_mb=1769)
    assert result.price_ratio == pytest.approx(ratio, abs=0.005)
    assert 100 * result.utilisation_by_price == pytest.approx(percent, abs=0.5)
    # long calls on a whole vCPU hardly notice the fee for requests: the computed break-even is the rule of thumb
    assert result.utilisation == pytest.approx(result.utilisation_by_price, rel=0.001)
    assert result.function_vcpu_hour_usd == pytest.approx(0.1037, abs=5e-5)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(BY_CALLS), st.floats(1, 60_000), st.booleans(), st.sampled_from(["t3.micro", "m5.large"]))
def test_at_break_even_both_bills_are_equal(provider, duration_ms, free_tier, name):
    result = break_even(provider, name, duration_ms=duration_ms, memory_mb=512, free_tier=free_tier)
    usage = Usage(512, duration_ms / 1000, count=result.requests_per_month)
    assert bill(provider, usage, free_tier=free_tier).total_usd == pytest.approx(result.server_usd, rel=1e-9)
    assert result.utilisation == pytest.approx(result.requests_per_month / result.capacity_per_month)


def test_break_even_of_short_calls_reads_the_server_by_memory():
    result = break_even("aws-lambda", "t3.micro", duration_ms=200, memory_mb=256)
    assert (result.calls_at_once, result.limited_by) == (4, "memory")
    assert result.requests_per_month == pytest.approx(7.488 / (0.0000002 + 0.05 * 0.0000166667), rel=1e-9)
    assert "burstable" in str(result)
    with pytest.raises(InputError, match=r"at most the 1024 MB of a t3\.micro"):
        break_even("aws-lambda", "t3.micro", duration_ms=200, memory_mb=2048)
    with pytest.raises(InputError, match="duration_ms"):
        break_even("aws-lambda", "t3.micro", duration_ms=0, memory_mb=128)
    with pytest.raises(InputError, match="budget_usd"):
        requests_for("aws-lambda", 0, duration_ms=1, memory_mb=128)


def test_kinds_of_waste_of_two_calls_by_hand():
    # 1 GB; a warm call of 100.5 ms that computes for 60.5 ms; a cold one that computes for 99.5 ms after a start of 200
    usage = Usage(1024, [0.1005, 0.0995], init_s=[0.0, 0.2], cpu_s=[0.0605, 0.0995], used_memory_mb=[512, 1024])
    waste = function_waste("aws-lambda", usage)
    unit = 0.0000166667
    assert waste.usd["rounding"] == pytest.approx(0.001 * unit)
    assert waste.usd["start"] == pytest.approx(0.2 * unit)
    assert waste.usd["waiting"] == pytest.approx(0.04 * unit)
    assert waste.usd["unused memory"] == pytest.approx(0.0605 / 2 * unit)
    assert waste.usd["useful"] == pytest.approx((0.0605 / 2 + 0.0995) * unit)
    assert waste.usd["requests"] == pytest.approx(2 * 0.0000002)
    assert waste.total_usd == pytest.approx(bill("aws-lambda", usage, free_tier=False).total_usd, rel=1e-12)


def test_memory_that_is_rounded_up_is_rounding():
    waste = function_waste("azure-consumption", Usage(192, 0.2))
    assert waste.usd["rounding"] == pytest.approx(0.2 * 64 / 1024 * 0.000016)


def test_idle_provisioned_concurrency_is_waste():
    kept = Containers(1024, [0.0], [3600.0], busy_s=[900.0])
    usage = Usage(1024, 1.0, count=900, on_provisioned=True, provisioned=kept)
    waste = function_waste("aws-lambda", usage)
    assert waste.usd["idle"] == pytest.approx(2700 * 0.0000041667)
    assert waste.usd["useful"] == pytest.approx(900 * (0.0000041667 + 0.0000097222))


def test_idle_instances_are_waste_where_their_life_is_billed():
    containers = Containers(1024, [0.0], [100.0], busy_s=[30.0], init_s=[10.0])
    waste = function_waste("google-cloud-run-instances", Usage(1024, np.ones(30), containers=containers))
    assert waste.shares["idle"] == pytest.approx(0.6) and waste.shares["start"] == pytest.approx(0.1)


def test_free_of_charge_has_no_shares():
    with pytest.raises(InputError, match="above 0 USD"):
        function_waste("aws-lambda", Usage(1024, 1.0), free_tier=True)


fraction = st.floats(0, 1)
rows = st.lists(st.tuples(st.floats(0, 60), st.floats(0, 9), fraction, fraction, st.booleans()), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PROVIDERS), rows, st.booleans())
def test_shares_of_function_waste_add_up_to_one(provider, rows, told):
    service, init, cpu, used, ready = (np.array(column) for column in zip(*rows, strict=True))
    n, offered = len(rows), price_sheet(provider).provisioned is not None
    details = {"cpu_s": service * cpu, "used_memory_mb": np.maximum(512 * used, 0)} if told else {}
    if offered and ready.any():
        details |= {"on_provisioned": ready, "provisioned": Containers(512, 0.0, 600.0, count=n)}
    at_once = np.arange(n) * 100.0
    usage = Usage(
        512,
        service,
        init_s=init,
        active=ActivePeriods(512, at_once, at_once + service, init, None, details.get("on_provisioned", False)),
        containers=Containers(512, at_once, at_once + 100, service, init),
        **details,
    )
    paid = bill(provider, usage, free_tier=False).total_usd
    waste = function_waste(provider, usage)
    assert waste.total_usd == pytest.approx(paid, rel=1e-9)
    assert sum(waste.shares.values()) == pytest.approx(1)
    assert min(waste.usd.values()) >= 0 and 0 <= waste.waste_share <= 1 + 1e-12


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 20))
def test_shares_of_server_waste_add_up_to_one(a, b, count):
    mean, peak = sorted((a * 2 * count, b * 2 * count))
    waste = server_waste("c5.large", mean_vcpu=mean, peak_vcpu=peak, count=count)
    assert sum(waste.shares.values()) == pytest.approx(1)
    assert waste.shares["useful"] == pytest.approx(mean / (2 * count))
    assert waste.total_usd == pytest.approx(0.085 * 720 * count)


def test_the_tutorials_17_percent_is_2_percent_of_busy_time():
    # 10,000 calls a day of 200 ms on one slot: 2,000 s of 86,400 s, though traffic comes in 4 of 24 hours
    start = np.linspace(0, 4 * 3600, 10_000, endpoint=False)
    mean, peak = busy_vcpu(start, start + 0.2, 1.0, 86_400)
    assert mean == pytest.approx(2000 / 86_400) and peak == 1
    assert server_waste("t3.micro", mean_vcpu=mean, peak_vcpu=peak).shares["useful"] == pytest.approx(0.0116, abs=1e-4)


def test_bad_loads_are_refused():
    with pytest.raises(InputError, match="peak_vcpu"):
        server_waste("t3.micro", mean_vcpu=1, peak_vcpu=3)
    with pytest.raises(InputError, match="mean_vcpu"):
        server_waste("t3.micro", mean_vcpu=1.5, peak_vcpu=1)
    with pytest.raises(InputError, match="busy_vcpu"):
        busy_vcpu([1.0], [0.0], 1.0, 10)
