"""`faaslab quiz`: the generated problems of the labs, one after another, with hints, a verdict and the solution."""

import argparse
import secrets
import shutil
import textwrap

from faaslab.cli.output import print_json
from faaslab.course import problem, topic_names
from faaslab.course.check import find
from faaslab.course.lab import STEPS
from faaslab.course.topics import asked, chapter_titles
from faaslab.course.verdict import SIGNS
from faaslab.course.words import fill, shown, table
from faaslab.errors import InputError, member, whole

DESCRIPTION = """\
A problem of the course, with numbers drawn from a seed: the same seed gives the same problem, another seed another one.
The keys are computed by the models and formulas of this package. Exit status: 0, or 1 after a wrong --answer."""

EXAMPLES = """\
examples:
  faaslab quiz --list
  faaslab quiz cold-fraction --seed 7
  faaslab quiz cold-fraction --seed 7 --hint 2
  faaslab quiz cold-fraction --seed 7 --answer 0.368
  faaslab quiz cold-fraction --seed 7 --solve --json"""

SEEDS = 1_000_000
LARGEST = 2**53
WIDTH = 100


def add_parser(subparsers):
    """Register the subcommand `quiz` on argparse's `subparsers`; returns its parser, whose default `run` is `run`."""
    parser = subparsers.add_parser(
        "quiz",
        help="problems with hints, verdicts and solutions",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("topic", nargs="?", metavar="TOPIC", help="what it is about; --list names the topics")
    option("--list", action="store_true", help="print the topics by chapter, with what each asks")
    option("--seed", type=int, metavar="N", help="which problem, a whole number >= 0 (default: drawn and printed)")
    option("--answer", metavar="VALUE", help="judge this answer to the problem of --seed")
    option("--hint", type=int, nargs="?", const=1, metavar="N", help="show the first N of three hints (default 1)")
    option("--solve", action="store_true", help="show the answer, how to get there and common wrong answers")
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=run)
    return parser


def run(args):
    """Print the topics, a problem, or a verdict; returns 0, or 1 for a wrong answer. InputError for bad options."""
    if args.list:
        return _list(args)
    if args.topic is None:
        raise InputError("quiz: expected a TOPIC, or --list")
    topic = member(args.topic, "quiz, topic", topic_names())
    if args.answer is not None and args.seed is None:
        raise InputError("quiz: expected --seed with --answer, to say which problem is answered")
    seed = secrets.randbelow(SEEDS) if args.seed is None else whole(args.seed, "--seed", maximum=LARGEST)
    hints = 0 if args.hint is None else whole(args.hint, "--hint", minimum=1, maximum=3)
    posed = problem(topic, seed)
    finding = None if args.answer is None else find(posed.judge(), _answer(args.answer, posed))
    if args.json:
        print_json(_figures(posed, hints, finding, args.solve))
    else:
        print("\n\n".join(_paragraphs(posed, hints, finding, args.solve)))
    return 0 if finding is None or finding.state == "right" else 1


def _list(args):
    for name in ("topic", "seed", "answer", "hint", "solve"):
        if (value := getattr(args, name)) is not None and value is not False:
            raise InputError(f"quiz: expected --list alone, got it with {'--' * (name != 'topic')}{name} {value}")
    by_chapter = {}
    for topic in topic_names():
        by_chapter.setdefault(table(f"problems/{topic}")["chapter"], {})[topic] = asked(topic)
    titles = {chapter: title for chapter, title in chapter_titles().items() if chapter in by_chapter}
    titles |= {chapter: chapter for chapter in by_chapter if chapter not in titles}
    if args.json:
        print_json({chapter: {"title": title, "topics": by_chapter[chapter]} for chapter, title in titles.items()})
        return 0
    width = max(map(len, topic_names()))
    for chapter, title in titles.items():
        print("\n".join([title, *(f"  {topic:{width}}  {what}" for topic, what in by_chapter[chapter].items()), ""]))
    print(table("quiz")["parts"]["list"])
    return 0


