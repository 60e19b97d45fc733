"""Another library trains on the environment: the chapter's block of code, with few steps."""

import contextlib
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("sb3_contrib")

CHAPTER = Path(__file__).resolve().parents[2] / "book" / "harvesting" / "faasrm.md"


def block():
    page = CHAPTER.read_text(encoding="utf-8")
    found = [
        code for code in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL) if "sb3_contrib" in code
    ]
    assert len(found) == 1
    return found[0]


def test_the_chapters_block_trains_and_takes_an_allowed_option():
    import torch

    code = block()
    short = code.replace("20_000", "128").replace("n_steps=512", "n_steps=64")
    assert short.count("128") == 1 and short.count("n_steps=64") == 1
    names, shown, threads = {}, io.StringIO(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with contextlib.redirect_stdout(shown):
            exec(compile(short, str(CHAPTER), "exec"), names)
    finally:
        torch.set_num_threads(threads)
    assert names["model"].num_timesteps == 128
    assert names["info"]["action_mask"][int(names["action"])] == 1
    assert re.fullmatch(r"cores: [1-8]  units of memory: [1-8]\n", shown.getvalue())


def test_what_it_learns_from_is_masked():
    """With the masks that it asks for, an episode in strict mode meets no forbidden action."""
    from sb3_contrib import MaskablePPO

    from faaslab.harvest.environment import HarvestEnv

    env = HarvestEnv(strict=True)
    model = MaskablePPO("MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=1, seed=1)
    model.learn(total_timesteps=64)
    observation, info = env.reset(seed=3)
    over = False
    while not over:
        action, _ = model.predict(observation, action_masks=info["action_mask"])
        observation, _, over, _, info = env.step(int(action))
    assert info["forbidden_actions"] == 0
