"""Every element of an output against the float64 truth. Pure functions over arrays."""

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from harness.records import Bound

Array = NDArray[Any]
Errors = NDArray[np.float64]


def relative_errors(got: Array, truth: NDArray[np.float64]) -> Errors:
    """
    |got - y| / (|y| + rms(y)) for each element; infinite where one is finite and the other is not.
    Where the truth is NaN or infinite, so must the answer be. A value too large for the answer's
    dtype may come as infinity. The mean leaves out zeros: beside many of them nothing is typical,
    and what Fourier or Winograd leave in their place is small beside what they transformed.
    """
    values = got.astype(np.float64)
    finite = np.isfinite(truth)
    with np.errstate(invalid="ignore", over="ignore"):
        scale = _rms(truth[finite & (truth != 0)]) or 1.0
        # halved, as the sum of two large numbers may be infinite, and x / inf is no error at all
        errors = np.abs(values / 2 - truth / 2) / (np.abs(truth) / 2 + scale / 2)
    if not finite.all():
        same = (np.isnan(values) & np.isnan(truth)) | (values == truth)
        errors = np.where(finite, errors, np.where(same, 0.0, np.inf))
    bad = ~np.isfinite(values) & finite
    if bad.any():
        errors = np.where(bad, np.inf, errors)
        beyond = np.abs(truth) > _largest(got)
        errors = np.where(bad & beyond & (np.copysign(np.inf, truth) == values), 0.0, errors)
    return errors


def _rms(values: NDArray[np.float64]) -> float:
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 0.0
    return largest * float(np.sqrt(np.mean(np.square(values / largest))))


def _largest(got: Array) -> float:
    if got.dtype.kind == "f":
        return float(np.finfo(got.dtype).max)
    return float(ml_dtypes.finfo(got.dtype).max)  # type: ignore[no-untyped-call]  # ships no types


def summary(errors: Errors) -> tuple[float, float]:
    """The largest and the root mean square."""
    return float(errors.max()), _rms(errors.ravel()) if np.isfinite(errors).all() else np.inf


def wrong_elements(got: Array, truth: Array, errors: Errors, bound: Bound) -> NDArray[np.bool_]:
    """Which elements exceed the bound. Written so that NaN is wrong."""
    if bound.exact:
        both_nan = (got != got) & (truth != truth)  # noqa: PLR0124 — that is what NaN is
        return np.asarray(~((got == truth) | both_nan))
    if bound.absolute is not None:
        with np.errstate(invalid="ignore"):
            off = np.abs(got.astype(np.float64) - truth)
            allowed = bound.absolute + (bound.relative or 0.0) * np.abs(truth)
            within = np.isfinite(truth) & (off <= allowed)
        return np.asarray(~(within | (errors == 0.0)))
    return np.asarray(~(errors <= bound.max_error))


def as_bytes(array: Array) -> Array:
    """Booleans as bytes: numpy takes every one but 0 for true, and here a byte is a byte."""
    return array.view(np.uint8) if array.dtype == np.bool_ else array


CHUNK = 1 << 15  # elements: small enough that the passes below stay in cache
MARGIN = 1 - 2.0**-10  # far more than what single precision loses on the way
TINY = 2.0**-50  # below, squares lose their precision in single


def is_surely_close(got: Array, base: Array, bound: Bound) -> bool:
    """
    Whether an answer is within the bound of another of its dtype, decided at the speed of memory.
    False means: look properly. NaN compares false, so it is looked at.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if bound.exact or bound.absolute is not None or got.dtype == np.float64:
            got, base = as_bytes(got), as_bytes(base)
            return bool(bound.exact and np.array_equal(got, base))
        return _is_close_in_single(got, base, bound)


def _is_close_in_single(got: Array, base: Array, bound: Bound) -> bool:
    flat_got, flat_base = got.ravel(), base.ravel()
    total = 0.0
    for start in range(0, flat_base.size, CHUNK):
        piece = flat_base[start : start + CHUNK].astype(np.float32, copy=False)
        total += float(np.dot(piece, piece))
    rms = np.float32(np.sqrt(total / flat_base.size))
    if not TINY < rms < np.inf:
        return False
    squares = 0.0
    for start in range(0, flat_base.size, CHUNK):
        piece = flat_base[start : start + CHUNK].astype(np.float32, copy=False)
        errors = flat_got[start : start + CHUNK].astype(np.float32, copy=False) - piece
        errors /= np.abs(piece) + rms
        np.abs(errors, out=errors)
        if not errors.max() <= bound.max_error * MARGIN:
            return False
        squares += float(np.dot(errors, errors))
    return bool(np.sqrt(squares / flat_base.size) <= bound.rms_error * MARGIN)