def _answer(text, posed):
    """The option's text as the number or the choice that the problem asks for."""
    if posed.allowed and isinstance(posed.key, str):
        return text
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise InputError(f"--answer: expected {_expected(posed)}, got {text!r}") from None


def _expected(posed):
    """What kind of answer a problem asks for, in words."""
    words = table("quiz")["answers"]
    if posed.allowed:
        return words["choice"].format(allowed=", ".join(map(str, posed.allowed)))
    return words.get(posed.unit or "number", words["unit"]).format(unit=posed.unit)


def _plain(value):
    """A value as Python and JSON write it, without numpy's names."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _slips(posed):
    """Wrong answers and what each comes from, one for each sentence."""
    rows = {fill(posed.words["slips"][name], posed.values): value for name, value in posed.slips.items()}
    return [{"answer": _plain(value), "text": text} for text, value in rows.items()]


def _figures(posed, hints, finding, solve):
    """The JSON object."""
    figures = {"topic": posed.topic, "seed": posed.seed, "chapter": posed.words["chapter"],
               "statement": posed.statement, "given": {k: _plain(v) for k, v in posed.given.items()},
               "unit": posed.unit, "allowed": _plain(posed.allowed)}  # fmt: skip
    if hints:
        figures["hints"] = list(posed.hints()[:hints])
    if finding is not None:
        figures["verdict"] = {"right": finding.state == "right", "text": finding.text}
    if solve:
        steps = {name: _plain(value) for name, value in posed.steps.items()}
        figures |= {"key": _plain(posed.key), "solution": _solution(posed), "steps": steps, "slips": _slips(posed)}
    return figures


def _solution(posed):
    """The rule, and the worked example with this problem's own numbers."""
    hints = posed.words["hints"]
    return [hints["formula"], fill(hints["example"], posed.values)]


def _paragraphs(posed, hints, finding, solve):
    """What is printed: the problem (without it where an answer is judged), hints, verdict, solution."""
    parts, states = table("quiz")["parts"], table("verdicts")
    names = {"topic": posed.topic, "seed": posed.seed}
    chapter = posed.words["chapter"]
    yield parts["title"].format(**names, chapter=chapter_titles().get(chapter, chapter))
    if finding is None:
        yield _wrapped(posed.statement)
        yield "\n".join([f"{parts['given']}:", *(f"  {name} = {_plain(v)!r}" for name, v in posed.given.items())])
    for number, (step, text) in enumerate(zip(STEPS[:hints], posed.hints(), strict=False), 1):
        title = parts["hint"].format(number=number, step=states["hints"][step])
        yield f"{title}:\n{_wrapped(text, '  ')}"
    if finding is not None:
        yield _wrapped(f"{SIGNS[finding.state]} {states['states'][finding.state]}: {finding.text}")
    if solve:
        key = f"{shown(_plain(posed.key))} {'' if posed.unit in ('fraction', 'count') else posed.unit}".rstrip()
        yield f"{parts['solution']}: {key}\n" + "\n".join(_wrapped(text, "  ") for text in _solution(posed))
        rows = [f"  {name} = {shown(_plain(value))}" for name, value in posed.steps.items()]
        yield "\n".join([f"{parts['steps']}:", *rows])
        alike, either = {}, f" {states['messages']['or']} "
        for slip in _slips(posed):
            alike.setdefault(shown(slip["answer"]), []).append(slip["text"])
        rows = [_wrapped(f"{value}: {either.join(texts)}", "  ", "    ") for value, texts in alike.items()]
        yield "\n".join([f"{parts['slips']}:", *rows])
    elif finding is None:
        how = parts["how"].format(**names, expected=_expected(posed))
        yield f"{how}\n{parts['help']}"


def _wrapped(text, first="", later=None):
    """Text in lines that fit the terminal."""
    width = min(WIDTH, shutil.get_terminal_size().columns)
    indents = {"initial_indent": first, "subsequent_indent": first if later is None else later}
    return textwrap.fill(text, width, break_on_hyphens=False, **indents)
