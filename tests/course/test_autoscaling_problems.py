"""The problems of the chapter "Autoscaling": their keys by hand, by the policies and by the simulator."""

import math

import pytest

from faaslab.course.problems import problem
from faaslab.policies import KPA, OnePerRequest

SEEDS = range(25)


class Group:
    """What an autoscaler sees of a group."""

    name, starting, idle, busy = "f", 0, 0, 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fewest_servers_by_the_textbook_sum(seed):
    given = problem("erlang-servers", seed).given
    load = given["rate_per_s"] * given["service_s"]

    def waits(n):
        last = load**n / math.factorial(n) * n / (n - load)
        return last / (sum(load**k / math.factorial(k) for k in range(n)) + last)

    n = math.floor(load) + 1
    while waits(n) > given["most_waiting_percent"] / 100:
        n += 1
    assert problem("erlang-servers", seed).key == n


@pytest.mark.parametrize("seed", SEEDS)
def test_containers_wanted_by_the_rule_of_the_chapter_and_by_the_policy(seed):
    posed = problem("kpa-containers", seed)
    given = posed.given
    target = given["utilization"] * given["concurrency"]
    wanted, short = (math.ceil(given[name] / target) for name in ("stable_calls", "panic_calls"))
    assert posed.key == (max(wanted, short) if short >= 2 * given["ready"] else wanted)

    class Function:
        concurrency = given["concurrency"]

    class Watched(Group):
        functions, running, waiting = (Function,), 1, 0
        idle, busy, concurrency_area_s = 0, given["ready"], 0.0

    group, scaler = Watched(), KPA(utilization=given["utilization"])
    # 54 s at a steady level and 6 s at another, such that both means are the problem's
    early = (60 * given["stable_calls"] - 6 * given["panic_calls"]) / 54
    for tick in range(1, 31):
        now_s = 2.0 * tick
        group.concurrency_area_s += 2 * (given["panic_calls"] if now_s > 54 else early)
        group.busy = given["ready"] if tick == 30 else 10**6  # calm until the last look
        wanted = scaler.desired(group, now_s)
    assert wanted == posed.key


def test_panic_and_calm_both_occur():
    assert {problem("kpa-containers", seed).steps["test"] for seed in SEEDS} == {"at least", "less than"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_time_to_scale_by_asking_the_policy(seed):
    posed = problem("scaling-time", seed)
    given = posed.given
    policy, started, now_ms = OnePerRequest(given["at_once"], given["each_10_s"] / 10), 0, 0
    while started < given["containers"]:
        if policy.may_start(Group, now_ms / 1000):
            started += 1
        else:
            now_ms += 10
    assert posed.key == pytest.approx(now_ms / 1000 + given["start_s"])
