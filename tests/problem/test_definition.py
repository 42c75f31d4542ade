"""Parameters that stand in a `def.py` beside a `problem.md`: read as text, never run."""

import shutil
from pathlib import Path

import pytest

from harness.errors import ProblemError, UserError
from harness.problem.source import MAX_BYTES
from harness.problem.spec import read_problem
from harness.records import Problem

TEXT = "---\nslug: twice\ntitle: Twice\n---\nDouble it.\n"
DEFINITION = """\
import nowhere_at_all

raise SystemExit("whoever runs this fails")


class twice(nowhere_at_all.Problem):
    is_exact = False

    parameters = [
        {"name": "x", "type": "float", "pointer": True, "const": True},
        {"name": "n", "type": "size_t", "pointer": False, "const": False},
        {"name": "y", "type": "uint8_t", "pointer": True, "const": False},
    ]

    def solve(self):
        parameters = [{"name": "local"}]
"""


def _folder(tmp_path: Path, definition: str, text: str = TEXT, name: str = "problem.md") -> Path:
    folder = tmp_path / "some-problem"
    folder.mkdir(exist_ok=True)
    (folder / "def.py").write_bytes(definition.encode(errors="surrogatepass"))
    (folder / name).write_text(text)
    return folder / name


def _read(tmp_path: Path, definition: str, text: str = TEXT) -> Problem:
    return read_problem(_folder(tmp_path, definition, text))


def _told(tmp_path: Path, definition: str) -> str:
    with pytest.raises(ProblemError) as caught:
        _read(tmp_path, definition)
    return str(caught.value).replace(f"{tmp_path}/some-problem/", "")


@pytest.mark.parametrize("text", [TEXT, "# Twice\n\nDouble it.\n"])
def test_the_class_attribute_gives_the_parameters(tmp_path: Path, text: str) -> None:
    """In its order and with its types, whether or not the text has front matter."""
    found = [
        (param.name, param.dtype.name if param.dtype else None, param.pointer, param.const)
        for param in _read(tmp_path, DEFINITION, text).params
    ]
    assert found == [
        ("x", "float32", True, True), ("n", "size_t", False, False), ("y", "uint8", True, False),
    ]  # fmt: skip


def test_parameters_in_the_text_come_first(tmp_path: Path) -> None:
    """Where the front matter has them, the list beside is not looked at."""
    text = "---\nparameters: [{name: own, type: int, pointer: false}]\n---\n"
    (own,) = _read(tmp_path, DEFINITION.replace("True", "object()"), text).params
    assert own.name == "own"


def test_only_a_folder_that_is_one_problem_has_a_definition(tmp_path: Path) -> None:
    """Among several problems of one folder, a `def.py` belongs to none."""
    assert read_problem(_folder(tmp_path, DEFINITION, name="one.md")).params == ()


@pytest.mark.parametrize(
    "definition",
    ["", "parameters = [1]\n", "class a:\n    other = 1\n", "class a:\n    parameters: list\n"],
)
def test_a_definition_without_the_attribute_says_nothing(tmp_path: Path, definition: str) -> None:
    """Then the problem has no parameters, and can still be shown."""
    assert _read(tmp_path, definition).params == ()


@pytest.mark.parametrize(
    "change",
    [
        ("parameters = [", "parameters: list = ["),
        ('"float"', '"flo" "at"'),
        ("\n", "\r\n"),
        ("is_exact = False", 'is_exact = "\\d"  # an odd escape warns nobody'),
    ],
)
def test_the_list_may_be_written_in_other_ways(tmp_path: Path, change: tuple[str, str]) -> None:
    """An annotation, joined words, other line ends, odd strings elsewhere."""
    assert len(_read(tmp_path, DEFINITION.replace(*change)).params) == 3


@pytest.mark.parametrize(
    ("old", "new", "line", "at", "what", "mend"),
    [
        (
            '"pointer": True, "const": True', '"pointr": True, "const": True',
            10, '"pointr"', "`pointr` is not a key of a parameter", "did you mean `pointer`?",
        ),
        ('"float"', '"flaot"', 10, '"flaot"', "the type `flaot` is not known",
         "did you mean `float`?"),
        (
            '"const": True', '"const": 1',
            10, "1}", "const is neither true nor false: '1'", "write true or false",
        ),
        (
            '{"name": "x"', '{"name": "é", "name": "x"',
            10, '"name": "x"', "`name` stands twice", "keep one; the first is on line 10",
        ),
        (
            '"name": "x"', '"name": NAME',
            10, "NAME", "`parameters` is computed here, and this file is never run",
            "write a plain list of {name, type, pointer, const}",
        ),
        (
            '{"name": "x", ', "{**base, ",
            10, "{**base", "`parameters` is computed here, and this file is never run",
            "write a plain list of {name, type, pointer, const}",
        ),
        (
            '"x"', '"\\x1b[2J"', 10, '"\\x1b', "a control character", "remove it",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_in_the_definition(
    tmp_path: Path, old: str, new: str, line: int, at: str, what: str, mend: str
) -> None:
    """The same messages as in front matter, and the caret under the Python."""
    definition = DEFINITION.replace(old, new, 1)
    told = _told(tmp_path, definition).splitlines()
    source = definition.splitlines()[line - 1]
    assert told[0] == f"def.py:{line}:{source.index(at) + 1}: {what}"
    assert told[1] == f"{line:>5} | {source}"
    assert told[3:] == [f"      mend: {mend}"]


@pytest.mark.parametrize(
    "definition",
    [
        "class a:\n    parameters = " + "[" * 5000,
        "x = " + "-" * 100_000 + "1",
        "class a:\n  \ud800",
    ],
)
def test_a_definition_that_python_cannot_read_is_told(tmp_path: Path, definition: str) -> None:
    """Neither depth nor odd bytes do harm."""
    with pytest.raises(UserError, match=r"def\.py:\d+:?.*(not valid Python|not UTF-8)"):
        _read(tmp_path, definition)


def test_a_definition_over_the_size_limit_is_refused(tmp_path: Path) -> None:
    """The cap is that of a problem file."""
    with pytest.raises(UserError, match=r"def\.py: \d+ bytes; a problem file has at most"):
        _read(tmp_path, DEFINITION + "#" * MAX_BYTES)


def test_another_list_is_another_problem(tmp_path: Path) -> None:
    """The problem's hash covers the list, and nothing else of the file that holds it."""
    first = _read(tmp_path, DEFINITION).sha256
    assert _read(tmp_path, DEFINITION.replace("uint8_t", "int8_t")).sha256 != first
    assert (
        _read(tmp_path, DEFINITION.replace("is_exact = False", "is_exact = True")).sha256 == first
    )
    shutil.rmtree(tmp_path / "some-problem")
    assert _read(tmp_path, "").sha256 != first
