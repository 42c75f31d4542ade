"""A root of its own: built once for all boxes of a nursery, and entered by each for good."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.sandbox import kernel
from harness.sandbox.view import DEVICES, LINKS, View

WORK = "/box"  # the working folder
_GIVEN = "/given"  # files of the host's that this box alone was handed
_TMP = "/tmp"  # noqa: S108 — of the new root
_LINKED = {
    "shm": WORK,
    "fd": "/proc/self/fd",
    **{name: f"/proc/self/fd/{n}" for n, name in enumerate(("stdin", "stdout", "stderr"))},
}
_PASSWD = "root:x:0:0::/:/bin/false\nbox:x:{uid}:{gid}::" + WORK + ":/bin/false\n"
_READ_ONLY = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
_TMPFS = kernel.MS_NOSUID | kernel.MS_NODEV
# to be read: what can be written there is how a process fares among others, and the machine's
_PROC = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


def build_root(at: Path, view: View, owner: tuple[int, int]) -> None:
    """
    The root, on an empty folder: all is there but what is each box's own.

    Only for a process in a mount namespace of its own, from which nothing gets out again.
    """
    kernel.mount("tmpfs", str(at), "tmpfs", _TMPFS, "size=1m,nr_inodes=4k,mode=755")
    for path in LINKS:
        if Path(path).is_symlink():
            _below(at, path).symlink_to(Path(path).readlink())
    for path in ("/dev", "/etc", "/proc", _TMP, WORK, _GIVEN):
        _below(at, path).mkdir()
    for path in view.readable:
        _bind(Path(path), _below(at, path))
    for path in _aliases(view):
        empty = "size=4k,nr_inodes=1,mode=555"
        kernel.mount("tmpfs", str(_below(at, path)), "tmpfs", _TMPFS, empty)
    (at / "etc/passwd").write_text(_PASSWD.format(uid=owner[0], gid=owner[1]))
    for name in DEVICES:
        (at / "dev" / name).touch()
    for name, target in _LINKED.items():
        (at / "dev" / name).symlink_to(target)
    kernel.restrict_mounts(str(at), _READ_ONLY)
    for name in DEVICES:  # after it: on the others no device can be opened
        kernel.mount(f"/dev/{name}", str(at / "dev" / name), flags=kernel.MS_BIND)


def enter_root(at: Path, reads: Sequence[Path], *, size: int, owner: tuple[int, int]) -> None:
    """
    Leave the host's files for that root, in a mount namespace of this box alone.

    What is written into the working folder and into /tmp lies in memory, `size` bytes in each.
    """
    room = f"size={size},nr_inodes=64k,uid={owner[0]},gid={owner[1]}"
    if not any(
        Path(f"{at}{_TMP}").iterdir()
    ):  # else an environment below the host's is shown there
        kernel.mount("tmpfs", f"{at}{_TMP}", "tmpfs", _TMPFS, f"{room},mode=1777")
    kernel.mount("tmpfs", f"{at}{WORK}", "tmpfs", _TMPFS, f"{room},mode=700")
    if reads:
        kernel.mount("tmpfs", f"{at}{_GIVEN}", "tmpfs", _TMPFS, "size=64k,mode=755")
        for number, path in enumerate(reads):
            _bind(path, _below(at, given(number, path)))
        kernel.restrict_mounts(f"{at}{_GIVEN}", _READ_ONLY)
    kernel.mount("proc", f"{at}/proc", "proc", _PROC)
    os.chdir(at)
    kernel.pivot_root_here()
    os.chdir(WORK)


def given(number: int, path: Path) -> str:
    """Where a box finds what it was handed; where that is on the host is not its business."""
    return f"{_GIVEN}/{number}/{path.name}"


def _aliases(view: View) -> Iterator[str]:
    """Every name under which something hidden can be seen: a tree may be there by two names."""
    for path in view.readable:
        real = Path(path).resolve()
        for hidden in map(Path, view.hidden):
            if hidden.is_dir() and hidden.is_relative_to(real):
                yield str(Path(path) / hidden.relative_to(real))


def _below(at: Path, path: str) -> Path:
    return at / path.removeprefix("/")


def _bind(path: Path, target: Path) -> None:
    if target.exists():  # something above it has brought it already
        return
    source = path.resolve()
    if source.is_dir():
        target.mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.mount(str(source), str(target), flags=kernel.MS_BIND | kernel.MS_REC)
