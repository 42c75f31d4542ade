"""Every submission of the catalogue gets the verdict whose folder it lies in."""

import functools
from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.emulation.triton.source import is_triton
from harness.emulation.triton.versions import trouble
from harness.pipeline import grade
from harness.records import Grade, Limits, Policy, Tier, Verdict

ROOT = Path(__file__).resolve().parents[2] / "submissions"
ALL = sorted(path for path in ROOT.glob("*/*/*") if path.suffix in {".cpp", ".c", ".py"})
ACCEPTED = [path for path in ALL if path.parent.name == "accepted"]


@functools.cache
def graded(path: Path, arena: Arena, dtype: str | None = None) -> Grade:
    is_emulated = path.suffix == ".py" and is_triton(path.read_bytes())
    if is_emulated and (why := trouble()):
        pytest.skip(why)
    # an interpreter is slow: of other types than the first it sees the sample
    tier = Tier.SAMPLE if is_emulated and dtype else None
    limits = Limits() if is_emulated else Limits(call_s=1.0)
    policy = Policy(time=False, dtype=dtype, tier=tier, limits=limits)
    problems = ROOT.parent / "problems"
    return grade(path, path.parts[-3], policy=policy, problems=problems, arena=arena)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_submission_gets_its_folders_verdict(path: Path, arena: Arena) -> None:
    """The folder of a submission is its expected verdict."""
    result = graded(path, arena)
    assert result.verdict == path.parent.name, result.message
    is_remarked = result.machine.kind == "emulated"  # what an accepted one is worth
    assert bool(result.message) is (is_remarked or result.verdict is not Verdict.ACCEPTED)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("path", ACCEPTED, ids=name_of)
def test_what_is_accepted_is_so_in_every_dtype(path: Path, dtype: str, arena: Arena) -> None:
    """An accepted submission is right in the smaller types too."""
    result = graded(path, arena, dtype)
    assert result.verdict is Verdict.ACCEPTED, result.message


@pytest.mark.parametrize("path", ACCEPTED, ids=name_of)
def test_accepted_means_that_everything_was_checked(path: Path, arena: Arena) -> None:
    """Every planned case passed, and in each as many elements were checked as were planned."""
    result = graded(path, arena)
    assert result.score.planned == result.score.passed == len(result.cases) > 0
    for case in result.cases:
        assert case.planned == case.checked > 0
        assert case.max_error is not None
        assert case.allowed is not None
        assert case.max_error <= case.allowed


def test_every_problem_has_both_kinds() -> None:
    """Each problem of the catalogue has an accepted submission and a wrong answer."""
    for problem in (ROOT.parent / "problems").glob("*.md"):
        kinds = {path.parent.name for path in ALL if path.parts[-3] == problem.stem}
        assert {"accepted", "wrong_answer"} <= kinds, problem.stem
