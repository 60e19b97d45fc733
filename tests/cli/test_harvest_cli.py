"""`faaslab harvest`: a training that can be stopped, policies on unseen calls, comparisons that go on, clear errors."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from faaslab.cli import main
from faaslab.harvest.features import COUNT
from faaslab.harvest.managers.named import NAMES, SAFEGUARDED, parse_manager, safeguard_suffix
from faaslab.harvest.measures import FIGURES
from faaslab.harvest.options import Options
from faaslab.harvest.scores import NumpyScores
from faaslab.harvest.studies.stored import policy_digest
from faaslab.harvest.worlds.named import SETTINGS, world_maker

TRAIN = ["harvest", "train", "--episodes", "16"]
COMPARE = ["harvest", "compare", "--managers", "fixed,random,largest:none", "--seeds", "3"]


def json_of(capsys, arguments):
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.count("\n") == 1
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def refused(capsys, arguments):
    """The one line of an error."""
    assert main(arguments) == 2, arguments
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("faaslab: error: ") and err.count("\n") == 1, err
    return err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a short training."""
    folder = tmp_path_factory.mktemp("harvest") / "trained"
    assert main([*TRAIN, "--out", str(folder), "--threshold", "0.8"]) == 0
    return folder


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """The file of a policy that scores by a fixed rule: cores, and a little less memory."""
    file = tmp_path_factory.mktemp("policy") / "rule.npz"
    weights = np.zeros((COUNT, 1))
    weights[9, 0], weights[10, 0] = 1.0, -0.1
    NumpyScores([(weights, np.zeros(1))], about={"settings": {"about.threshold": 0.8}}).save(file)
    return file


def test_training_says_what_it_took_and_goes_on(capsys, trained, tmp_path):
    figures = json_of(capsys, [*TRAIN, "--out", str(tmp_path / "same"), "--threshold", "0.8"])
    assert figures["episodes"] == 16 and figures["seed"] == 1 and not figures["stopped_early"]
    assert figures["decisions_per_s"] == pytest.approx(figures["decisions"] / figures["seconds"])
    assert figures["first_update"].keys() == figures["last_update"].keys() >= {"mean_return", "mean_relative"}
    once = NumpyScores.load(figures["policy"])
    weights = policy_digest(once)
    assert once.about["settings"]["about.threshold"] == 0.8
    assert weights == policy_digest(NumpyScores.load(trained / "policy.npz"))

    more = ["harvest", "train", "--episodes", "24", "--out", str(tmp_path / "same"), "--threshold", "0.8", "--resume"]
    assert main(more) == 0
    assert "24 episodes" in capsys.readouterr().out
    assert weights != policy_digest(NumpyScores.load(figures["policy"]))


def test_settings_of_training_reach_it(capsys, tmp_path):
    options = ["--hidden", "5", "--coupled", "--reward", "response", "--load", "0.6", "--threshold", "none"]
    main([*TRAIN, "--out", str(tmp_path / "a"), *options])
    capsys.readouterr()
    made = NumpyScores.load(tmp_path / "a" / "policy.npz")
    kept = made.about["settings"]
    assert made.hidden == (5,) and kept["about.coupled"] and kept["about.reward"] == "response"
    assert kept["about.load"] == 0.6 and kept["about.threshold"] is None and kept["normalise_advantages"]


def test_an_interrupted_training_says_how_to_go_on(tmp_path):
    folder = tmp_path / "long"
    command = [sys.executable, "-m", "faaslab.cli", "harvest", "train", "--episodes", "80000", "--out", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        log = folder / "training.jsonl"
        while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    rows = len(log.read_text().splitlines())
    kept = int(err.split("interrupted after ")[1].split()[0])
    assert kept >= 8 and kept % 8 == 0 and kept <= 8 * rows
    assert err.splitlines()[-1].endswith("harvest train --episodes 80000 --out " + str(folder) + " --resume")
    assert main(["harvest", "train", "--episodes", str(kept + 8), "--out", str(folder), "--resume"]) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--episodes", "12"], ["--episodes", "8", "16", "12"]),
        (["--episodes", "0"], ["--episodes", "0"]),
        (["--reward", "speed"], ["--reward", "speed"]),
        (["--threshold", "1.5"], ["--threshold", "1.5"]),
        (["--threshold", "off"], ["--threshold", "off", "none"]),
        (["--hidden", "32;16"], ["--hidden", "32;16"]),
        (["--hidden", "0"], ["--hidden", "0"]),
        (["--world", "large"], ["--world", "larger"]),
        (["--load", "0"], ["--load", "0"]),
        (["--servers", "0"], ["--servers", "0"]),
        (["--patience", "0"], ["--patience", "0"]),
        (["--seed", "-1"], ["--seed", "-1"]),
        (["--out", ""], ["--out"]),
        (["--resume"], ["--resume", "nowhere"]),
    ],
)
def test_bad_input_of_train_leaves_nothing(capsys, tmp_path, change, words):
    folder = tmp_path / "nowhere"
    err = refused(capsys, [*TRAIN, "--out", str(folder), *change])
    assert all(word in err for word in words), err
    assert not folder.exists()


