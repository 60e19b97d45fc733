"""The labs' tasks: right answers are right, each misconception fails with its own sentence, hints are worked out."""

import json
import warnings

import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import cold_and_warm_starts as cold
from faaslab.course.tasks import from_servers_to_functions as servers
from faaslab.course.words import lab_names, table
from faaslab.errors import InputError
from faaslab.pricing import bill, break_even

FIRST, SECOND = "from-servers-to-functions", "cold-and-warm-starts"


@pytest.fixture(scope="module")
def first():
    return open_lab(FIRST)


@pytest.fixture(scope="module")
def second():
    return open_lab(SECOND)


# --- every lab -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", lab_names())
@pytest.mark.parametrize("junk", [None, ..., "junk", float("nan"), [1, 2, 3], object(), lambda: 1 / 0, -1, 10**30])
def test_a_wrong_answer_fails_every_task(name, junk, capsys):
    lab = open_lab(name)
    for task, words in lab.words["task"].items():
        answers = [junk] * len(words["answers"])
        assert lab.verdict(task, *answers).score == 0
        assert lab.check(task, *answers) is None
        points = grade(name, task, *answers)
        assert type(points) is float and points == 0.0
    assert not capsys.readouterr().err


@pytest.mark.parametrize("name", lab_names())
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_hints_come_one_after_another_with_all_fields_filled(name, seed, capsys):
    lab = open_lab(name, seed)
    for task in lab.tasks:
        for number in (1, 2, 3, 1):
            lab.hint(task)
            shown = capsys.readouterr().out
            assert shown.startswith(f"Hint {number} of 3") and "{{" not in shown and len(shown) > 80
        assert str(lab.hint_text(task, 3)._repr_html_()).count("<code>") == str(
            lab.hint_text(task, 3)._repr_html_()
        ).count("</code>")


def test_the_third_hint_never_gives_the_answer_away():
    for seed in range(20):
        for task in ("timeline", "cold-fraction"):
            posed = open_lab(SECOND, seed).tasks[task]
            assert posed.example["key"] != posed.problem.key
            assert dict(posed.problem.given) != {key: posed.example[key] for key in posed.problem.given}


def test_a_lab_answers_whatever_it_is_asked(second, capsys):
    for task in ("no-task", None, [1], 3):
        second.check(task, 1)
        second.hint(task)
    second.check("timeline", 3)
    second.check("timeline", 3, 2, 1)
    shown = capsys.readouterr().out
    assert shown.count("There is no task") == 8 and "2 answers" in shown
    assert grade(SECOND, "no-task", 1) == 0.0 and grade("no-lab", "timeline", 1) == 0.0
    with pytest.raises(InputError, match="did you mean"):
        open_lab("cold-and-warm-start")
    with pytest.raises(InputError, match="generated problem"):
        second.problem("runtime")
    assert "timeline" in repr(second)


def test_predictions_are_noted_and_not_judged(second, capsys):
    for answer in (None, ..., 3, "many", [1]):
        second.predict("cold-calls", answer)
    assert second.predictions == {}
    second.predict("cold-calls", " 3 ")
    assert second.predictions == {"cold-calls": "3"}
    assert capsys.readouterr().out.count("Write down") == 5


def test_grades_keep_warnings_and_output_to_themselves(capsys):
    def loud(event, context):
        print("noise")
        warnings.warn("loud", stacklevel=1)
        return _handler(event, context)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points = grade(FIRST, "handler", loud)
    assert type(points) is float and points == open_lab(FIRST).points("handler")
    assert not any(capsys.readouterr())


# --- from servers to functions -------------------------------------------------------------------------------------


def _handler(event, context):
    content = json.loads(event["body"])
    if "photo" not in content:
        return {"statusCode": 400, "body": ""}
    return {"statusCode": 200, "body": json.dumps({"thumbnail": servers.shrink(content["photo"], content["factor"])})}


_kept = []


def _with_memory(event, context):
    _kept.append(event)
    return _handler(_kept[0] if len(_kept) > 3 else event, context)


def _array(event, context):
    import numpy as np

    content = json.loads(event["body"])
    return {"statusCode": 200, "body": np.asarray(content["photo"])}


def _changes_its_event(event, context):
    answer = _handler(event, context)
    event.clear()
    return answer


@pytest.mark.parametrize(
    ("handler", "passed", "part"),
    [
        (_handler, 5, "5 of 5"),
        (_with_memory, 0, "of 5 cases pass"),
        (_array, 0, "not JSON serializable"),
        (_changes_its_event, 4, "left as it was"),
        (lambda event, context: {"statusCode": 200, "body": event["body"]}, 2, "KeyError"),
        (lambda event: event, 0, "TypeError"),
    ],
)
def test_handlers_are_called_as_a_platform_calls_them(first, handler, passed, part):
    _kept.clear()
    verdict = first.verdict("handler", handler)
    assert part in repr(verdict)
    assert verdict.score == pytest.approx(passed / 5) or handler is _with_memory
    assert (verdict.state == "right") == (passed == 5)


