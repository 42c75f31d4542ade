"""
How far off an honest kernel may be. Measured, not typed in by hand.

Errors are relative to |y| + rms(y), y being the float64 truth, and zeros left out of the mean. The
budget is 16 times what the reference itself gets wrong in the problem's dtype, and never below the
floors

    largest error   max(64, 4 sqrt(K)) eps         root mean square   max(8, sqrt(K)) eps

K is the number of summed terms (declared by the problem, else 1), eps that of the output's dtype.
Floors are there for a reference that is right by luck. Rounding to half precision leaves no room
for that luck, and 64 eps of bfloat16 would be one half: so for halves the floors are 8 and 1/2 eps.
There the mean square may be 4 times the reference's, as if its result had been rounded 16 times:
the reference's error is that rounding, which no order of a sum changes, and 16 times it would
let bfloat16 pass for float16. A single element may meet more than its share, so among N of them
the mean square's floor is sqrt(1 + 16/N) times as high.
"""

import math
from collections.abc import Iterable

from harness.dtypes import DType
from harness.problem.shapes import evaluate, scope_of
from harness.records import Bound, Case, Problem

FACTOR = 16.0
MAX_FLOOR = 64.0
RMS_FLOOR = 8.0
HALF_RMS_FACTOR = 4.0
HALF_MAX_FLOOR = 8.0
HALF_RMS_FLOOR = 0.5
FEW = 16.0  # elements: where there are fewer, one of them rules the mean square


def bound_of(
    problem: Problem,
    case: Case,
    dtype: DType,
    measured: Iterable[tuple[float, float]],
    count: int,
) -> Bound:
    """The bound for one output, from (largest, rms) errors of the reference's own variants."""
    declared = problem.tolerance
    if declared.exact or not dtype.is_float:
        return Bound(exact=True)
    if declared.absolute is not None or declared.relative is not None:
        return Bound(absolute=declared.absolute or 0.0, relative=declared.relative or 0.0)
    max_floor, rms_floor = _floors(problem, case, dtype)
    rms_floor *= math.sqrt(1 + FEW / count)
    rms_factor = HALF_RMS_FACTOR if dtype.is_half else FACTOR
    own = tuple(measured)
    return Bound(
        max_error=max(max_floor * dtype.eps, *(FACTOR * largest for largest, _ in own), 0.0),
        rms_error=max(rms_floor * dtype.eps, *(rms_factor * rms for _, rms in own), 0.0),
    )


def _floors(problem: Problem, case: Case, dtype: DType) -> tuple[float, float]:
    """At the worst element and in the mean square of many, in eps."""
    if dtype.is_half:
        return HALF_MAX_FLOOR, HALF_RMS_FLOOR
    if problem.tolerance.reduction is None:
        return MAX_FLOOR, RMS_FLOOR
    root = math.sqrt(evaluate(problem.tolerance.reduction, scope_of(problem.let, case)))
    return max(MAX_FLOOR, 4 * root), max(RMS_FLOOR, root)


def in_words(problem: Problem) -> str:
    declared = problem.tolerance
    if problem.reference is not None and problem.reference.checks:
        return "the problem's own check decides"
    if declared.exact:
        return "exact"
    if declared.absolute is not None or declared.relative is not None:
        return (
            f"|got - y| <= {declared.absolute or 0.0:g} + {declared.relative or 0.0:g} |y|,"
            f" because {declared.because}"
        )
    terms = declared.reduction or "1"
    return (
        "16 x the reference's own error in the problem's dtype, relative to |y| + rms(y), zeros"
        " left out of it; at least max(64, 4 sqrt(K)) eps at the worst element, max(8, sqrt(K))"
        " eps in the mean square (half precision: 4 x in the mean square; 8 and 1/2 eps),"
        f" K = {terms}"
    )
