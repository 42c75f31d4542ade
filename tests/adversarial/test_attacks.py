"""
Each attack, in each lane: it takes in the naive grader, and ours stops it where it says; its twin,
which is built alike and honest, is accepted by both.

A folder is `<ID of the catalogue>-<name>/` with `attack.cpp`, `attack.py` or both, a `twin` of each
and `expected.yml`, which `Expected` below describes.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
import yaml

from harness.arena.host import Arena
from harness.pipeline import grade
from harness.problem.catalogue import load_problem
from harness.records import Grade, Limits, Policy, Problem, State, Verdict
from harness.submission import read_submission

if TYPE_CHECKING:
    from tests.adversarial.conftest import Naively

HERE = Path(__file__).parent
LANES = [(path.parent.name, path.suffix[1:]) for path in sorted(HERE.glob("[A-J][0-9]*/attack.*"))]
ABSURD = 3.0  # times faster than its twin, by the naive clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """What the naive grader is taken in by; at least one of the first four."""

    accepted: bool = False  # says that it is right
    faster: bool = False  # says that it is absurdly fast, and right
    canary: bool = False  # has a file `canary` afterwards
    log: str = ""  # words in what is printed there
    expects: str = "before"  # the reference is called before the candidate, or `afterwards`
    walls: bool = True  # false: the one wall that must be down for the effect to show


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """
    What `expected.yml` says; under `cpp:` or `py:` what differs there, and under `unrooted:` what
    does where a box has no root of its own and rules over the host's files stand (level 2).
    """

    what: str  # is tried
    wall: str  # stops it
    naive: Beats
    verdict: Verdict
    reason: str | list[str] = ""
    words: str = ""  # in the message
    log: str = ""  # words in the log: what the attack itself met
    timed: bool = False  # it shows only in timing
    slow: bool = False  # it is right, and its claim to be fast is not heard
    problem: str = "doubling"
    limits: dict[str, Any] = field(default_factory=dict)
    only: str = ""  # why it has one lane alone
    gets_through: str = ""  # why it is not stopped yet; in which the test must fail

    @classmethod
    def read(cls, folder: str, lane: str, *, is_rooted: bool = True) -> Self:
        told = yaml.safe_load((HERE / folder / "expected.yml").read_text())
        unrooted = told.pop("unrooted", {})
        for layer in (told, unrooted):
            lanes = {each: layer.pop(each, {}) for each in ("cpp", "py")}
            layer.update(lanes[lane])
        if not is_rooted:
            told.update(unrooted)
        told["naive"] = Beats(**told["naive"])
        told["verdict"] = Verdict(told["verdict"])
        return cls(**told)


def _marked(folder: str, lane: str) -> Any:
    through = Expected.read(folder, lane).gets_through
    marks = [pytest.mark.xfail(reason=through, strict=True)] if through else []
    return pytest.param(folder, lane, id=f"{folder}-{lane}", marks=marks)


each_lane = pytest.mark.parametrize(
    ("folder", "lane"), [pytest.param(*lane, id="-".join(lane)) for lane in LANES]
)
each_attack = pytest.mark.parametrize(("folder", "lane"), [_marked(*lane) for lane in LANES])


def _problem(expected: Expected) -> Problem:
    return load_problem(HERE / "problems" / f"{expected.problem}.md")


def _graded(expected: Expected, path: Path, arena: Arena) -> Grade:
    limits = replace(Limits(call_s=2.0), **expected.limits)
    policy = Policy(time=expected.timed, budget_s=0.1, limits=limits)
    return grade(path, _problem(expected), policy=policy, arena=arena)


@each_lane
def test_an_attack_is_not_inert(naively: "Naively", folder: str, lane: str) -> None:
    """The naive grader is taken in by the attack, and accepts the twin without such an effect."""
    expected = Expected.read(folder, lane)
    beats, problem = expected.naive, _problem(expected)
    attack, twin = (
        naively(
            read_submission(HERE / folder / f"{name}.{lane}"),
            problem,
            expects=beats.expects,
            walls=beats.walls,
        )
        for name in ("attack", "twin")
    )
    assert twin.correct, twin.log
    assert beats.accepted or beats.faster or beats.canary or beats.log
    if beats.accepted or beats.faster:
        assert attack.correct, attack.log
    if beats.faster:
        assert attack.speedup > ABSURD * twin.speedup, (attack.speedup, twin.speedup)
    if beats.canary:
        assert "canary" in attack.left, attack.log
        assert "canary" not in twin.left
    if beats.log:
        assert beats.log in attack.log
        assert beats.log not in twin.log


@each_attack
def test_an_attack_is_stopped(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, lane: str
) -> None:
    """It gets the verdict that it was to get, from the wall that it was to meet."""
    monkeypatch.chdir(tmp_path)
    expected = Expected.read(folder, lane, is_rooted=arena.tools.walls.root)
    graded = _graded(expected, HERE / folder / f"attack.{lane}", arena)
    reasons = [expected.reason] if isinstance(expected.reason, str) else expected.reason
    told = (graded.message, graded.log)
    assert graded.verdict is expected.verdict, (graded.verdict, graded.reason, *told)
    assert graded.reason in reasons, told
    assert expected.words in graded.message
    assert expected.log in graded.log, told
    if expected.slow:
        (timing,) = graded.timing
        assert timing.state in {State.SLOWER, State.UNSTABLE}, timing.speedup
    if graded.verdict is not Verdict.ACCEPTED:
        assert not graded.score.correct
        assert graded.score.speedup is None
    assert not list(tmp_path.rglob("canary"))


@each_lane
def test_its_twin_is_accepted(arena: Arena, folder: str, lane: str) -> None:
    """What is built like the attack, and does nothing wrong, has nothing to fear."""
    expected = Expected.read(folder, lane)
    graded = _graded(expected, HERE / folder / f"twin.{lane}", arena)
    assert graded.verdict is Verdict.ACCEPTED, (graded.reason, graded.message, graded.log)
    assert bool(graded.timing) is expected.timed


def test_the_naive_grader_is_not_blind(naively: "Naively", tmp_path: Path) -> None:
    """A kernel that is plainly wrong, or crashes, is refused even there."""
    problem = load_problem(HERE / "problems" / "doubling.md")
    for body in ("y.copy_(x * 3)", "raise ValueError"):
        path = tmp_path / "attempt.py"
        path.write_text(f"def solution(x, y, n):\n    {body}\n")
        assert not naively(read_submission(path), problem).correct
