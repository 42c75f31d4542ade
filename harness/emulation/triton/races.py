"""
Two programs of one launch at one element, in no order: a race, whatever came of it here.

The interpreter runs programs one after another, so a race gives the right answer in it. Each unit
of memory remembers who was there last, and at which of his releases; a program knows whose
releases it has acquired, by atomics. What it does not know of is a conflict, unless both were
atomic, or both only read, or both wrote the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EPOCHS = 32  # bits of a stamp; what stands above is the program's number, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    offset: int  # where, in bytes of the storage
    program: int  # who was there before
    before: str  # what it did there: "reads", "writes" or "changes atomically"


class Order:
    """What happened before what: each program's clock, and those that atomics hand on."""

    def __init__(self) -> None:
        self.program = 0
        self._epoch = 1
        self._known: dict[int, int] = {}
        self._released: dict[int, dict[int, int]] = {}

    def begin(self, program: int) -> None:
        self.program, self._epoch, self._known = program, 1, {}

    @property
    def stamp(self) -> int:
        return self.program << _EPOCHS | self._epoch

    def synchronise(self, addresses: NDArray[Any], *, acquires: bool, releases: bool) -> None:
        for address in addresses.tolist():
            handed = self._released.setdefault(address, {})
            if acquires:
                _join(self._known, handed)
            if releases:
                _join(handed, self._known)
                handed[self.program] = self._epoch
        if releases:
            self._epoch += 1

    def is_known(self, stamp: int) -> bool:
        return self._known.get(stamp >> _EPOCHS, 0) >= stamp & ((1 << _EPOCHS) - 1)


def _join(clock: dict[int, int], other: dict[int, int]) -> None:
    for program, epoch in other.items():
        if clock.get(program, 0) < epoch:
            clock[program] = epoch


class Shadow:
    """Who touched each unit of one storage last, and how."""

    def __init__(self, size: int, unit: int) -> None:
        self.unit = unit
        count = -(-size // unit)
        self._writes, self._atomics, self._reads, self._other_reads = (
            np.zeros(count, np.int64) for _ in range(4)
        )

    def read(self, offsets: NDArray[Any], size: int, order: Order) -> Conflict | None:
        at = self._units(offsets, size)
        found = self._first(at, order, ((self._writes, "writes"), (self._atomics, _ATOMIC)))
        last = self._reads[at]
        others = last >> _EPOCHS != order.program
        self._other_reads[at] = np.where(others, last, self._other_reads[at])
        self._reads[at] = order.stamp
        return found

    def write(
        self, offsets: NDArray[Any], size: int, order: Order, changes: NDArray[Any]
    ) -> Conflict | None:
        """Where nothing changes, another's write of the same is no conflict."""
        at = self._units(offsets, size)
        changed = np.repeat(changes, len(at) // len(changes)) if len(changes) else changes
        found = self._first(
            np.where(changed, at, -1), order, ((self._writes, "writes"),)
        ) or self._first(at, order, (*self._readers, (self._atomics, _ATOMIC)))
        self._writes[at] = order.stamp
        return found

    def change(self, offsets: NDArray[Any], size: int, order: Order) -> Conflict | None:
        """Read and written in one, atomically."""
        at = self._units(offsets, size)
        found = self._first(at, order, ((self._writes, "writes"), *self._readers))
        self._atomics[at] = order.stamp
        return found

    @property
    def _readers(self) -> tuple[tuple[NDArray[Any], str], ...]:
        return (self._reads, "reads"), (self._other_reads, "reads")

    def _units(self, offsets: NDArray[Any], size: int) -> NDArray[Any]:
        """All units of each access, an access after another."""
        if size < self.unit or (self.unit > 1 and np.any(offsets % self.unit)):
            self._refine(1)
        count = size // self.unit
        first = offsets // self.unit
        return first if count == 1 else (first[:, None] + np.arange(count)).reshape(-1)

    def _refine(self, unit: int) -> None:
        """The same storage is looked at in smaller pieces too."""
        times = self.unit // unit
        self._writes, self._atomics, self._reads, self._other_reads = (
            np.repeat(each, times)
            for each in (self._writes, self._atomics, self._reads, self._other_reads)
        )
        self.unit = unit

    def _first(
        self, at: NDArray[Any], order: Order, looked_at: tuple[tuple[NDArray[Any], str], ...]
    ) -> Conflict | None:
        for stamps, before in looked_at:
            for unit, stamp in _foreign(stamps, at, order):
                program = (stamp >> _EPOCHS) - 1
                return Conflict(offset=unit * self.unit, program=program, before=before)
        return None


_ATOMIC = "changes atomically"


def _foreign(stamps: NDArray[Any], at: NDArray[Any], order: Order) -> Iterator[tuple[int, int]]:
    """Units that another program touched, with no order between."""
    seen = np.where(at < 0, 0, stamps[at])
    strange = (seen != 0) & (seen >> _EPOCHS != order.program)
    if not strange.any():
        return
    units, seen = at[strange], seen[strange]
    for stamp in np.unique(seen).tolist():
        if not order.is_known(stamp):
            yield int(units[np.flatnonzero(seen == stamp)[0]]), stamp
