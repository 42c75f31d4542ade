"""What a grade says of itself when a reward is asked for."""

from dataclasses import replace

import pytest

from harness.clock.scores import score_of
from harness.records import Problem, Verdict
from tests.report.grades import grade_of
from tests.timings import SOME

WIDE = replace(SOME, speedup=1.5, ci_low=1.2, ci_high=1.9)


def test_a_speedup_is_exceeded_where_the_whole_interval_is_above(doubling: Problem) -> None:
    """Below it is not, in between nothing is settled; however wide, as long as it is steady."""
    grade = grade_of(doubling, WIDE)
    assert [grade.exceeds(speedup) for speedup in (1.1, 1.5, 2.0)] == [True, None, False]


def test_what_is_not_steady_settles_nothing(doubling: Problem) -> None:
    """One case that cannot be trusted is enough, and so is none that was timed."""
    assert grade_of(doubling, WIDE, replace(WIDE, steady=False)).exceeds(0.1) is None
    assert grade_of(doubling).exceeds(0.1) is None


@pytest.mark.parametrize(
    ("verdict", "exceeds"),
    [(Verdict.WRONG_ANSWER, False), (Verdict.TIME_LIMIT, False), (Verdict.NOT_GRADABLE, None)],
)
def test_what_is_wrong_exceeds_nothing(
    doubling: Problem, verdict: Verdict, exceeds: bool | None
) -> None:
    """Nobody is rewarded for it; of what could not be tried nothing is known."""
    assert grade_of(doubling, verdict=verdict).exceeds(0.1) is exceeds


def test_a_mean_of_cases_is_what_exceeds(doubling: Problem) -> None:
    """Fast in one and slow in another is no reward for the first."""
    slow = replace(SOME, speedup=0.5, ci_low=0.45, ci_high=0.55)
    grade = grade_of(doubling, WIDE, slow)
    assert grade.score == score_of(3, 3, [WIDE, slow])
    assert grade.exceeds(1.0) is False
