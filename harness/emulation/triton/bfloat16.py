"""
bfloat16 in the interpreter, which holds it as raw bits and adds those as if they were numbers.

Here it is a type that numpy can count with (each operation upcasts and rounds to nearest even).
"""

from typing import Any

import ml_dtypes
import numpy as np
import triton.language as tl
from triton.runtime import interpreter

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def mend() -> None:
    raw_type, convert = interpreter._get_np_dtype, interpreter.InterpreterBuilder  # noqa: SLF001 — no other door
    cast, to_fp = convert.cast_impl, convert.create_fp_to_fp

    known: dict[str, Any] = {tl.bfloat16.name: BFLOAT16}

    def numpy_type(kind: Any) -> Any:
        element = kind.scalar
        if element.name not in known:  # kept: it is asked for with every operation
            known[element.name] = raw_type(element)
        return known[element.name]

    def cast_impl(self: Any, source: Any, kind: Any) -> Any:
        if _is_plain(source.dtype.scalar, kind.scalar):
            return _cast(source, kind)
        return cast(self, source, kind)

    def create_fp_to_fp(self: Any, source: Any, kind: Any, rounding: Any) -> Any:
        if _is_plain(source.dtype.scalar, kind.scalar) and rounding != _TOWARDS_ZERO:
            return _cast(source, kind)
        return to_fp(self, source, kind, rounding)

    def _cast(source: Any, kind: Any) -> Any:
        data = source.data.astype(numpy_type(kind.scalar))
        return interpreter.TensorHandle(data, kind.scalar)

    interpreter._get_np_dtype = numpy_type  # noqa: SLF001 — as above
    convert.cast_impl = cast_impl
    convert.create_fp_to_fp = create_fp_to_fp


_TOWARDS_ZERO = interpreter._ir.ROUNDING_MODE.RTZ  # noqa: SLF001 — as above
_NUMBERS = (tl.float16, tl.float32, tl.float64)


def _is_plain(one: Any, other: Any) -> bool:
    """A cast from or to bfloat16 in which the other side is a number of numpy's too."""
    pair = (one, other)
    return tl.bfloat16 in pair and all(
        kind == tl.bfloat16 or kind in _NUMBERS or kind.is_int() for kind in pair
    )
