"""
Fresh inputs at the speed of a copy: two slices of a secret random pool, at secret offsets, turned
into each other by a secret angle. A mixture of normal draws is a normal draw, and no stretch of it
was ever in the shared pages before.

An input whose distribution is declared, or that holds no floats, is not mixed: it is a slice. What
the problem draws itself is drawn anew for every window.
"""

import math
import secrets
from typing import Any

from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.oracle.draw import Seed, fill
from harness.oracle.module import Module
from harness.problem.shapes import declared_of
from harness.records import Argument, Case, Problem, Role

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
        self._values: dict[str, NDArray[Any]] = {}
        self._is_mixed: dict[str, bool] = {}
        for argument in arguments:
            if argument.role.is_read:
                self._values[argument.name] = self._drawn(argument, windows)
                self._is_mixed[argument.name] = (
                    argument.dtype.is_float and argument.name not in self._declared
                )

    def _drawn(self, argument: Argument, windows: int) -> NDArray[Any]:
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
            if self._is_mixed[name]:
                self._mix(values, target)
            else:
                offset = secrets.randbelow(values.size - target.size + 1)
                target[...] = values[offset : offset + target.size]
        seed = secrets.randbits(63)
        self._module.draw(self._case, self._arguments, memory, seed, first=first, count=count)

    @staticmethod
    def _mix(values: NDArray[Any], target: NDArray[Any]) -> None:
        room = values.size - target.size + 1
        one, other = secrets.randbelow(room), secrets.randbelow(room)
        angle = 2 * math.pi * secrets.randbits(53) / 2**53
        weights = values.dtype.type(math.cos(angle)), values.dtype.type(math.sin(angle))
        for start in range(0, target.size, CHUNK):  # in pieces that stay in cache
            stop = min(start + CHUNK, target.size)
            mixed = values[one + start : one + stop] * weights[0]
            mixed += values[other + start : other + stop] * weights[1]
            target[start:stop] = mixed
