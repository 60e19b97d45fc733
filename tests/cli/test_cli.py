"""The command line: figures as people and scripts get them, and errors on one line."""

import json
import math

import numpy as np
import pytest

from faaslab.cli import main
from faaslab.durations import Constant, Exponential
from faaslab.functions import ColdStart, Function
from faaslab.workload import Workload, poisson, write_azure2019

KEYS = {
    "invocations", "cold_fraction", "containers_mean", "busy_mean", "rejected_fraction", "throttled_fraction", "wait_s",
    "response_s", "container_seconds", "memory_mb_seconds",
}  # fmt: skip
SIMULATE = ["simulate", "--rate", "0.9", "--service", "exp:1.991", "--duration", "2e4", "--seed", "1"]


def json_of(capsys, arguments):
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    functions = tuple(Function(f"f{i}", Exponential(0.5 + i), memory_mb=100.0 + 50 * i) for i in range(4))
    arrivals = {f.name: poisson(0.02 * (i + 1), 3600.0, seed=i) for i, f in enumerate(functions)}
    write_azure2019(Workload(functions, arrivals, duration_s=3600.0), folder)
    return folder


def test_simulate_prints_the_promised_keys(capsys):
    figures = json_of(capsys, [*SIMULATE, "--cold-service", "exp:2.244", "--keep-alive", "600"])
    assert figures.keys() >= KEYS
    assert figures["wait_s"].keys() == figures["response_s"].keys() == {"mean", "p50", "p95", "p99"}
    assert figures["invocations"] == pytest.approx(0.9 * 2e4, rel=0.05)
    assert figures["wait_s"]["mean"] == 0.0


def test_a_bare_number_is_a_fixed_window(capsys):
    cold = ["--cold-start", "0.5"]
    bare = json_of(capsys, [*SIMULATE, *cold, "--keep-alive", "60"])
    assert bare == json_of(capsys, [*SIMULATE, *cold, "--keep-alive", "fixed:60"])
    assert bare != json_of(capsys, [*SIMULATE, *cold, "--keep-alive", "600"])


def test_a_cold_start_is_waited_for_and_a_cold_service_is_not(capsys):
    arguments = ["simulate", "--rate", "0.01", "--service", "1", "--duration", "1e5", "--keep-alive", "none"]
    start = json_of(capsys, [*arguments, "--cold-start", "0.5"])
    service = json_of(capsys, [*arguments, "--cold-service", "1.5"])
    # Not every one: a call that waits for its own start may be served by a container that is freed meanwhile.
    assert start["cold_fraction"] > 0.98 and service["cold_fraction"] > 0.98
    assert start["wait_s"]["p50"] == 0.5
    assert service["wait_s"]["p50"] == 0.0
    assert start["response_s"]["p50"] == service["response_s"]["p50"] == 1.5


def test_several_seeds_give_means_with_intervals(capsys):
    figures = json_of(capsys, [*SIMULATE, "--seeds", "3"])
    assert figures["seeds"] == [1, 2, 3]
    assert figures.keys() >= KEYS
    alone = [json_of(capsys, [*SIMULATE[:-1], seed]) for seed in ("1", "2", "3")]
    values = [one["response_s"]["p95"] for one in alone]
    assert figures["response_s"]["p95"] == pytest.approx(np.mean(values))
    # Student's t with two degrees of freedom: 4.303 standard errors.
    expected = 4.3027 * np.std(values, ddof=1) / np.sqrt(3)
    assert figures["half_width_95"]["response_s"]["p95"] == pytest.approx(expected, rel=1e-4)


def test_a_fixed_fleet_rejects_what_its_queue_cannot_hold(capsys):
    arguments = ["simulate", "--rate", "3", "--service", "exp:1", "--duration", "2e4", "--fixed-fleet", "2"]
    short = json_of(capsys, [*arguments, "--queue", "0"])
    long = json_of(capsys, [*arguments, "--queue", "8"])
    # Erlang's loss formula for two servers and three erlangs.
    assert short["rejected_fraction"] == pytest.approx((9 / 2) / (1 + 3 + 9 / 2), abs=0.02)
    assert long["rejected_fraction"] < short["rejected_fraction"]
    assert short["wait_s"]["p99"] == 0.0 < long["wait_s"]["p99"]


