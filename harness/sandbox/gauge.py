"""
How much memory a box has, and how far it rises: its first process as /proc tells it, and all of it
as the memory controller does, where that is to be had.

/proc is exact to some pages, but knows one process, and of that only what is mapped. A controller
counts whatever was first touched in the box, by children that have ended and in files too; but in
strides, and with what the kernel needs itself. So it is heard where it tells of clearly more.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.closing import Closing

# the kernel adds up pages in strides of some dozens on each core: by so much it may be off
GRAIN_BYTES = 500_000
CLEARLY_BYTES = 1 << 20
# of cgroup v2, where writing to it needs Linux 6.12, and of v1
_PEAKS = ("memory.peak", "memory.max_usage_in_bytes")
_FORGET_PEAK = "5"  # of what clear_refs takes
_ASKED = _ANONYMOUS, _SHARED, _HIGHEST = b"RssAnon", b"RssShmem", b"VmHWM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a box that stands still has, in bytes."""

    own: int  # of its first process, without what lies in files on a disk
    mapped: int  # with that
    group: int | None  # of all of it

    def above(self, zero: "Level") -> int:
        """How much more than another box it has for itself."""
        return _most(self.own - zero.own, _difference(self.group, zero.group))


class Gauge(Closing):
    """Asked only while the box is frozen."""

    def __init__(self, pid: int, groups: Sequence[Path]) -> None:
        self._process = Path(f"/proc/{pid}")
        self._peak = _opened(groups)

    def level(self) -> Level | None:
        """What it has now; from here on it is seen how far it rises. None: that cannot be seen."""
        try:
            (self._process / "clear_refs").write_text(_FORGET_PEAK)
            sizes = _sizes(self._process / "status")
            own, mapped = sizes[_ANONYMOUS] + sizes[_SHARED], sizes[_HIGHEST]
        except (OSError, KeyError):  # not allowed, or it has ended
            return None
        return Level(own=own, mapped=mapped, group=self._forgotten())

    def risen(self, since: Level) -> int | None:
        """By how many bytes it was at most above a level; None: it has ended."""
        try:
            highest = _sizes(self._process / "status")[_HIGHEST]
        except (OSError, KeyError):
            return None
        return _most(highest - since.mapped, _difference(self._read(), since.group))

    def _forgotten(self) -> int | None:
        if self._peak is None:
            return None
        try:
            os.pwrite(self._peak, b"0", 0)
        except OSError:  # before Linux 6.12 it can only be read
            return None
        return self._read()

    def _read(self) -> int | None:
        return None if self._peak is None else int(os.pread(self._peak, 32, 0))

    def close(self) -> None:
        if self._peak is not None:
            os.close(self._peak)


def _opened(groups: Sequence[Path]) -> int | None:
    """Version 2 forgets a peak for one open file only, so it stays open."""
    for path in (group / name for group in groups for name in _PEAKS):
        with contextlib.suppress(OSError):
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    return None


def _sizes(status: Path) -> dict[bytes, int]:
    """Those that are asked for, in bytes; a name stands beside them that a stranger chose."""
    fields = (line.partition(b":") for line in status.read_bytes().split(b"\n"))
    return {key: int(value.split()[0]) << 10 for key, _, value in fields if key in _ASKED}


def _difference(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def _most(process: int, group: int | None) -> int:
    process = max(0, process)
    return process if group is None or group - process <= CLEARLY_BYTES else group
