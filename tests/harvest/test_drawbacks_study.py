"""The study of drawbacks: what a training's calls cost is counted as measured, and the stored result is this code's."""

import numpy as np
import pytest

from faaslab.harvest.managers import Fixed
from faaslab.harvest.measures import measure
from faaslab.harvest.rollout import episode_seed
from faaslab.harvest.studies import drawbacks
from faaslab.harvest.studies.stored import read_study


@pytest.fixture(scope="module")
def worlds():
    return drawbacks.held_out_worlds((1, 2))


@pytest.fixture(scope="module")
def points(worlds):
    return drawbacks.training(drawbacks.SCALED, None, "duration", 1, 16, 8, worlds)


def test_a_training_is_tried_and_counted_along_its_way(points):
    assert [point["episodes"] for point in points] == [0, 8, 16]
    assert [point["drawn"] is None for point in points] == [False, True, False]
    for point in points:
        spent = point["spent"]
        assert spent["calls"] == point["decisions"]
        assert spent["slowed"] <= spent["chosen"] <= spent["calls"]
    assert points[0]["spent"] == dict.fromkeys(drawbacks.SPENT, 0.0)
    assert points[-1]["spent"]["relative"] > points[-1]["spent"]["calls"]  # an untrained network slows calls


def test_what_fixed_would_have_taken_is_counted_on_the_same_calls(points):
    episodes, seen = drawbacks.training_episodes(), []

    def remembered(seed):
        seen.append((seed, episodes(seed)))
        return seen[-1][1]

    env = drawbacks.HarvestEnv(remembered, threshold=None)
    for number in range(16):
        env.reset(seed=episode_seed(1, number))
    runs = [measure(world, Fixed(), seed) for seed, world in seen]
    calls = np.array([run["calls"] for run in runs])
    spent = points[-1]["spent"]
    assert spent["calls"] == calls.sum()
    for name in ("service_s", "response_s"):
        assert spent[f"fixed_{name}"] == pytest.approx(calls @ [run[f"mean_{name}"] for run in runs], rel=1e-4)


def test_the_safeguard_lets_no_call_be_slowed(worlds):
    spent = drawbacks.training(drawbacks.PUBLISHED, 0.9, "duration", 2, 8, 8, worlds)[-1]["spent"]
    assert spent["slowed"] == 0 < spent["chosen"]
    assert spent["service_s"] <= spent["fixed_service_s"] * (1 + 1e-9)


def test_a_reduced_study_has_every_group_and_says_how_far_it_is(monkeypatch, worlds):
    monkeypatch.setattr(drawbacks, "training", lambda *given: [{"given": given[:5]}])
    shares = []
    result = drawbacks.run(progress=lambda share, *_: shares.append(share), **drawbacks.QUICK)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    assert {row["group"] for row in result["trainings"]} == {"published", "scaled", "grid", "guarded", "response"}
    unguarded = [row for row in result["trainings"] if row["threshold"] is None and row["seed"] == 1]
    settings = {(row["learning_rate"], row["entropy_weight"], row["return_scale"]) for row in unguarded}
    assert len(settings) == len(unguarded) == len(drawbacks.GRID)


def test_the_stored_rules_are_those_of_this_code():
    stored = read_study("drawbacks")
    assert stored["held_out"] == list(drawbacks.HELD_OUT)
    found = drawbacks.rules(drawbacks.held_out_worlds())
    for kept, row in zip(stored["rules"], found, strict=True):
        names, figures = ("rule", "safeguard"), [name for name in row if name not in ("rule", "safeguard")]
        assert [kept[name] for name in names] == [row[name] for name in names]
        assert [kept[name] for name in figures] == pytest.approx([row[name] for name in figures], rel=1e-5)
    by_rule = {(row["rule"], row["safeguard"]): row for row in found}
    assert by_rule["Fixed", False]["relative"] == pytest.approx(1)
    allowed = [row["relative"] for row in found if row["rule"] != "Oracle"]
    assert by_rule["Largest", False]["relative"] == pytest.approx(min(allowed), abs=1e-6)


def test_the_stored_trainings_are_complete():
    rows = read_study("drawbacks")["trainings"]
    groups = {name: [row for row in rows if row["group"] == name] for name in ("published", "scaled", "guarded")}
    assert [len(groups[name]) for name in groups] == [8, 8, 20]
    assert all(row["points"][-1]["episodes"] == 640 for row in groups["published"] + groups["scaled"])
    assert all(point["spent"]["slowed"] == 0 for row in groups["guarded"] for point in row["points"])
