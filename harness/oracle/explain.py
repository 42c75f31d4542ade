"""What is wrong with an answer, and where, in words for its writer."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.records import Bound

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def story(
    name: str, got: Array, truth: Array, errors: NDArray[np.float64], wrong: Mask, bound: Bound
) -> str:
    """The worst element, the statistics, and one sentence on where the errors lie."""
    count = int(wrong.sum())
    if count == 0:
        rms = math.sqrt(float(np.mean(np.square(errors))))
        return (
            f"`{name}`: each element is within its bound, but the error as a whole is not:"
            f" rms {rms:.3g}, allowed {bound.rms_error:.3g}"
        )
    ranked = np.where(wrong, np.nan_to_num(errors, nan=np.inf), -1.0)
    if bound.exact:
        ranked = wrong.astype(np.float64)
    worst = np.unravel_index(int(np.argmax(ranked)), got.shape)
    where = ", ".join(str(int(axis)) for axis in worst)
    share = f"{count} of {got.size} elements ({_percent(count, got.size)})"
    values = f"got {_number(got[worst])}, expected {_number(truth[worst])}"
    allowed = _allowed(float(errors[worst]), bound)
    parts = [
        f"`{name}`: {share} are wrong",
        f"worst at [{where}]: {values}, {allowed}",
        where_the_errors_lie(wrong),
    ]
    return "; ".join(part for part in parts if part)


def _percent(count: int, total: int) -> str:
    share = 100 * count / total
    return f"{share:.0f} %" if share >= 1 else f"{share:.2g} %"


def _number(value: Any) -> str:
    number = float(value)
    return f"{number:.7g}" if np.asarray(value).dtype.kind not in "iub" else str(value)


def _allowed(error: float, bound: Bound) -> str:
    if bound.exact:
        return "must be equal"
    if bound.absolute is not None:
        return f"allowed {bound.absolute:g} + {bound.relative or 0.0:g} |y|"
    return f"relative error {error:.3g}, allowed {bound.max_error:.3g}"


def where_the_errors_lie(wrong: Mask) -> str:
    """The narrowest pattern that holds all errors, or nearly all elements; one sentence."""
    if wrong.all():
        return "all elements are wrong"
    indices = np.nonzero(wrong)
    if len(indices[0]) == 1:
        return ""
    along = (_along(wrong, indices[axis], axis) for axis in range(wrong.ndim))
    patterns = (*along, _on_the_border(wrong), _in_steps(np.flatnonzero(wrong)))
    return next((sentence for sentence in patterns if sentence), "they are scattered")


def _along(wrong: Mask, found: NDArray[np.intp], axis: int) -> str:
    size = wrong.shape[axis]
    used = np.unique(found)
    if size == 1 or len(used) == size:
        return ""
    words = f"all of them lie at {_AXES.get((wrong.ndim, axis), 'index')} {{}} of axis {axis}"
    if len(used) == 1:
        place = used[0]
        tail = " (the first)" if place == 0 else " (the last)" if place == size - 1 else ""
        return words.format(f"{place}{tail}")
    if len(used) == used[-1] - used[0] + 1:
        return words.format(f"{used[0]} to {used[-1]} (of {size})")
    if len(used) == 2:
        return words.format(f"{used[0]} and {used[1]}")
    steps = np.diff(used)
    if (steps == steps[0]).all():
        return words.format(f"{used[0]}, {used[1]}, … every {_ordinal(steps[0])}")
    return ""


_AXES = {
    (4, 0): "batch", (4, 1): "channel", (4, 2): "row", (4, 3): "column",
    (3, 0): "batch", (3, 1): "channel", (3, 2): "column",
    (2, 0): "row", (2, 1): "column",
    (1, 0): "element",
}  # fmt: skip


def _on_the_border(wrong: Mask) -> str:
    inner = wrong[..., 1:-1, 1:-1] if wrong.ndim > 1 else wrong
    if inner.size == 0 or inner.any():
        return ""
    return "all of them lie on the border of the last two axes"


def _in_steps(flat: NDArray[np.intp]) -> str:
    steps = np.diff(flat)
    if not (steps == steps[0]).all():
        return ""
    if steps[0] == 1:
        return f"they are consecutive: flat elements {flat[0]} to {flat[-1]}"
    if len(steps) == 1:
        return ""
    return f"they are every {_ordinal(steps[0])} flat element from {flat[0]} on"


def _ordinal(number: int) -> str:
    last = 0 if number % 100 in {11, 12, 13} else number % 10
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"