def test_the_famous_factor_is_examined(first):
    paid = bill("aws-lambda", requests=300_000, duration_ms=200, memory_mb=256, free_tier=False).total_usd
    assert first.verdict("bill", 15_000, 360 / paid, 7.488 / paid).state == "right"
    assert first.verdict("bill", 15_000, 360 / 0.309, 7.488 / 0.309).state == "right"
    slips = table(f"labs/{FIRST}")["task"]["bill"]["slips"]
    for answers, slip in [
        ((300_000, 1, 1), "calls"), ((1, 10_000, 1), "claim"), ((1, 360 / 0.0307, 1), "printed"),
        ((1, 0.5 / paid, 1), "hour"), ((1, 360 / 0.25, 1), "compute-only"), ((1, 1, 360 / paid), "same-server"),
    ]:  # fmt: skip
        assert slips[slip] in repr(first.verdict("bill", *answers)), slip


def test_each_service_has_its_place(first):
    equal = break_even("aws-lambda", "c5.large", duration_ms=200, memory_mb=256)
    assert first.verdict("decide", equal.requests_per_month, "functions", "server", "server").state == "right"
    other = repr(first.verdict("decide", equal.capacity_per_month, "server", "functions", "functions"))
    assert "never idle" in other and "0.51%" in other and "busy server is cheaper" in other and "15 minutes" in other
    for seed in range(10):
        frames = servers.services(seed)["frames"]["requests"]
        assert 1.2 * equal.requests_per_month < frames < 0.6 * equal.capacity_per_month


# --- cold and warm starts ------------------------------------------------------------------------------------------


class Mended(cold.TutorialRuntime):
    def __init__(self, keep_alive_s, room):
        self.keep_alive_s, self.room, self.ends_s = keep_alive_s, room, []

    def invoke(self, now_s, service_s):
        self.ends_s = [end_s for end_s in self.ends_s if now_s - end_s <= self.keep_alive_s]
        idle = [end_s for end_s in self.ends_s if end_s <= now_s]
        if idle:
            self.ends_s.remove(max(idle))
        elif len(self.ends_s) == self.room:
            return "rejected"
        self.ends_s.append(now_s + service_s)
        return "warm" if idle else "cold"

    def alive(self, now_s):
        return sum(now_s - end_s <= self.keep_alive_s for end_s in self.ends_s)


class OneContainer(Mended):
    """Only the end of the last call is remembered."""

    def invoke(self, now_s, service_s):
        idle_s = now_s - max(self.ends_s, default=-1e9)
        self.ends_s = [now_s + service_s]
        return "warm" if idle_s <= self.keep_alive_s else "cold"


class NoRoom(Mended):
    def __init__(self, keep_alive_s, room):
        super().__init__(keep_alive_s, 10**9)


class NeverGone(Mended):
    def alive(self, now_s):
        return len(self.ends_s)


class OldestFirst(Mended):
    def invoke(self, now_s, service_s):
        self.ends_s = [end_s for end_s in self.ends_s if now_s - end_s <= self.keep_alive_s]
        idle = [end_s for end_s in self.ends_s if end_s <= now_s]
        if idle:
            self.ends_s.remove(min(idle))
        elif len(self.ends_s) == self.room:
            return "rejected"
        self.ends_s.append(now_s + service_s)
        return "warm" if idle else "cold"


class FromTheStart(Mended):
    def invoke(self, now_s, service_s):
        return super().invoke(now_s, 0.0)


def test_the_mended_runtime_agrees_with_the_simulator(second):
    assert second.verdict("runtime", Mended).state == "right"
    assert grade(SECOND, "runtime", Mended) == 4.0 == grade(SECOND, "runtime", Mended, seed=9)


@pytest.mark.parametrize("runtime", [OneContainer, NoRoom, NeverGone, OldestFirst, FromTheStart])
def test_each_mistake_of_the_tutorial_costs_something(second, runtime):
    verdict = second.verdict("runtime", runtime)
    assert 0 < verdict.score < 1 and 0 < grade(SECOND, "runtime", runtime) < 4
    assert verdict.state == "partly" and "hint" in verdict.next_step


def test_the_runtime_as_given_is_no_answer(second):
    assert second.verdict("runtime", cold.TutorialRuntime).state == "open"
    assert grade(SECOND, "runtime", cold.TutorialRuntime) == 0.0
    assert second.verdict("runtime", Mended(1, 1)).score == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_windows_are_the_cheapest_of_the_day(seed):
    lab, paid = open_lab(SECOND, seed), cold.prices(seed)
    best = []
    for name in ("gallery", "checkout"):
        usd = {w: cold.cost_usd(w, paid[f"{name}_slow_call"], paid["idle_gb_h"]) for w in cold.WINDOWS_S}
        ranked = sorted(usd.values())
        assert ranked[1] > 1.03 * ranked[0]
        best.append(min(usd, key=usd.get))
    assert best[0] < best[1]
    assert lab.verdict("window", *best).state == "right"
    assert "cold calls a day" in repr(lab.verdict("window", best[0], 10))
    assert "idle a day" in repr(lab.verdict("window", 3600, best[1]))
    assert "Expected one of" in repr(lab.verdict("window", 5, best[1]))


def test_the_worked_example_of_the_windows_says_which_is_cheaper(second):
    example = second.tasks["window"].example
    assert example["usd_long"] < example["usd_short"] and "the long one is cheaper" in repr(
        second.hint_text("window", 3)
    )
