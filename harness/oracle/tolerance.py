"""
How far off an honest kernel may be. Measured, not typed in by hand.

Errors are relative to |y| + rms(y), y being the float64 truth. The budget is 16 times what the
reference itself gets wrong in the problem's dtype, and never below the floors

    largest error   max(64, 4 sqrt(K)) eps         root mean square   16 eps

K is the number of summed terms (declared by the problem, else 1), eps that of the output's dtype.
"""

import math
from collections.abc import Iterable

from harness.dtypes import DType
from harness.problem.shapes import evaluate, scope_of
from harness.records import Bound, Case, Problem

FACTOR = 16.0
MAX_FLOOR = 64.0
RMS_FLOOR = 16.0


def bound_of(
    problem: Problem, case: Case, dtype: DType, measured: Iterable[tuple[float, float]]
) -> Bound:
    """The bound for one output, from (largest, rms) errors of the reference's own variants."""
    declared = problem.tolerance
    if declared.exact or not dtype.is_float:
        return Bound(exact=True)
    if declared.absolute is not None or declared.relative is not None:
        return Bound(absolute=declared.absolute or 0.0, relative=declared.relative or 0.0)
    terms = 1
    if declared.reduction is not None:
        terms = evaluate(declared.reduction, scope_of(problem.let, case))
    own = [(0.0, 0.0), *measured]
    return Bound(
        max_error=max(
            max(MAX_FLOOR, 4 * math.sqrt(terms)) * dtype.eps,
            *(FACTOR * largest for largest, _ in own),
        ),
        rms_error=max(RMS_FLOOR * dtype.eps, *(FACTOR * rms for _, rms in own)),
    )


def in_words(problem: Problem) -> str:
    declared = problem.tolerance
    if declared.exact:
        return "exact"
    if declared.absolute is not None or declared.relative is not None:
        return (
            f"|got - y| <= {declared.absolute or 0.0:g} + {declared.relative or 0.0:g} |y|,"
            f" because {declared.because}"
        )
    terms = declared.reduction or "1"
    return (
        "16 x the reference's own error in the problem's dtype, relative to |y| + rms(y); at least"
        f" max(64, 4 sqrt(K)) eps at the worst element, 16 eps in the mean square, K = {terms}"
    )
