"""`faaslab quiz`: problems that repeat with their seed, verdicts as in the labs, solutions, errors on one line."""

import json
import re
from pathlib import Path

import pytest
import yaml

from faaslab.cli import main
from faaslab.course import problem, topic_names
from faaslab.course.topics import question
from faaslab.course.words import table

ROOT = Path(__file__).resolve().parents[2]
TOPICS = topic_names()


def quiz(capsys, *arguments):
    """Exit status, standard output and error."""
    status = main(["quiz", *map(str, arguments)])
    return status, *capsys.readouterr()


def json_of(capsys, *arguments, status=0):
    got, out, err = quiz(capsys, *arguments, "--json")
    assert (got, err, out.count("\n")) == (status, "", 1)
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_poses_and_solves(capsys, topic):
    posed = problem(topic, 7)
    status, out, err = quiz(capsys, topic, "--seed", 7)
    assert (status, err) == (0, "")
    assert " ".join(posed.statement.split()) in " ".join(out.split())
    assert all(f"  {name} = " in out for name in posed.given)
    assert "--answer" in out and "wrong answers" not in out
    figures = json_of(capsys, topic, "--seed", 7, "--solve")
    assert figures["key"] == posed.key and figures["statement"] == posed.statement
    assert figures["given"].keys() == posed.given.keys() and figures["steps"].keys() == posed.steps.keys()
    assert figures["slips"] and all(slip["answer"] != posed.key and slip["text"] for slip in figures["slips"])
    status, out, err = quiz(capsys, topic, "--seed", 7, "--solve")
    assert (status, err) == (0, "")
    words = " ".join(out.split())
    assert all(" ".join(slip["text"].split()) in words for slip in figures["slips"])
    assert all(" ".join(step.split()) in words for step in figures["solution"])
    assert not re.search(r"np\.(float|int|str)|array\(", out)


@pytest.mark.parametrize("topic", TOPICS)
def test_answers_are_judged_as_in_the_labs(capsys, topic):
    figures = json_of(capsys, topic, "--seed", 3, "--solve")
    answer = [topic, "--seed", 3, f"--answer={figures['key']}"]
    assert json_of(capsys, *answer)["verdict"]["right"]
    assert quiz(capsys, *answer)[0] == 0
    for slip in figures["slips"]:
        verdict = json_of(capsys, topic, "--seed", 3, f"--answer={slip['answer']}", status=1)["verdict"]
        assert not verdict["right"] and slip["text"] in verdict["text"]
    assert "key" not in json_of(capsys, *answer)


def test_a_wrong_answer_is_told_what_it_comes_from_and_not_the_key(capsys):
    posed = problem("cold-fraction", 7)
    status, out, _ = quiz(capsys, "cold-fraction", "--seed", 7, "--answer", 1 - posed.key)
    assert status == 1 and "warm calls" in out and f"{posed.key:.3g}" not in out
    status, out, _ = quiz(capsys, "break-even", "--seed", 7, "--answer", f"{problem('break-even', 7).key:,.0f}")
    assert status == 0 and "Right" in out


def test_hints_come_one_more_at_a_time(capsys):
    hints = problem("cold-fraction", 7).hints()
    for count in (1, 2, 3):
        assert json_of(capsys, "cold-fraction", "--seed", 7, "--hint", count)["hints"] == list(hints[:count])
    assert json_of(capsys, "cold-fraction", "--seed", 7, "--hint")["hints"] == list(hints[:1])
    assert "hints" not in json_of(capsys, "cold-fraction", "--seed", 7)
    words = " ".join(quiz(capsys, "cold-fraction", "--seed", 7, "--hint", 2)[1].split())
    assert hints[0] in words and hints[1] in words and hints[2] not in words


def test_a_seed_that_was_drawn_is_printed_and_repeats_the_problem(capsys):
    drawn = [json_of(capsys, "function-bill") for _ in range(5)]
    assert len({figures["seed"] for figures in drawn}) > 1
    assert json_of(capsys, "function-bill", "--seed", drawn[0]["seed"]) == drawn[0]
    assert f"seed {drawn[0]['seed']} " in quiz(capsys, "function-bill", "--seed", drawn[0]["seed"])[1]


def test_the_list_has_every_topic_in_the_order_of_the_book(capsys):
    chapters = json_of(capsys, "--list")
    assert sorted(topic for chapter in chapters.values() for topic in chapter["topics"]) == TOPICS
    status, out, _ = quiz(capsys, "--list")
    assert status == 0
    for chapter in chapters.values():
        assert chapter["title"] in out.splitlines()
        for topic, asked in chapter["topics"].items():
            assert any(line.split()[:1] == [topic] and line.endswith(asked) for line in out.splitlines())
            assert "{" not in asked and len(asked) > 10


def test_chapters_of_topics_have_their_titles_and_their_order():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    pages = [ROOT / f"{entry['file']}.md" for part in parts for entry in part["chapters"]]
    chapters = table("quiz")["chapters"]
    assert {table(f"problems/{topic}")["chapter"] for topic in TOPICS} <= set(chapters)
    in_book = {page.stem: page for page in pages if page.stem in chapters and page.parent.parent.name == "book"}
    assert list(in_book) == [chapter for chapter in chapters if chapter in in_book]
    for chapter, page in in_book.items():
        assert f"\n# {chapters[chapter]}\n" in page.read_text(encoding="utf-8")


def test_a_topic_is_listed_by_its_question():
    assert question("A {server} costs 0.5 USD. How many of {calls} calls are cold?") == "How many of … calls are cold?"
    assert question("Choose one. Which is cheaper? (Prices are in USD.)") == "Which is cheaper?"
    assert question("Count the calls. Name {n}.") == "Name …."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cold-fractions"], ["cold-fractions", "did you mean 'cold-fraction'"]),
        ([], ["TOPIC", "--list"]),
        (["--list", "cold-fraction"], ["--list", "cold-fraction"]),
        (["--list", "--seed", "0"], ["--list", "--seed 0"]),
        (["--list", "--solve"], ["--list", "--solve"]),
        (["cold-fraction", "--seed", "-1"], ["--seed", "-1"]),
        (["cold-fraction", "--seed", "9" * 20], ["--seed", "9" * 20]),
        (["cold-fraction", "--seed", "1", "--hint", "4"], ["--hint", "4"]),
        (["cold-fraction", "--seed", "1", "--hint", "0"], ["--hint", "0"]),
        (["cold-fraction", "--answer", "0.5"], ["--seed", "--answer"]),
        (["cold-fraction", "--seed", "1", "--answer", "half"], ["--answer", "between 0 and 1", "'half'"]),
    ],
)
def test_bad_input_is_one_clear_line(capsys, arguments, words):
    status, out, err = quiz(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("faaslab: error: ") and err.count("\n") == 1 and all(word in err for word in words), err


@pytest.mark.parametrize("seed", ["1.5", "one", ""])
def test_a_seed_that_is_no_whole_number_is_refused_on_one_line(capsys, seed):
    with pytest.raises(SystemExit) as end:
        main(["quiz", "cold-fraction", "--seed", seed])
    err = capsys.readouterr().err
    assert end.value.code == 2
    assert err.startswith("faaslab: error: ") and err.count("\n") == 1 and "--seed" in err and repr(seed) in err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as end:
        main(["quiz", "--help"])
    assert end.value.code == 0
    assert "faaslab quiz --list" in capsys.readouterr().out.split("examples:")[1]
