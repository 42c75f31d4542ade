"""Grading as a whole: replays, steadiness, broken references, and what is not a verdict."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness import grade as exported_grade
from harness.arena.host import Arena
from harness.errors import ReferenceFailed, UserError
from harness.pipeline import grade
from harness.records import CaseResult, Limits, Policy, Problem, Stage, Timing, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
RIGHT = f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = 2 * x[i]; }}"
# wrong by an amount that depends on the inputs, at one element
WRONG = RIGHT.replace("2 * x[i]; }", "2 * x[i]; y[17] += x[3] + 1; }")


# ---- replays ------------------------------------------------------------------------------------


def test_a_failure_can_be_replayed(grade_source: "GradeSource") -> None:
    """The seed that a failing case shows gives the same failure again, number for number."""
    first = grade_source(WRONG)
    (case,) = first.cases
    again = grade_source(WRONG, seed=case.seeds[-1])
    assert first.verdict is again.verdict is Verdict.WRONG_ANSWER
    assert again.message == first.message
    assert again.cases[0].seeds == (case.seeds[-1],)
    assert again.cases[0].max_error == case.max_error


def test_seeds_are_fresh_each_time(grade_source: "GradeSource") -> None:
    """No two grades draw the same inputs."""
    one, other = (grade_source(RIGHT).cases[0].seeds for _ in range(2))
    assert len(one) == len(other) == len(set(one)) > 1
    assert not set(one) & set(other)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_tensor_can_be_kept(grade_source: "GradeSource", tmp_path: Path, dtype: str) -> None:
    """Kept files hold the inputs, what was expected, and what was got."""
    keep = tmp_path / "kept"
    source = RIGHT.replace("2 * x[i];", "2 * float(x[i]);").replace("; }", "; y[5] = 77; }")
    graded = grade_source(source, seed="normal-" + "0" * 31 + "7", keep=keep, dtype=dtype)
    assert graded.verdict is Verdict.WRONG_ANSWER, graded.message
    names = ("input.x", "expected.y", "got.y")
    x, expected, got = (np.load(keep / f"{name}.npy").astype(np.float64) for name in names)
    assert x.shape == expected.shape == got.shape == (1003,)
    assert np.array_equal(expected, 2 * x)
    assert got[5] == 77
    assert np.flatnonzero(got != expected).tolist() == [5]


def test_a_replayed_draw_is_the_same_draw(grade_source: "GradeSource", tmp_path: Path) -> None:
    """One seed gives one set of inputs, whoever is graded with it."""
    seed = "alternating-" + "0" * 31 + "9"
    grade_source(RIGHT, seed=seed, keep=tmp_path / "one")
    grade_source("def solution(x, y, n):\n    return x * 2\n", "other.py", seed=seed,
                 keep=tmp_path / "other")  # fmt: skip
    one, other = (np.load(tmp_path / name / "input.x.npy") for name in ("one", "other"))
    assert np.array_equal(one, other)


# ---- steadiness ---------------------------------------------------------------------------------

UNSTEADY = """
static float calls = 0;
void solution(const VAR* x, VAR* y, size_t n) {
    calls += 1;
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i] + calls;
}
"""


def test_an_answer_that_changes_is_nondeterministic(grade_source: "GradeSource") -> None:
    """A wrong answer that comes otherwise the second time is told as such."""
    graded = grade_source(UNSTEADY)
    assert (graded.verdict, graded.reason) == (Verdict.WRONG_ANSWER, "nondeterministic")
    assert "another answer" in graded.message


def test_a_wrong_answer_that_stays_is_only_wrong(grade_source: "GradeSource") -> None:
    """A wrong answer that comes again bit for bit is not called nondeterministic."""
    graded = grade_source(WRONG)
    assert (graded.verdict, graded.reason) == (Verdict.WRONG_ANSWER, "value")


def test_the_worst_element_is_shown(grade_source: "GradeSource") -> None:
    """A wrong answer tells how many elements are wrong, and which is the worst."""
    message = grade_source(WRONG).message
    assert "`y`: 1 of 1003 elements" in message
    assert "[17]" in message


# ---- the reference ------------------------------------------------------------------------------

FRONT = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases: {test: [{n: 64}]}
"""
BROKEN = {
    "raises": ("def reference(x, n):\n    raise ValueError('boom')", "boom"),
    "crashes": ("import ctypes\ndef reference(x, n):\n    ctypes.string_at(0)", "SIGSEGV"),
    "exits": ("import os\ndef reference(x, n):\n    os._exit(0)", "exit code 0"),
    "hangs": ("def reference(x, n):\n    while True: pass", "no answer"),
    "returns another shape": ("def reference(x, n):\n    return x[1:]", "(63,)"),
    "returns another dtype": ("def reference(x, n):\n    return (x * 2).half()", "float16"),
    "returns nothing": ("def reference(x, n):\n    pass", "NoneType"),
    "returns too much": ("def reference(x, n):\n    return x, x", "2 results"),
    "takes other parameters": ("def reference(x, m):\n    return x", "unexpected keyword"),
    "raises when imported": ("raise ValueError('early')\ndef reference(x, n): ...", "early"),
    "writes its input": ("def reference(x, n):\n    return x.mul_(2)", "SIGSEGV"),
    "returns its input": ("def reference(x, n):\n    return x", "a view of an input"),
    "returns a view of it": ("def reference(x, n):\n    return x[:]", "a view of an input"),
    "returns another device": ("def reference(x, n):\n    return x.to('meta')", "on meta"),
    "prints": ("def reference(x, n):\n    print('hello')\n    return 2 * x", "prints 'hello'"),
    "prints when imported": ("print('hi')\ndef reference(x, n):\n    return 2 * x", "prints 'hi'"),
    "forks": ("import os\ndef reference(x, n):\n    os.fork()\n    return 2 * x", "os.fork"),
    "runs a program": (
        "import subprocess\ndef reference(x, n):\n    subprocess.run(['true'])",
        "starts no processes",
    ),
}


