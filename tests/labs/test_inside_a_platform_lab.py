"""The lab "Inside a platform": right answers are right, each misconception fails, keys follow from runs and rules."""

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import inside_a_platform as lab
from faaslab.model.diff import diff
from faaslab.platform import Platform, simulate
from faaslab.policies import LRU, GreedyDual
from faaslab.workload import Workload

NAME = "inside-a-platform"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_comparison_is_read_from_two_runs(seed):
    posed, work = open_lab(NAME, seed), Workload(lab.small_functions(), lab.small_calls(seed))
    runs = [simulate(Platform(k, invoker_memory_mb=512), work, seed=1, duration_s=400) for k in (LRU(), GreedyDual())]
    change = diff(*runs).frame()["response_change_s"]
    helped, hurt, same = (change < 0).sum(), (change > 0).sum(), (change == 0).sum()
    assert hurt > helped > 0 > change.mean()  # as the lab's words have it
    assert posed.verdict("compare", hurt, same, change.mean()).state == "right"
    assert posed.verdict("compare", hurt, same, round(change.mean(), 6)).state == "right"
    slips = posed.words["task"]["compare"]["slips"]
    shown = repr(posed.verdict("compare", helped, helped + hurt, change[change != 0].mean()))
    assert all(slips[name] in shown for name in ("helped", "changed-same", "of-changed"))
    shown = repr(posed.verdict("compare", helped + hurt, same, change.sum()))
    assert slips["changed"] in shown and slips["sum"] in shown
    assert "sign" in repr(posed.verdict("compare", hurt, same, -change.mean()))


def test_the_policy_that_is_asked_for_and_the_one_that_is_given(opened):
    assert opened.verdict("policy", lab.OwnUses).state == "right"
    assert grade(NAME, "policy", lab.OwnUses) == 4.0 == grade(NAME, "policy", lab.OwnUses, seed=7)
    assert opened.verdict("policy", lab.Oldest).state == "open"
    assert grade(NAME, "policy", lab.Oldest) == 0.0
    assert opened.verdict("policy", lab.OwnUses()).score == 0


class OfTheGroup(GreedyDual):
    """Greedy-dual as published: uses of all containers of a function."""


class Largest(lab.OwnUses):
    def eviction_key(self, container, group):
        return -super().eviction_key(container, group)


class NoState(lab.Oldest):
    def eviction_key(self, container, group):
        return self.clock[container.invoker_id]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", list(lab.MISTAKES))
def test_each_mistake_fails_the_case_that_is_about_it(case, seed):
    verdict = open_lab(NAME, seed).verdict("policy", lab.MISTAKES[case][0])
    assert verdict.score < 1
    about = open_lab(NAME, seed).words["task"]["policy"]["cases"][case]
    assert f"✕ {about}: call " in repr(verdict)


@pytest.mark.parametrize("policy", [OfTheGroup, Largest, NoState])
def test_other_policies_do_not_pass(opened, policy):
    assert opened.verdict("policy", policy).score < 1 and grade(NAME, "policy", policy) < 4.0


def test_errors_name_the_line(opened):
    shown = repr(opened.verdict("policy", NoState))
    assert "AttributeError" in shown and "line" in shown


@pytest.mark.parametrize("seed", [0, 1])
def test_the_designs_are_what_their_runs_say(seed):
    memory_mb, posed = lab.machine_memory_mb(seed), open_lab(NAME, seed)
    cold = {design: lab.cold_calls_of(design, memory_mb) for design in lab.DESIGNS}
    for of, best in (("thumbnails", "least-loaded-lru"), ("others", "hash-lru")):
        ranked = sorted(cold, key=lambda design: cold[design][of])
        assert ranked[0] == best and cold[ranked[1]][of] > 1.1 * cold[best][of]
    changed = lab.who("hash-lru", "hash-greedy-dual", memory_mb)
    ratio = changed["hurt"] / changed["helped"]
    assert posed.verdict("design", "least-loaded-lru", "hash-lru", ratio).state == "right"
    assert posed.verdict("design", " Least-Loaded-LRU ", "hash-lru", round(ratio, 2)).state == "right"
    shown = repr(posed.verdict("design", "hash-lru", "least-loaded-lru", 1 / ratio))
    assert shown.count("Another design leaves fewer") == 2 and "other way round" in shown
    assert "Divide" in repr(posed.verdict("design", "hash-lru", "hash-lru", changed["hurt"]))
    assert "did you mean" in repr(posed.verdict("design", "least-loaded", 3, ratio)).lower()


def test_the_evenings_share_their_arrivals():
    runs = [lab.run_design(design, 1536, 1) for design in lab.DESIGNS]
    for other in runs[1:]:
        assert np.array_equal(other.calls["arrival_ns"], runs[0].calls["arrival_ns"])