def test_limits_throttle_and_concurrency_saves_containers(capsys):
    limited = json_of(capsys, [*SIMULATE, "--account-concurrency", "1"])
    assert limited["throttled_fraction"] > 0.3
    one = json_of(capsys, SIMULATE)
    four = json_of(capsys, [*SIMULATE, "--container-concurrency", "4"])
    assert four["containers_mean"] < one["containers_mean"]


def test_no_calls_give_null_rather_than_nan(capsys):
    figures = json_of(capsys, ["simulate", "--rate", "0", "--service", "1", "--duration", "10"])
    assert figures["invocations"] == 0
    assert figures["cold_fraction"] is None and figures["wait_s"]["mean"] is None


def test_replay_runs_every_policy_on_the_same_arrivals(capsys, trace):
    policies = ["none", "fixed:600", "lru", "greedy-dual", "histogram"]
    options = [word for policy in policies for word in ("--keep-alive", policy)]
    figures = json_of(capsys, ["replay", str(trace), *options, "--invokers", "1", "--invoker-memory-mb", "700"])
    runs = {run["keep_alive"]: run for run in figures["runs"]}
    assert list(runs) == policies
    assert all(run.keys() >= KEYS | {"idle_memory_fraction"} for run in runs.values())
    assert len({run["invocations"] for run in runs.values()}) == 1
    assert runs["none"]["cold_fraction"] > runs["fixed:600"]["cold_fraction"]
    assert runs["none"]["idle_memory_fraction"] == 0.0 < runs["fixed:600"]["idle_memory_fraction"]


def test_readable_tables_have_a_line_a_figure(capsys, trace):
    assert main([*SIMULATE]) == 0
    assert "cold_fraction" in capsys.readouterr().out
    assert main(["replay", str(trace), "--keep-alive", "60", "--keep-alive", "none"]) == 0
    out = capsys.readouterr().out
    assert "4 functions" in out and "response_s.p95" in out


