"""Containers are started in each mode, share nothing but what they should, and leave nothing."""

import asyncio
import json
import os
import subprocess
import sys
import time

import pytest
from container_lab import in_lab

from faaslab.errors import InputError
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.sandbox import limits, processes
from faaslab.runtime.sandbox.starter import Starter

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="real containers need Linux")
MODES = ("spawn", "zygote", "prewarmed")
ECHO = "def handler(event, context):\n    return event\n"


def phases(container):
    return [int(part) for part in container.api.asked[0].headers["faaslab-phases"].split(",")]


@pytest.mark.parametrize("start", MODES)
@in_lab
async def test_a_container_serves_and_ends(lab, start):
    container = await lab.start(await lab.deploy(ECHO, start=start))
    await container.ready()
    for body in (b'{"n": 1}', b'"two"', b"[3]"):
        assert (await container.call(body)).body == body
    first, loading, dependencies, loaded = phases(container)
    assert container.worker.spawned_ns < first < loading < loading + dependencies < loaded
    assert container.worker.from_stem == (start == "prewarmed")
    assert 2 < container.worker.note_memory() < 40
    assert container.worker.cpu_s() > 0
    container.worker.kill()
    assert await container.ended() == "signal: killed"
    assert processes.state_of(container.worker.pid) == ""


@pytest.mark.parametrize("start", MODES)
@in_lab
async def test_the_environment_is_clean_and_lambdas(lab, start):
    os.environ["SECRET_OF_THE_USER"] = "x"
    code = "import os, sys\ndef handler(event, context):\n    return VALUES\n"
    code = code.replace("VALUES", "[dict(os.environ), os.getcwd(), sys.path[0], sys.argv[1:]]")
    try:
        container = await lab.start(await lab.deploy(code, start=start, environment={"STAGE": "test"}))
        environment, folder, path, arguments = (await container.call()).json()
    finally:
        del os.environ["SECRET_OF_THE_USER"]
    task = str(container.folder / "task")
    assert folder == path == environment["LAMBDA_TASK_ROOT"] == task
    assert arguments == ["app.handler"]
    expected = {
        "STAGE": "test",
        "_HANDLER": "app.handler",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "TMPDIR": str(container.folder / "tmp"),
        "HOME": str(container.folder / "tmp"),
        "FAASLAB_RUNTIME_ID": lab.runtime_id,
        "FAASLAB_CONTAINER": "f-0",
        "_X_AMZN_TRACE_ID": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "OMP_NUM_THREADS": "1",
    }
    assert expected.items() <= environment.items()
    assert "SECRET_OF_THE_USER" not in environment
    shown = processes.environment_of(container.worker.pid)
    assert shown[b"FAASLAB_CONTAINER"].rstrip(b"\0") == b"f-0"


@pytest.mark.parametrize("start", MODES)
@in_lab
async def test_limits_hold(lab, start):
    code = """
import resource
def handler(event, context):
    try:
        block = bytearray(event * 2**20)
    except MemoryError:
        return "no memory"
    return [resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0] for name in ("DATA", "CORE", "NOFILE", "FSIZE")]
"""
    container = await lab.start(await lab.deploy(code, start=start, memory_mb=128))
    expected = limits.limits_for(128)
    assert (await container.call(b"1")).json() == [expected[name] for name in ("DATA", "CORE", "NOFILE", "FSIZE")]
    assert (await container.call(b"1000")).json() == "no memory"
    assert (await container.call(b"1")).json()[1] == 0


@in_lab
async def test_numpy_runs_in_the_smallest_function_of_lambda(lab):
    code = "import numpy as np\ndef handler(event, context):\n    a = np.ones((200, 200))\n    return (a @ a).sum()\n"
    container = await lab.start(await lab.deploy(code, memory_mb=128))
    assert (await container.call()).json() == 200**3
    assert container.worker.memory_mb() < 128


@in_lab
async def test_imports_from_outside_are_dependencies_and_the_rest_is_code(lab):
    files = {
        "app.py": "import helper, time\ntime.sleep(0.05)\ndef handler(event, context):\n    return helper.value\n",
        "helper/__init__.py": "import time\ntime.sleep(0.05)\nfrom .inner import value\n",
        "helper/inner.py": "import foreign\nvalue = foreign.value\n",
        "../../lib/foreign.py": "import time\ntime.sleep(0.1)\nimport foreigner\nvalue = 7\n",
        "../../lib/foreigner.py": "import time\ntime.sleep(0.1)\n",
    }
    library = str(lab.state / "lib")
    container = await lab.start(await lab.deploy(files, environment={"PYTHONPATH": library}, readable=(library,)))
    assert (await container.call()).json() == 7
    _, loading, dependencies, loaded = phases(container)
    assert 0.2e9 < dependencies < 0.28e9
    assert 0.1e9 < loaded - loading - dependencies < 0.18e9


@pytest.mark.parametrize("start", ("zygote", "prewarmed"))
@in_lab
async def test_what_is_preloaded_is_no_dependency_any_more(lab, start):
    code = "import numpy\ndef handler(event, context):\n    return 1\n"
    spawned = await lab.start(await lab.deploy(code, "spawned"))
    await spawned.ready()
    container = await lab.start(await lab.deploy(code, start=start, preload=["numpy"]))
    await container.ready()
    assert phases(spawned)[2] > 10e6
    assert phases(container)[2] < 1e6


