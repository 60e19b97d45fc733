"""Every case is played through our client and through AWS's own, `awslambdaric`: what they send and what they log is
compared, beyond the written list of differences."""

import importlib.util
import re
import sys

import pytest
from conformance_cases import (
    BAD_EVENTS,
    BROKEN,
    CLIENT,
    CONTEXT,
    ERRORS,
    EVENTS,
    EXITS,
    EXITS_AT_IMPORT,
    HANDLERS,
    IDENTITY,
    IMPORTS,
    LOGGING,
    VALUES,
    app,
)  # fmt: skip
from container_lab import in_lab
from standin_api import Event

from faaslab.runtime.conformance import differences

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="real containers need Linux"),
    pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed"),
]


def plain(text, container):
    """Ids of containers and times, made the same."""
    text = text.replace(container.worker.container_id, "CONTAINER")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


def comparable(sent, container):
    kind = sent.headers.get("content-type") if not sent.path.endswith("/init/error") else None
    body = plain(sent.body.decode("utf-8", "surrogateescape"), container)
    return {
        "method": sent.method, "path": sent.path, "content type": kind,
        "error type": sent.headers.get("lambda-runtime-function-error-type"), "body": body,
    }  # fmt: skip


def log_of(container):
    lines = [line for line in container.output().splitlines(keepends=True) if "LAMBDA_WARNING" not in line]
    return plain("".join(lines), container)


async def pair(lab, code, **fields):
    """Two containers of the same code, on our client and on AWS's."""
    containers = []
    for client in ("faaslab", "awslambdaric"):
        deployment = await lab.deploy(code, name="f", client=client, **fields)
        containers.append(await lab.start(deployment))
    return containers


async def play(containers, body=b"{}", **fields):
    """Give both one event; what they sent must be the same, and is returned once."""
    ours, theirs = [comparable(await container.call(body, **fields), container) for container in containers]
    assert ours == theirs
    return ours


async def same_log(containers):
    for container in containers:
        await container.ready()
    ours, theirs = map(log_of, containers)
    assert ours == theirs
    return ours


@in_lab
async def test_events_arrive_the_same(lab):
    containers = await pair(lab, app("return [repr(event)[:1000], type(event).__name__]"))
    for body in EVENTS:
        await play(containers, body)
    odd = await play(containers, b"not json", headers={"Content-Type": "text/plain"})
    assert odd["body"] == '["b\'not json\'", "bytes"]'


@in_lab
async def test_bad_events_are_errors_of_the_same_kind(lab):
    containers = await pair(lab, app("return 1"))
    different = False
    for body in BAD_EVENTS:
        answers = [(await container.call(body)) for container in containers]
        said = [answer.json()["errorMessage"] for answer in answers]
        different |= said[0] != said[1]
        for answer in answers:
            assert answer.path.endswith("/error")
            assert answer.json()["errorType"] == "Runtime.UnmarshalError"
            assert answer.json()["errorMessage"].startswith("Unable to unmarshal input: ")
        same = ({key: value for key, value in answer.json().items() if key != "errorMessage"} for answer in answers)
        assert next(same) == next(same)
    assert different  # in its words, as the list says


@in_lab
async def test_answers_are_written_the_same(lab):
    containers = await pair(lab, app("return VALUES[event]", IMPORTS + VALUES))
    count = VALUES.count("\n")
    kinds = set()
    for index in range(200):
        sent = await play(containers, b"%d" % index)
        kinds.add((sent["content type"], sent["path"].rpartition("/")[2]))
        if "IndexError" in sent["body"]:
            break
    assert index > count > 20
    json = "application/json"
    assert kinds == {(json, "response"), ("application/unknown", "response"), (json, "error")}
    await same_log(containers)


@in_lab
async def test_the_context_is_the_same(lab):
    containers = await pair(lab, app(CONTEXT, IMPORTS))
    named = {"Lambda-Runtime-Client-Context": CLIENT, "Lambda-Runtime-Cognito-Identity": IDENTITY}
    for headers in (
        {}, named, {"Lambda-Runtime-Aws-Tenant-Id": "tenant"}, {"Lambda-Runtime-Trace-Id": None},
        {"Lambda-Runtime-Client-Context": "{}"}, {"Lambda-Runtime-Client-Context": "not json"},
        {"Lambda-Runtime-Cognito-Identity": "{"}, {"Lambda-Runtime-Client-Context": '{"w3c": 3}'},
        {"Lambda-Runtime-Client-Context": '{"custom": null, "client": {}}'},
    ):  # fmt: skip
        await play(containers, headers=headers)
    sent = await play(containers, headers=named)
    assert '"traceparent": "00-1"' in sent["body"]
    assert '"x"' not in sent["body"]


