"""Every case is deployed twice on one platform, for our client and for AWS's, and called through the Invoke API: what a
caller and a reader of the log can see is the same, beyond the written list in faaslab/runtime/data/differences.toml."""

import base64
import http.client
import importlib.util
import json
import sys
import threading
from itertools import count

import pytest
from conformance_functions import CASES, MB

from faaslab.policies import FixedWindow
from faaslab.runtime import Runtime
from faaslab.runtime.conformance import differences

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="real containers need Linux"),
    pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed"),
]
CLIENTS = ("faaslab", "awslambdaric")
LISTED = differences("varies", "client")
NUMBERS = count()


@pytest.fixture(scope="module")
def cloud():
    with Runtime(keep_alive=FixedWindow(60), memory_mb=8192) as platform:
        yield platform


def post(cloud, name, body, headers=()):
    """(status, headers, body) of a call through the Invoke API, as any program would make it."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
    try:
        given = {"Authorization": f"Bearer {cloud.token}", **dict(headers)}
        connection.request("POST", f"/2015-03-31/functions/{name}/invocations", body, given)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def seen(status, headers, body):
    """What a caller sees of one answer, as lines."""
    lines = [f"status: {status}", f"function error: {headers.get('X-Amz-Function-Error')}"]
    lines.append(f"version: {headers.get('X-Amz-Executed-Version')}")
    value = json.loads(body) if headers.get("X-Amz-Function-Error") else None
    if value is None:
        lines.append(f"payload: {body.decode(errors='backslashreplace')}")
    else:
        frames = value.pop("stackTrace", None)
        lines.append(f"payload: {json.dumps(value)}")
        for frame in frames or ():
            lines.append(f"frame: {frame.rstrip()}")
        lines.append(f"frames: {type(frames).__name__}")
    report = json.loads(headers.get("Faaslab-Report", "{}"))
    phases = report.get("phases")
    if phases is not None:
        lines.append(f"dependencies: {'measured' if phases['dependencies'] else 'none'}")
    lines.append(f"start: {report.get('start')}, init: {report.get('init_s') is not None}")
    return "\n".join(lines) + "\n"


def play(cloud, case, client, folder):
    """Everything that is compared, as one text, and the answers."""
    name = f"case-{next(NUMBERS)}-{client}"
    for path, text in case.files.items():
        (folder / client / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / client / path).write_text(text)
    cloud.deploy(name, folder / client, handler=case.handler, client=client, **case.options)
    headers = {"X-Amz-Log-Type": "Tail"}
    if case.client_context is not None:
        headers["X-Amz-Client-Context"] = base64.b64encode(case.client_context.encode()).decode()
    answers = [post(cloud, name, event, headers) for event in case.events]
    log = cloud.logs(name)
    tail = base64.b64decode(answers[-1][1].get("X-Amz-Log-Result", "")).decode(errors="replace")
    cloud.remove(name)
    assert tail == "" or log.endswith(tail[-3000:])
    text = "".join(seen(*answer) for answer in answers) + "log:\n" + log.replace("\r", "\n␍")
    return text.replace(name, "NAME"), answers, log


def play_both(cloud, case, folder):
    """What came of it, for both clients at once."""
    results = {}

    def one(client):
        results[client] = play(cloud, case, client, folder)

    threads = [threading.Thread(target=one, args=(client,)) for client in CLIENTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[client] for client in CLIENTS]


def compared(texts, listed):
    """Both texts with what is listed taken out."""
    for difference in listed:
        texts = [difference.without(text) for text in texts]
    return texts


def first_difference(ours, theirs):
    """The lines at which they part, for a reader of a failure."""
    for one, other in zip(ours.splitlines(), theirs.splitlines(), strict=False):
        if one != other:
            at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            return f"\nours:   {one[max(0, at - 100) : at + 200]}\ntheirs: {other[max(0, at - 100) : at + 200]}"
    return f"\none has more: {ours[-500:]!r} {theirs[-500:]!r}"


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_no_difference_beyond_the_list(cloud, tmp_path, name):
    case = CASES[name]
    (ours, answers, log), (theirs, _, _) = play_both(cloud, case, tmp_path)
    one, other = compared((ours, theirs), LISTED)
    assert one == other, first_difference(one, other)
    for difference in LISTED:
        if difference.example == name:
            rest = [entry for entry in LISTED if entry is not difference]
            one, other = compared((ours, theirs), rest)
            assert one != other, f"{difference.name} is listed and no longer occurs"
    for number, (status, headers, body) in enumerate(answers):
        expected = case.error_type(number)
        failed = headers.get("X-Amz-Function-Error") is not None
        assert status == 200
        if expected is not ...:
            assert (json.loads(body)["errorType"] if failed else None) == expected
    for text in case.in_log:
        assert text in log


def test_every_listed_difference_has_an_example_and_a_reason():
    assert {difference.example for difference in LISTED} <= set(CASES)
    assert all(difference.example and difference.pattern for difference in LISTED)
    assert all(difference.what and difference.why for difference in differences())


def test_the_environment_is_lambdas(cloud, tmp_path):
    (_, ours, _), _ = play_both(cloud, CASES["surroundings"], tmp_path)
    found = json.loads(ours[0][2])
    variables = found["environment"]
    root = variables["LAMBDA_TASK_ROOT"]
    assert {name for name in variables if name.startswith(("AWS_", "_", "LAMBDA_"))} == {
        "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT", "_HANDLER", "_X_AMZN_TRACE_ID",
    }  # fmt: skip
    assert found["cwd"] == found["path"][0] == root
    assert (variables["TZ"], variables["LANG"], found["tz"]) == (":UTC", "en_US.UTF-8", ["UTC", "UTC"])
    assert found["file"] == f"{root}/app.py"


def test_python_and_http_see_the_same(cloud, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    print('x')\n    return 1 / event\n")
    cloud.deploy("both", tmp_path)
    for event in (2, 0):
        answer = cloud.invoke("both", event)
        status, headers, body = post(cloud, "both", json.dumps(event), {"X-Amz-Log-Type": "Tail"})
        assert status == 200
        assert (answer.error is None) == (headers.get("X-Amz-Function-Error") is None)
        other = json.loads(body)
        if answer.error is None:
            assert answer.value == other == 0.5
        else:
            assert {**other, "requestId": ""} == {**answer.error, "requestId": ""}
        assert "X-Amz-Log-Result" in headers
        lines = [line for line in answer.log_tail.splitlines() if " RequestId: " in line]
        assert [line.split()[0] for line in lines] == ["START", "END", "REPORT"]


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[Infinity]", b"'a'", b"\xff", b"{} x"])
def test_an_event_that_is_no_json_reaches_no_function(cloud, tmp_path, body):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    cloud.deploy("json", tmp_path)
    status, headers, _ = post(cloud, "json", body)
    assert (status, headers["X-Amzn-ErrorType"]) == (400, "InvalidRequestContentException")


def test_payloads_have_lambdas_limits(cloud, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return len(event)\n")
    cloud.deploy("limits", tmp_path)
    for kind, limit, status in (("RequestResponse", 6 * MB, 200), ("Event", MB, 202)):
        for size, expected in ((limit, status), (limit + 1, 413)):
            body = b'"%s"' % (b"x" * (size - 2))
            assert post(cloud, "limits", body, {"X-Amz-Invocation-Type": kind})[0] == expected
