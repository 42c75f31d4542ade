"""
Inputs, drawn from a secret seed for every call and reproducible from it afterwards.

A seed is written `<kind>-<32 hex digits>`. Beside the normal draw there are structured ones, each
made to reveal a family of mistakes; they shape one input, chosen by the seed, and leave the others.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory
from harness.errors import UserError
from harness.oracle.module import Module
from harness.problem.shapes import declared_of
from harness.records import Argument, Case, Distribution, Problem

Generator = np.random.Generator
Floats = NDArray[np.float32]
_SHOWN = re.compile(r"([a-z_]+)-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seed:
    kind: str
    number: int

    @classmethod
    def fresh(cls, kind: str) -> Self:
        return cls(kind, secrets.randbits(128))

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _SHOWN.fullmatch(text)
        if found is None or found[1] not in KINDS:
            raise UserError(
                f"--seed {text}: not a seed; copy one from a grade, like normal-{'0' * 31}1"
            )
        return cls(found[1], int(found[2], 16))

    def __str__(self) -> str:
        return f"{self.kind}-{self.number:032x}"

    @property
    def of_order(self) -> int:
        """Another number, which a stranger may be told: it does not lead back to this one."""
        return int.from_bytes(hashlib.blake2b(str(self).encode(), digest_size=8).digest(), "little")

    @property
    def is_right_aligned(self) -> bool:
        """Whether buffers end at a guard page in this draw, or begin after one."""
        return bool(self.number & 1)


def _ramp(rng: Generator, base: Floats) -> Floats:
    """Neighbours differ and repeat with a prime period: shifts and swaps of axes show."""
    steps = np.arange(base.size, dtype=np.int64) + int(rng.integers(17))
    return (((steps % 17) - 8) / 8).astype(np.float32).reshape(base.shape)


def _one_hot(rng: Generator, base: Floats) -> Floats:
    """A single one: what it touches is an image of the other inputs."""
    result = np.zeros_like(base)
    result.flat[int(rng.integers(base.size))] = 1.0
    return result


def _alternating(rng: Generator, base: Floats) -> Floats:
    """
    Neighbours in pairs of opposite signs: sums cancel, so a dropped or doubled term stands out.
    Which of a pair comes first is chance: were it always the same, the eight lanes of an honest
    sum would each hold one sign, grow, and lose what the others cancel.
    """
    first = 1 - 2 * rng.integers(0, 2, (base.size + 1) // 2)
    signs = np.stack((first, -first), axis=1).ravel()[: base.size].astype(np.float32)
    return np.abs(base) * signs.reshape(base.shape)


def _large(_: Generator, base: Floats) -> Floats:
    return np.multiply(base, 64, dtype=np.float32)


def _tiny(_: Generator, base: Floats) -> Floats:
    return np.multiply(base, 1 / 256, dtype=np.float32)


def _unshaped(_: Generator, base: Floats) -> Floats:
    return base


KINDS: Mapping[str, Callable[[Generator, Floats], Floats]] = {
    "normal": _unshaped,
    "ramp": _ramp,
    "one_hot": _one_hot,
    "alternating": _alternating,
    "large": _large,
    "tiny": _tiny,
}
STRUCTURED = tuple(kind for kind in KINDS if kind != "normal")


def generator_of(seed: Seed) -> Generator:
    return np.random.Generator(np.random.SFC64(seed.number))


def fill(memory: Memory, declared: Mapping[str, Distribution], seed: Seed, window: int = 0) -> None:
    """Write a draw into the inputs of one window."""
    rng = generator_of(seed)
    floats = [name for name, place in memory.places.items() if place.argument.dtype.is_float]
    # a declared distribution is a promise to candidates: it is not bent
    free = [name for name in floats if name not in declared]
    focus = free[int(rng.integers(len(free)))] if free else ""
    for name, place in memory.places.items():
        target = memory.window(name, window)
        argument = place.argument
        if name in declared:
            drawn = _declared(rng, declared[name], argument.count, target.dtype)
            target[...] = drawn.reshape(argument.shape)
        elif argument.dtype.is_float:
            values = rng.standard_normal(argument.count, dtype=np.float32).reshape(argument.shape)
            target[...] = KINDS[seed.kind](rng, values) if name == focus else values
        else:
            target[...] = _integers(rng, target)


def draw_inputs(
    problem: Problem,
    case: Case,
    arguments: Sequence[Argument],
    inputs: Memory,
    seed: Seed,
    module: Module,
) -> None:
    """A whole draw: in the slack around inputs poison, in them what is drawn, by us or by it."""
    inputs.poison()
    fill(inputs, declared_of(problem, case), seed)
    module.draw(case, arguments, inputs, seed.number)


def _declared(
    rng: Generator, declared: Distribution, count: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    match declared.kind:
        case "integers":
            bounds = int(declared.low), int(declared.high)
            return rng.integers(*bounds, count, np.int64, endpoint=True).astype(dtype)
        case "uniform":
            low, high = float(declared.low or 0), float(declared.high or 1)
            return low + (high - low) * rng.random(count, dtype=np.float32)
        case _:
            return rng.standard_normal(count, dtype=np.float32)


def _integers(rng: Generator, target: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers over the type's range, kept small where they might be multiplied."""
    if target.dtype == np.bool_:
        return rng.integers(0, 2, target.shape).astype(np.bool_)
    bounds = integer_range(target.dtype)
    return rng.integers(*bounds, target.shape, endpoint=True).astype(target.dtype)


def integer_range(dtype: np.dtype[Any]) -> tuple[int, int]:
    limits = np.iinfo(dtype)
    return max(limits.min, -(2**15)), min(limits.max, 2**15)
