"""
The judge's buffers. Strangers borrow them: inputs through a sealed memfd that they can only read,
outputs through one of their own, poisoned before every call, with canaries in the slack around.

Each argument has whole pages to itself and unmapped guards on both sides. Left-aligned, writing
past the end spoils the canary behind; right-aligned, it hits the guard.
"""

import contextlib
import fcntl
import math
import mmap
import os
import secrets
from collections.abc import Iterable
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from harness.arena.wire import PAGE, Place
from harness.closing import Closing
from harness.dtypes import DType
from harness.records import Argument, Role

Array = NDArray[Any]

F_SEAL_FUTURE_WRITE = 0x10  # fcntl has no name for it before 3.12
ALIGN = 64
_NUMPY = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "size_t": np.dtype(np.uint64),
    "float8": np.dtype(np.uint8),
    "float4": np.dtype(np.uint8),
}


def numpy_dtype(dtype: DType) -> np.dtype[Any]:
    return _NUMPY.get(dtype.name) or np.dtype(dtype.name)


def _up(size: int, to: int) -> int:
    return -(-size // to) * to


def lay_out(
    arguments: Iterable[Argument], role: Role, *, windows: int = 1, right: bool = False
) -> tuple[tuple[Place, ...], int]:
    """
    Where each argument of a role lies in that role's file; and the file's size. What is read and
    written has its first contents among the inputs, and is lent among the outputs.
    """
    places, offset = [], 0
    for argument in arguments:
        if argument.role is not role and argument.role is not Role.INOUT:
            continue
        stride = _up(argument.nbytes, ALIGN) if windows > 1 else argument.nbytes
        used = stride * (windows - 1) + argument.nbytes
        span = _up(used, PAGE)
        lead = (span - used) // ALIGN * ALIGN if right else 0
        places.append(Place(argument=argument, offset=offset, span=span, lead=lead, stride=stride))
        offset += span
    return tuple(places), offset


class Memory(Closing):
    """One memfd of the judge's, mapped here, lent there."""

    def __init__(self, places: tuple[Place, ...], size: int, *, sealed: bool) -> None:
        self.places = {place.argument.name: place for place in places}
        self.descriptor = os.memfd_create("buffers", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, max(size, PAGE))
        self._map = mmap.mmap(self.descriptor, max(size, PAGE))
        # nobody can shrink it under the judge; and with the last seal nobody else can write
        seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK
        if sealed:
            seals |= F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
        self._bytes = np.frombuffer(self._map, dtype=np.uint8)
        self._poison: dict[str, bytes] = {}

    def window(self, name: str, index: int = 0) -> Array:
        """One window of an argument, as an array over the shared pages."""
        place = self.places[name]
        start = place.offset + place.lead + index * place.stride
        argument = place.argument
        flat = self._bytes[start : start + argument.nbytes].view(numpy_dtype(argument.dtype))
        return flat.reshape(argument.shape)

    def arrays(self, index: int = 0) -> dict[str, Array]:
        """One window of every argument."""
        return {name: self.window(name, index) for name in self.places}

    def elements(self, name: str, first: int, count: int) -> Array:
        """Some windows of an argument as one flat array, the gaps between them included."""
        place = self.places[name]
        start = place.offset + place.lead + first * place.stride
        used = (count - 1) * place.stride + place.argument.nbytes
        return self._bytes[start : start + used].view(numpy_dtype(place.argument.dtype))

    def stacked(self, name: str, count: int) -> Array:
        """The first windows of an argument as one array with an axis in front."""
        place = self.places[name]
        shape, size = place.argument.shape, place.argument.dtype.size_bytes
        inner = [size * math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
        flat = self.elements(name, 0, count)
        return np.lib.stride_tricks.as_strided(
            flat, (count, *shape), (place.stride, *inner), writeable=False
        )

    def poison(self) -> None:
        """Fill every page with values that no honest kernel leaves: NaNs with a random payload."""
        for name, place in self.places.items():
            self._poison[name] = _poison_of(place.argument.dtype)
            pattern = np.frombuffer(self._poison[name], dtype=np.uint64)
            region = self._bytes[place.offset : place.offset + place.span]
            region.view(np.uint64).fill(pattern[0])

    def restore(self, inputs: "Memory", first: int = 0, count: int = 1) -> None:
        """Give what is read and written its first contents, in some windows."""
        for name in self.places.keys() & inputs.places.keys():
            self.elements(name, first, count)[...] = inputs.elements(name, first, count)

    def unwritten(self, name: str, index: int = 0) -> NDArray[np.bool_]:
        """Which elements still hold the poison; there is none in what was given contents."""
        place = self.places[name]
        if place.argument.role is Role.INOUT:
            return np.zeros(place.argument.shape, dtype=np.bool_)
        size = place.argument.dtype.size_bytes
        raw = self.window(name, index).view(f"u{size}")
        return np.asarray(raw == np.frombuffer(self._poison[name], dtype=f"u{size}")[0])

    def overrun(self, count: int) -> str:
        """Where a canary was spoilt, in words; empty if all stand."""
        for name, place in self.places.items():
            used = place.stride * (count - 1) + place.argument.nbytes
            region = self._bytes[place.offset : place.offset + place.span]
            expected = np.frombuffer(self._poison[name] * (place.span // 8), dtype=np.uint8)
            head, tail = slice(0, place.lead), slice(place.lead + used, place.span)
            if not np.array_equal(region[head], expected[head]):
                return f"bytes before the start of `{name}` were written"
            if not np.array_equal(region[tail], expected[tail]):
                return f"bytes past the end of `{name}` were written"
        return ""

    def close(self) -> None:
        os.close(self.descriptor)
        del self._bytes
        with contextlib.suppress(BufferError):  # a view is still held: the pages go with it
            self._map.close()


def _poison_of(dtype: DType) -> bytes:
    """Eight bytes to fill with: for floats, NaNs whose payload is fresh."""
    raw = bytearray(secrets.token_bytes(dtype.size_bytes))
    if dtype.name == "bool":
        raw[0] |= 0x80  # neither 0 nor 1
    if dtype.is_float:
        exponent = {"float64": 0x7FF8, "float32": 0x7FC0, "float16": 0x7E00, "bfloat16": 0x7FC0}
        top = exponent[dtype.name] | (raw[-1] << 8 | raw[-2]) & 0x803F
        raw[-2:] = top.to_bytes(2, "little")
    return bytes(raw) * (8 // dtype.size_bytes)
