"""
Fresh inputs at the speed of a copy: slices at secret offsets of a secret pool, with secret signs.

One pool an input, drawn when timing begins. What is written into the shared pages was never there
before, so nothing about an earlier call helps with the next.
"""

import secrets
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.oracle.draw import Seed, fill, generator_of
from harness.records import Argument, Problem, Role

SLACK_ELEMENTS = 1 << 20


class Pool:
    def __init__(self, problem: Problem, arguments: tuple[Argument, ...], windows: int) -> None:
        self._declared = dict(problem.inputs)
        self._rng = generator_of(Seed.fresh("normal"))
        self._values: dict[str, NDArray[Any]] = {}
        self._is_signed: dict[str, bool] = {}
        for argument in arguments:
            if argument.role is Role.INPUT:
                self._values[argument.name] = self._drawn(problem, argument, windows)
                self._is_signed[argument.name] = (
                    argument.dtype.is_float and argument.name not in self._declared
                )

    @staticmethod
    def _drawn(problem: Problem, argument: Argument, windows: int) -> NDArray[Any]:
        """Enough elements for every window at once, and room to begin anywhere."""
        stride = -(-argument.nbytes // 64) * 64 if windows > 1 else argument.nbytes
        needed = stride * windows // argument.dtype.size_bytes
        long = Argument(
            name=argument.name,
            role=Role.INPUT,
            dtype=argument.dtype,
            shape=(needed + max(SLACK_ELEMENTS, needed // 2),),
        )
        places, size = lay_out((long,), Role.INPUT)
        with Memory(places, size, sealed=True) as memory:
            fill(memory, problem, Seed.fresh("normal"))
            return memory.window(argument.name).copy()

    def refresh(self, memory: Memory, first: int, count: int) -> None:
        """Write inputs never seen before into some windows."""
        for name, values in self._values.items():
            target = memory.elements(name, first, count)
            offset = secrets.randbelow(values.size - target.size + 1)
            source = values[offset : offset + target.size]
            if self._is_signed[name]:
                raw = np.dtype(f"u{target.dtype.itemsize}")
                sign = secrets.randbits(1) << (8 * raw.itemsize - 1)
                np.bitwise_xor(source.view(raw), raw.type(sign), out=target.view(raw))
            else:
                target[...] = source
