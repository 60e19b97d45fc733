"""Who may speak to the platform: the loopback address only, no web page, nobody without the token."""

import http.client
import socket
from pathlib import Path

import pytest

from faaslab.runtime import Runtime, Url, samples

INVOKE = "/2015-03-31/functions/hello/invocations"


@pytest.fixture(scope="module")
def cloud():
    with Runtime(memory_mb=512) as platform:
        platform.deploy("hello", samples.path("hello"))
        platform.add(Url("hello"))
        yield platform


def ask(cloud, method, path, headers=(), body=b"{}", token=True):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=any(name == "Host" for name, _ in headers))
        if token:
            connection.putheader("Authorization", f"Bearer {cloud.token}")
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_its_own_user_is_served(cloud):
    assert ask(cloud, "POST", INVOKE)[0] == 200
    assert ask(cloud, "GET", "/urls/hello/", token=False)[0] == 200
    own = f"http://127.0.0.1:{cloud.port}"
    assert ask(cloud, "GET", "/urls/hello/", [("Origin", own), ("Referer", own + "/urls/hello/")])[0] == 200
    assert ask(cloud, "GET", "/urls/hello/", [("Host", f"localhost:{cloud.port}")])[0] == 200


@pytest.mark.parametrize("path", [INVOKE, "/urls/hello/", "/faaslab/ps"])
@pytest.mark.parametrize(
    "header",
    [
        ("Host", "example.org"),
        ("Host", "127.0.0.1"),
        ("Host", "127.0.0.1.example.org"),
        ("Origin", "https://example.org"),
        ("Origin", "null"),
        ("Origin", "http://127.0.0.1"),
        ("Origin", "http://[broken"),
        ("Referer", "https://example.org/page"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ],
)
def test_what_a_web_page_could_send_is_refused(cloud, path, header):
    calls = cloud.stats()["functions"]["hello"]["calls"]
    status, body = ask(cloud, "GET" if path == "/faaslab/ps" else "POST", path, [header])
    assert status == 403, body
    assert header[0].encode() in body
    assert cloud.stats()["functions"]["hello"]["calls"] == calls


@pytest.mark.parametrize("path", [INVOKE, "/faaslab/stats", "/faaslab/shutdown"])
def test_without_the_token_nothing_but_a_function_url_answers(cloud, path):
    assert ask(cloud, "POST", path, token=False)[0] == 403
    assert ask(cloud, "POST", path, [("Authorization", "Bearer wrong")], token=False)[0] == 403
    assert not cloud.closed


def test_a_worker_s_port_refuses_web_pages_too(cloud):
    cloud.invoke("hello")
    (row,) = cloud.ps()
    with open(f"/proc/{row['pid']}/environ", "rb") as file:
        address = dict(e.split(b"=", 1) for e in file.read().split(b"\0") if e)[b"AWS_LAMBDA_RUNTIME_API"].decode()
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/2018-06-01/runtime/invocation/next", headers={"Origin": "https://example.org"})
    assert connection.getresponse().status == 403
    connection.close()
    assert cloud.invoke("hello", check=True).start == "warm"


def test_it_listens_on_the_loopback_address_only(cloud):
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    ports = {int(address.split(":")[1], 16): address.split(":")[0] for address in listening}
    assert ports[cloud.port] == "0100007F"
    with pytest.raises(OSError):
        socket.create_connection((_other_address(), cloud.port), timeout=2)


def _other_address():
    """An address of this machine that is not the loopback's first."""
    return "127.0.0.2"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", INVOKE, b"not json", 400),
        ("POST", "/2015-03-31/functions/nobody/invocations", b"{}", 404),
        ("POST", "/2015-03-31/functions/hello/versions", b"{}", 404),
        ("PUT", "/faaslab/functions/x", b"[1]", 400),
        ("PUT", "/faaslab/functions/x", b"{", 400),
        ("PUT", "/faaslab/functions/x", b'{"name": "x"}', 400),
        ("PUT", "/faaslab/functions/x", b'{"name": "x", "source": "/", "nonsense": 1}', 400),
        ("POST", "/faaslab/triggers", b"{", 400),
        ("POST", "/faaslab/triggers", b'{"kind": "telepathy", "function": "hello"}', 400),
        ("POST", "/faaslab/queues/none/messages", b'{"messages": ["a"]}', 400),
        ("POST", "/faaslab/queues/none/messages", b"[]", 400),
        ("POST", "/faaslab/queues/none/elsewhere", b"[]", 400),
        ("POST", "/faaslab/measure", b"[]", 400),
        ("GET", "/faaslab/logs/hello?after=x", b"", 400),
        ("GET", "/faaslab/logs", b"", 400),
        ("GET", "/faaslab/unknown", b"", 404),
        ("GET", "/urls/nobody/", b"", 404),
        ("GET", "/elsewhere", b"", 404),
    ],
)
def test_what_cannot_be_worked_with_is_answered_and_named(cloud, method, path, body, status):
    answered, said = ask(cloud, method, path, body=body)
    assert answered == status, said
    assert said
