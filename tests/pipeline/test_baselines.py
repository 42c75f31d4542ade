"""What a candidate is measured against: PyTorch in several ways, or another submission."""

import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.arena.host import Arena
from harness.clock.baselines import BEST, COMPILE, STYLES, PyTorch, require_right
from harness.clock.heat import chosen
from harness.errors import NoBaseline, UserError
from harness.oracle.expect import Oracle
from harness.pipeline import grade
from harness.records import Grade, Limits, Policy, Problem, Timing, Verdict
from harness.report.document import document_of

if TYPE_CHECKING:
    from tests.conftest import MakeProblem

FRONT = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: w, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [2, 4, n, n], w: [8, 2, 3, 3], y: [2, 8, n, n]}
cases:
  test: [{name: odd, n: 5}]
  bench: {cpu: [{name: small, n: 8}]}
"""
REFERENCE = """
import torch.nn.functional as F
def reference(x, w, n):
    return F.conv2d(x, w, padding=PADDING, groups=2)
"""
CANDIDATE = """
import torch.nn.functional as F
def solution(x, w, y, n):
    y.copy_(F.conv2d(x, w, padding=1, groups=2))
"""
QUICK = [name for name in STYLES if name != COMPILE]
Against = Callable[..., Grade]


@pytest.fixture(scope="module")
def convolution(make_problem: "MakeProblem") -> Problem:
    return make_problem(FRONT, REFERENCE.replace("PADDING", "1"))


@pytest.fixture
def graded(arena: Arena, convolution: Problem, tmp_path: Path) -> Against:
    """Grade a right candidate, measured against whatever a test asks for."""

    def run(
        baseline: str = "eager",
        against: str | None = None,
        problem: Problem = convolution,
        name: str = "other.py",
    ) -> Grade:
        path, other = tmp_path / "mine.py", tmp_path / name
        path.write_text(CANDIDATE)
        if against is not None:
            other.write_text(against)
        policy = Policy(budget_s=0.1, baseline=baseline, against=None if against is None else other)
        return grade(path, problem, policy=policy, arena=arena)

    return run


def timing_of(graded: Grade) -> Timing:
    assert graded.timing, graded.message
    return graded.timing[0]


@pytest.mark.parametrize("name", QUICK)
def test_pytorch_can_be_asked_in_several_ways(graded: Against, name: str) -> None:
    """Each way gives a right answer and a time of its own, and the grade says which it was."""
    timing = timing_of(graded(baseline=name))
    assert timing.baseline == name
    assert timing.baseline_ms > 0


@pytest.mark.parametrize("padding", ["1", "(1, 1)", "'same'"])
@pytest.mark.parametrize("name", QUICK)
def test_every_way_takes_what_pytorch_takes(
    make_problem: "MakeProblem", arena: Arena, name: str, padding: str
) -> None:
    """A reference may write its padding as it likes."""
    problem = make_problem(FRONT, REFERENCE.replace("PADDING", padding))
    oracle = Oracle(arena, problem, limits=Limits())
    pytorch = PyTorch(problem=problem, arena=arena, threads=1, limits=Limits(), compiled={})
    (case, _) = problem.cases
    baseline = pytorch.asked(name, case)
    require_right(baseline, problem, case, "float32", oracle, Limits())
    oracle.close()


def test_the_best_is_one_of_those_that_work(graded: Against, cache_folder: Path) -> None:
    """Compiled or as written, each is tried; a second grade finds what was compiled before."""
    timing = timing_of(graded(baseline=BEST))
    assert [way.name for way in timing.ways] == list(STYLES)
    assert all(way.speedup and not way.why for way in timing.ways)
    kept = sorted(cache_folder.rglob("*.so"))
    timing = timing_of(graded(baseline=COMPILE))
    assert timing.baseline == COMPILE
    assert sorted(cache_folder.rglob("*.so")) == kept


def test_a_layout_is_changed_back_in_time() -> None:
    """What is called in another layout hands out plain tensors: no copy is left for later."""
    code = (
        "import torch\n"
        "from harness.arena.ways import as_asked\n"
        "from harness.arena.wire import Style\n"
        "def reference(x):\n    return x * 2, x.is_contiguous()\n"
        "found, was_plain = as_asked(Style.CHANNELS_LAST, reference)(x=torch.ones(2, 3, 4, 5))\n"
        "assert found.is_contiguous() and not was_plain\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


HARD = """
import torch.nn.functional as F
def reference(x, w, n):
    y = F.conv2d(x, w, padding=1, groups=2)
    return y + 1 if float(x.view(-1)[0]) > 1e9 else y
"""


def test_what_cannot_be_asked_is_left_out_and_named(
    graded: Against, make_problem: "MakeProblem"
) -> None:
    """Where no compiler can follow, or a layout is wanted, the best is one of the other ways."""
    problem = make_problem(FRONT, HARD)
    ways = {way.name: way for way in timing_of(graded(baseline=BEST, problem=problem)).ways}
    assert {name for name, way in ways.items() if way.speedup is None} == {"channels_last", COMPILE}
    assert "view" in ways["channels_last"].why
    assert ways[COMPILE].why
    with pytest.raises(NoBaseline, match="`channels_last`"):
        graded(baseline="channels_last", problem=problem)


LATE = """
import os
import torch.nn.functional as F
calls = 0
def reference(x, w, n):
    global calls
    calls += 1
    if float(x.sum()) > 1e9:  # no compiler follows
        return x
    if calls > 2 and x.stride(1) == 1:
        os._exit(1)
    return F.conv2d(x, w, padding=1, groups=2)
