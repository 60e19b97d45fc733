"""The platform killed with work under way, and begun again on its state: all is delivered, at least once."""

from collections import Counter

import pytest
from fault_lab import eventually, figures, function, ids_in_log, lives

from faaslab.policies import FixedWindow
from faaslab.runtime import Asynchronous, Queue, Runtime, Stream
from faaslab.runtime.sandbox import processes

EACH, KILLS = 40, 3
KINDS = ("jobs", "clicks", "events")

CODE = """
    import base64, time
    def handler(event, context):
        for record in event.get("Records", ()):
            if "kinesis" in record:
                print("handled", base64.b64decode(record["kinesis"]["data"]).decode())
            else:
                print("handled", record["body"])
        if "id" in event:
            print("handled", event["id"])
        time.sleep(0.02)
"""

ESCAPING = """
    import os, subprocess, sys, time

    def escape(again):
        if os.fork() == 0:
            os.setsid()
            if again and os.fork() != 0:
                os._exit(0)
            time.sleep(3600)
            os._exit(0)

    def handler(event, context):
        escape(False)
        escape(True)
        bare = [sys.executable, "-c", "import time; time.sleep(3600)"]
        subprocess.Popen(bare, start_new_session=True)
        subprocess.Popen(bare, start_new_session=True, env={})
        if event.get("hang"):
            time.sleep(3600)
"""


def platform(state):
    return Runtime(state=state, keep_alive=FixedWindow(60), memory_mb=1024)


def kill(cloud):
    """End the controller as if the machine's memory had run out; returns its descendants of that moment."""
    pids = processes.descendants(cloud.pid)
    processes.send(cloud.pid, processes.SIGKILL)
    eventually(lambda: cloud.closed, "the controller's end")
    return pids


@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_what_was_stored_is_delivered_after_the_platform_was_killed(tmp_path, start):
    workers, waiting, sent = [], [], []
    cloud = platform(tmp_path / "state")
    cloud.deploy("work", function(tmp_path / "work", CODE), start=start, timeout_s=30)
    cloud.add(Queue("work", "jobs", batch_size=4, max_receives=1000, poll_s=0.02))
    cloud.add(Stream("work", "clicks", batch_size=4, retries=1000))
    cloud.add(Asynchronous("work", in_flight=3, waits_s=(0.1,), retries=1000))
    for life in range(KILLS):
        jobs, clicks, events = ([f"{kind}-{life}-{i}" for i in range(EACH)] for kind in KINDS)
        sent += jobs + clicks + events
        for event in events:
            cloud.invoke_async("work", {"id": event})
        cloud.put("clicks", [(click, click) for click in clicks])
        cloud.send("jobs", jobs)
        eventually(lambda: set(_handled(cloud)) & set(jobs), "some work of the queue")  # noqa: B023
        waiting.append(len(set(sent) - set(_handled(cloud))))
        workers += kill(cloud)
        killed, cloud = cloud, platform(tmp_path / "state")
        killed.close()
    eventually(lambda: set(sent) <= set(_handled(cloud)), "every event handled")
    eventually(lambda: _nothing_waits(cloud), "queue, stream and backlog empty")
    seen = _handled(cloud)
    cloud.close()

    assert sum(waiting) > 0
    assert not [pid for pid in workers if lives(pid)]
    again = {f"{kind}_again": sum(n - 1 for id_, n in seen.items() if id_.startswith(kind)) for kind in KINDS}
    figures(f"platform killed, start {start}", kills=KILLS, events=len(sent), waiting_then=waiting, **again, lost=0)


def _handled(cloud) -> Counter:
    return Counter(ids_in_log(cloud.logs("work"), "handled "))


def _nothing_waits(cloud):
    triggers = cloud.stats()["triggers"]
    jobs, clicks, events = (triggers[name] for name in ("jobs", "clicks", "asynchronous of work"))
    return jobs["done"] == EACH * KILLS and clicks["waiting"] == events["waiting"] == 0


@pytest.mark.parametrize("who", ["the next platform on its state", "its owner's close"])
@pytest.mark.parametrize("start", ["spawn", "zygote"])
def test_what_escaped_from_a_killed_platform_is_ended(tmp_path, start, who):
    cloud = platform(tmp_path / "state")
    cloud.deploy("escape", function(tmp_path / "escape", ESCAPING), start=start, timeout_s=60)
    cloud.invoke("escape", check=True)
    family = set(kill(cloud))
    if who == "its owner's close":
        cloud.close()
        eventually(lambda: not [pid for pid in family if lives(pid)], "nobody left")
    else:
        with platform(tmp_path / "state"):
            eventually(lambda: not [pid for pid in family if lives(pid)], "nobody left")
        cloud.close()
    assert processes.strays(cloud.runtime_id) == []
    figures(f"escaped from a killed platform, start {start}, ended by {who}", family=len(family), left=0)
