"""Starters: in each language, for each kind of problem, a beginning that runs and is wrong."""

import ast
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.problem.catalogue import load_problem
from harness.problem.starter import c_formula, render_starter
from harness.records import Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

FOLDER = Path(__file__).parent / "kinds"
PROBLEMS = {path.stem: load_problem(path) for path in sorted(FOLDER.glob("*.md"))}
SUFFIX = {"cpp": ".cpp", "torch": ".py"}


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("language", SUFFIX)
def test_a_starter_runs_and_is_honestly_wrong(
    grade_source: "GradeSource", language: str, kind: str
) -> None:
    """It compiles without a warning, runs, and is refused for its values alone."""
    problem = PROBLEMS[kind]
    source = render_starter(problem, language)
    graded = grade_source(source, f"begin{SUFFIX[language]}", problem=problem)
    assert graded.verdict is Verdict.WRONG_ANSWER, graded.message
    assert graded.reason in {"value", "check"}
    for param in problem.params:
        assert param.name in source


@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_triton_starter_is_python(kind: str) -> None:
    """It parses, and defines the entry with the problem's parameters in order."""
    problem = PROBLEMS[kind]
    tree = ast.parse(render_starter(problem, "triton"))
    (entry,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "solution")
    assert [argument.arg for argument in entry.args.args] == [p.name for p in problem.params]


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no nvcc here")
@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_cuda_starter_compiles(kind: str, tmp_path: Path) -> None:
    """Nvcc takes it as it is."""
    source = tmp_path / "begin.cu"
    source.write_text(render_starter(PROBLEMS[kind], "cuda"))
    built = subprocess.run(
        ["nvcc", "-std=c++17", "-c", source, "-o", tmp_path / "begin.o"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr


CROWDED = """
parameters:
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y_count, type: size_t, pointer: false}
  - {name: threads, type: size_t, pointer: false}
  - {name: i, type: int, pointer: false}
let:
  square: y_count ** 2
  both: (threads >= 1 and i < 3) + (not i)
shapes: {y: [square // y_count], x: [y_count, both]}
cases: {test: [{y_count: 5, threads: 2, i: 1}]}
"""


def test_a_starter_makes_room_for_the_names_of_the_problem(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """Parameters that are called like our own variables, powers and comparisons: it compiles."""
    problem = make_problem(
        CROWDED, "def reference(x, y_count, threads, i):\n    return x.sum(1) + i"
    )
    graded = grade_source(render_starter(problem, "cpp"), problem=problem)
    assert graded.verdict is Verdict.WRONG_ANSWER, graded.message


@pytest.mark.parametrize(
    ("formula", "c"),
    [
        ("a // b + 1", "((a / b) + 1)"),
        ("a ** 2 * b", "((long)std::pow(a, 2) * b)"),
        ("not a or b == c and d", "((!a) || ((b == c) && d))"),
        ("1 <= a < b", "(1 <= a && a < b)"),
        ("-(a - 1) % 4", "((-(a - 1)) % 4)"),
    ],
)
def test_formulas_are_written_in_c(formula: str, c: str) -> None:
    """Every operator of the formula language has its place in C."""
    assert c_formula(formula) == c
