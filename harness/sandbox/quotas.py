"""
Sums over a whole box: its memory and its processes, where the kernel's controllers are to be had.

On a pure v2 host they are files of the group that freezes; on a hybrid host each has a hierarchy of
its own. Both are found through mountinfo, and what cannot be had is told with its reason.
"""

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.records import Limits
from harness.sandbox import cgroups

CONTROLLERS = ("memory", "pids")


def _wanted(limits: Limits) -> dict[str, str]:
    """By file of either version: each group has those of its controllers."""
    memory = str(limits.memory_bytes)
    return {
        "memory.limit_in_bytes": memory,
        "memory.memsw.limit_in_bytes": memory,
        "memory.max": memory,
        "memory.swap.max": "0",
        "pids.max": str(limits.processes),
    }


def limit(group: Path, limits: Limits) -> None:
    for name, value in _wanted(limits).items():
        if (group / name).exists():
            (group / name).write_text(value)


def has_run_out(group: Path) -> bool:
    """Whether the kernel has killed one of its processes for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(OSError):
            words = (group / name).read_text().split()
            counts = dict(zip(words[::2], words[1::2], strict=False))
            if int(counts.get("oom_kill", 0)):
                return True
    return False


class Quotas:
    """The groups of one nursery in the hierarchies that freeze nothing, one of each controller."""

    def __init__(self, freezer: Path | None) -> None:
        self.folders: dict[str, Path] = {}
        self.reasons: dict[str, str] = {}  # of what is not to be had
        delegated = cgroups.delegate(freezer, CONTROLLERS) if freezer is not None else frozenset()
        for controller in CONTROLLERS:
            if controller in delegated:
                continue
            home, reason = _home_v1(controller)
            if home is None:
                self.reasons[controller] = reason
            else:
                self.folders[controller] = home / cgroups.fresh_name()
                self.folders[controller].mkdir()

    def bear(self, name: str, limits: Limits, undo: contextlib.ExitStack) -> list["Quota"]:
        """One box's share of each; `undo` gives them back."""
        shares = []
        for folder in self.folders.values():
            shares.append(Quota(folder / name, limits))
            undo.callback(shares[-1].close)
        return shares

    def close(self) -> None:
        for folder in self.folders.values():
            cgroups.remove_tree(folder)


class Quota:
    """One box's share of one controller."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        path.mkdir()
        limit(path, limits)
        self.procs = os.open(path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self.procs)
        with contextlib.suppress(OSError):  # gone with its nursery, or removed with it later
            self.path.rmdir()


@functools.cache
def _home_v1(controller: str) -> tuple[Path | None, str]:
    """Our own group of a v1 hierarchy, if groups can be made in it, else None and the reason."""
    paths = _own_paths()
    for mount, options in _v1_mounts():
        if controller in options and controller in paths:
            home = mount / paths[controller].lstrip("/")
            home = home if home.is_dir() else mount  # a container sees its own group as the root
            if os.access(home / "cgroup.procs", os.W_OK):
                return home, ""
            return None, f"{home} is not writable"
    return None, f"no {controller} controller is delegated to us"


def _v1_mounts() -> Iterator[tuple[Path, list[str]]]:
    for mount, kind, options in cgroups.mounts():
        if kind == "cgroup":
            yield mount, options


def _own_paths() -> Mapping[str, str]:
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        found.update(dict.fromkeys(controllers.split(","), path))
    return found
