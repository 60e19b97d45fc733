"""The environment keeps Gymnasium's contract and the paper's: mask, projection, penalty, rewards until the last end."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from faaslab.durations import Constant
from faaslab.errors import InputError
from faaslab.functions import ColdStart
from faaslab.harvest.demand import Saturating, harvested
from faaslab.harvest.environment import ID, HarvestEnv
from faaslab.harvest.features import Features
from faaslab.harvest.managers.random_choice import RandomChoice
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.world import World
from faaslab.workload.workload import Workload

OPTIONS = Options()


def world(functions, arrivals, duration_s=100.0, **more):
    settings = {"servers": 2, "server_cpu": 8.0, "server_memory_mb": 2048.0} | more
    return World("test", Workload(tuple(functions), arrivals), OPTIONS, duration_s, **settings)


def function(name="f", cpu=2, memory=2, user=4, **more):
    demand = Saturating(1.0, 4.0, cpu, memory)
    return harvested(name, demand, user, user, OPTIONS, cold_start=ColdStart(), **more)


@pytest.fixture
def env():
    return HarvestEnv(lambda seed: world([function()], {"f": [0.0, 10.0, 20.0]}))


def test_gymnasium_checks_it():
    env = gymnasium.make(ID, episodes=lambda seed: world([function()], {"f": [0.0, 10.0, 20.0]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_rewards_of_calls_that_end_after_the_last_arrival_are_not_lost():
    env = HarvestEnv(lambda seed: world([function()], {"f": [0.0, 99.5]}))
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation) and info["action_mask"].sum() == 1
    action = int(info["action_mask"].argmax())
    assert action == OPTIONS.index(4, 4)
    _, reward, over, _, info = env.step(action)
    assert reward == -1.0 and not over  # the first call is the baseline
    _, reward, over, truncated, info = env.step(int(info["action_mask"].argmax()))
    assert over and not truncated and reward == -1.0 and info["calls"] == 2 and info["mean_relative"] == 1.0
    with pytest.raises(InputError, match="reset"):
        env.step(0)


def test_the_reward_is_one_minus_twice_the_relative_duration():
    """User 1 core and 1 unit of 4 and 4: the baseline is 4 s. The most there is takes 1 s."""
    env = HarvestEnv(lambda seed: world([function(cpu=4, memory=4, user=1)], {"f": [0.0, 10.0]}))
    _, info = env.reset(seed=1)
    env.step(int(info["action_mask"].argmax()))
    _, reward, over, _, info = env.step(OPTIONS.index(8, 8))
    assert (
        over and reward == pytest.approx(1 - 2 * 1.0 / 4.0) and info["mean_relative"] == pytest.approx((1 + 0.25) / 2)
    )


def test_a_response_reward_sees_the_wait():
    """Each call holds all eight cores of the only server, so the second waits until the first has ended."""
    narrow = {"servers": 1}
    for kind, relative in (("duration", 1.0), ("response", 2.0)):
        env = HarvestEnv(
            lambda seed: world([function(user=8)], {"f": [0.0, 0.0]}, **narrow),
            reward=kind,
        )
        _, info = env.reset(seed=1)
        env.step(int(info["action_mask"].argmax()))
        *_, info = env.step(int(info["action_mask"].argmax()))
        assert info["mean_relative"] == pytest.approx((1.0 + relative) / 2)


def test_a_forbidden_action_is_projected_penalised_and_flagged(env):
    _, info = env.reset(seed=1)
    forbidden = OPTIONS.index(1, 1)
    assert not info["action_mask"][forbidden]
    _, reward, _, _, info = env.step(forbidden)
    assert info["forbidden"] and info["chosen"] == OPTIONS.index(4, 4) and reward == -1.0 - env.penalty
    # The peaks are 2 and 2, the user has 4 and 4: allowed are 3 and 4; nearest to 8 cores and 1 unit is (4, 3).
    assert set(np.flatnonzero(info["action_mask"])) == {OPTIONS.index(c, m) for c in (3, 4) for m in (3, 4)}
    *_, info = env.step(OPTIONS.index(8, 1))
    assert info["chosen"] == OPTIONS.index(4, 3)


def test_strict_refuses_it_and_the_episode_goes_on():
    env = HarvestEnv(lambda seed: world([function()], {"f": [0.0, 10.0]}), strict=True)
    _, info = env.reset(seed=1)
    with pytest.raises(InputError, match="action 0 for a call of 'f'"):
        env.step(0)
    env.step(int(info["action_mask"].argmax()))


@pytest.mark.parametrize("action", [-1, 64, 1.5, "3", None])
def test_what_is_no_action(env, action):
    env.reset(seed=1)
    with pytest.raises(InputError, match="action"):
        env.step(action)


def test_the_same_seed_gives_the_same_episode_and_another_one_another():
    env = HarvestEnv(lambda seed: world([function()], {"f": np.sort(np.random.default_rng(seed).uniform(0, 99, 9))}))

    def play(seed):
        observation, info = env.reset(seed=seed)
        seen, over = [observation], False
        while not over:
            observation, reward, over, _, info = env.step(int(info["action_mask"].argmax()))
            seen.append(observation * 1.0 + reward)
        return np.array(seen)

    assert np.array_equal(play(3), play(3)) and not np.array_equal(play(3), play(4))


def test_it_decides_as_the_manager_would_in_a_run():
    """Random within the mask through the environment's desk is the same manager's run, call by call."""
    functions = [function(f"f{i}", cpu=1 + i % 5, memory=1 + i % 3, user=1 + i % 4) for i in range(6)]
    rng = np.random.default_rng(5)
    arrivals = {f.name: np.sort(rng.uniform(0, 99, 12)) for f in functions}
    busy = world(functions, arrivals)
    manager = RandomChoice(OPTIONS)
    result = busy.run(manager, seed=7)
    chosen = [manager.decisions[i].option for i in range(len(result))]
    env = HarvestEnv(lambda seed: busy)
    _, info = env.reset(seed=1)
    over, rewards = False, 0.0
    for option in chosen:
        assert not over and info["action_mask"][option]
        _, reward, over, _, info = env.step(option)
        rewards += reward
    assert over
    relative = [d.usage.duration_s / d.baseline_s for d in manager.decisions.values()]
    assert rewards == pytest.approx(sum(1 - 2 * x for x in relative))


def test_it_observes_what_a_manager_in_use_sees():
    """The features of every decision are the same numbers in the environment and in a run."""
    functions = [function(f"f{i}", cpu=1 + i % 5, memory=1 + i % 3, user=1 + i % 4) for i in range(4)]
    rng = np.random.default_rng(6)
    arrivals = {f.name: np.sort(rng.uniform(0, 99, 6)) for f in functions}
    busy = world(functions, arrivals)

    class Watching(RandomChoice):
        def decide(self, known, call, platform):
            seen[call.id] = Features(OPTIONS).of(known, platform)
            return super().decide(known, call, platform)

    seen, manager = {}, Watching(OPTIONS)
    calls = len(busy.run(manager, seed=7))
    env = HarvestEnv(lambda seed: busy)
    observation, _ = env.reset(seed=1)
    for i in range(calls):
        if i in seen:
            assert np.array_equal(observation, seen[i])
        observation = env.step(manager.decisions[i].option)[0]
    assert 10 < len(seen) < calls


def test_a_world_with_other_options_is_refused():
    env = HarvestEnv(lambda seed: world([function()], {"f": [0.0]}), options=Options(unit_mb=128.0))
    with pytest.raises(InputError, match=r"options|Options"):
        env.reset(seed=1)


def test_a_reward_that_is_not_finite_names_the_call():
    instant = harvested("z", Saturating(1e-300, 1e-300, 1, 1), 1, 1, OPTIONS, cold_start=ColdStart())
    env = HarvestEnv(lambda seed: world([instant], {"z": [0.0]}))
    _, info = env.reset(seed=1)
    with pytest.raises(InputError, match="reward of a call of 'z'"):
        env.step(int(info["action_mask"].argmax()))


def test_sizes_of_inputs_reach_the_monitor():
    from faaslab.harvest.demand import InputDependent

    demand = InputDependent(Saturating(1.0, 4.0, 2, 2))
    f = harvested("s", demand, 4, 4, OPTIONS, cold_start=ColdStart(), input_size=Constant(2.0))
    busy = world([f], {"s": [0.0]})
    manager = RandomChoice(OPTIONS)
    busy.run(manager, seed=1)
    usage = manager.decisions[0].usage
    assert (usage.cpu_peak, usage.memory_peak) == (3, 4)  # 2 * sqrt(2) rounded up, 2 * 2
    assert usage.duration_s == pytest.approx(2 * 1.0)