@in_lab
async def test_children_of_a_zygote_share_its_pages(lab):
    code = "import numpy\ndef handler(event, context):\n    return 1\n"
    spawned = await lab.start(await lab.deploy(code, "spawned"))
    await spawned.call()
    deployment = await lab.deploy(code, start="zygote", preload=["numpy"])
    children = [await lab.start(deployment) for _ in range(4)]
    for child in children:
        await child.call()
    assert children[-1].worker.memory_mb() < 0.6 * spawned.worker.memory_mb()


@in_lab
async def test_children_of_a_zygote_do_not_share_their_luck(lab):
    code = """
import random, uuid, numpy
def handler(event, context):
    return [random.random(), numpy.random.rand(), str(uuid.uuid4()), numpy.random.default_rng().random()]
"""
    deployment = await lab.deploy(code, start="zygote", preload=["numpy", "numpy.random", "random", "uuid"])
    drawn = [(await (await lab.start(deployment)).call()).json() for _ in range(3)]
    for values in zip(*drawn, strict=True):
        assert len(set(values)) == 3


@in_lab
async def test_a_container_of_a_zygote_that_exits_is_told(lab):
    code = "import os, sys\ndef handler(event, context):\n    os._exit(event) if event else sys.exit(5)\n"
    deployment = await lab.deploy(code, start="zygote")
    for value, status in ((3, "exit status 3"), (0, "exit status 5")):
        container = await lab.start(deployment)
        container.api.give_later(json.dumps(value).encode())
        assert await container.ended() == status


@in_lab
async def test_a_released_zygote_ends_after_its_last_container(lab):
    deployment = await lab.deploy(ECHO, start="zygote")
    containers = [await lab.start(deployment) for _ in range(2)]
    await lab.starter.release("f")
    for container in containers:
        assert (await container.call(b"1")).body == b"1"
        container.worker.kill()
        assert await container.ended() == "signal: killed"
    await lab.settled()


@in_lab
async def test_a_zygote_that_was_killed_takes_its_containers_along_and_is_replaced(lab):
    deployment = await lab.deploy(ECHO, start="zygote")
    container = await lab.start(deployment)
    await container.ready()
    os.kill(lab.starter._zygotes["f"].pid, 9)
    assert await container.ended() == "signal: killed"
    containers = await asyncio.gather(*(lab.start(deployment) for _ in range(5)))
    for container in containers:
        assert (await container.call(b"2")).body == b"2"
        container.worker.kill()
        await container.ended()
    assert processes.strays(lab.runtime_id) == [lab.starter._zygotes["f"].pid]


@in_lab
async def test_the_stock_is_filled_again_and_an_empty_one_is_no_obstacle(lab):
    deployment = await lab.deploy(ECHO, start="prewarmed", prewarmed=2)
    assert lab.starter.stock("f") == 2
    containers = [await lab.start(deployment) for _ in range(3)]
    assert [container.worker.from_stem for container in containers] == [True, True, False]
    for number, container in enumerate(containers):
        assert (await container.call(b"%d" % number)).body == b"%d" % number
    while lab.starter.stock("f") < 2:
        await containers[0].call()
    assert lab.starter.preloaded_mb() > 4


@pytest.mark.parametrize("start", ("zygote", "prewarmed"))
@pytest.mark.parametrize(
    ("modules", "expected"),
    (
        (["no_such_module"], "cannot import 'no_such_module': ModuleNotFoundError: No module named 'no_such_module'"),
        (["this.that"], "cannot import 'this.that'"),
    ),
)
@in_lab
async def test_a_module_that_cannot_be_preloaded(lab, start, modules, expected):
    with pytest.raises(InputError, match="function 'f', preload") as caught:
        await lab.deploy(ECHO, start=start, preload=modules)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@in_lab
