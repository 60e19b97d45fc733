"""The benchmark of the platform runs, tiny: every contender that is installed has its line, an absent one is named."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(*options):
    environment = {name: value for name, value in os.environ.items() if name != "FAASLAB_PEERS_PYTHON"}
    command = [sys.executable, str(BENCHMARKS / "runtime.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_a_tiny_run_has_a_line_for_every_contender(tmp_path):
    output = tmp_path / "runtime.json"
    done = run(
        "--rounds", "1", "--seconds", "0.05", "--clients", "1", "2", "--containers", "2", "--handlers", "bare",
        "--contenders", "faaslab_runtime", "process_pool", "ray_workers", "--output", str(output),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table, rounds = done.stdout, json.loads(output.read_text())["rounds"]
    for name in ("faaslab, zygote", "faaslab, spawn", "faaslab, prewarmed", "ProcessPoolExecutor, fork"):
        assert name in table
        assert all(seconds > 0 for seconds in rounds[name][0]["cold_s"]["bare"])
    loops = rounds["faaslab, zygote"][0]["closed loop"]
    assert set(loops) == {"1", "2"} and all(loop["calls"] > 0 for loop in loops.values())
    memory = rounds["faaslab, zygote"][0]["memory_mb"]["bare"]
    assert memory["containers"] == 2 and memory["container"] > 0 and memory["platform"] > 0
    if find_spec("ray") is None:
        assert "Ray, actor" in table and "absent" in table