BAD = {
    "negative rate": (["--rate", "-1"], "--rate", "-1"),
    "rate that is no number": (["--rate", "nan"], "--rate", "nan"),
    "no memory": (["--memory-mb", "0"], "--memory-mb", "0"),
    "unknown policy": (["--keep-alive", "greedy"], "--keep-alive", "greedy"),
    "negative window": (["--keep-alive", "fixed:-3"], "--keep-alive", "-3"),
    "window that is no number": (["--keep-alive", "fixed:soon"], "--keep-alive", "soon"),
    "unknown distribution": (["--service", "normal:1"], "--service", "normal:1"),
    "distribution with a part missing": (["--service", "lognormal:1"], "--service", "lognormal:1"),
    "negative mean": (["--service", "exp:-1"], "--service", "-1"),
    "negative queue": (["--fixed-fleet", "2", "--queue", "-1"], "--queue", "-1"),
    "empty fleet": (["--fixed-fleet", "0"], "--fixed-fleet", "0"),
    "no duration": (["--duration", "0"], "--duration", "0"),
    "warm-up as long as the run": (["--warmup", "20000"], "--warmup", "20000"),
    "no seeds": (["--seeds", "0"], "--seeds", "0"),
    "negative seed": (["--seed", "-1"], "--seed", "-1"),
    "two kinds of cold start": (["--cold-service", "2", "--cold-start", "1"], "--cold-start", "both"),
    "keep-alive of a fixed fleet": (["--fixed-fleet", "2", "--keep-alive", "60"], "--keep-alive", "60"),
    "container larger than the machine": (["--memory-mb", "512", "--invoker-memory-mb", "256"], "512", "256"),
    "more memory than there is": (["--memory-mb", "1e18"], "--memory-mb", "1e+18"),
    "service of ages": (["--service", "const:1e300"], "--service", "1e+300"),
    "mean beyond floating point": (["--service", "lognormal:0,1e6"], "--service", "1e+06"),
    "start of ages": (["--cold-start", "1e18"], "--cold-start", "1e+18"),
    "fleet without end": (["--fixed-fleet", "1000000000000"], "--fixed-fleet", "1000000000000"),
    "duration below a nanosecond": (["--duration", "1e-300"], "--duration", "1e-300"),
    "negative limit": (["--account-concurrency", "-1"], "--account-concurrency", "-1"),
    "no room in a container": (["--container-concurrency", "0"], "--container-concurrency", "0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_of_simulate_is_one_clear_line(capsys, name):
    options, place, value = BAD[name]
    assert main([*SIMULATE, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("faaslab: error: ") and err.count("\n") == 1
    assert place in err and value in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "--rate", "fast", "--service", "1", "--duration", "1"], ["--rate", "fast"]),
        (["simulate", "--rate", "1"], ["--service", "--duration"]),
        (["simulat"], ["simulat"]),
        (["simulate", "--rate", "1", "--service", "1", "--duration", "1", "--warm", "0"], ["--warm"]),
        ([], ["COMMAND"]),
    ],
)
def test_what_the_parser_refuses_is_one_line_too(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    err = capsys.readouterr().err
    assert end.value.code == 2
    assert err.startswith("faaslab: error: ") and err.count("\n") == 1 and all(word in err for word in words)


def test_bad_input_of_replay_is_one_clear_line(capsys, trace, tmp_path):
    for arguments, words in {
        (str(tmp_path / "nowhere"), "--keep-alive", "60"): ["nowhere"],
        (str(trace), "--keep-alive", "histgram"): ["histgram", "histogram"],
        (str(trace), "--keep-alive", "60", "--keep-alive", "60"): ["60", "twice"],
        (str(trace), "--keep-alive", "60", "--minutes", "5"): ["--minutes", "5"],
        (str(trace), "--keep-alive", "60", "--invoker-memory-mb", "20"): ["20", "memory_mb"],
        (str(trace), "--keep-alive", "60", "--max-functions", "0"): ["--max-functions", "0"],
        (str(trace), "--keep-alive", "60", "--spread", "evenly"): ["--spread", "evenly"],
        (str(trace), "--keep-alive", "60", "--warmup", "1e9"): ["--warmup", "1e+09"],
        ("", "--keep-alive", "60"): ["FOLDER"],
    }.items():
        assert main(["replay", *arguments]) == 2, arguments
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and all(word in err for word in words), err


def test_keep_alive_of_infinity_with_a_memory_limit_means_until_evicted(capsys):
    """Documented meaning: such a container ends only by eviction, as under LRU."""
    limited = [*SIMULATE, "--cold-start", "1", "--memory-mb", "128", "--invoker-memory-mb", "512"]
    forever = json_of(capsys, [*limited, "--keep-alive", "inf"])
    assert forever == json_of(capsys, [*limited, "--keep-alive", "lru"])
    assert forever["expirations"] == 0


def test_help_has_examples(capsys):
    for command in ("simulate", "replay", "cost"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0
        assert f"faaslab {command}" in capsys.readouterr().out.split("examples:")[1]


def test_a_usage_of_a_run_can_be_billed():
    """The columns of a result become a bill, and it agrees with the bill of the plain numbers."""
    from faaslab.model.usage import usage_columns
    from faaslab.platform import simulate
    from faaslab.presets import aws_lambda
    from faaslab.pricing import Usage, bill

    function = Function("f", Constant(0.2), memory_mb=256, cold_start=ColdStart(code_s=0.3))
    times = np.arange(0.5, 3000, 1.0)
    result = simulate(aws_lambda(), Workload((function,), {"f": times}), seed=1, duration_s=3600.0)
    ours = bill("aws-lambda", Usage(**usage_columns(result)), free_tier=False)
    cold = 1 / len(times)
    plain = bill(
        "aws-lambda",
        requests=len(times),
        duration_ms=200,
        memory_mb=256,
        init_ms=300,
        cold_fraction=cold,
        free_tier=False,
    )
    assert math.isclose(ours.total_usd, plain.total_usd, rel_tol=1e-9)
