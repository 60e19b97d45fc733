"""Functions that speak nonsense to the Runtime API: they harm themselves alone."""

import pytest
from fault_lab import Neighbour, eventually, figures, function

from faaslab.model.result import Outcome
from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime

CODE = """
    import http.client, os, socket, time

    BASE = "/2018-06-01/runtime/"

    def ask(method, path, body=b"", headers={}):
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=20)
        try:
            connection.request(method, BASE + path, body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def raw(data):
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            try:
                connection.sendall(data)
                return connection.recv(12).decode("latin-1")
            except OSError as error:
                return type(error).__name__

    def many_connections():
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        held = [socket.create_connection((host, int(port))) for _ in range(800)]
        time.sleep(0.5)
        return len(held)

    def unread():
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        connection = socket.create_connection((host, int(port)))
        request = b"GET /nowhere HTTP/1.1\\r\\nHost: %s:%s\\r\\n\\r\\n" % (host.encode(), port.encode())
        connection.settimeout(1)
        try:
            while True:
                connection.sendall(request * 1000)
        except OSError:
            return "not read any more"

    def handler(event, context):
        own = f"invocation/{context.aws_request_id}/"
        ways = {
            "a wrong id": lambda: ask("POST", "invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response", b"{}"),
            "no id": lambda: ask("POST", "invocation/", b"{}"),
            "a wrong kind": lambda: ask("POST", own + "opinion", b"{}"),
            "an answer of its own before the answer": lambda: ask("POST", own + "response", b'"early"'),
            "an error of its own before the answer": lambda: ask("POST", own + "error", b"not json"),
            "another event": lambda: ask("GET", "invocation/next"),
            "a failed initialisation": lambda: ask("POST", "init/error", b"{}"),
            "an endless body": lambda: ask("POST", own + "response", b"x" * (65 * 2**20)),
            "a long path": lambda: ask("GET", "x" * 100_000),
            "no HTTP": lambda: raw(b"\\x00\\xff" * 1000 + b"\\r\\n\\r\\n"),
            "a negative length": lambda: raw(b"POST /x HTTP/1.1\\r\\nContent-Length: -10\\r\\n\\r\\n"),
            "two lengths": lambda: raw(b"POST /x HTTP/1.1\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\nab"),
            "many connections": many_connections,
            "answers that it never reads": unread,
            "well": lambda: "well",
        }
        return [ways[event["way"]]()]
"""

# What the handler is told, None for whatever it may be: where its answer was taken by its own hand, the call has that.
EXPECTED = {
    "a wrong id": [400],
    "no id": None,
    "a wrong kind": [400],
    "an answer of its own before the answer": "early",
    "an error of its own before the answer": None,
    "another event": [403],
    "a failed initialisation": None,
    "an endless body": None,
    "a long path": None,
    "no HTTP": None,
    "a negative length": None,
    "two lengths": None,
    "many connections": [800],
    "answers that it never reads": ["not read any more"],
}


@pytest.fixture(scope="module")
def cloud():
    with Runtime(keep_alive=FixedWindow(60), memory_mb=2048) as platform:
        yield platform


def test_nonsense_to_the_runtime_api_harms_its_sender_alone(cloud, tmp_path):
    cloud.deploy("babbler", function(tmp_path / "babbler", CODE), timeout_s=20, memory_mb=512)
    with Neighbour(cloud, tmp_path) as neighbour:
        for way, expected in EXPECTED.items():
            answer = cloud.invoke("babbler", {"way": way})
            if expected is not None:
                assert (answer.outcome, answer.value) == (Outcome.COMPLETED, expected), way
            eventually(lambda: cloud.invoke("babbler", {"way": "well"}).value == ["well"], "a container that serves")
        assert not cloud.closed
    figures("nonsense to the Runtime API", ways=len(EXPECTED), neighbours_calls=neighbour.calls)
    cloud.remove("babbler")
    cloud.remove("neighbour")


def test_a_module_that_takes_the_first_event_itself_harms_itself_alone(cloud, tmp_path):
    code = """
        import http.client, os
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        connection.request("GET", "/2018-06-01/runtime/invocation/next", headers={"Faaslab-Phases": "1,2,x"})
        def handler(event, context):
            return "well"
    """
    cloud.deploy("early", function(tmp_path / "early", code), timeout_s=1, init_timeout_s=2)
    with Neighbour(cloud, tmp_path):
        outcomes = [cloud.invoke("early").outcome for _ in range(4)]  # COMPLETED where the runtime's client was first
    cloud.remove("early")
    cloud.remove("neighbour")
    eventually(lambda: cloud.ps() == [], "no container left")
    figures("a module that takes the first event itself", outcomes=[o.name for o in outcomes])
