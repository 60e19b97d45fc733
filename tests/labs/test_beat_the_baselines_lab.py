"""The lab "Beat the baselines": right answers are right, each misconception fails, nobody sees the demand."""

import numpy as np
import pytest

from faaslab.course import grade, open_lab
from faaslab.course.tasks import beat_the_baselines as lab
from faaslab.harvest.manager import ResourceManager
from faaslab.harvest.managers import Fixed, Greedy, Largest, Oracle, RandomChoice, Smallest

NAME = "beat-the-baselines"


@pytest.fixture(scope="module")
def opened():
    return open_lab(NAME)


def of(seed, manager):
    rows = [row for row in lab.log(seed) if row["manager"] == manager]
    return (np.array([row[key] for row in rows]) for key in ("own_s", "wait_s", "service_s"))


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_trace_is_read_from_its_log(seed):
    posed, slips = open_lab(NAME, seed), open_lab(NAME).words["task"]["read"]["slips"]
    own, wait, took = of(seed, "random")
    means = {name: sum(np.mean(v) for v in list(of(seed, name))[1:]) for name in lab.READ}
    rfet, response, best = np.mean(took / own), np.mean(wait + took), min(means, key=means.get)
    assert np.mean(wait) > 0.5 * response  # as the lab's answer has it
    assert posed.verdict("read", rfet, response, best).state == "right"
    for answers, slip in [
        ((np.mean((wait + took) / own), response, best), "with-waiting"),
        ((np.sum(took) / np.sum(own), response, best), "sums"),
        ((rfet, np.mean(took), best), "no-waiting"),
        ((rfet, np.mean(wait), best), "waiting-only"),
        ((rfet, np.mean((wait + took) / own), best), "quotient"),
    ]:
        verdict = posed.verdict("read", *answers)
        assert verdict.state == "partly" and slips[slip] in repr(verdict), slip
    assert posed.verdict("read", rfet, response, "random").state == "partly"


# --- the manager ---------------------------------------------------------------------------------------------------


class Steps(ResourceManager):
    """The same rule, written otherwise."""

    def decide(self, known, call, platform):
        memo = known.memo = known.memo or {}
        last = known.history.last
        pairs = {"cpu": (last.cpu, last.cpu_peak), "memory": (last.memory, last.memory_peak)}
        for key, (given, peak) in pairs.items():
            if peak < given:
                memo[key] = int(-(-peak // 1))
        return self.options.index(*(memo.get(key, min(8, given + 1)) for key, (given, _) in pairs.items()))


class Always(ResourceManager):
    def decide(self, known, call, platform):
        return self.options.index(2, 2)


class Looks(ResourceManager):
    def decide(self, known, call, platform):
        return self.options.index(*known.function.speed.demand.saturation())


class Tries(ResourceManager):
    def decide(self, known, call, platform):
        return max(range(64), key=lambda a: known.function.speed(*self.options._allocations[a].__dict__.values()))


class Fraction(ResourceManager):
    def decide(self, known, call, platform):
        return self.options.index(known.cpu / 2, known.memory)


@pytest.mark.parametrize("right, seed", [(lab.Remembers, 0), (lab.Remembers, 2), (Steps, 1)])
def test_remembering_the_need_beats_all_three(right, seed):
    assert open_lab(NAME, seed).verdict("manager", right).state == "right"
    assert grade(NAME, "manager", right, seed=seed) == 6.0


@pytest.mark.parametrize(
    "wrong, case",
    [(RandomChoice, "random"), (Largest, "sooner"), (Smallest, "greedy"), (Greedy, "greedy"), (Always, "slower")],
)
def test_a_baseline_does_not_beat_itself(opened, wrong, case):
    verdict = opened.verdict("manager", wrong)
    assert verdict.state == "partly" and opened.words["task"]["manager"]["cases"][case] in repr(verdict)
    assert 0 < grade(NAME, "manager", wrong) < 6


@pytest.mark.parametrize("wrong", [Looks, Tries, Oracle])
def test_nobody_sees_the_demand(opened, wrong):
    verdict = opened.verdict("manager", wrong)
    assert verdict.state == "wrong" and "sealed" in repr(verdict)
    assert not lab.Sealed.closed and grade(NAME, "manager", wrong) == 0.0


def test_sealed_functions_behave_as_before():
    plain, sealed = lab._episodes("held out", lab.LOAD, None)(3), lab.trace(3)
    for manager in (Fixed, RandomChoice):
        found = lab.call_columns(now := manager(), plain.run(now, 3))
        again = lab.run_calls(manager, sealed, 3)
        assert all(np.array_equal(found[key], again[key], equal_nan=True) for key in found)


def test_what_is_no_manager_is_told_so(opened):
    assert "ResourceManager" in repr(opened.verdict("manager", dict))
    assert opened.verdict("manager", Fraction).state == "wrong"
    assert opened.verdict("manager", lab.AsGiven).state == "open"
    assert grade(NAME, "manager", lab.AsGiven) == 0.0


@pytest.mark.parametrize("returned", [(3, 4), None, 2.0, True])
def test_a_decision_that_is_no_index_is_told_so(opened, returned):
    class Wrong(ResourceManager):
        def decide(self, known, call, platform):
            return returned

    shown = repr(opened.verdict("manager", Wrong))
    assert "index of an option" in shown and type(returned).__name__ in shown


def test_practice_and_checks_share_neither_functions_nor_traces():
    held_out = {f.name for n in range(10, 20) for f in lab.trace(n).workload.functions}
    trained = {f.name for n in range(10, 20) for f in lab.trace(n, "train").workload.functions}
    assert held_out and not held_out & trained


# --- the choice ----------------------------------------------------------------------------------------------------


def test_each_cluster_has_its_proved_manager(opened):
    best = {cluster: lab.proved_best(cluster) for cluster in lab.CLUSTERS}
    assert best == {"large": "greedy", "single": "greedy", "busy": "fixed"}
    for cluster in lab.CLUSTERS:
        for manager in lab.MANAGERS:  # on one side of the proof, clearly
            found = lab.measured(cluster, manager)
            assert manager == "fixed" or abs(found["mean"] + found["half"]) > 0.01
    assert lab.measured("single", "random")["rfet"] < lab.measured("single", "greedy")["rfet"]
    mean = lab.measured("large", "greedy")["mean"]
    assert opened.verdict("decide", "greedy", "greedy", "fixed", 1 - np.exp(mean)).state == "right"
    slips = opened.words["task"]["decide"]["slips"]
    shown = repr(opened.verdict("decide", "smallest", "random", "greedy", -mean))
    assert shown.count("no proof") == 2 and "Another one is, too" in shown and slips["logarithm"] in shown
    assert slips["missed"] in repr(opened.verdict("decide", "fixed", "greedy", "fixed", np.exp(mean)))
