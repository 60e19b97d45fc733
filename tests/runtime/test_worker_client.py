"""Our client of the Runtime API by itself: what it writes, what it reads, and how its process ends."""

import json
import sys
from collections import namedtuple
from decimal import Decimal

import pytest
from container_lab import in_lab
from hypothesis import given, settings
from hypothesis import strategies as st
from standin_api import Event

from faaslab.runtime.worker.faults import Fault
from faaslab.runtime.worker.marshaller import Marshaller

real = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="real containers need Linux")
REQUEST_ID = "8f5a0e9c-0000-4000-8000-000000000001"
ECHO = "def handler(event, context):\n    return event\n"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50, deadline=None)
@given(JSON_VALUES)
def test_what_is_json_comes_back_as_it_was(value):
    marshaller = Marshaller()
    body, kind = marshaller.answer(value)
    assert kind == "application/json"
    assert marshaller.event(body) == value


@settings(max_examples=50, deadline=None)
@given(JSON_VALUES)
def test_both_writers_write_the_same(value):
    marshaller = Marshaller()
    assert "".join(marshaller._written(value, [])) == json.dumps(value, ensure_ascii=False)


def test_values_beyond_json():
    text = Marshaller().text
    point = namedtuple("Point", "x y")
    assert text([point(1, Decimal("2.50")), {b"k": b"v"}]) == '[{"x": 1, "y": 2.50}, {"k": "v"}]'
    assert text({"a": [[[[(point(1, 2),)]]]]}) == '{"a": [[[[[{"x": 1, "y": 2}]]]]]}'
    assert text(Decimal("-NaN")) == "NaN"
    deep = []
    for _ in range(200):
        deep = [deep]
    assert text(deep) == "[" * 201 + "]" * 201
    for value in ({1}, [object()], {"a": {2: 1j}}):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            text(value)
    circle = {}
    circle["again"] = [circle]
    with pytest.raises(ValueError, match="Circular reference detected"):
        text(circle)


@pytest.mark.parametrize("body", (b"", b"{", b"NaN", b"[Infinity]", b"\xff"))
def test_what_is_not_json_is_refused(body):
    with pytest.raises(Fault, match="Unable to unmarshal input: ") as caught:
        Marshaller().event(body)
    assert caught.value.kind == "Runtime.UnmarshalError"


@real
@in_lab
async def test_requests_are_small_and_phases_go_with_the_first(lab):
    container = await lab.start(await lab.deploy(ECHO))
    for number in range(3):
        sent = await container.call(b"%d" % number)
        assert sent.path == f"/2018-06-01/runtime/invocation/{REQUEST_ID}/response"
        assert sent.headers == {
            "host": container.api.address,
            "content-type": "application/json",
            "content-length": "1",
        }
        assert sent.body == b"%d" % number
    first, *others = container.api.asked
    assert set(first.headers) == {"host", "faaslab-phases"}
    assert all(set(other.headers) == {"host"} for other in others)


@real
@in_lab
async def test_an_error_names_the_functions_own_frames_alone(lab):
    code = "import json\ndef handler(event, context):\n    return json.loads(event)\n"
    container = await lab.start(await lab.deploy(code))
    sent = await container.call(b'"{"')
    found = sent.json()
    assert sent.path.endswith("/error")
    assert (found["errorType"], found["requestId"]) == ("JSONDecodeError", REQUEST_ID)
    assert f'File "{container.folder}/task/app.py", line 3, in handler' in found["stackTrace"][0]
    assert not any("faaslab/runtime" in entry for entry in found["stackTrace"])
    assert container.output().startswith("[ERROR] JSONDecodeError: Expecting property name")


@real
@in_lab
async def test_a_broken_function_is_told_and_ends(lab):
    container = await lab.start(await lab.deploy("import other\n"))
    sent = await container.sent()
    assert sent.path == "/2018-06-01/runtime/init/error"
    assert sent.headers["lambda-runtime-function-error-type"] == "Runtime.ImportModuleError"
    assert sent.json()["errorMessage"] == "Unable to import module 'app': No module named 'other'"
    assert await container.ended() == "exit status 1"


@real
@in_lab
async def test_the_process_ends_when_the_platform_has_gone(lab):
    container = await lab.start(await lab.deploy(ECHO))
    await container.ready()
    container.api.close()
    assert await container.ended() == "exit status 1"
    assert container.output() == ""


@real
@in_lab
async def test_the_process_ends_when_its_answer_is_refused(lab):
    container = await lab.start(await lab.deploy(ECHO))
    container.api.give(Event(answer_status=413))
    await container.sent()
    assert await container.ended() == "exit status 1"
    assert "refused the response: status 413" in container.output()


@real
@in_lab
async def test_output_is_there_when_the_process_is_killed(lab):
    code = "import os\ndef handler(event, context):\n    print('half a line', end='')\n    os.kill(os.getpid(), 9)\n"
    container = await lab.start(await lab.deploy(code))
    container.api.give_later(b"{}")
    assert await container.ended() == "signal: killed"
    assert container.output() == "half a line"


@real
@in_lab
async def test_a_warm_call_costs_little(lab):
    container = await lab.start(await lab.deploy(ECHO))
    await container.call()
    before, calls = container.worker.cpu_s(), 500
    for _ in range(calls):
        await container.call(b'{"name": "Ada"}')
    used_us = (container.worker.cpu_s() - before) / calls * 1e6
    print(f"the client's processor time of a warm call: {used_us:.0f} us")
    assert used_us < 1000
