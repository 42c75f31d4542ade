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
from typing import Any, cast

from harness.closing import Closing
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


class Nursery(Closing):
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
        self._hello: dict[str, object] | None = None
        self._folders = itertools.count()
        self._births = itertools.count()
        home, self.no_group_reason = cgroups.find_home() if groups else (None, "not asked for")
        self._groups = home / cgroups.fresh_name() if home is not None else None
        with contextlib.ExitStack() as undo:  # if it cannot be started
            if self._groups is not None:
                self._groups.mkdir()
                undo.callback(cgroups.remove_tree, self._groups)
            self._quotas = quotas.Quotas(self._groups) if groups else None
            if self._quotas is not None:
                undo.callback(self._quotas.close)
            self._errors = Log(1 << 16)
            undo.callback(self._errors.close)
            self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(self._door.close)
            folders = [self._groups, *(self._quotas.folders.values() if self._quotas else ())]
            settings = {
                "preload": list(preload),
                "namespaces": namespaces,
                "walls": walls,
                "view": asdict(view.of_this_interpreter()),
                "groups": [str(folder) for folder in folders if folder is not None],
            }
            with theirs:
                self._process = self._started(theirs.fileno(), settings, env or {})
            undo.pop_all()

    def _started(
        self, door: int, settings: Mapping[str, object], env: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 — the door itself
            [
                sys.executable, "-I", "-S", "-c", _BOOT,
                str(door), json.dumps(settings), json.dumps(sys.path),
            ],
            # its scratch goes where the judge's would
            env={**environment(), "TMPDIR": tempfile.gettempdir(), **env},
            pass_fds=[door],
            stdin=subprocess.DEVNULL,
            stdout=self._errors.descriptor,
            stderr=self._errors.descriptor,
            start_new_session=True,
        )  # fmt: skip

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
        is_single: bool = False,
        limits: Limits,
    ) -> Box:
        """
        A new box that becomes a program, started in a folder that holds the given files. Of the
        host's other files it may read the system's and those named, under the names by which the
        arguments call them or, in a root of its own, under others that are put in their place.
        One that is single may make threads, and no other processes.
        """
        if self.walls.root:
            for number, path in enumerate(reads):
                argv = [word.replace(str(path), given(number, path)) for word in argv]
        request = {
            "argv": list(argv),
            "files": list(files or {}),
            "reads": [str(path) for path in reads],
            "cpus": list(cpus),
            "is_single": is_single,
        }
        contents = list((files or {}).values())
        return self._bear(request, contents, descriptors, env or {}, limits)

    def bear_module(
        self,
        module: str,
        *,
        descriptors: Sequence[int],
        env: Mapping[str, str],
        cpus: Sequence[int] = (),
        is_single: bool = False,
        limits: Limits,
    ) -> Box:
        """A new box that runs `main(3)` of a module of ours that the nursery has imported."""
        request = {"module": module, "cpus": list(cpus), "is_single": is_single}
        return self._bear(request, (), descriptors, env, limits)

    def _bear(
        self,
        request: dict[str, Any],
        files: Sequence[bytes],
        descriptors: Sequence[int],
        env: Mapping[str, str],
        limits: Limits,
    ) -> Box:
        made = None if self.walls.root else self.scratch()
        home = WORK if made is None else str(made)
        request |= {
            "env": {**environment(), "TMPDIR": home, "HOME": home, **env},
            "folder": str(made or ""),
            "folder_bytes": limits.file_bytes,
            "rlimits": self._rlimits(limits),
        }
        with contextlib.ExitStack() as undo:  # whatever fails: no box, and nothing of one
            box, theirs = self._prepared(made, limits, undo)
            with theirs, contextlib.ExitStack() as stack:
                contents = [_memfd(data, stack) for data in files]
                passed = [theirs.fileno(), box.log.descriptor, *box.joined, *contents, *descriptors]
                request["groups"] = len(box.joined)
                self._send(json.dumps(request).encode(), passed)
            box.meet()
            box.is_single = request["is_single"] and self.walls.filter
            undo.pop_all()
        return box

    def _prepared(
        self, made: Path | None, limits: Limits, undo: contextlib.ExitStack
    ) -> tuple[Box, socket.socket]:
        """A box that nobody is in yet, and the other end of its control socket."""
        name = str(next(self._births))
        group = cgroups.Group(self._groups / name) if self._groups else None
        if group is not None:
            undo.callback(group.close)
            quotas.limit(group.path, limits)
        shares = self._quotas.bear(name, limits, undo) if self._quotas else []
        log = Log(limits.log_bytes)
        undo.callback(log.close)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        undo.pop_all()  # from here on all of it is the box's
        box = Box(ours, log, group, shares, made)
        undo.callback(box.close)
        return box, theirs

    def _rlimits(self, limits: Limits) -> dict[str, int]:
        wanted = {
            "RLIMIT_AS": limits.memory_bytes,
            "RLIMIT_FSIZE": limits.file_bytes,
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": 4096,
        }
        if self.unheld("pids") and self.counts_alone:
            wanted["RLIMIT_NPROC"] = limits.processes
        return wanted

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


def _memfd(data: bytes, stack: contextlib.ExitStack) -> int:
    descriptor = os.memfd_create("file", os.MFD_CLOEXEC)
    stack.callback(os.close, descriptor)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    return descriptor


def environment() -> dict[str, str]:
    """Built from nothing: no secret of the judge's own environment gets in."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
