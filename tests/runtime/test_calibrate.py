"""Calibration against a stand-in whose true times are known, and against a real platform."""

import itertools
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from cloud_stub import CloudStub

import faaslab.runtime
from faaslab import simulate
from faaslab.durations import Constant, Empirical, LogNormal
from faaslab.errors import InputError
from faaslab.functions import PHASES
from faaslab.model.diff import diff
from faaslab.model.result import Outcome, Start
from faaslab.platform import Platform
from faaslab.policies import FixedWindow
from faaslab.runtime.client import Answer
from faaslab.runtime.deployment import Deployment
from faaslab.runtime.measuring.calibration import calibrate
from faaslab.runtime.measuring.predict import platform_arguments
from faaslab.runtime.report import Report
from faaslab.runtime.runtime import Runtime
from faaslab.workload import Workload

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the platform's processes are tested on Linux")
MEAN_PHASE_S = (0.001, 0.02, 0.015, 0.005)


class KnownCloud(CloudStub):
    """Containers that take phases, a call and cpu of known laws; `busy_controller`: allocating is the controller's
    cpu."""

    def __init__(self, call_s=lambda rng: 0.01, cpu_share=0.4, busy_controller=True, **options):
        super().__init__(**options)
        self.call_s, self.cpu_share, self.busy_controller = call_s, cpu_share, busy_controller
        self.rng = np.random.default_rng(7)
        self.warm = self.provisioned = False
        self.controller_s = 0.0
        self.fails = False
        self.events = []

    def functions_deployed(self):
        return [Deployment("f", __file__, memory_mb=256, timeout_s=2.0)]

    def invoke(self, name, event):
        self.events.append(event)
        cold = not self.warm and not self.provisioned
        self.warm = True
        phases = dict(zip(PHASES, self.rng.gamma(20.0, np.array(MEAN_PHASE_S) / 20.0).tolist(), strict=True))
        if cold and self.busy_controller:
            self.controller_s += phases["allocate"]
        call_s = float(self.call_s(self.rng))
        report = Report(
            request_id="r",
            start="cold" if cold else "warm",
            duration_s=call_s * (2 if cold else 1),
            wait_s=0.0,
            cpu_s=call_s * self.cpu_share,
            memory_mb=256,
            used_mb=30.0 + cold,
            init_s=sum(phases.values()) if cold else None,
            phases=phases if cold else None,
        )
        outcome = Outcome.FAILED if self.fails else Outcome.COMPLETED
        return Answer(b'{"errorType": "ValueError"}' if self.fails else b"null", outcome, "r", report)

    def measure(self, warm=True):
        self.warm = self.warm and warm
        return super().measure()

    def ps(self):
        return [{"function": "f", "pid": os.getpid()}] if self.warm else []

    def stats(self):
        return super().stats() | {"controller_cpu_s": self.controller_s}


class Client:
    """The stand-in as calibrate sees it: `functions` is a method there, a tuple of names in the server."""

    def __init__(self, cloud):
        self._cloud = cloud

    def __getattr__(self, name):
        return getattr(self._cloud, name)

    def functions(self):
        return self._cloud.functions_deployed()


def known(starts=20, calls=40, **options):
    with KnownCloud(**options) as cloud:
        return calibrate(Client(cloud), "f", starts=starts, calls=calls)


def test_phases_and_steps_are_those_of_the_law():
    calibration = known(starts=200, calls=40)
    assert {name: len(calibration.samples[name]) for name in (*PHASES, "call")} == dict.fromkeys(PHASES, 200) | {
        "call": 40
    }
    for phase, mean in zip(PHASES, MEAN_PHASE_S, strict=True):
        assert calibration.samples[phase].mean() == pytest.approx(mean, rel=0.08)
    function = calibration.function
    assert function.cold_start.mean_s == pytest.approx(calibration.samples["cold start"].mean())
    assert (function.name, function.memory_mb, function.timeout_s) == ("f", 256, 2.0)
    kinds = [(step.kind, step.duration.mean_s) for step in function.steps]
    assert [kind for kind, _ in kinds] == ["compute", "compute", "wait"]
    assert kinds[1][1] == pytest.approx(0.004) and kinds[2][1] == pytest.approx(0.006)
    assert calibration.used_mb == 31.0
    assert calibration.samples["first call"].mean() == pytest.approx(0.02)


