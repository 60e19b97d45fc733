"""Price sheets: provenance of every constant, graduated rates, granularity and instance sizes."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaslab.errors import InputError
from faaslab.pricing import PROVIDERS, price_sheet, server, server_names
from faaslab.pricing.granularity import Granularity
from faaslab.pricing.sheet import read_data
from faaslab.pricing.tiers import GraduatedRate

KINDS = {"documentation", "paper", "measurement", "convention"}


@pytest.mark.parametrize("name", [*PROVIDERS, "aws-ec2"])
def test_every_constant_has_a_source_with_address_date_and_kind(name):
    tables = read_data(name)
    for source in tables["sources"].values():
        assert source.kind in KINDS and source.url.startswith("https://") and source.title
        assert source.dated in ("read", "published", "in force")
        assert isinstance(source.date, datetime.date)
    used = {table["source"] for key, table in tables.items() if isinstance(table, dict) and key != "sources"}
    used |= {meter["source"] for meter in tables.get("meters", ())}
    assert used == set(tables["sources"])


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_sheet_lists_its_constants(name):
    sheet = price_sheet(name)
    assert sheet.provider == name
    assert {"granularity", "init", "limits", "memory", "vcpu"} <= {row["constant"] for row in sheet.constants}
    assert all(row["kind"] in KINDS and row["value"] is not None for row in sheet.constants)


def test_what_is_not_confirmed_is_marked():
    doubtful = {row["constant"] for row in price_sheet("azure-consumption").constants if not row["confirmed"]}
    assert "granularity" in doubtful
    assert all(row["confirmed"] for row in price_sheet("aws-lambda").constants)


def test_a_vcpu_hour_costs_what_the_sheets_say():
    assert price_sheet("aws-lambda").vcpu_hour_usd() == pytest.approx(0.1037, abs=5e-5)
    assert price_sheet("aws-lambda-arm").vcpu_hour_usd() == pytest.approx(0.0829, abs=5e-5)
    assert price_sheet("aws-lambda").vcpu_hour_usd(1024) == pytest.approx(0.1037, abs=5e-5)
    assert price_sheet("google-cloud-run").vcpu_hour_usd() == pytest.approx(3600 * (0.000024 + 2 * 0.0000025))
    assert price_sheet("alibaba-fc").vcpu_hour_usd() == pytest.approx(3600 * 1.15 * 0.00002)
    hours = {name: server(name).vcpu_hour_usd for name in server_names()}
    assert hours["c5.large"] == pytest.approx(hours["c5.4xlarge"]) == 0.0425
    assert hours["m5.large"] == 0.048 and hours["t3.medium"] == pytest.approx(0.0208)


def test_processors_that_come_with_memory():
    assert price_sheet("aws-lambda").vcpu.of([1769, 3538]).tolist() == [1, 2]
    assert price_sheet("google-cloud-run").vcpu.of([128, 200, 256, 2048, 4096]).tolist() == [0.083, 0.167, 0.167, 1, 2]
    assert price_sheet("alibaba-fc").vcpu.of([128, 1024, 4096]) == pytest.approx([0.05, 0.25, 1])
    assert price_sheet("azure-flex").vcpu.of(512) == 0.25


def test_the_smallest_size_on_sale():
    assert price_sheet("azure-flex").memory.smallest_mb([1, 512, 513]).tolist() == [512, 512, 2048]
    assert price_sheet("alibaba-fc").memory.smallest_mb([1, 129, 192]).tolist() == [128, 192, 192]
    with pytest.raises(InputError, match="<= 4096"):
        price_sheet("azure-flex").memory.smallest_mb(5000)


def test_rounding_is_exact_in_milliseconds():
    one_ms = Granularity(0.001)
    whole_ms = np.arange(0, 5000)
    assert (one_ms.billed_s(whole_ms / 1000) == whole_ms / 1000).all()
    assert Granularity(0.1, 1.0).billed_s([0, 0.2, 1.0, 1.01, 1.1]).tolist() == [1, 1, 1, 1.1, 1.1]


@given(st.floats(0, 1e5), st.sampled_from([0.001, 0.1, 1.0, 300.0]), st.sampled_from([0.0, 0.1, 1.0, 60.0]))
def test_rounding_never_lowers_the_time_and_adds_less_than_a_step(time_s, step_s, minimum_s):
    billed = float(Granularity(step_s, minimum_s).billed_s(time_s))
    assert billed >= max(time_s, minimum_s) - 1e-9
    assert billed < max(time_s, minimum_s) + step_s + 1e-9


@st.composite
def rates(draw):
    widths = draw(st.lists(st.floats(1, 1e6), min_size=0, max_size=4))
    prices = draw(st.lists(st.floats(0, 10), min_size=len(widths) + 1, max_size=len(widths) + 1))
    return GraduatedRate((*np.cumsum(widths).tolist(), math.inf), tuple(prices))


@given(rates(), st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_graduated_rate_rises_and_splits_completely(rate, a, b):
    low, high = sorted((a, b))
    assert rate.cost(low) <= rate.cost(high) * (1 + 1e-12) + 1e-12
    assert math.fsum(part for part, _ in rate.split(a)) == pytest.approx(a, rel=1e-12)
    assert min(rate.prices_usd) * a * (1 - 1e-9) <= rate.cost(a) + 1e-12
    assert rate.cost(a) <= max(rate.prices_usd) * a * (1 + 1e-9) + 1e-12


@given(rates())
def test_a_graduated_rate_is_continuous_at_its_bounds(rate):
    for bound in rate.bounds[:-1]:
        step = bound * 1e-9
        jump = rate.cost(bound + step) - rate.cost(bound - step)
        assert abs(jump) <= 2 * step * max(rate.prices_usd) + 1e-6 * rate.cost(bound) * 1e-3 + 1e-9


def test_bad_rates_are_refused():
    for bounds in [(), (5.0,), (5.0, 5.0, math.inf), (math.inf, 5.0)]:
        with pytest.raises(InputError, match="tiers"):
            GraduatedRate(bounds, (1.0,) * len(bounds))
    with pytest.raises(InputError, match="price_usd"):
        GraduatedRate.flat(-1)
    with pytest.raises(InputError, match="quantity"):
        GraduatedRate.flat(1).cost(-1)
