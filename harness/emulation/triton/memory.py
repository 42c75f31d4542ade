"""
The memory that one launch may touch: the storages of its arguments, and nothing around them.

Each pointer carries in its highest bits which argument it came from, so that a kernel which runs
off the end of one tensor is told so, even where another one lies behind it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.emulation.triton.findings import Findings, Kind
from harness.emulation.triton.races import Conflict, Order, Shadow

_TAG = 48  # no address of a user's process reaches so high
# where every storage seems to begin: as well aligned as what a card's allocator gives
_BASE = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The storage of one argument, seen from the argument."""

    name: str
    tag: int
    start: int
    size: int  # bytes
    origin: int  # of its element 0, in bytes from the start
    unit: int  # bytes of an element
    shadow: Shadow

    def offsets(self, pointers: NDArray[Any]) -> NDArray[Any]:
        """In bytes from the start."""
        return pointers.astype(np.int64) - (self.tag << _TAG | _BASE)

    def element(self, offset: int) -> int:
        return (offset - self.origin) // self.unit

    def describe(self, offset: int) -> str:
        return f"element {self.element(offset)} of `{self.name}`"

    def bounds(self) -> str:
        return f"which has {self.element(0)} to {self.element(self.size) - 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What lanes may really touch: plain addresses, and which of them lie in their tensor."""

    addresses: NDArray[Any]
    mask: NDArray[Any]


class Memory:
    def __init__(self, kernel: str, grid: tuple[int, int, int], findings: Findings) -> None:
        self._kernel, self._grid, self._findings = kernel, grid, findings
        self._regions: list[Region] = []
        self._shadows: dict[int, Shadow] = {}
        self.order = Order()
        self.line: Callable[[], str] = str  # where in its source it is, if that is known

    def lend(self, name: str, tensor: Any) -> int:
        """A pointer to the tensor, with its tag."""
        storage, unit = tensor.untyped_storage(), tensor.element_size()
        start, size = storage.data_ptr(), storage.nbytes()
        shadow = self._shadows.setdefault(start, Shadow(size, unit))
        if size == 0:
            return 0
        tag = len(self._regions) + 1
        origin: int = tensor.data_ptr() - start
        self._regions.append(
            Region(
                name=name, tag=tag, start=start, size=size, origin=origin, unit=unit, shadow=shadow
            )
        )
        return tag << _TAG | (_BASE + origin)

    def begin(self, x: int, y: int, z: int) -> None:
        self.order.begin(1 + x + self._grid[0] * (y + self._grid[1] * z))

    # ---- what lanes do ----------------------------------------------------------------------

    def reach(self, pointers: NDArray[Any], mask: NDArray[Any], size: int, verb: str) -> Access:
        """Lanes that would leave their tensor are masked, and told."""
        pointers, mask = np.broadcast_arrays(pointers, mask)
        addresses, good = np.zeros(pointers.shape, np.uint64), mask.copy()
        for region, lanes in self._by_region(pointers, mask):
            if region is None:
                self._tell_stray(lanes, verb)
                good &= ~lanes
                continue
            offsets = region.offsets(pointers)
            bad = lanes & ((offsets < 0) | (offsets + size > region.size))
            if bad.any():
                self._tell_outside(region, offsets[bad], int(lanes.sum()), verb)
                good &= ~bad
            np.add(offsets, region.start, out=addresses, where=lanes, casting="unsafe")
        return Access(addresses=addresses, mask=good)

    def read(self, pointers: NDArray[Any], access: Access, size: int) -> None:
        for region, offsets, _ in self._touched(pointers, access):
            conflict = region.shadow.read(offsets, size, self.order)
            self._tell_conflict(region, conflict, "reads")

    def write(
        self, pointers: NDArray[Any], access: Access, size: int, changes: NDArray[Any]
    ) -> None:
        for region, offsets, lanes in self._touched(pointers, access):
            conflict = region.shadow.write(offsets, size, self.order, changes[lanes])
            self._tell_conflict(region, conflict, "writes")

    def change(self, pointers: NDArray[Any], access: Access, size: int) -> None:
        for region, offsets, _ in self._touched(pointers, access):
            conflict = region.shadow.change(offsets, size, self.order)
            self._tell_conflict(region, conflict, "changes atomically")

    def tell_clash(self, pointers: NDArray[Any], lost: NDArray[Any]) -> None:
        """Two lanes of one store wrote different values to one element."""
        region, _ = next(self._by_region(pointers, lost))
        if region is not None:
            offset = int(region.offsets(pointers[lost])[0])
            self._findings.add(
                Kind.RACE,
                f"{self._where()}: lanes of one store write different values to"
                f" {region.describe(offset)}; which one stays is not defined",
            )

    # ---- whose lanes they are ---------------------------------------------------------------

    def _by_region(
        self, pointers: NDArray[Any], mask: NDArray[Any]
    ) -> Iterator[tuple[Region | None, NDArray[Any]]]:
        active = pointers[mask]
        if not active.size:
            return
        low, high = int(active.min()) >> _TAG, int(active.max()) >> _TAG
        if low == high:
            yield self._region(low), np.asarray(mask)
            return
        tags = pointers >> np.uint64(_TAG)
        for tag in np.unique(tags[mask]).tolist():
            yield self._region(tag), mask & (tags == tag)

    def _region(self, tag: int) -> Region | None:
        return self._regions[tag - 1] if 0 < tag <= len(self._regions) else None

    def _touched(
        self, pointers: NDArray[Any], access: Access
    ) -> Iterator[tuple[Region, NDArray[Any], NDArray[Any]]]:
        pointers = np.broadcast_to(pointers, access.mask.shape)
        for region, lanes in self._by_region(pointers, access.mask):
            assert region is not None  # all others are masked
            yield region, region.offsets(pointers[lanes]), lanes

    # ---- words ------------------------------------------------------------------------------

    def _where(self) -> str:
        return (
            f"kernel `{self._kernel}`{self.line()}, program {self._place(self.order.program - 1)}"
        )

    def _place(self, program: int) -> str:
        x, rest = program % self._grid[0], program // self._grid[0]
        return f"({x}, {rest % self._grid[1]}, {rest // self._grid[1]})"

    def _tell_stray(self, lanes: NDArray[Any], verb: str) -> None:
        count = int(lanes.sum())
        self._findings.add(
            Kind.BOUNDS,
            f"{self._where()}: it {verb} where no argument of the launch lies ({count} lanes)",
        )

    def _tell_outside(self, region: Region, offsets: NDArray[Any], lanes: int, verb: str) -> None:
        beyond = offsets.tolist()
        past = [offset for offset in beyond if offset >= 0]
        worst = min(past) if past else max(beyond)
        self._findings.add(
            Kind.BOUNDS,
            f"{self._where()}: it {verb} {region.describe(worst)}, {region.bounds()}"
            f" ({len(beyond)} of {lanes} lanes; a mask would keep them out)",
        )

    def _tell_conflict(self, region: Region, conflict: Conflict | None, verb: str) -> None:
        if conflict is None:
            return
        self._findings.add(
            Kind.RACE,
            f"{self._where()}: it {verb} {region.describe(conflict.offset)}, which"
            f" program {self._place(conflict.program)} {conflict.before} in the same launch, in"
            " no order that the kernel sets",
        )