@in_lab
async def test_time_that_remains_ends_at_zero(lab):
    containers = await pair(lab, app("return context.get_remaining_time_in_millis()"))
    assert (await play(containers, timeout_s=-1.0))["body"] == "0"


@in_lab
async def test_errors_are_told_and_logged_the_same(lab):
    cases = "".join(app(body).replace("handler", f"case_{number}") for number, body in enumerate(ERRORS.values()))
    containers = await pair(lab, cases + app('return globals()[f"case_{event}"](event, context)'))
    for number, name in enumerate(ERRORS):
        sent = await play(containers, b"%d" % number)
        assert sent["path"].endswith("/error"), name
    log = await same_log(containers)
    assert log.count("[ERROR]") == len(ERRORS)


@in_lab
async def test_a_runaway_recursion_is_an_error(lab):
    containers = await pair(lab, app("return handler(event, context)"))
    ours, theirs = [(await container.call()).json()["errorType"] for container in containers]
    assert ours == theirs == "RecursionError"


@in_lab
async def test_logs_are_the_same(lab):
    containers = await pair(lab, app(LOGGING, IMPORTS + "logging.warning('at import')\nprint('at import')\n"))
    for container in containers:
        await container.ready()
    await play(containers)
    log = await same_log(containers)
    assert "[WARNING]\tTIME\t8f5a0e9c-0000-4000-8000-000000000001\twarned 1\n" in log
    assert "[WARNING]\tTIME\t\tat import\n" in log
    assert "not seen" not in log


@in_lab
async def test_logging_imported_late_is_set_up_all_the_same(lab):
    code = app("import logging\nlogging.warning('late')\nreturn len(logging.getLogger().handlers)")
    containers = await pair(lab, code)
    assert (await play(containers))["body"] == "1"
    assert "late" in await same_log(containers)


@pytest.mark.parametrize("name", HANDLERS)
@in_lab
async def test_handlers_are_found_the_same(lab, name):
    handler, files = HANDLERS[name]
    containers = await pair(lab, files, handler=handler)
    assert (await play(containers))["path"].endswith("/response")


@pytest.mark.parametrize("name", BROKEN)
@in_lab
async def test_functions_that_cannot_be_loaded_fail_the_same(lab, name):
    handler, files = BROKEN[name]
    containers = await pair(lab, {"empty.txt": "", **files}, handler=handler)
    sent = [comparable(await container.sent(), container) for container in containers]
    assert sent[0] == sent[1]
    assert sent[0]["path"] == "/2018-06-01/runtime/init/error"
    assert [await container.ended() for container in containers] == ["exit status 1"] * 2
    ours, theirs = map(log_of, containers)
    assert ours == theirs
    assert ours.startswith("[ERROR]")


@pytest.mark.parametrize("name", EXITS)
@in_lab
async def test_processes_end_the_same(lab, name):
    containers = await pair(lab, EXITS[name])
    for container in containers:
        container.api.give_later(b"{}")
    ours, theirs = [await container.ended() for container in containers]
    assert ours == theirs
    assert containers[0].output().splitlines()[-1:] == containers[1].output().splitlines()[-1:]


@pytest.mark.parametrize("name", EXITS_AT_IMPORT)
@in_lab
async def test_processes_that_end_at_import_end_the_same(lab, name):
    containers = await pair(lab, {"app.py": EXITS_AT_IMPORT[name]})
    ours, theirs = [await container.ended() for container in containers]
    assert ours == theirs


@in_lab
async def test_large_payloads_pass(lab):
    containers = await pair(lab, app("return event * 2"))
    body = b'"' + b"0123456789" * 300_000 + b'"'
    sent = await play(containers, body)
    assert len(sent["body"]) == 6_000_002


@in_lab
async def test_an_answer_that_is_refused_ends_the_process(lab):
    containers = await pair(lab, app("return 1"))
    for container in containers:
        container.api.give(Event(answer_status=413))
        await container.sent()
    ours, theirs = [await container.ended() for container in containers]
    assert ours == "exit status 1"
    assert theirs in (ours, "signal: segmentation fault")


@in_lab
async def test_state_lasts_from_call_to_call(lab):
    containers = await pair(lab, app("COUNT.append(event)\nreturn COUNT", "COUNT = []"))
    for number in range(3):
        assert (await play(containers, b"%d" % number))["body"] == str(list(range(number + 1)))


@in_lab
async def test_headers_differ_as_listed(lab):
    calls = await pair(lab, app("return 1 / event"))
    names = []
    for answer in (b"1", b"0"):
        names.append([set((await container.call(answer)).headers) for container in calls])
    names.append([set(container.api.asked[0].headers) for container in calls])
    names.append([set((await container.sent()).headers) for container in await pair(lab, {"app.py": "1 / 0\n"})])
    found = set().union(*(ours ^ theirs for ours, theirs in names))
    assert found == {name for difference in differences("wire") for name in difference.headers}