def test_a_training_is_neither_overwritten_nor_mixed(capsys, trained):
    before = {file.name: file.read_bytes() for file in trained.iterdir() if file.is_file()}
    again = ["harvest", "train", "--episodes", "24", "--out", str(trained)]
    assert "--resume" in refused(capsys, [*again, "--threshold", "0.8"])
    resumed = [*again, "--resume"]
    for change, words in {
        (): ["about.threshold", "0.8", "0.9"],
        ("--threshold", "0.8", "--seed", "2"): ["seed", "1", "2"],
        ("--threshold", "0.8", "--hidden", "8"): ["hidden", "[8]", "[32, 16]"],
        ("--threshold", "0.8", "--world", "larger"): ["checkpoint.pt", "return_scale", "300"],
        ("--threshold", "0.8", "--episodes", "8"): ["episodes", "16", "8"],
    }.items():
        err = refused(capsys, [*resumed, *change])
        assert all(word in err for word in words), err
    assert before == {file.name: file.read_bytes() for file in trained.iterdir() if file.is_file()}


def test_evaluation_puts_baselines_beside_the_policy(capsys, policy):
    arguments = ["harvest", "evaluate", "--policy", str(policy), "--world", "episodes", "--seeds", "3"]
    figures = json_of(capsys, arguments)
    managers = figures["worlds"]["episodes"]["managers"]
    # with the safeguard of its training
    assert list(managers) == ["fixed", "random:0.8", "largest:0.8", "faasrm:0.8", "faasrm:0.8 - random:0.8"]
    assert all(set(each) == set(FIGURES) for each in managers.values())
    learnt, random = (managers[name]["mean_response_s"]["mean"] for name in ("faasrm:0.8", "random:0.8"))
    assert managers["faasrm:0.8 - random:0.8"]["mean_response_s"]["mean"] == pytest.approx(learnt - random)
    assert managers["fixed"]["mean_rfet"]["mean"] == 1.0 and figures["seeds"] == [1, 2, 3]
    assert figures["policy"]["file"] == str(policy) and figures["sessions"][0]["versions"]["numpy"]

    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [name for name in FIGURES if any(line.split()[:1] == [name] for line in lines)] == list(FIGURES)


def test_a_trained_policy_can_be_evaluated(capsys, trained):
    arguments = ["harvest", "evaluate", "--policy", str(trained / "policy.npz"), "--seeds", "1", "--figures", "calls"]
    figures = json_of(capsys, arguments)
    assert set(figures["worlds"]["episodes"]["managers"]["faasrm:0.8"]) == {"calls"}
    assert figures["policy"]["provenance"]["episodes"] == 16


def test_comparison_goes_on_where_it_stopped(capsys, tmp_path):
    out = tmp_path / "runs.jsonl"
    whole = json_of(capsys, [*COMPARE, "--world", "episodes", "--world", "larger", "--out", str(out)])
    lines = out.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 2 * 3 * 3
    out.write_text("".join(lines[:7]) + lines[7][:20])
    assert json_of(capsys, [*COMPARE, "--world", "episodes", "--world", "larger", "--out", str(out)]) == whole
    again = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row for row in again if "manager" in row][:6] == [json.loads(line) for line in lines[1:7]]
    assert len(again) == len(lines)


def test_another_policy_is_another_manager_in_the_file(capsys, policy, tmp_path):
    out = tmp_path / "runs.jsonl"
    arguments = ["harvest", "compare", "--managers", "faasrm,random", "--seeds", "2", "--out", str(out)]
    first = json_of(capsys, [*arguments, "--policy", str(policy)])
    turned = NumpyScores.load(policy)
    turned.layers[0][0][:] *= -1
    turned.save(tmp_path / "turned.npz")
    second = json_of(capsys, [*arguments, "--policy", str(tmp_path / "turned.npz")])
    first, second = (found["worlds"]["episodes"]["managers"] for found in (first, second))
    assert first["faasrm"] != second["faasrm"] and first["random"] == second["random"]
    assert len(out.read_text().splitlines()) == 1 + 2 + 2 + 2  # one session, three times two runs


