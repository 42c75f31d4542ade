"""Scores that never flatter: what failed, or is not settled, is no speedup."""

import math
from dataclasses import replace

import pytest

from harness.clock.scores import score_of
from harness.records import State, Timing
from tests.timings import SOME


def _timing(speedup: float, width: float = 1.01, state: State = State.FASTER) -> Timing:
    low, high = speedup / width, speedup * width
    return replace(SOME, state=state, speedup=speedup, ci_low=low, ci_high=high)


def test_the_score_is_the_geometric_mean() -> None:
    """Twice as fast and half as fast is no gain; four times and once is two."""
    assert score_of(3, 3, [_timing(2.0), _timing(0.5)]).speedup == pytest.approx(1.0)
    assert score_of(3, 3, [_timing(4.0), _timing(1.0)]).speedup == pytest.approx(2.0)
    assert score_of(3, 3, [_timing(7.0)]).speedup == pytest.approx(7.0)
    assert score_of(3, 3, [_timing(7.0)]).correct


@pytest.mark.parametrize(("planned", "passed"), [(3, 2), (3, 0), (0, 0)])
def test_what_failed_has_no_speedup(planned: int, passed: int) -> None:
    """Not 1.0, not 0.0: none, although timings are at hand; and no cases is not a pass."""
    score = score_of(planned, passed, [_timing(5.0)])
    assert not score.correct
    assert (score.speedup, score.ci_low, score.ci_high, score.state) == (None,) * 4
    assert (score.planned, score.passed) == (planned, passed)


def test_what_was_not_timed_has_no_speedup() -> None:
    """Right, and nothing said about speed."""
    score = score_of(2, 2, [])
    assert score.correct
    assert (score.speedup, score.state) == (None, None)


def test_one_case_keeps_its_interval() -> None:
    """The score of a single case is that case."""
    score = score_of(1, 1, [_timing(2.0, 1.1)])
    assert score.ci_low == pytest.approx(2.0 / 1.1)
    assert score.ci_high == pytest.approx(2.0 * 1.1)


def test_independent_cases_narrow_the_interval() -> None:
    """Four equal cases: half the width, in logarithms."""
    score = score_of(1, 1, [_timing(2.0, 1.1)] * 4)
    assert score.ci_low == pytest.approx(2.0 / math.sqrt(1.1))
    assert score.ci_high == pytest.approx(2.0 * math.sqrt(1.1))


def test_the_interval_always_holds_the_score() -> None:
    """A lopsided interval stays lopsided."""
    lopsided = replace(_timing(2.0), ci_low=1.6, ci_high=2.0)
    score = score_of(1, 1, [lopsided])
    assert score.ci_low == pytest.approx(1.6)
    assert score.ci_high == pytest.approx(score.speedup)


@pytest.mark.parametrize(
    ("timings", "state"),
    [
        ([_timing(2.0), _timing(2.0)], State.FASTER),
        ([_timing(0.5), _timing(0.5)], State.SLOWER),
        ([_timing(2.0), _timing(0.5)], State.TIE),
        ([_timing(2.0), _timing(2.0, state=State.UNSTABLE)], State.UNSTABLE),
        ([_timing(2.0, state=State.TIE)], State.FASTER),
        ([replace(_timing(2.0), ci_low=1.0)], State.TIE),
        ([replace(_timing(0.5), ci_high=1.0)], State.TIE),
    ],
)
def test_one_unstable_case_makes_the_score_unstable(timings: list[Timing], state: State) -> None:
    """Otherwise the combined interval decides, not a vote of the cases."""
    assert score_of(1, 1, timings).state is state
