"""
The one door to child processes, as the judge sees it.

A Nursery is a helper process of ours that forks boxes; a Box is one stranger (or compiler, or
reference) in it: frozen, thawed, waited for and killed, and nothing of it survives a kill.
"""

import contextlib
import functools
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from harness.errors import SandboxError
from harness.records import Limits
from harness.sandbox import cgroups, quotas, view
from harness.sandbox.box import Box, Log
from harness.sandbox.root import WORK, given
from harness.sandbox.walls import Walls

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from harness.sandbox.nursery import main; main(sys.argv[1:])"
)


class Nursery:
    """The judge's handle of one nursery process."""

    def __init__(
        self,
        *,
        preload: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        groups: bool = True,
        namespaces: bool = True,
        walls: bool = True,
    ) -> None:
        self.has_walls = walls  # were asked for, that is
        home, self.no_group_reason = cgroups.find_home() if groups else (None, "not asked for")
        self._groups = None
        if home is not None:
            self._groups = home / cgroups.fresh_name()
            self._groups.mkdir()
        self._quotas = quotas.Quotas(self._groups) if groups else None
        folders = [self._groups, *(self._quotas.folders.values() if self._quotas else ())]
        settings = {
            "preload": list(preload),
            "namespaces": namespaces,
            "walls": walls,
            "view": asdict(view.of_this_interpreter()),
            "groups": [str(folder) for folder in folders if folder is not None],
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = Log(1 << 16)
        self._process = subprocess.Popen(  # noqa: S603 — the door itself
            [
                sys.executable, "-I", "-S", "-c", _BOOT,
                str(theirs.fileno()), json.dumps(settings), json.dumps(sys.path),
            ],
            # its scratch goes where the judge's would
            env={**environment(), "TMPDIR": tempfile.gettempdir(), **(env or {})},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._errors.descriptor,
            stderr=self._errors.descriptor,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._door = ours
        self._hello: dict[str, object] | None = None
        self._folders = itertools.count()
        self._births = itertools.count()

    def _ready(self) -> dict[str, object]:
        if self._hello is None:
            self._door.settimeout(120)
            try:
                message = self._door.recv(1 << 16)
            except (TimeoutError, ConnectionError) as error:
                raise SandboxError("a helper process did not start") from error
            if not message:
                raise SandboxError(f"a helper process did not start: {self._errors.text().strip()}")
            self._hello = json.loads(message)
        assert self._hello is not None
        return self._hello

    def unheld(self, controller: str) -> str:
        """Why there is no sum over a box's memory or processes; empty if there is."""
        return self._quotas.reasons.get(controller, "") if self._quotas else "not asked for"

    @property
    def is_ready(self) -> bool:
        """Whether it has told what it holds; before that no box can have been born."""
        return self._hello is not None

    def wait_until_ready(self) -> None:
        self._ready()

    @property
    def has_namespaces(self) -> bool:
        return bool(self._ready()["namespaces"])

    @functools.cached_property
    def walls(self) -> Walls:
        """What every box of this nursery lives behind."""
        return Walls(**cast("dict[str, Any]", self._ready()["walls"]))

    @property
    def troubles(self) -> list[str]:
        """Why stronger walls could not be had, the strongest first."""
        return cast("list[str]", self._ready()["troubles"])

    @property
    def counts_alone(self) -> bool:
        """Whether the processes of boxes' user are counted apart from those of the judge's."""
        return self.walls.user or (self.has_namespaces and os.geteuid() != 0)

    @property
    def has_groups(self) -> bool:
        return self._groups is not None

    def scratch(self) -> Path:
        """A new empty folder that goes away with the nursery, even if the judge is killed."""
        folder = Path(str(self._ready()["scratch"])) / str(next(self._folders))
        folder.mkdir(mode=0o700)
        return folder

    def bear_program(
        self,
        argv: Sequence[str],
        *,
        files: Mapping[str, bytes] | None = None,
        reads: Sequence[Path] = (),
        descriptors: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        cpus: Sequence[int] = (),
        limits: Limits,
    ) -> Box:
        """
        A new box that becomes a program, started in a folder that holds the given files. Of the
        host's other files it may read the system's and those named, under the names by which the
        arguments call them or, in a root of its own, under others that are put in their place.
        """
        if self.walls.root:
            for number, path in enumerate(reads):
                argv = [word.replace(str(path), given(number, path)) for word in argv]
        return self._bear(argv, "", files or {}, reads, descriptors, env or {}, cpus, limits)

    def bear_module(
        self,
        module: str,
        *,
        descriptors: Sequence[int],
        env: Mapping[str, str],
        cpus: Sequence[int] = (),
        limits: Limits,
    ) -> Box:
        """A new box that runs `main(3)` of a module of ours that the nursery has imported."""
        return self._bear((), module, {}, (), descriptors, env, cpus, limits)

    def _bear(
        self,
        argv: Sequence[str],
        module: str,
        files: Mapping[str, bytes],
        reads: Sequence[Path],
        descriptors: Sequence[int],
        env: Mapping[str, str],
        cpus: Sequence[int],
        limits: Limits,
    ) -> Box:
        has_root = self.walls.root
        made = None if has_root else self.scratch()
        name = str(next(self._births))
        group = cgroups.Group(self._groups / name) if self._groups else None
        if group is not None:
            quotas.limit(group.path, limits)
        shares = self._quotas.bear(name, limits) if self._quotas else []
        joined: list[cgroups.Group | quotas.Quota] = [*([group] if group else []), *shares]
        log = Log(limits.log_bytes)
        home = WORK if has_root else str(made)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        request: dict[str, Any] = {
            "argv": list(argv),
            "module": module,
            "files": list(files),
            "reads": [str(path) for path in reads],
            "env": {**environment(), "TMPDIR": home, "HOME": home, **env},
            "folder": str(made or ""),
            "folder_bytes": limits.file_bytes,
            "groups": len(joined),
            "cpus": list(cpus),
            "rlimits": {
                "RLIMIT_AS": limits.memory_bytes,
                "RLIMIT_FSIZE": limits.file_bytes,
                "RLIMIT_CORE": 0,
                "RLIMIT_NOFILE": 4096,
            },
        }
        if self.unheld("pids") and self.counts_alone:
            request["rlimits"]["RLIMIT_NPROC"] = limits.processes
        box = Box(ours, log, group, shares, made)
        try:
            with theirs, contextlib.ExitStack() as stack:
                contents = [_memfd(data, stack) for data in files.values()]
                groups = [each.procs for each in joined]
                passed = [theirs.fileno(), log.descriptor, *groups, *contents, *descriptors]
                self._send(json.dumps(request).encode(), passed)
            box.meet()
        except SandboxError:
            box.close()
            raise
        return box

    def _send(self, request: bytes, descriptors: Sequence[int]) -> None:
        try:
            socket.send_fds(self._door, [request], descriptors)
        except OSError as error:
            raise SandboxError(f"a helper process died: {self._errors.text().strip()}") from error

    def close(self) -> None:
        self._door.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._groups is not None:
            cgroups.remove_tree(self._groups)
        if self._quotas is not None:
            self._quotas.close()
        if self._hello is not None:  # gone already, unless the nursery was killed
            shutil.rmtree(str(self._hello["scratch"]), ignore_errors=True)
            with contextlib.suppress(OSError):
                Path(str(self._hello["root"])).rmdir()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _memfd(data: bytes, stack: contextlib.ExitStack) -> int:
    descriptor = os.memfd_create("file", os.MFD_CLOEXEC)
    stack.callback(os.close, descriptor)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    return descriptor


def environment() -> dict[str, str]:
    """Built from nothing: no secret of the judge's own environment gets in."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
