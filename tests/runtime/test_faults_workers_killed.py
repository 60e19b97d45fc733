"""Workers killed at random under load: callers hear of it, queued events are delivered, none runs unseen."""

import random
import threading
from collections import Counter

import pytest
from fault_lab import WITHIN_S, eventually, figures, function, ids_in_log

from faaslab.model.result import EventOutcome, Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Queue, Runtime
from faaslab.runtime.sandbox import processes

MESSAGES, CALLERS, KILLS, SEED = 300, 4, 30, 1

CODE = """
    import time
    def handler(event, context):
        for record in event.get("Records", ()):
            print("handled", record["body"])
        if "sent" in event:
            print("called", event["sent"])
        time.sleep(0.004)
        return event.get("sent")
"""


@pytest.mark.parametrize("start", ["spawn", "zygote", "prewarmed"])
def test_every_caller_is_answered_and_every_message_is_delivered(tmp_path, start):
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        cloud.deploy("work", function(tmp_path / "work", CODE), start=start, timeout_s=30)
        cloud.add(Queue("work", "jobs", batch_size=5, visibility_s=0.5, max_receives=1000, pollers=3, poll_s=0.02))
        sent = [f"m{i}" for i in range(MESSAGES)]
        cloud.send("jobs", sent)
        answers = _under_load(cloud, random.Random(SEED))
        eventually(lambda: cloud.queue("jobs")["done"] == MESSAGES, "all messages delivered")
        log, result = cloud.logs("work"), cloud.result()
        eventually(lambda: not any(row["state"] == "busy" for row in cloud.ps()), "no call left")

    outcomes = Counter(answer.outcome.name for answer in answers.values())
    handled = Counter(ids_in_log(log, "handled "))
    assert set(outcomes) <= {"COMPLETED", "FAILED"}
    for sent_by_caller, answer in answers.items():
        if answer.outcome == Outcome.COMPLETED:
            assert answer.value == sent_by_caller
        else:
            assert answer.error["errorType"] in ("Runtime.ExitError", "Runtime.StartFailed")
    assert set(handled) == set(sent)

    # None unseen: what a handler printed lies between a START and what ends it, and each START has a row.
    begun = ids_in_log(log, "START RequestId: ")
    reported = ids_in_log(log, "REPORT RequestId: ")
    rows = int((result.calls["begin_ns"] >= 0).sum())
    assert Counter(begun) == Counter(reported)
    assert len(begun) == rows
    done = result.messages["outcome"] == EventOutcome.DONE
    assert done.sum() == MESSAGES
    figures(
        f"workers killed, start {start}", seed=SEED, kills=KILLS, answers=dict(outcomes), messages=MESSAGES,
        delivered_again=int(result.messages["deliveries"].sum()) - MESSAGES,
        handled_again=sum(handled.values()) - MESSAGES, runs=rows,
    )  # fmt: skip


def _under_load(cloud, chance):
    """Several callers, one call after another each, while processes of the platform are killed at random: workers,
    zygotes and standbys. Returns the answers by what was sent."""
    answers, over = {}, threading.Event()

    def caller(number):
        calls = 0
        while not over.is_set():
            sent = f"c{number}-{calls}"
            answers[sent] = None
            answers[sent] = cloud.invoke("work", {"sent": sent})
            calls += 1

    threads = [threading.Thread(target=caller, args=(number,), daemon=True) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        pids = eventually(lambda: processes.descendants(cloud.pid), "processes to kill")
        processes.send(chance.choice(pids), processes.SIGKILL)
        over.wait(0.02)
    over.set()
    for thread in threads:
        thread.join(WITHIN_S)
    assert not any(thread.is_alive() for thread in threads), "a caller hangs"
    assert None not in answers.values(), "a caller got neither an answer nor an error"
    return answers