def test_the_first_start_is_not_counted():
    """It reads files from the disk; what is counted comes after it."""
    calls = itertools.count()
    calibration = known(starts=5, calls=5, call_s=lambda rng: 1.0 if next(calls) == 0 else 0.01)
    assert calibration.samples["first call"].max() == pytest.approx(0.02)


@pytest.mark.parametrize("busy", [True, False])
def test_allocate_uses_cpu_where_the_controller_did(busy):
    assert ("allocate" in known(starts=5, calls=5, busy_controller=busy).cpu_phases) == busy


@pytest.mark.parametrize("used_s, computes", [(0.03, True), (0.001, False), (0.0, True)])
def test_a_start_computes_where_the_worker_used_cpu(monkeypatch, used_s, computes):
    """0: the system does not tell, and starts are taken to compute."""
    call_s = 0.02 * 0.4
    monkeypatch.setattr("faaslab.runtime.measuring.calibration.cpu_clock_s", lambda pid: used_s + call_s * (used_s > 0))
    calibration = known(starts=5, calls=5, call_s=lambda rng: 0.02)
    assert (calibration.cpu_phases - {"allocate"} == {"runtime", "dependencies", "code"}) == computes


def test_a_simulation_of_the_function_responds_as_measured():
    """Calls far apart: the mean response is path + call, and that of a cold call has the start before it."""
    calibration = known(starts=50, calls=300, call_s=lambda rng: rng.gamma(4.0, 0.0005))
    times = 1.0 + np.arange(2000.0)
    workload = Workload((calibration.function,), {"f": times}, duration_s=2002.0)
    result = simulate(Platform(FixedWindow(600), invoker_cpu=2, cpu="shared"), workload, seed=1, duration_s=2002.0)
    response = (result.calls["end_ns"] - result.calls["arrival_ns"])[1:] / 1e9
    expected = calibration.samples["call"].mean() + calibration.samples["path"].mean()
    assert response.mean() == pytest.approx(expected, rel=0.03)
    assert result.calls["start"][0] == Start.COLD
    assert (result.calls["begin_ns"] - result.calls["arrival_ns"])[0] / 1e9 == pytest.approx(0.041, rel=0.5)


def test_distributions():
    calibration = known(starts=20, calls=30, call_s=lambda rng: rng.gamma(4.0, 0.0025))
    kinds = {"measured": Empirical, "lognormal": LogNormal, "constant": Constant}
    for distribution, kind in kinds.items():
        function = calibration.as_function(distribution)
        assert isinstance(function.cold_start.runtime_s, kind)
        computing = [f.steps[1].duration.mean_s for f in (function, calibration.function)]
        assert computing[0] == pytest.approx(computing[1], rel=0.1)
    with pytest.raises(InputError, match="distribution"):
        calibration.as_function("normal")


def test_the_table_has_medians_within_intervals():
    calibration = known(starts=30, calls=30, call_s=lambda rng: rng.gamma(4.0, 0.0025))
    table = calibration.table()
    assert list(table.index)[:5] == [*PHASES, "cold start"]
    assert ((table["low_s"] <= table["median_s"]) & (table["median_s"] <= table["high_s"])).all()
    assert table.loc["call", "low_s"] < table.loc["call", "high_s"]
    assert table.equals(calibration.table())
    assert table.loc["runtime", "median_s"] == np.median(calibration.samples["runtime"])
    assert "cold start 4" in str(calibration) and "ms = " in str(calibration)


def test_calls_on_several_cores():
    calibration = known(starts=5, calls=5, cpu_share=2.0)
    assert calibration.cores == pytest.approx(2.0)
    assert calibration.function.cpu == pytest.approx(2.0)
    assert [step.kind for step in calibration.function.steps] == ["compute", "compute"]