async def test_a_module_that_starts_threads_is_not_preloaded_for_forks(lab):
    library = lab.state / "lib"
    library.mkdir()
    (library / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    (library / "ends.py").write_text("import os\nos._exit(4)\n")
    environment = {"PYTHONPATH": str(library)}
    with pytest.raises(InputError, match="one thread, got 2 after importing 'threaded'"):
        await lab.deploy(ECHO, start="zygote", preload=["threaded"], environment=environment)
    with pytest.raises(InputError, match="its process ended: exit status 4"):
        await lab.deploy(ECHO, start="zygote", preload=["ends"], environment=environment)
    container = await lab.start(
        await lab.deploy(ECHO, start="prewarmed", preload=["threaded"], environment=environment)
    )
    assert (await container.call(b"1")).body == b"1"


async def still_there(members, allowed=0):
    """Those that have not ended, as soon as no more than `allowed` are left, or after two seconds."""
    for _ in range(200):
        left = [member for member in members if processes.state_of(member) not in ("", "Z")]
        if len(left) <= allowed:
            break
        await asyncio.sleep(0.01)
    return left


FAMILY = """
import os, subprocess, time
def handler(event, context):
    subprocess.Popen(["sleep", "300"])
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    subprocess.Popen(["sleep", "300"], start_new_session=True, env={})
    if os.fork() == 0:
        time.sleep(300)
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(300)
        os._exit(0)
    os.waitpid(child, 0)
    return os.getpid()
"""


@pytest.mark.parametrize("start", MODES)
@pytest.mark.parametrize("how", ("kill", "exit"))
@in_lab
async def test_what_a_handler_started_ends_with_its_container(lab, start, how):
    container = await lab.start(await lab.deploy(FAMILY, start=start))
    pid = (await container.call()).json()
    relatives = [*processes.descendants(pid), *processes.orphans("f-0", lab.starter.known)]
    assert len(relatives) == 5
    container.worker.kill() if how == "kill" else os.kill(pid, 9)
    assert await container.ended() == "signal: killed"
    left = await still_there(relatives, 1 if how == "exit" else 0)
    # One that dropped its environment and whose container died by itself cannot be told from a stranger, unless the
    # starter is told that it has no other children.
    assert len(left) <= (1 if how == "exit" else 0)
    for member in left:
        os.kill(member, 9)
        processes.reap(member)


@in_lab
async def test_a_sole_starter_ends_children_that_nobody_owns(lab):
    container = await lab.start(await lab.deploy(FAMILY))
    pid = (await container.call()).json()
    relatives = [*processes.descendants(pid), *processes.orphans("f-0", lab.starter.known)]
    lab.starter.sole = True
    os.kill(pid, 9)
    assert await container.ended() == "signal: killed"
    assert await still_there(relatives) == []


CONTROLLER = """
import asyncio, pathlib, sys
sys.path[:0] = PATHS
from container_lab import Lab
SLEEPER = "import time\\ndef handler(event, context):\\n    time.sleep(60)\\n"

async def main():
    async with Lab(pathlib.Path(sys.argv[1])) as lab:
        for start in ("spawn", "zygote", "prewarmed"):
            container = await lab.start(await lab.deploy(SLEEPER, name=start, start=start))
            await container.ready()
            container.api.give_later(b"{}")  # busy: it does not hear that the platform has gone
        await asyncio.sleep(0.1)
        print(lab.runtime_id, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_containers_and_zygotes_die_with_their_controller(tmp_path):
    code = CONTROLLER.replace("PATHS", repr(sys.path))
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    runtime_id = process.stdout.readline().strip()
    while len(processes.strays(runtime_id)) < 5:  # three containers, a zygote, a standby
        assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 5
    while processes.strays(runtime_id):
        assert time.monotonic() < end
        time.sleep(0.01)


@in_lab
async def test_many_starts_at_once(lab):
    deployment = await lab.deploy(ECHO, start="zygote")
    containers = await asyncio.gather(*(lab.start(deployment) for _ in range(40)))
    answers = await asyncio.gather(*(container.call(b"%d" % n) for n, container in enumerate(containers)))
    assert [answer.body for answer in answers] == [b"%d" % n for n in range(40)]


@in_lab
async def test_a_start_that_is_cancelled_leaves_no_process(lab):
    deployment = await lab.deploy(ECHO, start="zygote")
    tasks = [asyncio.ensure_future(lab.start(deployment)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    container = await lab.start(deployment)
    assert (await container.call(b"1")).body == b"1"
    end = time.monotonic() + 5
    while len(processes.descendants(lab.starter._zygotes["f"].pid)) > 1:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@in_lab
async def test_imports_that_do_not_end_are_an_error(lab, monkeypatch):
    monkeypatch.setattr("faaslab.runtime.sandbox.stem.LONGEST_PRELOAD_S", 0.3)
    library = lab.state / "lib"
    library.mkdir()
    (library / "slow.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(InputError, match="expected imports of at most"):
        await lab.deploy(ECHO, start="zygote", preload=["slow"], environment={"PYTHONPATH": str(library)})


def test_what_a_system_lacks_is_named(monkeypatch, tmp_path):
    async def prepare(start):
        starter = Starter("test", tmp_path, sole=False)
        try:
            await starter.prepare(Deployment(name="f", source="x", start=start))
        finally:
            await starter.close()

    monkeypatch.delattr(os, "fork")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert limits.limits_for(128) == {}
    for start in ("zygote", "prewarmed"):
        expected = r"function 'f', start .*: expected a system with os.fork, the resource module"
        with pytest.raises(InputError, match=expected):
            asyncio.run(prepare(start))
    asyncio.run(prepare("spawn"))


@in_lab
async def test_a_new_interpreter_needs_none_of_it(lab, monkeypatch):
    monkeypatch.delattr(os, "fork")
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.delattr(os, "posix_spawn")
    monkeypatch.setitem(sys.modules, "resource", None)
    lab.starter._landlock.available = False
    monkeypatch.setattr("faaslab.runtime.sandbox.launching.sys.platform", "darwin")
    container = await lab.start(await lab.deploy(ECHO))
    assert (await container.call(b"1")).body == b"1"
    container.worker.kill()
    assert await container.ended() == "signal: killed"
