"""Settings of the real platform: defaults, and what is refused."""

import math

import pytest

from faaslab.errors import InputError
from faaslab.platform import Platform
from faaslab.policies import KPA, LRU, ConcurrencyLimit, FixedWindow, OnePerRequest, ShortestFirst
from faaslab.runtime import machine_size
from faaslab.runtime.settings import Settings


def test_defaults():
    a, b = Settings(), Settings()
    assert isinstance(a.keep_alive, FixedWindow) and a.keep_alive.window_s == 600.0
    assert isinstance(a.admission, ConcurrencyLimit) and a.admission.account == 100
    assert a.keep_alive is not b.keep_alive and a.admission is not b.admission  # policies learn
    assert (a.autoscaler, a.queueing, a.queue_limit) == (None, None, None)
    assert a.memory_mb == machine_size.machine_memory_mb() // 2 > 0
    assert a.cores >= 1


def test_names_are_those_of_the_simulated_platform():
    shared = set(Settings.__dataclass_fields__) - {"memory_mb"}
    assert shared <= set(Platform.__dataclass_fields__)


def test_an_owner_of_the_count_is_recognised():
    assert Settings(autoscaler=KPA()).owns_count
    assert not Settings(autoscaler=OnePerRequest()).owns_count
    assert not Settings().owns_count
    assert len(Settings(autoscaler=KPA(), queueing=ShortestFirst()).policies()) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep_alive": None}, "keep_alive: expected a policy object with on_idle"),
        ({"keep_alive": LRU}, "keep_alive"),
        ({"autoscaler": FixedWindow(1)}, "autoscaler: expected a policy object with owns_count"),
        ({"queueing": 3}, "queueing"),
        ({"queueing": ShortestFirst("oracle")}, "by='estimate'"),
        ({"admission": FixedWindow(1)}, "admission"),
        ({"memory_mb": 0}, "memory_mb"),
        ({"memory_mb": math.nan}, "memory_mb"),
        ({"memory_mb": "1 GB"}, "memory_mb"),
        ({"queue_limit": -1}, "queue_limit"),
        ({"queue_limit": 1.5}, "queue_limit"),
    ],
)
def test_what_is_no_setting_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Settings(**options)


def test_the_least_of_the_control_groups_limits_counts(monkeypatch, tmp_path):
    own = tmp_path / "a" / "b"
    own.mkdir(parents=True)
    (tmp_path / "a" / "memory.max").write_text(f"{300 * 2**20}\n")
    (own / "memory.max").write_text("max\n")
    (own / "cpu.max").write_text("50000 100000\n")
    groups = tmp_path / "cgroup"
    groups.write_text("0::/a/b\n")
    monkeypatch.setattr(machine_size, "_ROOT", tmp_path)
    monkeypatch.setattr(machine_size, "_OWN", groups)
    assert machine_size.machine_memory_mb() == 300
    assert machine_size.machine_cores() == 1
    (own / "memory.max").write_text(f"{200 * 2**20}\n")
    assert machine_size.machine_memory_mb() == 200


def test_a_system_without_control_groups_or_affinity(monkeypatch, tmp_path):
    monkeypatch.setattr(machine_size, "_OWN", tmp_path / "nothing")
    assert machine_size.machine_memory_mb() > 0
    monkeypatch.delattr(machine_size.os, "sysconf", raising=False)
    monkeypatch.delattr(machine_size.os, "sched_getaffinity", raising=False)
    assert machine_size.machine_memory_mb() == machine_size.UNKNOWN_MEMORY_MB
    assert machine_size.machine_cores() >= 1
