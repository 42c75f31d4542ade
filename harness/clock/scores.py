"""
What many timings say together: of a submission over its cases, of submissions over problems.

Pure functions. A speedup over problems is a mean of what was right and timed, and says how much of
all that is. What failed is in no mean, and counts as 1.0 nowhere.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.records import Score, State, Timing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Geometric. Its interval is about measuring alone, not about what other problems would say."""

    speedup: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A submission to a problem, and how it was graded."""

    problem: str
    verdict: Verdict
    score: Score

    @property
    def is_right(self) -> bool:
        return self.verdict is Verdict.ACCEPTED and self.score.correct

    @property
    def measured(self) -> Mean | None:
        """Nothing where it is wrong, or was not timed."""
        speedup, low, high = self.score.speedup, self.score.ci_low, self.score.ci_high
        if not self.is_right or speedup is None or low is None or high is None:
            return None
        return Mean(speedup=speedup, ci_low=low, ci_high=high)

    @property
    def is_unstable(self) -> bool:
        return self.measured is not None and self.score.state is State.UNSTABLE

    def exceeds(self, speedup: float) -> bool:
        """Right, stable, and even the lower end of its interval is above that."""
        mean = self.measured
        return mean is not None and not self.is_unstable and mean.ci_low > speedup


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Shares of all problems, which count alike: one with several answers by the share of those."""

    problems: int
    answers: int
    passed: float
    not_gradable: float  # nothing was tried: they did not pass, and did not fail either
    timed: float
    unstable: float
    exceeding: tuple[tuple[float, float], ...]  # a speedup, and the share that exceeds it
    mean: Mean | None  # of all that was timed, unstable or not; None where nothing was


def totals_of(answers: Sequence[Answer], speedups: Sequence[float]) -> Totals:
    """Over at least one answer."""
    counts = Counter(answer.problem for answer in answers)
    # exact, so that all of them are 1 and not nearly so
    weights = [Fraction(1, counts[answer.problem] * len(counts)) for answer in answers]

    def share(has: Iterable[bool]) -> float:
        return float(sum(weight for weight, one in zip(weights, has, strict=True) if one))

    return Totals(
        problems=len(counts),
        answers=len(answers),
        passed=share(answer.is_right for answer in answers),
        not_gradable=share(answer.verdict is Verdict.NOT_GRADABLE for answer in answers),
        timed=share(answer.measured is not None for answer in answers),
        unstable=share(answer.is_unstable for answer in answers),
        exceeding=tuple((x, share(answer.exceeds(x) for answer in answers)) for x in speedups),
        mean=_over_problems(answers),
    )


def _over_problems(answers: Sequence[Answer]) -> Mean | None:
    measured = [(answer.problem, mean) for answer in answers if (mean := answer.measured)]
    counts = Counter(problem for problem, _ in measured)
    return _mean([mean for _, mean in measured], [1 / counts[problem] for problem, _ in measured])


def score_of(planned: int, passed: int, timings: Sequence[Timing]) -> Score:
    """Of one submission: the geometric mean over bench cases."""
    correct = planned == passed > 0
    cases = [Mean(speedup=t.speedup, ci_low=t.ci_low, ci_high=t.ci_high) for t in timings]
    mean = _mean(cases, [1.0] * len(cases)) if correct else None
    if mean is None:
        return Score(planned=planned, passed=passed, correct=correct)
    state = State.TIE
    if any(timing.state is State.UNSTABLE for timing in timings):
        state = State.UNSTABLE
    elif mean.ci_low > 1.0:
        state = State.FASTER
    elif mean.ci_high < 1.0:
        state = State.SLOWER
    return Score(
        planned=planned,
        passed=passed,
        correct=True,
        speedup=mean.speedup,
        ci_low=mean.ci_low,
        ci_high=mean.ci_high,
        state=state,
    )


def _mean(measured: Sequence[Mean], weights: Sequence[float]) -> Mean | None:
    """They were measured independently, so their variances add."""
    if not measured:
        return None
    shares = [weight / math.fsum(weights) for weight in weights]
    pairs = list(zip(shares, measured, strict=True))
    centre = math.fsum(share * math.log(each.speedup) for share, each in pairs)
    below = math.hypot(*(share * math.log(each.speedup / each.ci_low) for share, each in pairs))
    above = math.hypot(*(share * math.log(each.ci_high / each.speedup) for share, each in pairs))
    return Mean(
        speedup=math.exp(centre), ci_low=math.exp(centre - below), ci_high=math.exp(centre + above)
    )
