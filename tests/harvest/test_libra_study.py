"""The study of Libra: its rows, and that the stored result is this code's."""

import pytest

from faaslab.harvest.measures import FIGURES
from faaslab.harvest.studies import libra
from faaslab.harvest.studies.stored import read_study


def test_a_small_run_has_a_row_for_each_seed_and_manager_and_counts_the_profiling():
    told = []
    managers = ("fixed", "libra, no profiler", "libra", "oracle")
    found = libra.run(lambda share, what: told.append(share), seeds=(1,), duration_s=3.0, managers=managers)
    assert [row["manager"] for row in found["rows"]] == list(managers) and told[-1] == 1.0
    rows = {row["manager"]: row for row in found["rows"]}
    assert all(set(FIGURES) <= set(row) for row in found["rows"])
    assert rows["libra"]["profiling"] > rows["libra, no profiler"]["profiling"] == 0 == rows["fixed"]["profiling"]
    assert rows["fixed"]["mean_rfet"] == pytest.approx(1) and rows["oracle"]["mean_rfet"] <= 1


def test_the_stored_study_is_that_of_this_code():
    stored = read_study("libra")
    row = next(row for row in stored["rows"] if row["manager"] == "fixed" and row["seed"] == 1)
    again = libra.run(seeds=(1,), duration_s=stored["duration_s"], managers=("fixed",))["rows"][0]
    assert stored["duration_s"] == libra.DURATION_S and len(stored["rows"]) == len(libra.SEEDS) * len(libra.MANAGERS)
    assert again == {**again, **{name: pytest.approx(row[name]) for name in ("load", "mean_response_s", "mean_rfet")}}
