"""Every element of an output against the float64 truth. Pure functions over arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.records import Bound

Array = NDArray[Any]
Errors = NDArray[np.float64]


def relative_errors(got: Array, truth: NDArray[np.float64]) -> Errors:
    """
    |got - y| / (|y| + rms(y)) for each element; infinite where one is finite and the other is not.
    Where the truth is NaN or infinite, so must the answer be. A value too large for the answer's
    dtype may come as infinity.
    """
    values = got.astype(np.float64)
    finite = np.isfinite(truth)
    with np.errstate(invalid="ignore", over="ignore"):
        scale = _rms(truth[finite])
        errors = np.abs(values - truth) / (np.abs(truth) + (scale or 1.0))
    if not finite.all():
        same = (np.isnan(values) & np.isnan(truth)) | (values == truth)
        errors = np.where(finite, errors, np.where(same, 0.0, np.inf))
    bad = ~np.isfinite(values) & finite
    if bad.any():
        errors = np.where(bad, np.inf, errors)
        beyond = np.abs(truth) >= _largest(got)
        errors = np.where(bad & beyond & (np.sign(truth) * np.inf == values), 0.0, errors)
    return errors


def _rms(values: NDArray[np.float64]) -> float:
    if values.size == 0:
        return 0.0
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return 0.0
    return largest * float(np.sqrt(np.mean(np.square(values / largest))))


def _largest(got: Array) -> float:
    if got.dtype.kind == "f":
        return float(np.finfo(got.dtype).max)
    import ml_dtypes  # noqa: PLC0415 — only for dtypes that numpy does not know

    return float(ml_dtypes.finfo(got.dtype).max)


def summary(errors: Errors) -> tuple[float, float]:
    """The largest and the root mean square."""
    return float(errors.max()), _rms(errors.ravel()) if np.isfinite(errors).all() else np.inf


def wrong_elements(got: Array, truth: Array, errors: Errors, bound: Bound) -> NDArray[np.bool_]:
    """Which elements exceed the bound. Written so that NaN is wrong."""
    if bound.exact:
        both_nan = (got != got) & (truth != truth)  # noqa: PLR0124 — that is what NaN is
        return np.asarray(~((got == truth) | both_nan))
    if bound.absolute is not None and bound.relative is not None:
        with np.errstate(invalid="ignore"):
            off = np.abs(got.astype(np.float64) - truth)
            within = off <= bound.absolute + bound.relative * np.abs(truth)
        return np.asarray(~(within | (errors == 0.0)))
    return np.asarray(~(errors <= bound.max_error))
