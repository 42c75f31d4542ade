"""
What encloses a box beyond its limits: which walls this machine allows, and how they are entered.

    root       namespaces of its own (mounts, network, ipc, host name) and a private root
    landlock   where those are refused: rules over the host's files, and no sockets at all
    user       another user's rights, if we are root; no capability in any case
    filter     the seccomp filter

A nursery tries them once, in a child, from the strongest to none, and keeps what was in the way.
"""

import itertools
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.sandbox import filter as seccomp
from harness.sandbox import kernel
from harness.sandbox.landlock import allowed, restrict
from harness.sandbox.root import build_root, enter_root
from harness.sandbox.view import View

NOBODY = 65534
_NAMESPACES = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    root: bool = False
    landlock: int = 0  # its version
    user: bool = False
    filter: bool = False


NONE = Walls()


def candidates(*, namespaces: bool) -> Iterator[Walls]:
    """From the strongest to the weakest that is worth a try."""
    is_root = os.geteuid() == 0
    version = kernel.landlock_version()
    kinds = [Walls(root=True, filter=True)] if namespaces else []
    if version:
        kinds.append(Walls(landlock=version, filter=True))
    for walls in (*kinds, Walls(filter=True)):
        if is_root:
            yield replace(walls, user=True)
        yield walls


def prepare(walls: Walls, root: Path, view: View) -> None:
    """What can be done once for all boxes of a nursery, in the nursery."""
    for affinity, is_single in itertools.product((True, False), repeat=2):
        seccomp.program(is_alone=walls.root, affinity=affinity, is_single=is_single)
    if walls.landlock:
        allowed(view)
    if walls.root:
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
        build_root(root, view, _owner(walls))


def enter(
    walls: Walls,
    *,
    root: Path,
    view: View,
    folder: Path,
    reads: Sequence[Path] = (),
    size: int,
    is_pinned: bool = False,
    is_single: bool = False,
) -> None:
    """
    Go behind the walls, for good, and into the working folder: in the root that was prepared, or
    an empty one on the host's disk that is this box's.
    """
    owner = _owner(walls)
    if walls.root:
        kernel.unshare(_NAMESPACES)
        socket.sethostname("box")
        enter_root(root, reads, size=size, owner=owner)
    else:
        os.chown(folder, *owner)
        os.chdir(folder)
    if walls.landlock:
        restrict(folder, view, reads, version=walls.landlock)
    if walls.filter:
        _drop(owner)
        if not walls.root:
            _can_read(reads)
        shut = seccomp.program(is_alone=walls.root, affinity=not is_pinned, is_single=is_single)
        kernel.install_filter(shut)


def _owner(walls: Walls) -> tuple[int, int]:
    return (NOBODY, NOBODY) if walls.user else (os.geteuid(), os.getegid())


def _drop(owner: tuple[int, int]) -> None:
    """Be that user, and be allowed nothing that an ordinary one is not."""
    uid, gid = owner
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
    kernel.bound_capabilities()
    os.setresuid(uid, uid, uid)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # a change of user took its own /proc/self from it


def look_around(walls: Walls, view: View) -> None:
    """An error, unless what runners and compilers need is there."""
    _can_read(view.python)
    _can_read([os.__file__])
    if not walls.root:  # what was built before is not put where it can be reached
        _can_read([view.cache])
    own = Path.cwd() / "own"
    own.touch()
    own.unlink()
    Path("/proc/self/stat").read_bytes()
    Path(os.devnull).write_bytes(b"")


def _can_read(paths: Iterable[str | Path]) -> None:
    for path in paths:
        if not os.access(path, os.R_OK):
            raise PermissionError(f"{path} cannot be read by user {os.geteuid()}")
