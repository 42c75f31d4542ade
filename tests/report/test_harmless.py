"""Whatever strangers call things or print: it is shown, and acts nowhere."""

import io
import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TextIO, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from harness import machine
from harness.arena.host import NOTHING_RAN
from harness.clock.scores import score_of
from harness.records import (
    CaseResult,
    Grade,
    Language,
    Policy,
    Problem,
    Seconds,
    Submission,
    Tier,
    Verdict,
)
from harness.report.document import document_of, render_json
from harness.report.harmless import Harmless, harmless
from harness.report.terminal import render_grade
from harness.sandbox.box import printable

# a GitHub runner's own rules, and those of its relatives
ORDER = re.compile(r"^\s*::[\w-]+.*?::|##\w*\[", re.MULTILINE)
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
NASTY = (
    "::error::", "\n::set-output name=a::b", "##[error]", "##vso[task.x]y", "\x1b[2J", "\x9b2J",
    "\u202e", "\u2066", "\u200b", "\ufe0f", "\x7f", "\r", "\n", "\x1b]8;;http://a\x07b", "`", "|",
    "\x00", "[red]x[/]", ":warning:", " ", "\u2028::stop-commands::x", "\x0b::group::",
)  # fmt: skip
nasty = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=30).map("".join)


def graded(problem: Problem, name: str, message: str, log: str) -> Grade:
    """A grade as a stranger would like it: every word that may be his own is."""
    submission = Submission(
        path=Path("/tmp") / (name.replace("/", "").replace("\0", "") or "x"),
        source=b"",
        sha256=sha256().hexdigest(),
        language=Language.CPP,
    )
    result = CaseResult(
        name="odd", tier=Tier.TEST, verdict=Verdict.WRONG_ANSWER, reason="value",
        message=message, log=log, planned=1, checked=1, seeds=("normal-1",),
    )  # fmt: skip
    return Grade(
        problem=problem, submission=submission, dtype="float32", policy=Policy(),
        verdict=Verdict.WRONG_ANSWER, reason="value", message=message, cases=(result,),
        timing=(), score=score_of(1, 0, ()), isolation=NOTHING_RAN, machine=machine.describe(1),
        seconds=Seconds(build=None, check=None, time=None, total=1.0), log=log,
    )  # fmt: skip


def shown(grade: Grade) -> str:
    """What a pipe gets, as `grade` writes it."""
    sink = io.StringIO()
    console = Console(
        file=cast("TextIO", Harmless(sink)), width=80, highlight=False, markup=False, emoji=False
    )
    for part in render_grade(grade, verbose=True):
        console.print(part, soft_wrap=isinstance(part, str))
    return sink.getvalue()


@given(name=nasty, message=nasty, log=nasty)
@settings(max_examples=150, deadline=None, database=None)
@example(name="\n::error::x.cpp", message="a" * 70 + " ::error::x", log="  ::warning::y")
@example(name="x.cpp", message="a" * 66 + "::error::" + "b" * 80, log="\t##[error]z")
def test_nothing_that_a_stranger_says_acts(
    doubling: Problem, name: str, message: str, log: str
) -> None:
    """Names, messages and logs reach the terminal and the JSON without a control character, a
    change of direction, or a line that a CI obeys; the JSON still says what it said.
    """
    grade = graded(doubling, name, printable(message), printable(log))
    text, document = shown(grade), render_json(grade)
    for written in (text, document):
        assert not ACTS.search(written)
        assert not ORDER.search(written)
    assert document.isascii()
    assert json.loads(document) == json.loads(json.dumps(document_of(grade)))


@pytest.mark.parametrize("order", ["::error::x", " ::debug::", "\t::add-mask::x", "a ##[group]b"])
def test_an_order_is_shown_and_not_obeyed(order: str) -> None:
    """An order keeps its letters, and is no order any more."""
    assert ORDER.search(order)
    assert not ORDER.search(harmless(order))
    assert harmless(order).replace(" ", "") == order.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["std::vector<int>::value_type", "a ## b", "#include <x>", "x: :y"]
)
def test_what_is_no_order_is_left_alone(text: str) -> None:
    """Names of C++ and comments are shown as they are."""
    assert harmless(text) == text


def test_unseen_characters_are_dropped() -> None:
    """Joiners, fillers and selectors that nobody sees hide nothing, and letters stay."""
    assert printable("a\u200bb\u2066c\ufe0fd\u3164e\U000e0101f\u00adg") == "abcdefg"
    assert printable("é 核 ∑ 🙂") == "é 核 ∑ 🙂"


def test_colours_pass_and_nothing_else() -> None:
    """A pipe gets the colours that were asked for, and no other sequence of a terminal's."""
    sink = io.StringIO()
    Harmless(sink).write("\x1b[1;31mred\x1b[0m \x1b[2Jgone \x1b]0;title\x07")
    assert sink.getvalue() == "\x1b[1;31mred\x1b[0m [2Jgone ]0;title"


@pytest.mark.parametrize("before", ["\x01", "\x7f", "\x9b", "#\x02"])
def test_nothing_becomes_an_order_by_being_cleaned(before: str) -> None:
    """Of what a pipe gets, the last word is about orders: none appears when the rest is gone."""
    sink = io.StringIO()
    Harmless(sink).write(f"x\n{before}::error::y\n#{before}#[group]z")
    assert not ACTS.search(sink.getvalue())
    assert not ORDER.search(sink.getvalue())


def test_a_name_of_two_lines_is_shown_on_one(doubling: Problem) -> None:
    """The headline is one line, whatever a file is called."""
    grade = replace(graded(doubling, "a\nb.cpp", "m", ""), cases=())
    assert shown(grade).startswith("wrong_answer  a b.cpp on small\n")
