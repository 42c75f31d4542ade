"""The verdict on outputs: every element of every output, against the truth and its bound."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory
from harness.oracle.compare import as_bytes, relative_errors, summary, wrong_elements
from harness.oracle.explain import story, where_the_errors_lie
from harness.records import Bound, Comparison

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one draw should give: the truth of every output, and how far off it may be."""

    truth: dict[str, Array]
    bounds: dict[str, Bound]
    own_errors: dict[str, tuple[float, float]]  # of the reference in the problem's dtype


def judge_outputs(expected: Expected, outputs: Memory, window: int = 0) -> tuple[Comparison, ...]:
    """One comparison an output. The process that wrote them is frozen."""
    found = []
    for name, truth in expected.truth.items():
        comparison = compare(name, outputs.window(name, window), truth, expected.bounds[name])
        if not comparison.ok:
            untouched = outputs.unwritten(name, window)
            if untouched.any():
                comparison = _unwritten(comparison, untouched)
        found.append(comparison)
    return tuple(found)


@np.errstate(invalid="ignore")  # a signalling NaN is a wrong answer like any other, and no warning
def compare(name: str, got: Array, truth: Array, bound: Bound) -> Comparison:
    got, truth = as_bytes(got), as_bytes(truth)
    if bound.exact and truth.dtype.kind != "f":
        errors = (got != truth).astype(np.float64)
    else:
        errors = relative_errors(got, truth.astype(np.float64))
    wrong = wrong_elements(got, truth, errors, bound)
    largest, rms = summary(errors)
    is_measured = not bound.exact and bound.absolute is None
    failed = bool(wrong.any()) or (is_measured and not rms <= bound.rms_error)
    reason = ""
    if failed:
        reason = "non_finite" if np.isinf(largest) and not bound.exact else "value"
    return Comparison(
        output=name,
        count=got.size,
        wrong=int(wrong.sum()),
        max_error=largest,
        rms_error=rms,
        bound=bound,
        reason=reason,
        story=story(name, got, truth, errors, wrong, bound) if failed else "",
    )


def checked(name: str, count: int, words: str | None, untouched: int) -> Comparison:
    """What the problem's own `check` said of an output: nothing, or why it is wrong."""
    reason, story = "", ""
    if words is not None:
        reason, story = "check", words or "the problem's check refuses it"
        if untouched:
            reason, story = (
                "unwritten",
                f"{untouched} of {count} elements of `{name}` never written",
            )
    return Comparison(
        output=name,
        count=count,
        wrong=0 if words is None else count,
        max_error=0.0,
        rms_error=0.0,
        bound=Bound(checked=True),
        reason=reason,
        story=story,
    )


def _place(found: NDArray[np.bool_]) -> str:
    return ", ".join(str(int(axis)) for axis in np.argwhere(found)[0])


def _unwritten(comparison: Comparison, untouched: NDArray[np.bool_]) -> Comparison:
    count = int(untouched.sum())
    what = (
        f"`{comparison.output}` was never written"
        if count == untouched.size
        else f"{count} of {untouched.size} elements of `{comparison.output}` were never written; "
        + (where_the_errors_lie(untouched) or f"it is [{_place(untouched)}]")
    )
    return replace(comparison, reason="unwritten", story=what)