@pytest.mark.parametrize(("reference", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_reference_is_no_verdict(
    grade_source: "GradeSource", make_problem: "MakeProblem", reference: str, words: str
) -> None:
    """What is wrong with a problem's own Python is never blamed on a submission."""
    problem = make_problem(FRONT, reference)
    with pytest.raises(ReferenceFailed) as failure:
        grade_source(RIGHT, problem=problem, limits=Limits(call_s=0.05))
    assert words in str(failure.value)
    assert str(problem.path) in str(failure.value)


def test_an_arena_outlives_a_broken_reference(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """After a reference has failed the same arena grades on, the same problem too."""
    source = (
        "import os\n"
        "def reference(x, n):\n"
        "    if len(os.listdir('..')) >= 0 and x.dtype.itemsize == 8: os._exit(0)\n"
    )
    problem = make_problem(FRONT, source)
    for _ in range(2):
        with pytest.raises(ReferenceFailed):
            grade_source(RIGHT, problem=problem)
    assert grade_source(RIGHT).verdict is Verdict.ACCEPTED


def test_a_broken_reference_shows_the_line_of_the_file(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """The traceback counts the lines of the Markdown file, and names it as the author does."""
    problem = make_problem(FRONT, "def reference(x, n):\n    return x + missing")
    line = problem.path.read_text().split("x + missing")[0].count("\n") + 1
    with pytest.raises(ReferenceFailed, match=rf'File "small\.md", line {line}, in reference'):
        grade_source(RIGHT, problem=problem)


def test_a_reference_may_be_warned(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """A warning, which may come with the next version of torch, is no printing."""
    reference = "import warnings\ndef reference(x, n):\n    warnings.warn('soon')\n    return 2 * x"
    problem = make_problem(FRONT, reference)
    assert grade_source(RIGHT, problem=problem).verdict is Verdict.ACCEPTED


# ---- kinds of outputs ---------------------------------------------------------------------------

KINDS = {
    "int32": ("2 * x", "2 * x[i]"),
    "int8": ("x // 2 * 2", "x[i] & ~1"),
    "uint8": ("255 - x", "255 - x[i]"),
    "float64": ("x / 3", "x[i] / 3"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_of_every_kind_are_compared(
    grade_source: "GradeSource", make_problem: "MakeProblem", kind: str
) -> None:
    """Whole numbers are compared exactly and doubles closely; a single wrong element is found."""
    reference, expression = KINDS[kind]
    front = FRONT.replace("type: float,", f"type: {kind},")
    problem = make_problem(front, f"def reference(x, n):\n    return {reference}")
    c = problem.params[0].dtype
    assert c is not None
    head = f"void solution(const {c.c}* x, {c.c}* y, size_t n)"
    right = f"{head} {{ for (size_t i = 0; i < n; i++) y[i] = {expression}; }}"
    wrong = right[:-1] + "y[n / 2] += 1; }"
    assert grade_source(right, problem=problem).verdict is Verdict.ACCEPTED
    assert grade_source(wrong, problem=problem).verdict is Verdict.WRONG_ANSWER


def test_several_outputs_are_all_compared(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """With two outputs both must be right; a message names the one that is not."""
    front = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: low, type: float, pointer: true, const: false}
  - {name: high, type: float, pointer: true, const: false}
shapes: {x: [100], low: [1], high: [1]}
cases: {test: [{}]}
"""
    problem = make_problem(front, "def reference(x):\n    return x.min()[None], x.max()[None]")
    right = "#include <algorithm>\nvoid solution(const float* x, float* low, float* high)"
    right += "{ *low = *std::min_element(x, x + 100); *high = *std::max_element(x, x + 100); }"
    assert grade_source(right, problem=problem).verdict is Verdict.ACCEPTED
    swapped = grade_source(right.replace("*high =", "*high = 1 +"), problem=problem)
    assert swapped.verdict is Verdict.WRONG_ANSWER
    assert "`high`" in swapped.message


def test_doing_nothing_never_answers_yes(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """A kernel that writes no boolean is not taken for one that writes true, nor for false."""
    front = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: bool, pointer: true, const: false}
shapes: {x: [64], y: [64]}
cases: {test: [{}]}
"""
    for constant in ("ones", "zeros"):
        value = f"torch.{constant}(64, dtype=torch.bool)"
        problem = make_problem(front, f"import torch\ndef reference(x):\n    return {value}")
        nothing = grade_source("void solution(const float* x, bool* y) {}", problem=problem)
        assert nothing.verdict is Verdict.WRONG_ANSWER, constant


# ---- what is asked ------------------------------------------------------------------------------


def test_what_happens_is_told(arena: Arena, doubling: Problem, tmp_path: Path) -> None:
    """A grade tells its stages and every case as they come."""
    (tmp_path / "right.cpp").write_text(RIGHT)
    told: list[Stage | CaseResult | Timing] = []
    policy = Policy(time=False)
    grade(tmp_path / "right.cpp", doubling, policy=policy, arena=arena, tell=told.append)
    assert [t.name for t in told if isinstance(t, Stage)] == ["build", "check"]
    assert [t.name for t in told if isinstance(t, CaseResult)] == ["odd"]


@pytest.mark.parametrize(
    "policy",
    [
        Policy(dtype="float64"),
        Policy(case="no such case"),
        Policy(threads=0),
        Policy(threads=100_000),
        Policy(threads=2, own=True),
        Policy(seed="nonsense"),
    ],
    ids=["dtype", "case", "no thread", "threads", "own", "seed"],
)
def test_what_cannot_be_done_is_the_users_error(
    arena: Arena, doubling: Problem, tmp_path: Path, policy: Policy
) -> None:
    """Asking for what a problem does not have is an error of the asker, not a verdict."""
    (tmp_path / "right.cpp").write_text(RIGHT)
    with pytest.raises(UserError):
        grade(tmp_path / "right.cpp", doubling, policy=policy, arena=arena)


def test_a_card_is_not_to_be_had_here(grade_source: "GradeSource") -> None:
    """What this version cannot grade gets the verdict that says so, before anything is built."""
    graded = grade_source(RIGHT, "kernel.cu", device="cuda")
    assert graded.verdict is Verdict.NOT_GRADABLE
    assert graded.message
    assert not graded.cases


def test_the_whole_grade_has_a_limit(grade_source: "GradeSource") -> None:
    """A grade that takes too long altogether ends with its own reason."""
    graded = grade_source(RIGHT, limits=Limits(grade_s=0))
    assert (graded.verdict, graded.reason) == (Verdict.TIME_LIMIT, "grade")


def test_isolation_is_recorded(grade_source: "GradeSource") -> None:
    """A grade says by what its runner was frozen, and which promises of the sandbox held."""
    isolation = grade_source(RIGHT).isolation
    assert isolation.freeze in {"cgroup", "signal"}
    held = {p.name for p in isolation.properties if p.holds}
    assert {"own_process", "sealed_inputs", "guard_pages"} <= held


def test_the_library_exports_grade() -> None:
    """`from harness import grade` is the pipeline's."""
    assert exported_grade is grade
