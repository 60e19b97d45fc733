"""No room: payloads over the limit, queues that grow faster than they drain, a full disk. Nothing stored is lost."""

import http.client
import json
import threading
from collections import Counter

import pytest
from fault_lab import eventually, figures, function, ids_in_log

from faaslab.errors import InputError
from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Asynchronous, Queue, Runtime, Stream, Url

MB = 2**20

CODE = """
    import base64, os, time
    def handler(event, context):
        while os.path.exists(os.path.join(os.environ["GATE"], "closed")):
            time.sleep(0.01)
        for record in event.get("Records", ()):
            body = base64.b64decode(record["kinesis"]["data"]).decode() if "kinesis" in record else record["body"]
            print("handled", body.split()[0])
        if "id" in event:
            print("handled", event["id"])
        return "x" * event.get("size", 0)
"""


class Gate:
    """A file that makes every run of the function wait."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder, self.file = folder, folder / "closed"
        self.file.touch()

    def open(self):
        self.file.unlink()


def ask(cloud, method, path, body, headers=()):
    """(status, body) of a raw request."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {cloud.token}", **dict(headers)})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (ConnectionError, http.client.HTTPException) as error:
        return None, repr(error).encode()
    finally:
        connection.close()


def test_payloads_over_the_limit_are_refused(tmp_path):
    invoke = "/2015-03-31/functions/echo/invocations"
    event = [("X-Amz-Invocation-Type", "Event")]
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        cloud.deploy("echo", function(tmp_path / "echo", """
            import json
            def handler(event, context):
                if "requestContext" in event:
                    return {"statusCode": 200, "body": str(len(event.get("body", "")))}
                return len(json.dumps(event))
        """), memory_mb=512, timeout_s=60)  # fmt: skip
        cloud.add(Url("echo"))
        cloud.add(Queue("echo", "jobs"))
        cloud.add(Stream("echo", "clicks"))
        calls = cloud.stats()["functions"]["echo"]["calls"]
        said = {
            "synchronous": ask(cloud, "POST", invoke, b'"%s"' % (b"x" * (6 * MB - 1))),
            "asynchronous": ask(cloud, "POST", invoke, b'"%s"' % (b"x" * (MB - 1)), event),
            "function URL": ask(cloud, "POST", "/urls/echo/", b"x" * (6 * MB)),
            "beyond all": ask(cloud, "POST", invoke, b"x" * (65 * MB)),
        }
        assert [said[way][0] for way in ("synchronous", "asynchronous", "function URL")] == [413] * 3, said
        assert said["beyond all"][0] in (None, 400, 413)  # the server hangs up on it; its client does not send it
        with pytest.raises(InputError, match="expected a request of at most"):
            cloud.invoke("echo", "x" * (65 * MB))
        for way in ("jobs", "clicks"):
            with pytest.raises(InputError, match="expected"):
                cloud.send(way, ["x" * (MB + 1)]) if way == "jobs" else cloud.put(way, [("key", "x" * (MB + 1))])
        assert cloud.stats()["functions"]["echo"]["calls"] == calls
        assert cloud.invoke("echo", "x" * 1000, check=True).value == 1002
        figures("payloads over the limit", **{way: status for way, (status, _) in said.items()})


def test_a_queue_that_grows_faster_than_it_drains_refuses_and_then_drains(tmp_path):
    gate = Gate(tmp_path / "gate")
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        deploy(cloud, tmp_path, gate)
        cloud.add(Queue("work", "jobs", batch_size=10, capacity_mb=0.1, max_receives=100))
        cloud.add(Queue("work", "others", max_receives=100))
        sent = []
        with pytest.raises(InputError, match=r"queue 'jobs': expected room for \d+ bytes"):
            for i in range(10_000):
                body = f"j{i} " + "x" * 1000
                cloud.send("jobs", [body])
                sent.append(f"j{i}")
        status, said = ask(
            cloud, "POST", "/faaslab/queues/jobs/messages", json.dumps({"messages": ["x" * 2000, "y"]}).encode()
        )
        assert (status, cloud.queue("jobs")["sent"]) == (507, len(sent)), said
        cloud.send("others", ["o1"])  # another queue has room
        gate.open()
        eventually(lambda: cloud.queue("jobs")["done"] == len(sent), "the queue drained")
        cloud.send("jobs", ["again " + "x" * 1000])
        eventually(lambda: cloud.queue("jobs")["done"] == len(sent) + 1, "one more delivered")
        seen = Counter(ids_in_log(cloud.logs("work"), "handled "))
        assert set(seen) == {*sent, "again", "o1"}
        figures("a queue that grows", stored=len(sent), delivered=len(seen), again=sum(seen.values()) - len(seen))