def test_events_may_differ_by_call():
    with KnownCloud() as cloud:
        calibrate(Client(cloud), "f", lambda call: {"call": call}, starts=2, calls=3)
    assert [event["call"] for event in cloud.events] == [0, 0, 1, 0, 1, 2]
    assert {body for _, body in cloud.seen} == {b'{"call": %d}' % call for call in range(3)}


def test_others_on_the_machine_are_told(monkeypatch):
    clock = itertools.count(0.0, 0.5)
    monkeypatch.setattr("faaslab.runtime.measuring.calibration.machine_cpu_s", lambda: next(clock))
    calibration = known(starts=2, calls=2)
    assert calibration.others == pytest.approx(2.0) and "others used 2 cores" in str(calibration)


def test_bad_input():
    with KnownCloud() as cloud:
        client = Client(cloud)
        with pytest.raises(InputError, match=r"calibrate, function.*f; got 'g'"):
            calibrate(client, "g")
        with pytest.raises(InputError, match="starts"):
            calibrate(client, "f", starts=1)
        cloud.provisioned = True
        with pytest.raises(InputError, match="provisioned"):
            calibrate(client, "f", starts=2, calls=2)
        cloud.fails = True
        with pytest.raises(InputError, match="ValueError"):
            calibrate(client, "f", starts=2, calls=2)


SLEEPER = Path(faaslab.runtime.__file__).parent / "samples" / "sleeper"


@pytest.fixture(scope="module")
def cloud():
    if sys.platform != "linux":
        pytest.skip("the platform's processes are tested on Linux")
    with Runtime(keep_alive=FixedWindow(60), memory_mb=1024) as cloud:
        cloud.deploy("mixed", SLEEPER, memory_mb=64, timeout_s=5.0)
        cloud.calibration = calibrate(cloud, "mixed", {"wait_s": 0.02, "compute_s": 0.004}, starts=4, calls=20)
        yield cloud


@on_linux
def test_a_real_function_is_measured(cloud):
    """What the sample function is told to do: 4 ms of cpu and 20 ms of waiting; the machine may add to both."""
    calibration = cloud.calibration
    assert 0.004 <= np.median(calibration.samples["cpu"]) < 0.006
    assert np.median(calibration.waiting_s) >= 0.018 and calibration.samples["call"].min() >= 0.0235
    assert all(calibration.samples[phase].min() > 0 for phase in ("allocate", "runtime", "code"))
    assert 3 < calibration.used_mb < 64 and calibration.cores == 1.0
    assert 1e-5 < calibration.overhead_s < 0.02
    assert (calibration.function.memory_mb, calibration.function.timeout_s, calibration.start) == (64, 5.0, "spawn")


@on_linux
def test_what_was_played_and_what_was_simulated_match_call_by_call(cloud):
    """From a measurement to a prediction, all the way; the times are the machine's, the calls are the same."""
    arrivals = {"mixed": 0.2 + 0.05 * np.arange(20)}
    workload = Workload((cloud.calibration.function,), arrivals, duration_s=2.0)
    played = cloud.play(workload, {"mixed": {"wait_s": 0.02, "compute_s": 0.004}}, warm=False)
    platform = Platform(**platform_arguments(cloud.settings, cores=2))
    simulated = simulate(platform, workload, seed=1, duration_s=2.0)
    compared = diff(played.result, simulated)
    assert len(compared) == 20 and played.client.figures["answers"] == {200: 20}
    assert not np.isnan(compared.response_change_s).any()
    assert played.result.calls["start"][0] == Start.COLD == simulated.calls["start"][0]
    response = (played.result.calls["end_ns"] - played.result.calls["arrival_ns"]) / 1e9
    assert (response >= 0.0235).all()
    assert (played.client.latency_s >= response - 1e-3).all()
    assert 0.08 <= played.cpu.calls_s == played.client.cpu_s.sum() < 0.2
