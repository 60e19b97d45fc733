"""The load generator: every call at its instant, delays counted from it, and rows that match a simulation's."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cloud_stub import CloudStub

from faaslab import simulate
from faaslab.durations import Exponential
from faaslab.errors import InputError
from faaslab.functions import PHASES, ColdStart, Function
from faaslab.model.diff import diff
from faaslab.model.result import Outcome
from faaslab.platform import Platform
from faaslab.policies import FixedWindow
from faaslab.runtime.measuring import load
from faaslab.runtime.measuring.load import LOST, UNANSWERED, play
from faaslab.runtime.measuring.matching import cut, matching
from faaslab.workload import Workload, poisson


def evenly(n, gap_s, *names, duration_s=None):
    """n calls of each function, one every gap_s."""
    functions = tuple(Function(name, service=0.001) for name in names or ("f",))
    times = {f.name: np.arange(n) * gap_s + i * gap_s / 10 for i, f in enumerate(functions)}
    return Workload(functions, times, duration_s=duration_s or n * gap_s)


def test_every_call_is_sent_once_with_the_simulators_number_and_instant():
    workload = evenly(20, 0.01, "f", "g")
    with CloudStub(functions=("g", "f")) as cloud:
        played = play(cloud, workload, {"g": {"x": 1}, "f": b"raw"})
    assert played.client.figures["answers"] == {200: 40}
    assert np.array_equal(played.client.scheduled_s, workload.merged_ns()[0] / 1e9)
    sent = {int(headers["faaslab-event"]): (headers, body) for headers, body in cloud.seen}
    assert sorted(sent) == list(range(40))
    times, functions = workload.merged_ns()
    for event, (headers, body) in sent.items():
        assert headers["faaslab-source"] == "open"
        assert int(headers["faaslab-arrival-ns"]) == times[event]
        assert body == (b"raw", b'{"x": 1}')[functions[event]]


def test_rows_are_those_of_a_simulation():
    workload = evenly(20, 0.01, "f", "g")
    with CloudStub(functions=("g", "f")) as cloud:
        played = play(cloud, workload, warmup_s=0.1)
    simulated = simulate(Platform(FixedWindow(600)), workload, seed=1, duration_s=0.2, warmup_s=0.1)
    for name in ("source", "event", "function", "arrival_ns", "attempt"):
        assert np.array_equal(played.result.calls[name], simulated.calls[name]), name
    assert len(diff(simulated, played.result)) == 20


def test_a_stall_shows_in_every_call_that_was_due_meanwhile():
    """A closed loop would show one slow call; here all calls due in the 0.5 s of the stall are late by what was left
    of it."""
    stalled = []

    def answer(headers, body):
        if int(headers["faaslab-event"]) == 10 and not stalled:
            stalled.append(time.monotonic_ns())
            time.sleep(0.5)
        return 200, "", 0.0

    with CloudStub(answer) as cloud:
        played = play(cloud, evenly(100, 0.01))
    latency, due = played.client.latency_s, played.client.scheduled_s
    began = (stalled[0] - cloud.zero) / 1e9  # later than due[10] where this machine is busy
    meanwhile = (due > began) & (due < began + 0.45)
    assert meanwhile.sum() >= 20
    left = began + 0.5 - due[meanwhile]
    assert (latency[meanwhile] > left - 0.002).all()
    assert np.median(np.abs(latency[meanwhile] - left)) < 0.1
    assert np.median(latency[:10]) < 0.1
    assert np.nanmax(played.client.lateness_s) < 0.25  # the generator itself was not held up


def test_slow_calls_do_not_hold_up_later_ones():
    """100 calls that take 0.5 s each, 5 ms apart, from 4 connections opened ahead: all are in flight at once."""
    with CloudStub(lambda headers, body: (200, "", 0.5)) as cloud:
        played = play(cloud, evenly(100, 0.005), connections=4)
    assert cloud.connections >= 90
    assert played.client.figures["answers"] == {200: 100}
    assert np.median(played.client.lateness_s) < 0.02
    assert np.median(played.client.latency_s) < 0.7


def test_late_calls_are_sent_at_once_and_their_lateness_recorded():
    """A thousand calls due at one instant cannot all leave at it: none is dropped, and each says how late it was."""
    workload = Workload((Function("f", service=0.001),), {"f": np.full(1000, 0.01)}, duration_s=1.0)
    with CloudStub() as cloud:
        played = play(cloud, workload)
    assert played.client.figures["answers"] == {200: 1000}
    late = played.client.lateness_s
    assert (np.diff(late) >= 0).all() and late[-1] > late[0] >= 0


def test_answers_that_never_come_are_counted():
    def answer(headers, body):
        event = int(headers["faaslab-event"])
        return None if event == 3 else (200, "X-Amz-Function-Error: Unhandled\r\n", 9.0 if event == 5 else 0.0)

    with CloudStub(answer) as cloud:
        began = time.monotonic()
        played = play(cloud, evenly(10, 0.01), drain_s=0.3)
    assert time.monotonic() - began < 5
    assert played.client.status[3] == LOST and played.client.status[5] == UNANSWERED
    assert played.client.figures["answers"] == {200: 8, "lost": 1, "unanswered": 1}
    assert played.client.figures["failed"] == 8
    assert np.isnan(played.client.latency_s[5]) and len(played.result) == 8


def test_throttled_calls_are_answers():
    with CloudStub(lambda headers, body: (429, "", 0.0)) as cloud:
        assert play(cloud, evenly(5, 0.01)).client.figures["answers"] == {429: 5}


@pytest.mark.parametrize("status", [403, 404])
def test_a_platform_that_refuses_is_an_error(status):
    with (
        CloudStub(lambda headers, body: (status, "", 0.0)) as cloud,
        pytest.raises(InputError, match=f"refused 5 of 5 calls.*'f'.*{status}"),
    ):
        play(cloud, evenly(5, 0.01))


def test_payloads_may_differ_by_call():
    with CloudStub() as cloud:
        play(cloud, evenly(6, 0.01), lambda name, call: {"name": name, "even": call % 2 == 0})
    bodies = {int(headers["faaslab-event"]): body for headers, body in cloud.seen}
    assert bodies[0] == b'{"name": "f", "even": true}' and bodies[5] == b'{"name": "f", "even": false}'


def test_what_is_due_at_the_horizon_or_later_is_left_out_as_in_a_simulation():
    with CloudStub() as cloud:
        played = play(cloud, evenly(10, 0.01, duration_s=0.05))
    assert len(played.result) == len(played.client.status) == 5


def test_cpu_is_counted():
    def answer(headers, body):
        return 200, "" if headers["faaslab-event"] == "7" else 'Faaslab-Report: {"cpu_s": 0.25, "x": 1}\r\n', 0.0

    with CloudStub(answer) as cloud:
        played = play(cloud, evenly(200, 0.002))
    cpu = played.cpu
    assert cpu.calls_s == 199 * 0.25 and np.flatnonzero(np.isnan(played.client.cpu_s)).tolist() == [7]
    assert 0.0005 < cpu.load_s < 1.0
    assert cpu.span_s >= 0.39 and cpu.overhead_s >= cpu.load_s
    assert cpu.others == pytest.approx((cpu.machine_s - cpu.load_s - cpu.controller_s - cpu.calls_s) / cpu.span_s)
    assert cpu.share(cpu.load_s) == pytest.approx(cpu.load_s / cpu.span_s / cpu.cores)


def test_progress_is_told():
    shares = []
    with CloudStub() as cloud:
        play(cloud, evenly(60, 0.01), progress=shares.append)
    assert shares == sorted(shares) and len(shares) >= 2 and shares[0] >= 0 and shares[-1] <= 1


def test_bad_input():
    with CloudStub() as cloud:
        with pytest.raises(InputError, match="duration_s"):
            play(cloud, Workload((Function("f", service=0.0),), {"f": [0.0]}))
        with pytest.raises(InputError, match="at least one call"):
            play(cloud, Workload((Function("f", service=0.0),), {}, duration_s=1.0))
        with pytest.raises(InputError, match=r"payloads.*'h'"):
            play(cloud, evenly(2, 0.01), {"h": 1})
        with pytest.raises(InputError, match="payload of 'f'"):
            play(cloud, evenly(2, 0.01), {"f": object()})
        assert not cloud.seen


def test_rows_of_functions_outside_the_workload_are_an_error():
    workload = evenly(3, 0.01, "f", "g")
    with CloudStub(functions=("f", "g")) as cloud:
        played = play(cloud, workload)
    with pytest.raises(InputError, match="'g'"):
        matching(cloud.result(), evenly(3, 0.01))
    assert [f.name for f in played.result.functions] == ["f", "g"]


def test_a_cut_result_is_that_of_a_shorter_run():
    """Against the simulator: a run of 20 s cut at 12.3 s has the rows of a run of 12.3 s."""
    function = Function("f", service=Exponential(0.4), cold_start=ColdStart(runtime_s=0.5))
    workload = Workload((function,), {"f": poisson(3.0, 20.0, seed=1)}, duration_s=20.0)
    platform = Platform(FixedWindow(1.0), cpu="shared", invoker_cpu=2)
    long, short = (simulate(platform, workload, seed=1, duration_s=duration) for duration in (20.0, 12.3))
    shorter = cut(long, short.horizon_ns)
    assert (short.calls["outcome"] == Outcome.IN_SYSTEM).any() and (short.containers["gone_ns"] < 0).any()
    for table in ("calls", "containers", "resizes", "events", "messages"):
        for name, values in getattr(short, table).items():
            phases = table == "containers" and name.removesuffix("_ns") in PHASES
            ended = short.containers["ready_ns"] >= 0 if phases else slice(None)
            assert np.array_equal(getattr(shorter, table)[name][ended], values[ended]), (table, name)
    assert shorter.horizon_ns == short.horizon_ns


def test_the_generator_ends_when_its_owner_does(tmp_path):
    """Killed without a chance to clean up, the owner leaves no generator behind."""
    script = tmp_path / "owner.py"
    script.write_text(
        "import sys, numpy as np\n"
        f"sys.path[:0] = [{os.path.dirname(__file__)!r}]\n"
        "from cloud_stub import CloudStub\n"
        "from test_load import evenly\n"
        "from faaslab.runtime.measuring import load\n"
        "popen = load.subprocess.Popen\n"
        "def started(*args, **kwargs):\n"
        "    process = popen(*args, **kwargs)\n"
        "    print(process.pid, flush=True)\n"
        "    return process\n"
        "load.subprocess.Popen = started\n"
        "with CloudStub() as cloud:\n"
        "    load.play(cloud, evenly(6000, 0.01))\n"
    )
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    time.sleep(0.5)
    assert alive(pid)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_generator_needs_no_package():
    """It runs by path in isolated mode, without site-packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(load.GENERATOR)], input='{"bad": 1}\n', capture_output=True, text=True
    )
    assert done.returncode == 1 and "KeyError" in done.stderr and "ModuleNotFound" not in done.stderr