def test_a_full_disk_is_said_and_nothing_stored_is_lost(tmp_path):
    gate = Gate(tmp_path / "gate")
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024, capacity_mb=0.5) as cloud:
        deploy(cloud, tmp_path, gate)
        cloud.add(Queue("work", "jobs", max_receives=100))
        cloud.add(Stream("work", "clicks", retries=100))
        cloud.add(Asynchronous("work", in_flight=10))
        stored, refused = _fill(cloud)
        assert set(refused) == {"jobs", "clicks", "events"}
        assert all("are full; nothing was stored" in said for said in refused.values()), refused
        large = "x" * 100_000
        raw = {
            "send": ("/faaslab/queues/jobs/messages", {"messages": [large]}, ()),
            "put": ("/faaslab/streams/clicks/records", {"records": [{"key": "k", "data": large}]}, ()),
            "invoke": ("/2015-03-31/functions/work/invocations", large, [("X-Amz-Invocation-Type", "Event")]),
        }
        statuses = {way: ask(cloud, "POST", path, json.dumps(v).encode(), h)[0] for way, (path, v, h) in raw.items()}
        assert statuses == dict.fromkeys(raw, 507)

        caller = threading.Thread(target=lambda: answers.append(cloud.invoke("work", {"id": "sync"})), daemon=True)
        answers = []
        caller.start()  # a synchronous call needs no room
        gate.open()
        caller.join(60)
        assert answers[0].outcome == Outcome.COMPLETED
        everything = {id_ for ids in stored.values() for id_ in ids}
        eventually(lambda: everything <= set(ids_in_log(cloud.logs("work"), "handled ")), "all that was stored")
        eventually(lambda: cloud.queue("jobs")["done"] == len(stored["jobs"]), "the queue empty")
        eventually(lambda: cloud.stats()["triggers"]["asynchronous of work"]["waiting"] == 0, "the backlog empty")
        cloud.send("jobs", ["afterwards " + "x" * 1000])
        eventually(lambda: cloud.queue("jobs")["done"] == len(stored["jobs"]) + 1, "one more delivered")
        seen = Counter(ids_in_log(cloud.logs("work"), "handled "))
        again = sum(seen[id_] - 1 for id_ in everything)
        figures("a full disk", stored={k: len(v) for k, v in stored.items()}, statuses=statuses, lost=0, again=again)


def deploy(cloud, tmp_path, gate):
    cloud.deploy(
        "work", function(tmp_path / "work", CODE), timeout_s=120, environment={"GATE": str(gate.folder)},
        readable=[str(gate.folder)],
    )  # fmt: skip


def _fill(cloud):
    """Store until there is room for nothing more. Returns the ids that were stored, and what was said in the end."""
    stored, refused = {"jobs": [], "clicks": [], "events": []}, {}
    more = {
        "jobs": lambda id_: cloud.send("jobs", [f"{id_} " + "x" * 1000]),
        "clicks": lambda id_: cloud.put("clicks", [(id_, f"{id_} " + "x" * 1000)]),
        "events": lambda id_: cloud.invoke_async("work", {"id": id_, "pad": "x" * 1000}),
    }
    for i in range(10_000):
        for kind, put in more.items():
            if kind not in refused:
                try:
                    put(f"{kind}-{i}")
                    stored[kind].append(f"{kind}-{i}")
                except InputError as error:
                    refused[kind] = str(error)
        if len(refused) == len(more):
            break
    return stored, refused
