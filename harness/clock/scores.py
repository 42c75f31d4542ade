"""What the timings of many cases say together. Pure functions."""

import math
from collections.abc import Sequence

from harness.records import Score, State, Timing


def score_of(planned: int, passed: int, timings: Sequence[Timing]) -> Score:
    """The geometric mean over bench cases; independent cases, so their variances add."""
    correct = planned == passed > 0
    if not correct or not timings:
        return Score(planned=planned, passed=passed, correct=correct)
    centre = sum(math.log(t.speedup) for t in timings) / len(timings)
    below = math.hypot(*(math.log(t.speedup / t.ci_low) for t in timings)) / len(timings)
    above = math.hypot(*(math.log(t.ci_high / t.speedup) for t in timings)) / len(timings)
    low, high = math.exp(centre - below), math.exp(centre + above)
    state = State.TIE
    if any(t.state is State.UNSTABLE for t in timings):
        state = State.UNSTABLE
    elif low > 1.0:
        state = State.FASTER
    elif high < 1.0:
        state = State.SLOWER
    return Score(
        planned=planned,
        passed=passed,
        correct=True,
        speedup=math.exp(centre),
        ci_low=low,
        ci_high=high,
        state=state,
    )
