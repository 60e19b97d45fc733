"""`faaslab cost`: its table, its JSON and its errors."""

import argparse
import json

import pytest

from faaslab.cli import cost
from faaslab.errors import InputError

SEED_EXAMPLE = "--provider aws-lambda --requests 300000 --duration-ms 200 --memory-mb 256"


def run(text):
    parser = argparse.ArgumentParser(prog="faaslab")
    cost.add_parser(parser.add_subparsers())
    args = parser.parse_args(["cost", *text.split()])
    return args.run(args)


def test_json_is_one_object_and_nothing_else(capsys):
    assert run(f"{SEED_EXAMPLE} --no-free-tier --json") == 0
    values = json.loads(capsys.readouterr().out)
    assert values["total_usd"] == pytest.approx(0.31, abs=1e-3)
    assert values["requests_usd"] == pytest.approx(0.06) and values["compute_usd"] == pytest.approx(0.25, abs=1e-3)
    assert values["provider"] == "aws-lambda" and len(values["lines"]) == 2
    assert values["source"].startswith("https://") and values["date"]


def test_the_table_is_readable_and_the_free_tier_default(capsys):
    run(SEED_EXAMPLE)
    out = capsys.readouterr().out
    assert "free tier: the first 400,000 a month" in out and out.splitlines()[-2].split() == ["total", "0"]


def test_a_server_beside_functions_gives_the_break_even(capsys):
    run(f"{SEED_EXAMPLE} --server c5.large --no-free-tier --json")
    values = json.loads(capsys.readouterr().out)
    assert values["break_even"]["price_ratio"] == pytest.approx(2.44, abs=0.005)
    run(f"{SEED_EXAMPLE} --server c5.large")
    assert "equal at" in capsys.readouterr().out


def test_a_server_alone(capsys):
    run("--provider t3.micro --hours 720 --json")
    assert json.loads(capsys.readouterr().out)["total_usd"] == pytest.approx(7.488)
    run("--provider t3.micro --servers 2 --json")
    assert json.loads(capsys.readouterr().out)["total_usd"] == pytest.approx(2 * 7.488)


@pytest.mark.parametrize("provider", cost.FUNCTIONS)
def test_every_provider_answers(provider, capsys):
    run(f"--provider {provider} --requests 10000000 --duration-ms 300 --memory-mb 512 --json")
    assert json.loads(capsys.readouterr().out)["total_usd"] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--provider aws-lamda --requests 1", "did you mean 'aws-lambda'"),
        ("--provider aws-lambda --requests 1", "expected --duration-ms, --memory-mb"),
        ("--provider aws-lambda --requests -1 --duration-ms 1 --memory-mb 128", "requests: expected"),
        ("--provider aws-lambda --requests 1 --duration-ms nan --memory-mb 128", "duration_ms: expected"),
        ("--provider aws-lambda --requests 1 --duration-ms 1 --memory-mb 0", "memory_mb: expected"),
        ("--provider aws-lambda --requests 1 --duration-ms 1 --memory-mb 128 --hours 3", "--hours applies to a server"),
        ("--provider aws-lambda --requests 1 --duration-ms 1 --memory-mb 128 --init-ms 3", "both or neither"),
        ("--provider t3.micro --requests 1", "--requests does not apply to a server"),
        ("--provider t3.micro --no-free-tier", "--no-free-tier does not apply to a server"),
        ("--provider t3.micro --servers 1.5", "whole number"),
    ],
)
def test_bad_input_is_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        run(text)
    assert "\n" not in str(caught.value)


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as done:
        run("--help")
    assert done.value.code == 0 and "examples:" in capsys.readouterr().out
