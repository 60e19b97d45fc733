"""Bills: hand-computed values, the sources' corrected example, and the rules every bill keeps."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.pricing import PROVIDERS, Bill, Containers, Usage, active_periods, bill, price_sheet, server_bill

BY_CALLS = [name for name in PROVIDERS if price_sheet(name).billed_per != "instance"]
SEED_EXAMPLE = {"requests": 300_000, "duration_ms": 200, "memory_mb": 256}


def sold_mb(provider, memory_mb):
    return float(price_sheet(provider).memory.smallest_mb(memory_mb))


def test_the_tutorials_monthly_bill_is_31_cents_and_free_within_the_free_tier():
    listed = bill("aws-lambda", free_tier=False, **SEED_EXAMPLE)
    assert [(line.quantity, line.unit) for line in listed.lines] == [(300_000, "requests"), (15_000, "GB-s")]
    assert listed.requests_usd == pytest.approx(0.06)
    assert listed.compute_usd == pytest.approx(15_000 * 0.0000166667)
    assert 0.309 <= listed.total_usd <= 0.3101
    assert bill("aws-lambda", **SEED_EXAMPLE).total_usd == 0


def test_ten_thousand_times_cheaper_is_1161_times_or_24_times():
    listed = bill("aws-lambda", free_tier=False, **SEED_EXAMPLE).total_usd
    assert 0.50 * 24 * 30 / listed == pytest.approx(1161, abs=1)
    micro = server_bill("t3.micro", hours=720)
    assert micro.total_usd == pytest.approx(7.488)
    assert micro.total_usd / listed == pytest.approx(24.15, abs=0.01)


def test_lambda_prices_fall_from_tier_to_tier():
    # 20 billion GB-s: 6 at the first, 9 at the second, 5 at the third price
    usage = Usage(1024, 1.0, count=20e9)
    expected = 6e9 * 0.0000166667 + 9e9 * 0.000015 + 5e9 * 0.0000133334
    assert bill("aws-lambda", usage, free_tier=False).compute_usd == pytest.approx(expected, rel=1e-12)
    arm = 7.5e9 * 0.0000133334 + 11.25e9 * 0.0000120001 + 1.25e9 * 0.0000106667
    assert bill("aws-lambda-arm", usage, free_tier=False).compute_usd == pytest.approx(arm, rel=1e-12)


def test_lambda_bills_the_start_with_the_call_and_rounds_their_sum():
    usage = Usage(1024, [0.0104, 0.0104], init_s=[0.0, 0.1004])
    # 10.4 ms -> 11 ms; 10.4 + 100.4 = 110.8 ms -> 111 ms
    assert bill("aws-lambda", usage, free_tier=False).lines[1].quantity == pytest.approx(0.011 + 0.111, rel=1e-12)


def test_azure_consumption_rounds_memory_up_and_bills_at_least_100_ms():
    result = bill("azure-consumption", free_tier=False, requests=1000, duration_ms=20, memory_mb=160)
    assert result.lines[1].quantity == pytest.approx(1000 * 0.1 * 256 / 1024)
    assert any("not confirmed" in note and "granularity" in note for note in result.notes)


def test_flex_bills_a_second_at_least_then_steps_of_100_ms():
    for duration_ms, billed_s in [(20, 1.0), (1000, 1.0), (1001, 1.1), (1250, 1.3)]:
        result = bill("azure-flex", free_tier=False, requests=1, duration_ms=duration_ms, memory_mb=2048)
        assert result.compute_usd == pytest.approx(billed_s * 2 * 0.000026)


def test_flex_bills_overlapping_calls_on_one_instance_once():
    start, end = np.array([0.0, 0.5, 10.0]), np.array([2.0, 3.05, 11.0])
    periods = active_periods([0, 0, 0], start, end, memory_mb=2048)
    assert periods.start_s.tolist() == [0, 10] and periods.end_s.tolist() == [3.05, 11]
    usage = Usage(2048, end - start, active=periods)
    result = bill("azure-flex", usage, free_tier=False)
    assert result.compute_usd == pytest.approx((3.1 + 1.0) * 2 * 0.000026)
    assert result.requests_usd == pytest.approx(3 * 0.0000004)


def test_cloud_run_bills_processor_and_memory_apart():
    call = {"requests": 5_000_000, "duration_ms": 230, "memory_mb": 512}
    result = bill("google-cloud-run", **call)
    seconds = 5_000_000 * 0.3
    expected = (seconds * 0.333 - 180_000) * 0.000024 + (seconds * 0.5 - 360_000) * 0.0000025 + 3_000_000 * 0.0000004
    assert result.total_usd == pytest.approx(expected)
    whole_cpu = bill("google-cloud-run", vcpu=1, free_tier=False, **call)
    assert whole_cpu.of_measure("vcpu_s") == pytest.approx(seconds * 0.000024)


def test_instance_based_billing_charges_the_whole_life():
    usage = Usage(1024, [1.0, 1.0], containers=Containers(1024, [0.0], [600.0], busy_s=[2.0], vcpu=[1.0]))
    result = bill("google-cloud-run-instances", usage, free_tier=False)
    assert result.total_usd == pytest.approx(600 * (0.000018 + 0.000002))
    with pytest.raises(InputError, match="expected usage with containers"):
        bill("google-cloud-run-instances", requests=1, duration_ms=1, memory_mb=128)


def test_alibaba_converts_everything_to_compute_units():
    result = bill("alibaba-fc", requests=10_000, duration_ms=1000, memory_mb=2048, vcpu=1, ephemeral_mb=10240)
    units = 75 + 10_000 * (1 + 0.15 * 2 + 0.05 * 9.5)
    assert sum(line.quantity for line in result.lines) == pytest.approx(units)
    assert result.total_usd == pytest.approx(units * 0.00002)
    large = bill("alibaba-fc", Usage(2048, 1.0, count=1e9, vcpu=1.0))
    units = 1e9 * (0.0075 + 1 + 0.3)
    assert large.total_usd == pytest.approx(1e8 * 0.00002 + 4e8 * 0.000017 + (units - 5e8) * 0.000014)


def test_ephemeral_storage_is_billed_above_512_mb():
    call = {"requests": 1000, "duration_ms": 1000, "memory_mb": 128, "free_tier": False}
    assert bill("aws-lambda", ephemeral_mb=512, **call).of_measure("ephemeral_gb_s") == 0
    more = bill("aws-lambda", ephemeral_mb=1536, **call)
    assert more.of_measure("ephemeral_gb_s") == pytest.approx(1000 * 0.0000000309)


def test_months_spread_the_usage_over_tiers_and_free_tiers():
    year = bill("aws-lambda", requests=12_000_000, duration_ms=100, memory_mb=1024, months=12)
    month = bill("aws-lambda", requests=1_000_000, duration_ms=100, memory_mb=1024)
    assert year.total_usd == pytest.approx(12 * month.total_usd) == 0
    at_once = bill("aws-lambda", requests=12_000_000, duration_ms=100, memory_mb=1024)
    assert at_once.total_usd == pytest.approx(11e6 * 0.0000002 + 800_000 * 0.0000166667)


def test_plain_numbers_and_columns_agree():
    cold, warm = 30, 970
    columns = Usage(512, np.full(1000, 0.05), init_s=np.repeat([0.4, 0.0], [cold, warm]))
    for provider in BY_CALLS:
        numbers = bill(provider, requests=1000, duration_ms=50, memory_mb=512, init_ms=400, cold_fraction=0.03)
        assert numbers.total_usd == pytest.approx(bill(provider, columns).total_usd)


def test_a_bill_is_a_readable_table_and_a_json_object():
    result = bill("aws-lambda", free_tier=False, **SEED_EXAMPLE)
    text = str(result)
    assert "15,000  GB-s" in text and "0.0000166667" in text and "0.310" in text and "aws.amazon.com" in text
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert values["total_usd"] == pytest.approx(0.31, abs=1e-3) and values["provider"] == "aws-lambda"
    assert {"what", "quantity", "unit", "unit_price_usd", "amount_usd", "note"} <= set(values["lines"][0])


def test_no_calls_cost_nothing():
    for provider in BY_CALLS:
        assert bill(provider, requests=0, duration_ms=100, memory_mb=512, free_tier=False).total_usd == 0
        assert bill(provider, Usage(512, []), free_tier=False).total_usd == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"requests": -1}, "requests: expected"),
        ({"requests": 1.5}, "whole number"),
        ({"requests": float("nan")}, "requests: expected"),
        ({"duration_ms": float("nan")}, "duration_ms: expected"),
        ({"duration_ms": -1}, "duration_ms: expected"),
        ({"duration_ms": 900_001}, "at most 900 s"),
        ({"memory_mb": 0}, "memory_mb: expected"),
        ({"memory_mb": 64}, "128 to 10240 MB"),
        ({"memory_mb": 10_241}, "<= 10240"),
        ({"memory_mb": 128.5}, "steps of 1 MB"),
        ({"memory_mb": None}, "expected memory_mb"),
        ({"init_ms": 100}, "both or neither"),
        ({"init_ms": 100, "cold_fraction": 1.5}, "cold_fraction: expected"),
        ({"vcpu": 2}, "couples vCPU to memory"),
        ({"ephemeral_mb": 20_000}, "at most 10240 MB"),
        ({"months": 0}, "months: expected"),
    ],
)
def test_bad_input_is_named_on_one_line(change, message):
    with pytest.raises(InputError, match=message) as caught:
        bill("aws-lambda", **{**SEED_EXAMPLE, **change})
    assert "\n" not in str(caught.value)


def test_other_bad_input():
    with pytest.raises(InputError, match="did you mean 'aws-lambda'"):
        bill("aws-lamda", **SEED_EXAMPLE)
    with pytest.raises(InputError, match="one of 512, 2048, 4096 MB"):
        bill("azure-flex", **SEED_EXAMPLE)
    with pytest.raises(InputError, match="1 to 4 GB of memory a vCPU"):
        bill("alibaba-fc", requests=1, duration_ms=1, memory_mb=1024, vcpu=2)
    with pytest.raises(InputError, match="either usage or plain numbers"):
        bill("aws-lambda", Usage(128, 1.0), **SEED_EXAMPLE)
    with pytest.raises(InputError, match="either usage or plain numbers"):
        bill("aws-lambda")
    with pytest.raises(InputError, match=r"usage: service_s: expected a finite number >= 0, got -1 \(row 1\)"):
        Usage(128, [1.0, -1.0])
    with pytest.raises(InputError, match="columns of one length"):
        Usage([128, 128, 128], [1.0, 1.0])
    with pytest.raises(InputError, match="used_memory_mb <= memory_mb"):
        Usage(128, 1.0, used_memory_mb=256)
    with pytest.raises(InputError, match="server: expected one of"):
        server_bill("t3.micor")
    with pytest.raises(InputError, match="hours: expected"):
        server_bill("t3.micro", hours=-1)


def test_servers_are_billed_by_the_second_and_at_least_a_minute():
    hour = 0.0104
    assert server_bill("t3.micro", start_s=[0.0], end_s=[10.0]).total_usd == pytest.approx(hour / 60)
    result = server_bill("t3.micro", start_s=[0.0, 5.0], end_s=[90.2, 3605.0])
    assert result.total_usd == pytest.approx(hour * (91 + 3600) / 3600)
    assert server_bill("t3.micro", hours=0).total_usd == 0
    assert server_bill("m5.large", hours=10, count=3).total_usd == pytest.approx(2.88)


LIMITS = {"requests": 10**10, "duration_ms": 600_000, "memory_mb": 1536, "init_ms": 9000, "cold_fraction": 1}
calls = st.fixed_dictionaries(
    {
        "requests": st.integers(0, LIMITS["requests"]),
        "duration_ms": st.floats(0, LIMITS["duration_ms"]),
        "memory_mb": st.floats(1, LIMITS["memory_mb"]),
        "init_ms": st.floats(0, LIMITS["init_ms"]),
        "cold_fraction": st.floats(0, 1),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BY_CALLS), calls, st.booleans(), st.floats(0.01, 24))
def test_lines_add_up_and_nothing_is_negative(provider, call, free_tier, months):
    call["memory_mb"] = sold_mb(provider, call["memory_mb"])
    result = bill(provider, free_tier=free_tier, months=months, **call)
    assert result.total_usd == pytest.approx(sum(line.amount_usd for line in result.lines), rel=1e-12, abs=1e-15)
    assert result.total_usd == result.requests_usd + result.compute_usd
    for line in result.lines:
        assert line.quantity >= 0 and line.amount_usd >= 0
        assert line.amount_usd == pytest.approx(line.quantity * line.unit_price_usd, rel=1e-9, abs=1e-15)
    assert result.total_usd <= bill(provider, free_tier=False, months=months, **call).total_usd * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BY_CALLS), calls, st.sampled_from(sorted(LIMITS)), st.data())
def test_more_of_anything_never_costs_less(provider, call, name, data):
    limit = LIMITS[name]
    more = data.draw(st.integers(call[name], limit) if name == "requests" else st.floats(call[name], limit))
    larger = {**call, name: more}
    for numbers in (call, larger):
        numbers["memory_mb"] = sold_mb(provider, numbers["memory_mb"])
    assert bill(provider, **larger).total_usd >= bill(provider, **call).total_usd * (1 - 1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100), st.floats(0, 20)), max_size=30))
def test_active_periods_cover_the_calls_and_do_not_overlap(rows):
    container = np.array([r[0] for r in rows], dtype=int)
    start = np.round([r[1] for r in rows], 6)
    end = np.round(start + [r[2] for r in rows], 6) if rows else np.array([])
    busy_s = 0.0
    for one in set(container.tolist()):
        mine = sorted(zip(start[container == one], end[container == one], strict=True))
        reach = -1.0
        for s, e in mine:
            busy_s += max(0.0, e - max(s, reach))
            reach = max(reach, e)
    periods = active_periods(container, start, end, memory_mb=512)
    assert (periods.end_s - periods.start_s).sum() == pytest.approx(busy_s, abs=1e-6)
    assert len(periods.start_s) <= len(rows)


def test_a_server_bill_is_a_bill():
    assert isinstance(server_bill("t3.micro"), Bill)
    assert "t3.micro" in str(server_bill("t3.micro")) and "burstable" in str(server_bill("t3.micro"))
