"""Where no mount may be made: the same view of the disk as rules over the host's files."""

import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.sandbox import kernel
from harness.sandbox.view import DEVICES, View

_EXECUTE, _WRITE, _READ, _LIST = 1, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_MAKE_DEVICES = 1 << 6 | 1 << 11  # character and block
_LOOK = _EXECUTE | _READ | _LIST
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_KINDS = {1: 13, 2: 14, 3: 15, 4: 15}  # of accesses that a version knows; later ones 16
_SCOPES = 3  # abstract sockets and signals, of and to others


def restrict(own: Path, view: View, reads: Iterable[Path], *, version: int) -> None:
    """Nothing may be opened from now on but what the view shows, and our own folder."""
    handled = (1 << _KINDS.get(version, 16)) - 1
    ruleset = kernel.landlock_ruleset(handled, _SCOPES if version >= 6 else 0)
    for path in view.readable:
        _allow(ruleset, path, handled & _LIST)  # names may be seen, hidden ones too
    for path in (*allowed(view), *map(str, reads), "/proc"):
        _allow(ruleset, path, handled & _LOOK)
    for name in DEVICES:
        _allow(ruleset, f"/dev/{name}", handled & (_READ | _WRITE | _TRUNCATE))
    _allow(ruleset, str(own), handled & ~_MAKE_DEVICES)
    kernel.landlock_restrict(ruleset)
    os.close(ruleset)


@functools.cache
def allowed(view: View) -> tuple[str, ...]:
    """What the rules name; found once by the nursery, and known to its children."""
    return tuple(str(part) for path in view.readable for part in _without(Path(path), view.hidden))


def _without(path: Path, hidden: tuple[str, ...]) -> Iterator[Path]:
    """A tree as those of its parts that hold nothing hidden: rules can allow, not forbid."""
    real = path.resolve()
    if str(real) in hidden:
        return
    if not any(Path(other).is_relative_to(real) for other in hidden):
        yield real
        return
    for entry in real.iterdir():
        yield from _without(entry, hidden)


def _allow(ruleset: int, path: str, files: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # gone, or a link to nowhere: then there is nothing to allow
        return
    try:
        of_its_kind = files if Path(path).is_dir() else files & _OF_FILES
        if of_its_kind:
            kernel.landlock_allow(ruleset, descriptor, of_its_kind)
    finally:
        os.close(descriptor)
