"""What is asked: a problem, its parameters and cases."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.dtypes import DType


class Role(StrEnum):
    INPUT = "input"
    OUTPUT = "output"
    SCALAR = "scalar"
    INOUT = "inout"  # it holds something when the call begins, and something else afterwards

    @property
    def is_read(self) -> bool:
        return self in {Role.INPUT, Role.INOUT}

    @property
    def is_written(self) -> bool:
        return self in {Role.OUTPUT, Role.INOUT}


class Tier(StrEnum):
    SAMPLE = "sample"
    TEST = "test"
    BENCH = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a problem file: where, what, and how to mend it."""

    line: int
    column: int
    what: str
    mend: str = ""

    def render(self, path: str, text: str = "") -> str:
        head = f"{path}:{self.line}:{self.column}: {self.what}"
        lines = text.splitlines()
        if 0 < self.line <= len(lines):
            number = f"{self.line:>5} | "
            # one column a character, whatever it is; and of a long line the part that matters
            source = "".join(c if c.isprintable() else " " for c in lines[self.line - 1])
            begin = max(0, self.column - 100)
            caret = " " * (len(number) + self.column - 1 - begin) + "^"
            head += f"\n{number}{source[begin : begin + 160]}\n{caret}"
        return f"{head}\n      mend: {self.mend}" if self.mend else head


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter of the signature; `dtype` is None where the type is [VAR]."""

    name: str
    dtype: DType | None
    pointer: bool
    const: bool
    drawn: bool = False  # `inputs:` names it: what is written too begins with something in it

    @property
    def role(self) -> Role:
        if not self.pointer:
            return Role.SCALAR
        if self.const:
            return Role.INPUT
        return Role.INOUT if self.drawn else Role.OUTPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Sizes and a purpose, never tensors: it can be printed, hashed and sent."""

    name: str
    tier: Tier
    device: str  # "any", or the device kind that a bench case is meant for
    scalars: tuple[tuple[str, int | float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What an author declares; every field None means: measured from the reference."""

    exact: bool = False
    reduction: str | None = None  # an expression for K, the number of summed terms
    absolute: float | None = None
    relative: float | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How an input is drawn; the bounds of whole numbers are formulas, and both belong to it."""

    kind: str  # "normal", "uniform" or "integers"
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a problem's own Python stands: a module beside it, or a block inside it."""

    path: Path
    source: str
    line: int = 1  # where in the file its first line is
    defines: frozenset[str] = frozenset()

    @property
    def module(self) -> bytes:
        """Its source on the lines where it stands: tracebacks show the author's own numbers."""
        return ("\n" * (self.line - 1) + self.source).encode()

    @property
    def draws(self) -> bool:
        """It makes inputs of its own."""
        return "inputs" in self.defines

    @property
    def checks(self) -> bool:
        """It says itself what is right."""
        return "check" in self.defines


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    slug: str
    title: str
    difficulty: str
    author: str
    tags: tuple[str, ...]
    params: tuple[Param, ...]
    let: tuple[tuple[str, str], ...]
    shapes: tuple[tuple[str, tuple[str, ...]], ...]
    require: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: tuple[Case, ...]
    flops: str | None
    bytes: str | None
    tolerance: Tolerance
    precision: str
    inputs: tuple[tuple[str, Distribution], ...]
    allow: tuple[str, ...] | None
    lazy: tuple[tuple[str, str], ...]  # a lazy candidate that is right here, and why
    extra: tuple[tuple[str, str], ...]
    given: frozenset[str]  # the keys that the file itself has
    body: str
    path: Path
    sha256: str
    reference: Reference | None
    borrowed_from: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A parameter made concrete for one case and dtype."""

    name: str
    role: Role
    dtype: DType
    shape: tuple[int, ...] = ()
    value: int | float | None = None

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.count * self.dtype.size_bytes
