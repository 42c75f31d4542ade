"""The normal form of a dialect: small edits in place, and nothing means anything else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ProblemError
from harness.problem.catalogue import BUNDLED
from harness.problem.normalise import normalise
from harness.records import Problem

Read = Callable[[str | bytes], Problem]

# how one parameter is written, and how it is written in normal form
EDITS = {
    "quoted": ('{pointer: "true", const: \'False\'}', "{pointer: true, const: false}"),
    "capitals": ("{pointer: True, const: False}", "{pointer: true, const: false}"),
    "blanks inside": ('{pointer: " true ", const: false}', "{pointer: true, const: false}"),
    "constant": ("{pointer: false, constant: true}", "{pointer: false, const: true}"),
    "quoted keys": (
        '{"pointer":"true","constant":"false"}', '{"pointer":true,"const":false}',
    ),
    "both, at the end": ("{const: true, constant: 'true'}", "{const: true}"),
    "both, in the middle": ("{const: true, constant: true, a: 1}", "{const: true, a: 1}"),
    "both, the other first": ("{constant: 'true', const: true }", "{const: true }"),
    "both, apart": ("{constant: true, a: 1, const: true}", "{const: true, a: 1}"),
    "both, in lines with comments": (
        "{const: true, # a\n    constant: true, # b\n    a: 1 # c\n    }",
        "{const: true, # a\n    # b\n    a: 1 # c\n    }",
    ),
    "both, the last behind a comment": (
        "{const: true, # a\n    constant: true}", "{const: true, # a\n    }",
    ),
    "both, but not the same": (
        "{const: true, constant: 'false'}", "{const: true, constant: false}",
    ),
    "no truth": ("{pointer: yes, constant: maybe}", "{pointer: yes, constant: maybe}"),
    "bare type": ("{type: [VAR], a: 1}", '{type: "[VAR]", a: 1}'),
    "wide type": ("{type: [ VAR ]}", '{type: "[VAR]"}'),
    "word type": ("{type: VAR}", '{type: "[VAR]"}'),
    "quoted word type": ("{type: 'VAR'}", '{type: "[VAR]"}'),
    "normal type": ("{type: '[VAR]'}", "{type: '[VAR]'}"),
    "alias type": ("{type: half}", "{type: half}"),
    "tensor": (
        "{type: torch.Tensor, a: 1}", '{type: "[VAR]", pointer: true, const: true, a: 1}',
    ),
    "tensor that says something": (
        "{constant: false, type: torch.Tensor}", '{const: false, type: "[VAR]", pointer: true}',
    ),
    "tensor that says all": (
        "{type: torch.Tensor, pointer: true, const: 'true'}",
        '{type: "[VAR]", pointer: true, const: true}',
    ),
    "lines": (
        'pointer: "true" # why\n    constant: False  # so\n    type: VAR #',
        'pointer: true # why\n    const: false  # so\n    type: "[VAR]" #',
    ),
    "lines, both": ("const: true # a\n    constant: true\n    a: 1", "const: true # a\n    a: 1"),
    "lines, both, with a comment": (
        "const: true\n    constant: true # b\n    a: 1", "const: true\n    # b\n    a: 1",
    ),
    "lines, both, the other first": (
        "constant: true\n    a: 1\n    const: true", "const: true\n    a: 1",
    ),
    "lines, tensor": (
        "type: torch.Tensor # why\n    a: 1",
        'type: "[VAR]" # why\n    pointer: true\n    const: true\n    a: 1',
    ),
    "lines, truth in a block": ("pointer: |\n      true", "pointer: |\n      true"),
    "trailing blanks": ("a: 1  \n    # c \t\n\n  \n    b: 2 ", "a: 1\n    # c\n\n\n    b: 2"),
    "explicit keys": (
        "? const\n    : true\n    ? constant\n    : true",
        "? const\n    : true\n    ? constant\n    : true",
    ),
}  # fmt: skip
FILE = (
    "\n---\n# why {{}}\nslug: one\ntext: |\n  two   \n  lines  \nparameters:\n  - {}\n---\nText  \n"
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", EDITS)
def test_a_parameter_gets_its_normal_form(name: str, mark: str, line_end: str) -> None:
    """Only what is not normal is edited; all else stays, to the byte."""
    before, after = (
        (mark + FILE.format(written)).replace("\n", line_end) for written in EDITS[name]
    )
    assert normalise(before) == after
    assert normalise(after) == after


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.md")), ids=lambda path: path.stem)
def test_our_own_problems_are_in_normal_form(path: Path) -> None:
    """What we ship is written as we say."""
    text = path.read_text()
    assert normalise(text) == text


@pytest.mark.parametrize(
    "text", ["", "# Title  \n", "---\nslug: one  \n", "---\na: b: c  \n---\n", "---\n- a  \n---\n"]
)
def test_what_cannot_be_read_stays(text: str) -> None:
    """A file without front matter, or with a broken one, is not touched."""
    assert normalise(text) == text


def _written(name: str, *, fields: list[str], is_block: bool, comment: str) -> str:
    words = [f"name: {name}", *fields]
    if is_block:
        return "  - " + f" {comment}\n    ".join(words) + "\n"
    return "  - {" + ", ".join(words) + "}" + f" {comment}\n"


TRUTH = st.sampled_from(["true", "false", "True", '"False"', "'true'", '" true"'])
TYPE = st.sampled_from(["float", "VAR", "[VAR]", '"[VAR]"', "torch.Tensor", "'VAR'"])
FIELDS = st.tuples(
    st.sampled_from(["float", "VAR", "[VAR]", '"[VAR]"', "torch.Tensor", "'VAR'"]).map(
        "type: {}".format
    ),
    st.none() | TRUTH.map("pointer: {}".format),
    st.none() | TRUTH.map("const: {}".format),
    st.none() | TRUTH.map("constant: {}".format),
).flatmap(lambda some: st.permutations([field for field in some if field]))
PARAMETER = st.builds(
    _written,
    st.sampled_from(["x", "y", "'n'"]),
    fields=FIELDS,
    is_block=st.booleans(),
    comment=st.sampled_from(["", "# why", "  ", "#  "]),
)
TEXTS = st.builds(
    "{}---\n{}parameters:\n{}{}---\nText\n".format,
    st.sampled_from(["", "\n"]),
    st.sampled_from(["", "slug: one \n", "title: |\n  a  \n"]),
    st.lists(PARAMETER, max_size=3).map("".join),
    st.sampled_from(["", "tags: [a, 'b']  \n", "note: 'two  \n  lines  \n  '\n", "\t\n"]),
)


@settings(max_examples=300, deadline=None, database=None)
@given(TEXTS, st.booleans())
def test_it_means_the_same_and_is_normal(read: Read, text: str, is_windows: bool) -> None:
    """What was read before is read after, and a second time changes nothing."""
    text = text.replace("\n", "\r\n") if is_windows else text
    after = normalise(text)
    assert normalise(after) == after
    before = _outcome(read, text)
    assert _outcome(read, after) == before
    if isinstance(before, Problem):
        front = after.split("---")[1]
        assert "constant" not in front
        assert "torch" not in front
        assert "True" not in front


def _outcome(read: Read, text: str) -> Problem | list[str]:
    try:
        return replace(read(text), sha256="")
    except ProblemError as error:
        return [fault.what for fault in error.faults]