def test_settings_of_worlds_reach_them(capsys):
    small = ["--minute-s", "6", "--functions", "12", "--servers", "2", "--split", "held-out"]
    figures = json_of(capsys, [*COMPARE, "--world", "one", *small, "--seeds", "1"])
    one = figures["worlds"]["one"]
    assert "12x15" in one["world"] and "minute_s=6," in one["world"] and "held out" in one["world"]
    assert one["managers"]["fixed"]["mean_rfet"] == 1.0 and one["load"]["cpu"] > 0
    lighter = json_of(capsys, [*COMPARE, "--load", "0.1", "--seeds", "1"])["worlds"]["episodes"]["load"]
    assert lighter["cpu"] == pytest.approx(0.1)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_named_world_can_be_made_and_its_settings_are_its_own(name):
    maker, options = world_maker(name, **({"functions": 15} if name == "one" else {}))
    assert maker(1).options == options
    for setting in {"minute_s", "functions", "load", "servers", "split"} - set(SETTINGS[name]):
        with pytest.raises(ValueError, match=setting):
            world_maker(name, **{setting: 1})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--managers", "fixed,gredy"], ["--managers", "gredy", "greedy"]),
        (["--managers", "fixed,fixed"], ["--managers", "once"]),
        (["--managers", "fixed:0.8"], ["--managers", "'0.8'"]),
        (["--managers", "libra:coupled"], ["--managers", "'coupled'"]),
        (["--managers", "random:0.8:0.9"], ["--managers", "once"]),
        (["--managers", "random:2"], ["--managers", "2"]),
        (["--managers", "faasrm", "--policy", "nowhere.npz"], ["nowhere.npz"]),
        (["--policy", "nowhere.npz"], ["--policy", "faasrm"]),
        (["--world", "on"], ["--world", "one"]),
        (["--world", "episodes", "--world", "episodes"], ["--world", "once"]),
        (["--minute-s", "6"], ["episodes", "minute_s"]),
        (["--world", "one", "--minute-s", "0"], ["--minute-s", "0"]),
        (["--split", "none"], ["--split", "none"]),
        (["--seeds", "0"], ["--seeds", "0"]),
        (["--figures", "calls,rfet"], ["--figures", "rfet"]),
        (["--jobs", "0"], ["jobs", "0"]),
    ],
)
def test_bad_input_of_compare_is_one_clear_line(capsys, tmp_path, change, words):
    err = refused(capsys, [*COMPARE, "--out", str(tmp_path / "runs.jsonl"), *change])
    assert all(word in err for word in words), err


def test_files_that_are_no_policy_are_refused(capsys, trained, policy, tmp_path):
    evaluate = ["harvest", "evaluate", "--policy"]
    assert "damaged" in refused(capsys, [*evaluate, str(trained / "checkpoint.pt")])
    NumpyScores([(np.zeros((4, 1)), np.zeros(1))]).save(tmp_path / "narrow.npz")
    assert f"features: expected {COUNT}, got 4" in refused(capsys, [*evaluate, str(tmp_path / "narrow.npz")])
    NumpyScores([(np.zeros((COUNT, 1)), np.zeros(1))], options=9).save(tmp_path / "few.npz")
    assert "options: expected 64, got 9" in refused(capsys, [*evaluate, str(tmp_path / "few.npz")])
    with np.load(policy) as arrays:
        parts = dict(arrays)
    header = json.loads(parts["header"].tobytes()) | {"version": 99}
    np.savez(tmp_path / "newer.npz", **parts | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)})
    assert "version 1 of the format, got 99" in refused(capsys, [*evaluate, str(tmp_path / "newer.npz")])
    (tmp_path / "rows.jsonl").write_text("no rows\n")
    assert "rows.jsonl, line 1" in refused(capsys, [*COMPARE, "--out", str(tmp_path / "rows.jsonl")])


def test_names_of_managers_make_what_they_say(policy):
    scores = NumpyScores.load(policy)
    for name in NAMES:
        assert parse_manager(name, policy=scores, options=Options(unit_mb=128.0))().options.unit_mb == 128.0
    for name in SAFEGUARDED:
        assert parse_manager(f"{name}:none", policy=scores)().safeguard is None
        made = parse_manager(f"{name}:0.7:coupled", policy=scores)()
        assert made.safeguard.threshold == 0.7 and made.coupled
    assert parse_manager("libra:none")().threshold is None
    assert safeguard_suffix(None, True) == ":none:coupled" and safeguard_suffix(0.9, False) == ""


def test_the_command_line_loads_no_torch_before_it_trains():
    code = "import sys, faaslab.cli.main; print(sorted({'torch', 'gymnasium', 'sklearn', 'pandas'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_without_what_training_needs_it_says_so(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here', name='torch')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "faaslab.cli", *TRAIN, "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2 and "faaslab[learn]" in done.stderr and "torch" in done.stderr


def test_help_has_examples(capsys):
    for command in ((), ("train",), ("evaluate",), ("compare",)):
        with pytest.raises(SystemExit) as end:
            main(["harvest", *command, "--help"])
        assert end.value.code == 0
        assert f"faaslab {' '.join(('harvest', *command))}" in capsys.readouterr().out.split("examples:")[1]
