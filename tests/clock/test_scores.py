"""Scores that never flatter: what failed, or is not settled, is no speedup."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.clock.scores import Answer, score_of, totals_of
from harness.records import State, Timing, Verdict
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


# ---- over problems ------------------------------------------------------------------------------


def _answer(
    problem: str = "one",
    *,
    speedup: float = 2.0,
    width: float = 1.01,
    state: State = State.FASTER,
) -> Answer:
    score = score_of(1, 1, [_timing(speedup, width, state)])
    return Answer(problem=problem, verdict=Verdict.ACCEPTED, score=score)


def _wrong(problem: str = "one", verdict: Verdict = Verdict.WRONG_ANSWER) -> Answer:
    return Answer(problem=problem, verdict=verdict, score=score_of(2, 1, []))


def test_what_failed_is_in_no_mean() -> None:
    """Half of them right at 4x: a mean of 4x and a pass rate of a half, never a mean of 2x."""
    totals = totals_of([_answer("one", speedup=4.0), _wrong("two")], [1.0])
    assert totals.mean is not None
    assert totals.mean.speedup == pytest.approx(4.0)
    assert (totals.passed, totals.timed, totals.exceeding) == (0.5, 0.5, ((1.0, 0.5),))
    assert (totals.problems, totals.answers) == (2, 2)


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.ACCEPTED])
def test_only_accepted_is_right(verdict: Verdict) -> None:
    """Also where all cases had passed and were timed before something else was found."""
    answer = replace(_answer(), verdict=verdict)
    totals = totals_of([answer], [0.001])
    assert (totals.passed, totals.timed, totals.unstable) == (0.0, 0.0, 0.0)
    assert totals.exceeding == ((0.001, 0.0),)
    assert totals.mean is None


def test_an_incomplete_pass_is_none() -> None:
    """Accepted by name and not by its cases: not right."""
    answer = replace(_answer(), score=replace(_answer().score, correct=False))
    assert totals_of([answer], [1.0]).passed == 0.0


def test_the_lower_end_must_be_above() -> None:
    """Not the estimate; and an end that touches is not above."""
    answer = _answer(speedup=1.5, width=1.2)
    low = answer.score.ci_low
    assert low is not None
    assert answer.exceeds(math.nextafter(low, 0))
    assert not answer.exceeds(low)
    assert not answer.exceeds(1.4)


def test_what_is_unstable_exceeds_nothing() -> None:
    """It passed, it is in the mean, it is named; and it counts for no speedup."""
    totals = totals_of([_answer(speedup=9.0, state=State.UNSTABLE), _answer("two")], [0.5, 1.0])
    assert totals.unstable == 0.5
    assert (totals.passed, totals.timed) == (1.0, 1.0)
    assert totals.exceeding == ((0.5, 0.5), (1.0, 0.5))
    assert totals.mean is not None
    assert totals.mean.speedup == pytest.approx(math.sqrt(18.0))


def test_what_was_not_timed_only_passes() -> None:
    """Right, in no mean, and faster than nothing."""
    untimed = Answer(problem="one", verdict=Verdict.ACCEPTED, score=score_of(2, 2, []))
    totals = totals_of([untimed], [0.1])
    assert (totals.passed, totals.timed, totals.unstable) == (1.0, 0.0, 0.0)
    assert totals.exceeding == ((0.1, 0.0),)
    assert totals.mean is None


@pytest.mark.parametrize("count", [3, 49, 98, 103])
def test_all_are_all(count: int) -> None:
    """However many problems, and attempts at one: the whole of them is 1, not nearly so."""
    answers = [_answer(str(number)) for number in range(count)] + [_answer("0")] * 48
    totals = totals_of(answers, [1.0])
    assert (totals.passed, totals.timed, totals.exceeding) == (1.0, 1.0, ((1.0, 1.0),))


def test_what_was_not_tried_has_a_share_of_its_own() -> None:
    """It did not pass, and is told apart from what was tried and failed."""
    answers = [_answer("one"), _wrong("two"), _wrong("three", Verdict.NOT_GRADABLE), _answer("4")]
    totals = totals_of(answers, [1.0])
    assert (totals.passed, totals.not_gradable) == (0.5, 0.25)


def test_every_problem_counts_alike() -> None:
    """Many attempts at one problem do not outweigh a single one at another, in any figure."""
    easy = [_answer("easy", speedup=4.0)] * 8 + [_wrong("easy")] * 2
    totals = totals_of([*easy, _wrong("hard")], [1.0, 5.0])
    assert totals.passed == pytest.approx(0.4)
    assert dict(totals.exceeding) == pytest.approx({1.0: 0.4, 5.0: 0.0})
    assert (totals.problems, totals.answers) == (2, 11)
    both = totals_of([*easy, _answer("hard", speedup=1.0)], [1.0])
    assert both.mean is not None
    assert both.mean.speedup == pytest.approx(2.0)


def test_another_attempt_is_no_better_chance() -> None:
    """The best of many does not count for all of them."""
    one = totals_of([_answer(speedup=1.1), _wrong()], [1.0])
    many = totals_of([_answer(speedup=1.1), _wrong()] * 10, [1.0])
    assert many.passed == pytest.approx(one.passed)
    assert dict(many.exceeding)[1.0] == pytest.approx(dict(one.exceeding)[1.0])


def test_problems_narrow_the_interval_as_cases_do() -> None:
    """Four independent ones alike: half the width; of one alone, its own."""
    (alone, four) = (
        totals_of([_answer(str(number), width=1.1) for number in range(count)], [1.0]).mean
        for count in (1, 4)
    )
    assert alone is not None
    assert four is not None
    assert alone.ci_low == pytest.approx(2.0 / 1.1)
    assert four.ci_low == pytest.approx(2.0 / math.sqrt(1.1))
    assert four.ci_high == pytest.approx(2.0 * math.sqrt(1.1))


def test_the_interval_over_problems_holds_the_truth() -> None:
    """Where each answer's interval is right in 95 of 100, so is that of their mean, nearly."""
    rng = np.random.default_rng(1)
    truths = np.exp(rng.normal(0.3, 0.4, 12))
    spreads = rng.uniform(0.002, 0.05, 12)
    held, simulations = 0, 300
    for _ in range(simulations):
        found = truths * np.exp(rng.normal(0, spreads))
        answers = [
            _answer(str(number), speedup=float(speedup), width=float(np.exp(1.96 * spread)))
            for number, (speedup, spread) in enumerate(zip(found, spreads, strict=True))
        ]
        mean = totals_of(answers, []).mean
        assert mean is not None
        held += mean.ci_low <= np.exp(np.log(truths).mean()) <= mean.ci_high
    assert 0.92 <= held / simulations <= 0.98
