"""Worlds: loads by hand, what they refuse, FaaSRM's sample and experiment, episodes and what is held out of them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from faaslab.durations import Constant, Empirical
from faaslab.errors import InputError
from faaslab.functions import ColdStart, Function
from faaslab.harvest.demand import InputDependent, Saturating, harvested
from faaslab.harvest.managers.fixed import Fixed
from faaslab.harvest.options import Options
from faaslab.harvest.worlds.episodes import Episodes
from faaslab.harvest.worlds.experiment_one import experiment_one, load_readings
from faaslab.harvest.worlds.generated import generated_sample
from faaslab.harvest.worlds.sample import first, read_sample, trace_folder, units, whole_seconds
from faaslab.harvest.worlds.world import World
from faaslab.workload.workload import Workload

OPTIONS = Options()


def function(name="f", cpu=2, memory=4, demand=None, **more):
    demand = Saturating(1.0, 4.0, 3, 4) if demand is None else demand
    return harvested(name, demand, cpu, memory, OPTIONS, cold_start=ColdStart(1.0), **more)


def world(*functions, calls=(0.0, 1.0), **changes):
    workload = Workload(functions, {f.name: np.array(calls, dtype=float) for f in functions})
    given = {"duration_s": 10.0, "servers": 2, "server_cpu": 8.0, "server_memory_mb": 2048.0} | changes
    return World("w", workload, given.pop("options", OPTIONS), **given)


@pytest.fixture(scope="module")
def sample():
    return generated_sample(functions=120, minutes=60, seed=3)


# --- the world --------------------------------------------------------------------------------------------------------


def test_loads_by_hand():
    load = world(function()).load()
    # At two of three cores: 1 + 3 * 2/3 * 1/2 = 2 s. Two calls; 2 servers of 8 cores and 32 units of memory, for 10 s.
    assert load.cpu == pytest.approx(2 * 2 * 2 / 160)
    assert load.memory == pytest.approx(2 * 4 * 2 / 640)
    assert load.cpu_least == pytest.approx(2 * 1 / 160)
    assert load.memory_least == pytest.approx(2 * 1 / 640)


def test_load_is_a_mean_over_the_inputs():
    demand = InputDependent(Saturating(1.0, 1.0, 1, 1), work_power=1.0)
    load = world(function(demand=demand, input_size=Empirical((1.0, 3.0)))).load()
    assert load.cpu == pytest.approx(2 * 2 * 2.0 / 160, rel=0.1)


def test_a_fixed_run_holds_what_the_load_says(sample):
    small = experiment_one(1, functions=20, sample=sample)
    result = small.run(Fixed(), seed=1)
    held = (result.calls["end_ns"] - result.calls["begin_ns"]) @ result.calls["cpu"] / 1e9
    assert held / (160 * small.duration_s) == pytest.approx(small.load().cpu)
    assert (result.calls["end_ns"] > 0).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: world(function(cpu=8), server_cpu=4), ["'w'", "'f'", "8 cores", "4 cores"]),
        (lambda: world(function(memory=8), server_memory_mb=256), ["'f'", "512 MB", "256 MB"]),
        (lambda: world(function(cpu=1), server_cpu=4), ["options", "largest", "4 cores"]),
        (lambda: world(function(), calls=()), ["at least one call"]),
        (lambda: world(function(), calls=(10.0,)), ["within its duration", "10"]),
        (lambda: world(Function("g", Constant(1.0), cpu=1, memory_mb=64)), ["'g'", "harvested"]),
        (lambda: world(function(cpu=4), options=Options(cores=2)), ["'f'", "1 to 2"]),
        (lambda: world(function(), servers=0), ["servers", "0"]),
        (lambda: world(function()).run(Fixed(Options(units=4)), 1), ["manager", "units=4"]),
    ],
)
def test_what_a_world_refuses(make, words):
    with pytest.raises(InputError) as error:
        make()
    assert all(word in str(error.value) for word in words), error.value


# --- samples ----------------------------------------------------------------------------------------------------------


def test_conversions():
    assert units([10, 64, 127.9, 128, 511, 9999]).tolist() == [1, 1, 1, 2, 7, 8]
    assert whole_seconds([0, 999.9, 1000, 2500]).tolist() == [1, 1, 2, 3]


PERCENTS = (1, 5, 25, 50, 75, 95, 99, 100)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "invocations.csv").write_text("HashFunction,Trigger,1,2,3\nf,http,2,0,1\ng,queue,0,3,0\nh,http,0,1,0\n")
    durations = ",".join(f"percentile_Average_{p}" for p in (0, 1, 25, 50, 75, 99, 100))
    (tmp_path / "durations.csv").write_text(
        f"HashFunction,Average,Count,Minimum,Maximum,{durations}\n"
        "f,2500,3,1500,6000,1500,2100,2150,2200,2300,2400,5999\n"
        "g,1,3,1,1,0,0,0,1,1,2,2\n"
    )
    memory = ",".join(f"AverageAllocatedMb_pct{p}" for p in PERCENTS)
    (tmp_path / "memory.csv").write_text(
        f"HashFunction,SampleCount,AverageAllocatedMb,{memory},Ideal\n"
        "f,9,200,64,70,100,128,192,256,600,900,192\ng,9,64,60,60,60,60,60,60,60,60,60\nh,9,64,60,60,60,60,60,60,60,60,60\n"
    )
    return tmp_path


def test_reading_a_sample(folder):
    sample = read_sample(str(folder))
    assert sample.names == ("f", "g")
    assert sample.counts.tolist() == [[2, 0, 1], [0, 3, 0]]
    assert (sample.shortest_s.tolist(), sample.longest_s.tolist()) == ([3, 1], [6, 1])
    assert (sample.cold_s.tolist(), sample.mean_s.tolist()) == ([2, 1], [2.5, 0.001])
    assert sample.user.tolist() == [3, 1]
    assert sample.ideals[0].tolist() == [1, 1, 1, 2, 3, 4, 8, 8]
    assert sample.recorded_ideal.tolist() == [3, 1]
    assert "1 left out" in sample.source


def test_experiment_one_of_a_small_trace(folder):
    one = experiment_one(1, folder=folder, ideal="recorded", minute_s=10.0)
    f, _ = one.workload.functions
    assert (f.cpu, f.memory_mb, f.cold_start.mean_s) == (3, 192, 2)
    assert f.speed.demand == Saturating(3.0, 6.0, 3, 3)
    times = one.workload.arrivals_s["f"]
    assert ((times[:2] < 10) & (times[:2] >= 0)).all() and 20 <= times[2] < 30
    assert (one.duration_s, one.workload.calls) == (30.0, 6)
    assert experiment_one(2, folder=folder, minute_s=10.0).workload.arrivals_s["f"].tolist() != times.tolist()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("durations.csv", "Minimum", "Least", ["durations.csv", "Minimum"]),
        ("memory.csv", "_pct", "_part", ["memory.csv", "percentiles"]),
        ("memory.csv", "f,9,200", "f,9,-1", ["memory.csv, line 2"]),
    ],
)
def test_damaged_samples(folder, file, old, new, words):
    path = folder / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError) as error:
        read_sample(str(folder))
    assert all(word in str(error.value) for word in words), error.value


def test_bad_arguments(folder, sample):
    with pytest.raises(InputError, match="recorded"):
        experiment_one(1, sample=sample, ideal="recorded")
    with pytest.raises(InputError, match="both"):
        experiment_one(1, sample=sample, folder=folder)
    with pytest.raises(InputError, match="split"):
        experiment_one(1, sample=sample, split="test")
    with pytest.raises(InputError, match="functions"):
        experiment_one(1, sample=sample, functions=121)
    with pytest.raises(InputError, match="minute_s"):
        experiment_one(1, sample=sample, minute_s=0)


def test_the_generated_sample_has_the_size_and_ranges_of_the_original(sample):
    assert (len(sample), sample.minutes, sample.counts.sum()) == (120, 60, round(85.47 * 120))
    assert (sample.shortest_s <= sample.longest_s).all() and (sample.cold_s <= sample.shortest_s).all()
    assert sample.longest_s.max() <= 601
    assert (np.diff(sample.ideals, axis=1) >= 0).all() and sample.ideals.min() >= 1 and sample.ideals.max() <= 8
    assert 0.05 < (sample.ideals > sample.user[:, None]).mean() < 0.5
    assert load_readings(sample)["literal, least"] > 1


def test_no_trace_means_the_generator(monkeypatch, tmp_path):
    monkeypatch.setenv("FAASLAB_TRACES", str(tmp_path))
    assert trace_folder() is None
    (tmp_path / "azure2019-faasrm-1000x60").mkdir()
    assert trace_folder() == tmp_path / "azure2019-faasrm-1000x60"


def test_the_original_sample():
    if trace_folder() is None:
        pytest.skip("no trace: set FAASLAB_TRACES")
    sample = read_sample(str(trace_folder()))
    assert (len(sample), sample.minutes, sample.counts.sum()) == (1000, 60, 85_470)
    assert first(sample, 100).counts.sum() == 6276
    readings = load_readings(sample)
    assert readings["literal, least"] == pytest.approx(19.08, abs=0.01)
    assert readings["literal, users"] == pytest.approx(155.4, abs=0.1)
    assert readings["minutes, recorded"] == pytest.approx(0.470, abs=0.001)
    literal = experiment_one(1, minute_s=1, folder=trace_folder(), ideal="recorded").load()
    assert (literal.cpu, literal.cpu_least) == pytest.approx((readings["literal, users"], readings["literal, least"]))


# --- episodes ---------------------------------------------------------------------------------------------------------


def test_episodes_are_as_asked_for(sample):
    episodes = Episodes(sample, minutes=4, functions=6)
    drawn = [episodes(seed) for seed in range(30)]
    for episode in drawn:
        assert len(episode.workload.functions) == 6
        assert 20 <= episode.workload.calls <= 40
        assert episode.load().cpu == pytest.approx(0.5)
    assert len({episode.workload.calls for episode in drawn}) > 5
    again = Episodes(sample, minutes=4, functions=6)(7)
    assert [f.name for f in again.workload.functions] == [f.name for f in drawn[7].workload.functions]
    for name, times in again.workload.arrivals_s.items():
        assert times.tolist() == drawn[7].workload.arrivals_s[name].tolist()


def test_load_by_servers_by_time_and_not_at_all(sample):
    scarce = Episodes(sample, minutes=4, functions=6, load=2.0, servers=1)(5)
    assert scarce.servers == 1 and scarce.load().cpu == pytest.approx(2.0)
    roomy = Episodes(sample, minutes=4, functions=6, load=0.02)(5)
    assert roomy.servers > 1 and roomy.load().cpu == pytest.approx(0.02)
    paper = Episodes(sample, minutes=4, functions=6, load=None, servers=10)(5)
    assert (paper.servers, paper.duration_s) == (10, 48.0)
    assert [f.name for f in paper.workload.functions] == [f.name for f in scarce.workload.functions]


def test_larger_episodes(sample):
    episode = Episodes.larger(sample=sample, split="all", calls=(150, 400), load=1.5)(1)
    assert len(episode.workload.functions) == 30
    assert 150 <= episode.workload.calls <= 400
    assert episode.load().cpu == pytest.approx(1.5)


def test_held_out_functions_and_minutes_never_occur_in_training(sample):
    train, held_out = sample.split("train"), sample.split("held out")
    assert set(train.names) | set(held_out.names) == set(sample.names)
    assert not set(train.names) & set(held_out.names)
    assert 0.1 < len(held_out) / len(sample) < 0.4
    assert train.minutes + held_out.minutes == sample.minutes
    marked = replace(sample, counts=np.arange(sample.counts.size).reshape(sample.counts.shape))
    assert not set(marked.split("train").counts.ravel()) & set(marked.split("held out").counts.ravel())
    for split, part in (("train", train), ("held out", held_out)):
        episodes = Episodes(sample, split=split, minutes=4, functions=6)
        assert {f.name for seed in range(20) for f in episodes(seed).workload.functions} <= set(part.names)


def test_limits_of_an_episode(sample):
    episodes = Episodes(sample, minutes=4, functions=6, longest_s=5.0, most_a_minute=4)
    longest = {f.speed.demand.longest_s for seed in range(10) for f in episodes(seed).workload.functions}
    assert max(longest) <= 5.0
    assert episodes._pool.counts.max() <= 4


def test_episodes_travel_between_processes(sample):
    episodes = Episodes(sample, minutes=4, functions=6)
    copy = pickle.loads(pickle.dumps(episodes))
    assert copy(3).workload.calls == episodes(3).workload.calls


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"functions": 1000}, ["functions", "1000"]),
        ({"calls": (5000, 6000)}, ["5000 to 6000 calls", "draws"]),
        ({"calls": (40, 20)}, ["calls, most", "20"]),
        ({"load": None}, ["load", "servers"]),
        ({"load": 0}, ["load"]),
        ({"minutes": 46}, ["minutes", "45"]),
        ({"split": "validation"}, ["split"]),
    ],
)
def test_what_episodes_refuse(sample, changes, words):
    with pytest.raises(InputError) as error:
        Episodes(**{"sample": sample, "functions": 6, "minutes": 4} | changes)(1)
    assert all(word in str(error.value) for word in words), error.value
