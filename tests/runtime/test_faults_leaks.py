"""Nothing leaks: after hundreds of starts, evictions, time-outs and kills the platform holds what it held before."""

import random
import threading

import pytest
from fault_lab import eventually, figures, function, open_files, settled, sockets_listening

from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Queue, Runtime
from faaslab.runtime.sandbox import processes
from faaslab.runtime.sandbox.process_usage import rss_mb

CODE = """
    import os, subprocess, sys, time
    def handler(event, context):
        if event.get("hang"):
            time.sleep(3600)
        if event.get("lock"):
            locked = os.path.join(os.environ["TMPDIR"], "locked")
            os.makedirs(os.path.join(locked, "in", "it"))
            os.chmod(locked, 0)
            os.chmod(os.environ["TMPDIR"], 0)
        if event.get("exit"):
            os._exit(1)
        if event.get("fork") and os.fork() == 0:
            os.setsid()
            time.sleep(3600)
            os._exit(0)
"""
BROKEN = "raise ValueError('no')"
ROUNDS, SEED = {"spawn": 3, "zygote": 25, "prewarmed": 3}, 1


def holdings(cloud):
    """What a platform at rest holds."""
    return {
        "files": open_files(cloud.pid),
        "listening": sockets_listening(cloud.pid),
        "processes": len(processes.descendants(cloud.pid)),
        "folders": len(list((cloud.state / "containers").iterdir())),
        "strays": len(processes.strays(cloud.runtime_id)),
        "containers": len(cloud.ps()),
    }


def at_rest(cloud):
    eventually(lambda: cloud.ps() == [] and not list((cloud.state / "containers").iterdir()), "no container")
    return settled(lambda: holdings(cloud))


@pytest.mark.parametrize("start", ["spawn", "zygote", "prewarmed"])
def test_a_running_platform_holds_what_it_held_before(tmp_path, start):
    # Two containers fit: each function's start evicts another's. Idle ones end at once.
    with Runtime(keep_alive=FixedWindow(0), memory_mb=256) as cloud:
        names = ["a", "b", "c"]
        code = function(tmp_path / "code", CODE)
        for name in names:
            cloud.deploy(name, code, start=start, timeout_s=0.5)
        cloud.deploy("broken", function(tmp_path / "broken", BROKEN), start=start)
        cloud.add(Queue("a", "jobs"))
        _each(cloud)
        _many_starts(cloud)
        before, before_mb = at_rest(cloud), rss_mb(cloud.pid)
        chance = random.Random(SEED)
        for _ in range(ROUNDS[start]):
            _round(cloud, chance)
        cloud.invoke("b", {"hang": True})
        cloud.deploy("a", code, start=start, timeout_s=0.5)  # once more, with what waits for it
        _each(cloud)
        after, grown_mb = at_rest(cloud), rss_mb(cloud.pid) - before_mb
        result = cloud.result()
    figures(
        f"a busy platform, start {start}", seed=SEED, containers=len(result.containers["group"]), before=before,
        after=after, grown_mb=round(grown_mb, 1),
    )  # fmt: skip
    assert after == before


def _each(cloud):
    """Every function's zygote, or stock, is there again."""
    for deployment in cloud.functions():
        cloud.invoke(deployment.name)


def _many_starts(cloud):
    """Several at a time, and nobody disturbs them: all come to something."""
    outcomes = []

    def calls():
        outcomes.extend(cloud.invoke("a").outcome for _ in range(15))
        cloud.disconnect()

    threads = [threading.Thread(target=calls, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [Outcome.COMPLETED] * 60


def _round(cloud, chance):
    """Cold starts, evictions, starts that fail; workers that exit and fork; a worker, a zygote or a standby killed."""
    events = [("a", {}), ("b", {"fork": True}), ("c", {"exit": True}), ("broken", {}), ("c", {"lock": True})]
    threads = [threading.Thread(target=lambda n=n, e=e: _forgotten(cloud, n, e), daemon=True) for n, e in events]
    for thread in threads:
        thread.start()
    cloud.send("jobs", ["x"])
    pids = processes.descendants(cloud.pid)
    if pids:
        processes.send(chance.choice(pids), processes.SIGKILL)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a caller hangs"


def _forgotten(cloud, name, event):
    cloud.invoke(name, event)
    cloud.disconnect()
