"""Training: episodes that depend on their number alone, runs that go on bit for bit, errors that lose nothing."""

import json
import math
from functools import partial

import numpy as np
import pytest
import torch
from small_worlds import Options, ThreeStates

from faaslab.errors import InputError
from faaslab.harvest import training as training_module
from faaslab.harvest.checkpoint import load_checkpoint
from faaslab.harvest.network import ScorePolicy
from faaslab.harvest.perceptron_policy import PerceptronPolicy
from faaslab.harvest.plateau import Plateau
from faaslab.harvest.ppo import PPOSettings
from faaslab.harvest.rollout import choose, collect, episode_seed
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.training import train

SMALL = partial(ScorePolicy, 4, (8, 4))


def quick(**changes):
    """A training of 20 updates of 2 episodes, in some tenths of a second."""
    arguments = {"episodes": 40, "episodes_per_update": 2, "parallel": 2, "seed": 7, "tensorboard": False}
    make_environment = changes.pop("make_environment", Options)
    return train(make_environment, SMALL, **(arguments | changes))


def rows_of(folder):
    rows = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    for row in rows:
        assert row.pop("elapsed_s") > 0
        row.pop("of")
    return rows


def same_parts(one, other):
    """Whether two nested structures of tensors and plain values are the same, tensors to the last bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_parts(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_parts, one, other))
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    return one == other


def learnt(folder):
    parts = load_checkpoint(folder / "checkpoint.pt")
    parts["counters"].pop("elapsed_s")
    return {name: parts[name] for name in ("policy", "optimiser", "generator", "counters", "stopping", "settings")}


def test_episodes_are_the_same_for_any_number_of_environments():
    torch.manual_seed(1)
    policy = SMALL()
    one, three, nine = (collect([Options() for _ in range(n)], policy, range(9), seed=5) for n in (1, 3, 9))
    for a, b, c in zip(one, three, nine, strict=True):
        assert a.number == b.number == c.number
        assert a.actions == b.actions == c.actions and a.rewards == b.rewards == c.rewards
        assert len(a.actions) == len(a.masks) == len(a.observations)
    assert len({len(episode.actions) for episode in one}) > 1


def test_training_and_evaluation_share_no_episode():
    training = {episode_seed(3, n) for n in range(2000)}
    evaluation = {episode_seed(3, n, "evaluation") for n in range(2000)}
    assert len(training | evaluation) == 4000


def test_actions_are_drawn_with_the_policy_s_chances_and_never_forbidden():
    torch.manual_seed(2)
    policy = PerceptronPolicy(3, 5, (4,))
    seen = np.tile(np.array([0.2, -0.3, 0.9], np.float32), (20_000, 1))
    masks = np.tile(np.array([True, False, True, True, False]), (20_000, 1))
    drawn = np.bincount(choose(policy, seen, masks, np.random.default_rng(0).random(20_000)), minlength=5) / 20_000
    with torch.no_grad():
        chances = torch.softmax(policy(torch.from_numpy(seen[:1]), torch.from_numpy(masks[:1]))[0][0], dim=0).numpy()
    assert drawn[1] == drawn[4] == 0
    assert np.abs(drawn - chances).max() < 0.02
    edges = choose(policy, seen[:2], masks[:2], np.array([0.0, 1 - 2**-53]))
    assert edges.tolist() == [0, 3]


def test_it_learns_which_option_is_best():
    settings = PPOSettings(return_scale=6, learning_rate=3e-3)
    trained = train(Options, partial(ScorePolicy, 4), episodes=1600, episodes_per_update=16, settings=settings, seed=2)
    assert trained.rows[0]["mean_return"] < -2 and trained.rows[-1]["mean_return"] > -1
    played = collect([Options()], trained.policy, range(100), 2, purpose="evaluation", greedy=True)
    decisions = sum(len(episode.rewards) for episode in played)
    assert -0.03 < sum(episode.total for episode in played) / decisions <= 0


def test_rows_say_what_happened(tmp_path):
    heard = []
    done = quick(folder=tmp_path, progress=heard.append)
    assert done.rows == heard and done.episodes == 40 and not done.stopped_early
    assert [row["episode"] for row in heard] == list(range(2, 41, 2)) and {row["of"] for row in heard} == {40}
    for row in heard:
        decisions = row["decisions_per_episode"] * 2
        assert row["least_return"] <= row["mean_return"] <= row["greatest_return"]
        assert row["mean_relative"] >= 1 and row["entropy"] > 0 and decisions == int(decisions)
    assert heard[-1]["decisions"] == sum(row["decisions_per_episode"] * 2 for row in heard)


def test_a_training_that_was_resumed_ends_with_the_same_bits(tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    through = quick(folder=whole, patience=50)
    quick(folder=halves, patience=50, episodes=20)
    torch.rand(3)  # what the caller draws in between does not matter
    resumed = quick(folder=halves, patience=50, resume=True)
    assert same_parts(learnt(whole), learnt(halves))
    assert same_parts(through.policy.state_dict(), resumed.policy.state_dict())
    assert rows_of(whole) == rows_of(halves) and len(resumed.rows) == 20
    fresh = quick()
    assert same_parts(fresh.policy.state_dict(), through.policy.state_dict())
    assert not same_parts(quick(seed=8).policy.state_dict(), through.policy.state_dict())


def test_an_interrupt_leaves_the_last_checkpoint_and_resuming_ends_with_the_same_bits(tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    quick(folder=whole)
    update, calls = training_module.update, []

    def interrupted(*arguments):
        figures = update(*arguments)  # the weights have changed when the interrupt comes
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return figures

    monkeypatch.setattr(training_module, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        quick(folder=cut)
    monkeypatch.undo()
    assert load_checkpoint(cut / "checkpoint.pt")["counters"]["episodes"] == 14
    with open(
        cut / "training.jsonl", "a"
    ) as log:  # a row that was written, and one that was torn, after the checkpoint
        log.write(json.dumps({"episode": 16}) + '\n{"epis')
    quick(folder=cut, resume=True)
    assert same_parts(learnt(whole), learnt(cut)) and rows_of(whole) == rows_of(cut)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_reward_that_is_not_finite_is_named_and_nothing_is_lost(tmp_path, value):
    with pytest.raises(InputError, match=rf"episode 4, step 2: expected a finite reward, got {value}"):
        quick(folder=tmp_path, make_environment=partial(Options, spoilt=(5, 2, value)), parallel=1)
    kept = load_checkpoint(tmp_path / "checkpoint.pt")
    assert kept["counters"]["episodes"] == 4
    assert all(torch.isfinite(weights).all() for weights in kept["policy"].values())
    mended = quick(folder=tmp_path, parallel=1, resume=True)
    assert same_parts(mended.policy.state_dict(), quick(parallel=1).policy.state_dict())


def test_a_loss_that_is_not_finite_names_the_episodes_and_nothing_is_lost(tmp_path):
    with pytest.raises(InputError, match="episodes 4 to 5: loss of gradient step 1: expected a finite number, got"):
        quick(folder=tmp_path, make_environment=partial(Options, spoilt=(5, 2, 1e300)), parallel=1)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["counters"]["episodes"] == 4


def test_observations_and_masks_are_checked():
    class Spoilt(ThreeStates):
        seen, allowed = 0.0, (1, 1, 1)

        def step(self, action):
            state, reward, terminated, truncated, info = super().step(action)
            return state + self.seen, reward, terminated, truncated, info | {"action_mask": np.array(self.allowed)}

    world = Spoilt()
    policy = PerceptronPolicy(12, 3)
    assert len(collect([world], policy, [0], 1)) == 1
    world.allowed = (0, 0, 0)
    with pytest.raises(InputError, match="episode 0, step 1: action_mask"):
        collect([world], policy, [0], 1)
    world.allowed, world.seen = (1, 1, 1), math.nan
    with pytest.raises(InputError, match="episode 0, step 1: expected a finite observation"):
        collect([world], policy, [0], 1)


def test_settings_that_differ_are_named_on_resuming(tmp_path):
    quick(folder=tmp_path, episodes=4, about={"world": "small", "sizes": (1, 2)})
    again = partial(quick, folder=tmp_path, resume=True)
    with pytest.raises(InputError, match=r"setting clip: expected 0\.2, with which the training began; got 0\.3"):
        again(settings=PPOSettings(clip=0.3), about={"world": "small", "sizes": (1, 2)})
    with pytest.raises(InputError, match="setting seed: expected 7"):
        again(seed=8, about={"world": "small", "sizes": (1, 2)})
    with pytest.raises(InputError, match=r"setting about\.world: expected 'small'"):
        again(about={"world": "large", "sizes": (1, 2)})
    with pytest.raises(InputError, match=r"setting about\.world: expected 'small', .* got nothing"):
        again()
    with pytest.raises(InputError, match=r"hidden: expected \[8\], got \[8, 4\]"):
        train(Options, partial(ScorePolicy, 4, (8,)), episodes=8, folder=tmp_path, resume=True, tensorboard=False)
    with pytest.raises(InputError, match="features: expected 12, got 4"):
        train(ThreeStates, lambda: PerceptronPolicy(12, 3), episodes=8, folder=tmp_path, resume=True)
    with pytest.raises(InputError, match="expected at least the 4 of"):
        again(episodes=2, about={"world": "small", "sizes": (1, 2)})
    assert again(episodes=4, about={"world": "small", "sizes": (1, 2)}).episodes == 4


def test_a_folder_with_a_checkpoint_is_not_overwritten(tmp_path):
    quick(folder=tmp_path, episodes=2)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(InputError, match="there is a checkpoint already"):
        quick(folder=tmp_path, episodes=4)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    with pytest.raises(InputError, match="no file"):
        quick(folder=tmp_path / "elsewhere", resume=True)
    with pytest.raises(InputError, match="expected a folder"):
        quick(resume=True)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="multiple of the 2"):
        quick(episodes=41)
    for name in ("parallel", "episodes_per_update", "patience", "window"):
        with pytest.raises(InputError, match=name):
            quick(**{name: 0})
    with pytest.raises(InputError, match="seed"):
        quick(seed=-1)
    with pytest.raises(InputError, match="JSON"):
        quick(about={"world": object()})


def test_a_plateau_is_reached_when_the_moving_mean_no_longer_rises():
    plateau = Plateau(patience=3, window=2)
    heard = []
    for value in (1, 5, 3, 6, 4, 5, 3):  # moving means 3, 4, 4.5, 5, 4.5, 4: the last rise is to 5
        plateau.note(value)
        heard.append(plateau.reached)
    assert heard == [False] * 7 and plateau.since == 2 and plateau.best == 5
    plateau.note(7)
    assert plateau.reached
    never = Plateau(patience=None, window=1)
    for _ in range(100):
        never.note(0.0)
    assert not never.reached


def test_training_stops_early_and_stays_stopped(tmp_path):
    class Constant(ThreeStates):
        def step(self, action):
            state, _, terminated, truncated, info = super().step(action)
            return state, 1.0, terminated, truncated, info

    run = partial(train, Constant, lambda: PerceptronPolicy(12, 3), episodes=400, episodes_per_update=2, patience=5)
    done = run(window=3, folder=tmp_path, tensorboard=False)
    assert done.stopped_early and done.episodes == 2 * (3 + 5)
    again = run(window=3, folder=tmp_path, tensorboard=False, resume=True)
    assert again.stopped_early and again.episodes == done.episodes


def test_tensorboard_reads_every_update_once_after_an_interrupt(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    quick(folder=tmp_path, episodes=4, tensorboard=True)
    quick(folder=tmp_path, episodes=8, tensorboard=True, resume=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [scalar.step for scalar in events.Scalars("episode/mean_return")] == [2, 4, 6, 8]
    rows = rows_of(tmp_path)
    found = [scalar.value for scalar in events.Scalars("policy/entropy")]
    assert found == pytest.approx([row["entropy"] for row in rows])


def test_one_thread_while_it_trains_and_as_many_as_before_afterwards(tmp_path):
    before, generator = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        threads = []
        quick(episodes=2, progress=lambda row: threads.append(torch.get_num_threads()))
        with pytest.raises(InputError):
            quick(make_environment=partial(Options, spoilt=(1, 0, math.nan)))
        assert threads == [1] and torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), generator)
    finally:
        torch.set_num_threads(before)


def test_the_policy_for_use_is_the_trained_one(tmp_path):
    trained = quick(folder=tmp_path, episodes=8)
    scores = NumpyScores.load(tmp_path / "policy.npz", features=4, options=8)
    seen, info = Options().reset(seed=3)
    expected = trained.policy.actor(torch.from_numpy(seen)).detach().numpy()
    assert np.abs(scores.scores(seen) - expected).max() < 1e-6
    assert scores.about["provenance"]["episodes"] == 8 and scores.hidden == (8, 4)
    assert info["action_mask"][scores.choose(seen, info["action_mask"])] == 1
