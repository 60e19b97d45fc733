"""Rows of the stored studies, computed again: what the book shows is what this code finds."""

import pytest

from faaslab.harvest.managers import FaaSRM
from faaslab.harvest.studies import ablations, drawbacks, experiment_one, experiment_two, learning_or_chance, libra
from faaslab.harvest.studies.stored import read_study
from faaslab.harvest.worlds.experiment_one import experiment_one as world_one

SEED = 2


def row_of(rows, **key):
    found = [row for row in rows if all(row[name] == value for name, value in key.items())]
    assert len(found) == 1, key
    return found[0]


def assert_the_same(kept, now):
    """Numbers within rounding, all else equal; of `now`, what was not kept is left out."""
    for name, value in kept.items():
        found = now[name]
        if isinstance(value, float) or isinstance(found, float):
            assert found == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name
        else:
            assert found == value, name


def assert_rows_stored(study, rows, *key):
    kept = read_study(study)["rows"]
    assert rows
    for row in rows:
        assert_the_same(row_of(kept, **{name: row[name] for name in key}), row)


def test_learning_or_chance():
    found = learning_or_chance.run(seeds=(SEED,), loads=(0.7,), capacities=(1,))
    assert_rows_stored("learning-or-chance", found["rows"], "servers", "load", "seed", "manager")


def test_experiment_two():
    found = experiment_two.run(seeds=(1,), policies=experiment_one.STORED, worlds=("paper",))
    assert_rows_stored("experiment-two", found["rows"], "world", "manager", "seed")


def test_libra():
    found = libra.run(seeds=(SEED,))
    assert_rows_stored("libra", found["rows"], "manager", "seed")


@pytest.mark.parametrize("guard", sorted(ablations.GUARDS))
def test_guards(guard):
    kept = read_study("ablations")["guards"]
    settings = ablations.GUARDS[guard]
    rows = ablations._guarded("varying inputs", guard, settings, SEED, 1000, 20, ablations.STORED)
    for row in rows:
        assert_the_same(row_of(kept, **{name: row[name] for name in ("world", "guard", "manager", "seed")}), row)


@pytest.mark.parametrize("seed", [1, 4])
def test_untrained_networks(seed):
    kept = read_study("drawbacks")["trainings"]
    point = next(row for row in kept if row["group"] == "published" and row["seed"] == seed)["points"][0]
    scores, worlds = ablations.untrained((32, 16), seed), drawbacks.held_out_worlds()
    assert_the_same(point["likeliest"], drawbacks.tried(FaaSRM(scores, threshold=None), worlds))
    assert_the_same(point["drawn"], drawbacks.tried(FaaSRM(scores, threshold=None, samples=True), worlds))


@pytest.mark.parametrize(("manager", "minute_s", "seed"), [("ensure", 155.0, 3), ("faasrm-unguarded", 310.0, 2)])
def test_experiment_one(manager, minute_s, seed):
    stored = read_study("experiment-one")
    world = world_one(seed, minute_s=minute_s)
    if not stored["worlds"].startswith(world.name.split(",")[0]):
        pytest.skip(f"the stored study is of another sample: {stored['worlds']}")
    kept = row_of(stored["rows"], minute_s=minute_s, manager=manager, seed=seed)
    now = experiment_one.one_run(world, manager, seed)
    assert_the_same({name: value for name, value in kept.items() if name in now}, now)
