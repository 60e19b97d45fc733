"""Generated problems: the same seed gives the same problem, keys follow from what is given, slips are wrong."""

import math
from pathlib import Path

import pytest

from faaslab.course.problems import problem, topic_names
from faaslab.course.problems.count_cold import run_calls
from faaslab.course.words import fill, table
from faaslab.errors import InputError
from faaslab.model.result import Start

SEEDS = range(25)
BOOK = Path(__file__).resolve().parents[2] / "book"


@pytest.mark.parametrize("topic", topic_names())
def test_problems_repeat_and_vary(topic):
    assert problem(topic, 3) == problem(topic, 3)
    assert len({str(problem(topic, seed).given) for seed in SEEDS}) > 5


@pytest.mark.parametrize("topic", topic_names())
@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_right_and_every_slip_is_wrong_with_its_own_sentence(topic, seed):
    posed = problem(topic, seed)
    judge = posed.judge()
    sentences = set(judge.remarks.values()) if posed.allowed else set(judge.slips)
    assert judge.judge(posed.key).state == "right"
    words = table(f"problems/{topic}")["slips"]
    assert set(words) == set(posed.slips)
    for name, value in posed.slips.items():
        finding = judge.judge(value)
        told = [sentence for sentence in sentences if sentence in finding.text]
        assert finding.state == "wrong" and told, name
        assert fill(words[name], posed.values) in told, name
    assert "{" not in posed.statement and all("{" not in hint for hint in posed.hints())
    assert posed.statement in repr(posed) and "<li>" in posed._repr_html_()


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_can_be_computed_from_what_is_given(seed):
    given = problem("function-bill", seed).given
    gb_s = given["requests"] * given["duration_ms"] / 1000 * given["memory_mb"] / 1024
    by_hand = given["requests"] * given["request_usd"] + gb_s * given["gb_s_usd"]
    assert problem("function-bill", seed).key == pytest.approx(by_hand, rel=1e-9)

    given = problem("break-even", seed).given
    one = given["request_usd"] + given["duration_ms"] / 1000 * given["memory_mb"] / 1024 * given["gb_s_usd"]
    assert problem("break-even", seed).key == pytest.approx(given["server_hour_usd"] * given["hours"] / one, rel=1e-9)

    given = problem("cold-fraction", seed).given
    by_hand = math.exp(-given["rate_per_hour"] * given["window_min"] / 60)
    assert problem("cold-fraction", seed).key == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_cold_calls_counted_by_hand_are_those_of_the_simulator(seed):
    posed = problem("count-cold", seed)
    given, ends_s, cold = posed.given, [], 0
    for now_s in given["arrivals_s"]:
        ends_s = [end_s for end_s in ends_s if now_s - end_s <= given["window_s"]]
        idle = [end_s for end_s in ends_s if end_s <= now_s]
        if idle:
            ends_s.remove(max(idle))
        cold += not idle
        ends_s.append(now_s + given["service_s"] + (0 if idle else given["start_s"]))
    assert cold == posed.key
    assert (run_calls(**given).calls["start"] == Start.COLD).sum() == posed.key
    assert 1 <= posed.steps["peak"] < posed.steps["containers"]


@pytest.mark.parametrize("topic", topic_names())
def test_a_topic_has_a_home_and_a_remark_for_the_lecture(topic):
    words = table(f"problems/{topic}")
    assert len(list(BOOK.rglob(f"{words['chapter']}.md"))) == 1
    assert len(words["lecture"]) > 20


def test_bad_topics_and_seeds():
    with pytest.raises(InputError, match="did you mean 'cold-fraction'"):
        problem("cold-fractions", 1)
    with pytest.raises(InputError, match="seed"):
        problem("cold-fraction", -1)
