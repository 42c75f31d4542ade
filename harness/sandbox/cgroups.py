"""
The v2 cgroup hierarchy, where there is one to write to: groups that freeze and die as a whole.

Found through mountinfo, so that a hybrid host (v1 controllers, v2 beside them) works too.
"""

import contextlib
import functools
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import SandboxError

_UNESCAPE = {r"\040": " ", r"\011": "\t", r"\012": "\n", r"\134": "\\"}


@functools.cache
def find_home() -> tuple[Path | None, str]:
    """Our own v2 group if groups can be made in it, else None and the reason."""
    mount = _v2_mount()
    if mount is None:
        return None, "no cgroup v2 hierarchy is mounted"
    home = mount / _own_path().lstrip("/")
    if not os.access(home / "cgroup.procs", os.W_OK):
        return None, f"{home} is not writable (a delegated scope would be)"
    probe = home / fresh_name()
    try:
        probe.mkdir()
    except OSError as error:
        return None, f"no group can be made in {home}: {error.strerror}"
    needed = ("cgroup.procs", "cgroup.freeze", "cgroup.kill", "cgroup.events", "cpu.stat")
    lacking = [file for file in needed if not (probe / file).exists()]
    probe.rmdir()
    if lacking:
        return None, f"this kernel has no {', '.join(lacking)}"
    return home, ""


def has_share(pid: int) -> bool:
    """Whether a group of the controller has its share of processors, and not its session."""
    groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in groups:
        if "cpu" in controllers.split(","):
            return path != "/"
    mount = _v2_mount()
    if mount is None:
        return False
    own = mount / next((path for _, names, path in groups if not names), "/").lstrip("/")
    return any((folder / "cpu.weight").exists() for folder in (own, *own.parents))


def fresh_name() -> str:
    """Not a pid alone: those repeat, and containers may share a hierarchy."""
    return f"grade-{os.getpid()}-{secrets.token_hex(4)}"


def mounts() -> Iterator[tuple[Path, str, list[str]]]:
    """Where each file system is mounted, its kind, and its own options."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mount = left.split()[4]
        for escaped, plain in _UNESCAPE.items():
            mount = mount.replace(escaped, plain)
        kind, _, options = right.split(maxsplit=2)
        yield Path(mount), kind, options.split(",")


def _v2_mount() -> Path | None:
    return next((mount for mount, kind, _ in mounts() if kind == "cgroup2"), None)


def delegate(group: Path, controllers: Sequence[str]) -> frozenset[str]:
    """Hand controllers down to the groups below one of ours; those that could be."""
    held = set()
    for controller in controllers:
        with contextlib.suppress(OSError):  # not there, or processes are in the way
            for above in (group.parent, group):
                if controller not in (above / "cgroup.subtree_control").read_text().split():
                    (above / "cgroup.subtree_control").write_text(f"+{controller}")
            held.add(controller)
    return frozenset(held)


def _own_path() -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    return "/"


class Group:
    """One cgroup of ours; files that are used inside a timed window are opened beforehand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[int] = []
        try:
            path.mkdir()
            self.procs = self._opened("cgroup.procs", os.O_WRONLY)
            self._freeze = self._opened("cgroup.freeze", os.O_WRONLY)
            self._events = self._opened("cgroup.events", os.O_RDONLY)
            self._usage = self._opened("cpu.stat", os.O_RDONLY)
        except OSError as error:
            self.close()
            raise SandboxError(f"cannot make the cgroup {path}: {error}") from error

    def _opened(self, file: str, how: int) -> int:
        self._open.append(os.open(self.path / file, how | os.O_CLOEXEC))
        return self._open[-1]

    def thaw(self) -> None:
        os.pwrite(self._freeze, b"0", 0)

    def freeze(self, deadline_s: float = 10.0) -> int:
        """Freeze all that is in it; the monotonic time at which the kernel said so."""
        os.pwrite(self._freeze, b"1", 0)
        give_up = time.monotonic_ns() + int(deadline_s * 1e9)
        while b"frozen 1" not in os.pread(self._events, 256, 0):
            if time.monotonic_ns() > give_up:
                raise SandboxError(f"{self.path} would not freeze within {deadline_s} s")
        return time.monotonic_ns()

    def processor_ns(self) -> int:
        """What all that ever was in it has used of processors, whoever has ended since."""
        return int(os.pread(self._usage, 64, 0).split()[1]) * 1000

    def is_populated(self) -> bool:
        return b"populated 1" in os.pread(self._events, 256, 0)

    def kill(self, deadline_s: float = 10.0) -> None:
        """Kill every process in it and see that none is left; frozen ones die too."""
        try:
            (self.path / "cgroup.kill").write_text("1")
        except FileNotFoundError:
            return  # gone with its nursery already, and all that was in it
        give_up = time.monotonic() + deadline_s
        while self.is_populated():
            if time.monotonic() > give_up:
                raise SandboxError(f"processes in {self.path} survive a kill")
            time.sleep(0.0005)

    def close(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        with contextlib.suppress(OSError):  # gone with its nursery already
            self.path.rmdir()


def remove_tree(path: Path) -> None:
    """Kill whatever is under a group and remove it, as often as it takes."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            (path / "cgroup.kill").write_text("1")
        for child in sorted(path.glob("**/"), key=lambda p: len(p.parts), reverse=True):
            with contextlib.suppress(OSError):
                child.rmdir()
        if not path.exists():
            return
        time.sleep(0.005)