"""


def test_what_fails_in_the_heat_is_left_out_and_named(
    graded: Against, make_problem: "MakeProblem"
) -> None:
    """A way that is right alone and cannot keep up leaves the others in the heat."""
    timing = timing_of(graded(baseline=BEST, problem=make_problem(FRONT, LATE)))
    ways = {way.name: way for way in timing.ways}
    assert "it left" in ways["channels_last"].why
    assert ways["channels_last"].speedup is None
    assert ways["eager"].speedup


# columns: eager, then others; what one turn of each took
HEATS = {
    "the quickest": ([[10, 9, 5], [10, 9, 5], [10, 9, 5], [10, 9, 5]], 2),
    "eager, if nothing is quicker": ([[10, 11, 12]] * 4, 0),
    "eager, if it is behind by 1 %": ([[10, 9.9, 11]] * 4, 0),
    "eager, if the other won half of the turns": ([[10, 5], [10, 5], [10, 5], [5, 10], [5, 10]], 0),
    "the quickest in spite of one bad turn": ([[10, 5], [10, 5], [10, 5], [10, 99]], 1),
}


@pytest.mark.parametrize(("times", "best"), HEATS.values(), ids=list(HEATS))
def test_a_heat_is_won_clearly_or_by_eager(times: list[list[float]], best: int) -> None:
    """Who is quicker by more than the noise is chosen; else it is PyTorch as it is written."""
    assert chosen(np.array(times, dtype=float)) == best


def test_another_submission_is_a_baseline(graded: Against) -> None:
    """With one in its place PyTorch is not timed, and the grade names the file."""
    source = f"# grade: problem=small dtype=float32\n{CANDIDATE}"
    found = graded(against=source)
    timing = timing_of(found)
    assert timing.baseline == "other.py"
    policy = document_of(found)["policy"]
    assert policy["against_sha256"] == sha256(source.encode()).hexdigest()
    assert timing.copy_ms is None


OPPONENTS = {
    "wrong": (
        CANDIDATE.replace("padding=1", "padding=1, dilation=1") + "    y += 1\n",
        "are wrong",
    ),
    "raises": ("def solution(*_):\n    raise ValueError('no')\n", "ValueError"),
    "is no Python": ("def solution(:\n", "for case `small`: it is not valid Python"),
}


@pytest.mark.parametrize(("source", "word"), OPPONENTS.values(), ids=list(OPPONENTS))
def test_a_wrong_opponent_is_none(graded: Against, source: str, word: str) -> None:
    """What does not solve the problem cannot be measured against, and it is said why."""
    with pytest.raises(UserError, match=r"no baseline `other\.py`") as told:
        graded(against=source)
    assert word in str(told.value)


STRANGERS = {
    "in CUDA": ("other.cu", "__global__ void solution();\n", "CUDA sources are emulated here"),
    "to another problem": ("other.py", f"# grade: problem=large\n{CANDIDATE}", "problem=large"),
    "in another dtype": ("other.py", f"# grade: dtype=float16\n{CANDIDATE}", "dtype=float16"),
}


@pytest.mark.parametrize(("name", "source", "word"), STRANGERS.values(), ids=list(STRANGERS))
def test_who_answers_something_else_is_no_opponent(
    graded: Against, name: str, source: str, word: str
) -> None:
    """What it says of itself, or is written in, does not fit: the user is told, not a stranger."""
    with pytest.raises(UserError, match=word) as told:
        graded(against=source, name=name)
    assert f"{name}: " in str(told.value)


def test_an_opponent_that_goes_wrong_is_not_the_candidates_fault(graded: Against) -> None:
    """What is right when it is checked and wrong when it is timed is named, and is no baseline."""
    late = f"calls = 0\n{CANDIDATE}    global calls\n    calls += 1\n"
    late += "    if calls % 7 == 0:\n        y[0, 0, 0, 0] += 1\n"
    with pytest.raises(NoBaseline, match=r"`other\.py` for case `small`: wrong after"):
        graded(against=late)


def test_a_candidate_that_goes_wrong_is_so_beside_any_opponent(
    arena: Arena, convolution: Problem, tmp_path: Path
) -> None:
    """Where the two differ and the candidate is wrong, that is its verdict."""
    mine, other = tmp_path / "late.py", tmp_path / "good.py"
    mine.write_text(
        f"calls = 0\n{CANDIDATE}    global calls\n    calls += 1\n"
        "    if calls % 7 == 0:\n        y[0, 0, 0, 0] += 1\n"
    )
    other.write_text(CANDIDATE)
    found = grade(mine, convolution, policy=Policy(budget_s=0.1, against=other), arena=arena)
    assert found.verdict is Verdict.WRONG_ANSWER, found.message


CHECKED = """
def check(inputs, outputs, expected):
    if expected["y"].isnan().any():
        raise ValueError("the expected answer is no number")
    if not torch.allclose(outputs["y"], expected["y"], atol=1e-3):
        return "they differ"
"""


@pytest.mark.parametrize("wrong", ["1", "float('nan')"])
def test_a_check_is_asked_with_the_reference_who_is_wrong(
    graded: Against, make_problem: "MakeProblem", wrong: str
) -> None:
    """What an opponent answers is not what a problem's own check must expect."""
    checked = make_problem(FRONT, f"import torch\n{REFERENCE.replace('PADDING', '1')}{CHECKED}")
    late = f"calls = 0\n{CANDIDATE}    global calls\n    calls += 1\n"
    late += f"    if calls % 7 == 0:\n        y[0, 0, 0, 0] += {wrong}\n"
    with pytest.raises(NoBaseline, match=r"`other\.py` for case `small`: wrong after"):
        graded(against=late, problem=checked)
