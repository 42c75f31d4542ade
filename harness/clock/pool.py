"""
Fresh inputs at the speed of a copy: two slices of a secret random pool, at secret offsets, made
into one that no stretch of was ever in the shared pages before, and that is drawn the same way:

    normal draws       turned into each other by a secret angle
    uniform draws      added, and wrapped around within their bounds
    truths             one the exclusive or of the other

What the problem draws itself is drawn anew for every window.
"""

import math
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.oracle.draw import Seed, fill, integer_range
from harness.oracle.module import Module
from harness.problem.shapes import declared_of
from harness.records import Argument, Case, Distribution, Problem, Role

Array = NDArray[Any]
Blend = Callable[[Array, Array], Array]

SLACK_ELEMENTS = 1 << 20
CHUNK = 1 << 15


class Pool:
    def __init__(
        self,
        problem: Problem,
        case: Case,
        arguments: tuple[Argument, ...],
        windows: int,
        module: Module,
    ) -> None:
        self._case, self._arguments, self._module = case, arguments, module
        self._declared = declared_of(problem, case)
        self._values = {
            argument.name: self._drawn(argument, windows)
            for argument in arguments
            if argument.role.is_read
        }

    def _drawn(self, argument: Argument, windows: int) -> Array:
        """Enough elements for every window at once, and room to begin anywhere."""
        stride = -(-argument.nbytes // 64) * 64 if windows > 1 else argument.nbytes
        needed = stride * windows // argument.dtype.size_bytes
        long = Argument(
            name=argument.name,
            role=Role.INPUT,
            dtype=DTYPES["float32"] if argument.dtype.is_half else argument.dtype,
            shape=(needed + max(SLACK_ELEMENTS, needed // 2),),
        )
        places, size = lay_out((long,), Role.INPUT)
        with Memory(places, size, sealed=True) as memory:
            fill(memory, self._declared, Seed.fresh("normal"))
            return memory.window(argument.name).copy()

    def refresh(self, memory: Memory, first: int, count: int) -> None:
        """Write inputs never seen before into some windows."""
        for name, values in self._values.items():
            target = memory.elements(name, first, count)
            room = values.size - target.size + 1
            one, other = secrets.randbelow(room), secrets.randbelow(room)
            blend = blend_of(values.dtype, self._declared.get(name))
            for start in range(0, target.size, CHUNK):  # in pieces that stay in cache
                stop = min(start + CHUNK, target.size)
                target[start:stop] = blend(
                    values[one + start : one + stop], values[other + start : other + stop]
                )
        seed = secrets.randbits(63)
        self._module.draw(self._case, self._arguments, memory, seed, first=first, count=count)

    def kept(self, memory: Memory, window: int) -> dict[str, Array]:
        """What lies in a window, to be shown again."""
        return {name: memory.window(name, window).copy() for name in self._values}

    def repeat(self, memory: Memory, seen: dict[str, Array], target: int) -> None:
        """Nearly what was seen, but for one element: who knows inputs by a few is misled."""
        if self._module.draws or not self._values:
            return  # what the problem draws itself may not be bent
        for name, values in seen.items():
            memory.window(name, target)[...] = values
        name = secrets.choice(list(self._values))
        values, elements = self._values[name], memory.window(name, target).reshape(-1)
        elements[secrets.randbelow(elements.size)] = values[secrets.randbelow(values.size)]


def blend_of(dtype: np.dtype[Any], declared: Distribution | None) -> Blend:
    """Two draws made one, of the same distribution; in another way each time where it can be."""
    if dtype == np.bool_:
        return np.logical_xor
    if declared is not None and declared.kind == "uniform":
        return _wrapped(float(declared.low or 0), float(declared.high or 1))
    if declared is not None and declared.kind == "integers":
        low, high = int(declared.low), int(declared.high)
        return _wrapped(low, high + 1) if dtype.kind == "f" else _wrapped_whole(low, high)
    if dtype.kind == "f":
        return _turned()
    return _wrapped_whole(*integer_range(dtype))


def _turned() -> Blend:
    angle = 2 * math.pi * secrets.randbits(53) / 2**53

    def blend(one: Array, other: Array) -> Array:
        mixed: Array = one * one.dtype.type(math.cos(angle))
        mixed += other * one.dtype.type(math.sin(angle))
        return mixed

    return blend


def _wrapped(low: float, end: float) -> Blend:
    """From low to before the end, in floating point."""
    width = end - low

    def blend(one: Array, other: Array) -> Array:
        total: Array = one - one.dtype.type(low)
        total += other - one.dtype.type(low)
        total -= (total >= width) * one.dtype.type(width)
        total += one.dtype.type(low)
        # the additions round: the end itself is never drawn
        last = np.nextafter(one.dtype.type(end), one.dtype.type(low))
        return np.asarray(np.clip(total, one.dtype.type(low), last))

    return blend


def _wrapped_whole(low: int, high: int) -> Blend:
    """From low to high, both included; in words that hold the sum of any two."""
    offset, width = np.uint64(low % 2**64), np.uint64(high - low + 1)

    def blend(one: Array, other: Array) -> Array:
        wide = np.uint64 if one.dtype.kind == "u" else np.int64
        total = one.astype(wide).view(np.uint64) - offset
        total += other.astype(wide).view(np.uint64) - offset
        total -= (total >= width) * width
        return np.asarray((total + offset).view(wide).astype(one.dtype))

    return blend
